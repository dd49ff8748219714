package intake

import (
	"context"
	"fmt"
	"time"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// The pace at which a ledger that stands behind its boxes, as one restored from yesterday's backup,
// asks for the records again: so many boxes at a time, so many records each.
const (
	chasedAtOnce = 8
	chasedSpan   = 64
	chaseWait    = 30 * time.Second // for one span to come
	chaseTries   = 3                // then the next heartbeat starts anew
	commandLife  = 10 * time.Minute
)

// chased names one epoch of one device that the ledger is behind on.
type chased struct {
	device string
	epoch  wire.Epoch
}

// chase is how far its recovery has come.
type chase struct {
	settled uint64 // the box had thanks up to here
	asked   uint64 // last record of the span asked for, 0 before the first
	at      time.Time
	tries   int
}

// compare raises ledger-behind where the box was thanked for more than the ledger holds.
func (s *session) compare(ctx context.Context, b *box, epochs []wire.EpochState) error {
	for _, e := range epochs {
		name := chased{b.place.Device, e.Epoch}
		if c := s.mail.chases[name]; c != nil {
			c.settled = max(c.settled, e.Settled)
			continue
		}
		held, err := s.o.Ledger.Held(ctx, b.place.Device, e.Epoch)
		if err != nil {
			return faulty("read what is held of "+b.place.Device, err)
		}
		if e.Settled <= held.Through {
			continue
		}
		evidence := fmt.Sprintf("epoch %s: thanked through %d, held through %d", e.Epoch, e.Settled, held.Through)
		if err := s.incident(ctx, ledger.LedgerBehind, b.place.Device, evidence); err != nil {
			return err
		}
		s.mail.chases[name] = &chase{settled: e.Settled}
	}
	return nil
}

// chase asks for the next spans, each second, within the pace.
func (s *session) chase(ctx context.Context) error {
	running := 0
	for name, c := range s.mail.chases {
		if c.asked > 0 {
			if err := s.follow(ctx, name, c); err != nil {
				return err
			}
			running++
		}
	}
	for name, c := range s.mail.chases {
		if c.asked > 0 || running >= chasedAtOnce {
			continue
		}
		if err := s.follow(ctx, name, c); err != nil {
			return err
		}
		running++
	}
	return nil
}

// follow takes one chase a step further, or ends it.
func (s *session) follow(ctx context.Context, name chased, c *chase) error {
	b, now := s.mail.boxes[name.device], s.o.Now()
	if b.state != wire.Ready || c.tries >= chaseTries {
		delete(s.mail.chases, name)
		return nil
	}
	held, err := s.o.Ledger.Held(ctx, name.device, name.epoch)
	if err != nil {
		return faulty("read what is held of "+name.device, err)
	}
	came := held.Through >= c.asked
	switch {
	case held.Through >= c.settled:
		delete(s.mail.chases, name)
		return nil
	case b.uptimeAt.IsZero(), !came && now.Sub(c.at) < chaseWait:
		return nil // no live word yet to date a command by, or the span is on its way
	case came:
		c.tries = 0
	}
	span := missing(held, c.settled)
	c.asked, c.at, c.tries = span.To, now, c.tries+1
	return s.tell(b, wire.Command{
		Command: wire.CommandResend,
		Resend:  &wire.Resend{Epoch: name.epoch, From: span.From, To: span.To},
	})
}

// missing is the first span of records that are not held, no longer than chasedSpan.
func missing(held ledger.Holding, settled uint64) wire.Span {
	from := held.Through + 1
	to := min(settled, from+chasedSpan-1)
	for _, a := range held.Also {
		if a.From > from {
			to = min(to, a.From-1)
		}
	}
	return wire.Span{From: from, To: to}
}

// tell fills in the rest of a command, signs and publishes it. Numbers are taken from the clock, so
// that they rise across a restart of headquarters within one session of the box.
func (s *session) tell(b *box, c wire.Command) error {
	now := s.o.Now()
	b.order = max(b.order+1, uint64(now.UnixMilli()))
	c.Device, c.Session, c.Number = b.place.Device, b.session(), b.order
	c.UntilUptimeMS = (b.uptimeNow(now) + commandLife).Milliseconds()
	c.By = s.o.Identity.Mandate()
	return s.say(b.place, wire.KindCommand, seal.TagCommand, c)
}
