package uplink

import (
	"context"
	"fmt"

	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// resendAtOnce is how many records one resend brings back; headquarters asks again for more.
const resendAtOnce = 256

// hearCommand obeys headquarters once a number, in this session and in time.
func (s *session) hearCommand(ctx context.Context, line []byte) error {
	var c wire.Command
	if err := seal.ReadMandated(line, seal.TagCommand, s.root.key, &c, &c.By); err != nil {
		s.o.Log.Warn("command is not believed", "error", err)
		return nil
	}
	if c.Device != s.o.Place.Device || c.Session != s.number || c.Number <= s.orders ||
		s.root.key.IsZero() || s.o.Uptime().Milliseconds() > c.UntilUptimeMS {
		s.o.Log.Warn("command is stale", "command", c.Command, "number", c.Number, "session", c.Session)
		return nil
	}
	s.orders = c.Number
	if c.Command == wire.CommandResend && c.Resend != nil {
		return s.resend(ctx, *c.Resend)
	}
	if err := s.o.Agent.Obey(ctx, c); err != nil {
		s.o.Log.Warn("command not carried out", "command", c.Command, "error", err)
	}
	return nil
}

// resend queues what headquarters asks for again, and answers for what is gone with a sealed word.
func (s *session) resend(ctx context.Context, r wire.Resend) error {
	letters, gone, err := s.o.Store.History(r.Epoch, r.From, r.To, resendAtOnce)
	if err != nil {
		return fmt.Errorf("resend %s %d to %d: %w", r.Epoch, r.From, r.To, err)
	}
	s.extra = append(s.extra[:0:0], letters...)
	for _, g := range gone {
		s.tell(missing(r.Epoch, g))
	}
	return nil
}

func missing(e wire.Epoch, g outbox.Gap) wire.Event {
	return wire.Event{
		Event:   wire.EventMissing,
		Missing: &wire.Missing{Epoch: e, From: g.From, To: g.To, Why: g.Why},
	}
}
