package uplink

import (
	"context"
	"errors"
	"fmt"

	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// hearReceipt settles what headquarters has in its ledger. A receipt of another session, of another
// device or under another root settles nothing.
func (s *session) hearReceipt(ctx context.Context, line []byte) error {
	var r wire.Receipt
	if err := seal.ReadMandated(line, seal.TagReceipt, s.root.key, &r, &r.By); err != nil {
		s.o.Log.Warn("receipt is not believed", "error", err)
		return nil
	}
	if r.Device != s.o.Place.Device || r.Session != s.number {
		return nil // an earlier session's: what it says will be said again
	}
	if err := s.pin(ctx, r.By.Root); err != nil {
		return err
	}
	s.date(ctx, r.Sent)
	s.flight.granted = min(max(r.Window, minGrant), maxGrant)
	if err := s.settle(ctx, r); err != nil {
		return err
	}
	return s.thanked(r)
}

// thanked marks the receipt's arrival; the first of a session is echoed at once, so that
// headquarters can reckon the time of what follows.
func (s *session) thanked(r wire.Receipt) error {
	now := s.o.Uptime()
	s.heard = &wire.Heard{Sent: r.Sent, UptimeMS: now.Milliseconds()}
	s.note(func(st *State) {
		st.Receipted, st.LastReceipt, st.Window = true, now, s.flight.granted
		st.Owed, st.OwedSince = len(s.flight.owed), s.flight.oldest()
	})
	if s.thanks {
		return nil
	}
	if err := s.beat(); err != nil {
		return err
	}
	s.open()
	return nil
}

func (s *session) settle(ctx context.Context, r wire.Receipt) error {
	if r.Through > 0 {
		if err := s.settleSpan(ctx, r.Epoch, wire.Span{From: 1, To: r.Through, Head: r.Head}); err != nil {
			return err
		}
	}
	for _, span := range r.Also {
		if err := s.settleSpan(ctx, r.Epoch, span); err != nil {
			return err
		}
	}
	return nil
}

// settleSpan settles one run, if its head is our own. Where headquarters knows more than we do, or
// other than we do, our file has gone back in time: nothing is settled and a new epoch begins.
func (s *session) settleSpan(ctx context.Context, epoch wire.Epoch, span wire.Span) error {
	_, err := s.o.Store.Settle(ctx, epoch, span.From, span.To, span.Head)
	switch {
	case err == nil:
		s.flight.receipted(epoch, span.From, span.To)
		return nil
	case errors.Is(err, outbox.ErrBeyondHead):
		s.tell(wire.Event{
			Event: wire.EventStorageRollback,
			Words: fmt.Sprintf("headquarters has record %d of epoch %s, this box does not", span.To, epoch),
		})
		return s.turnOver(ctx, epoch, "storage rollback")
	case errors.Is(err, outbox.ErrHeadDiffers):
		return s.turnOver(ctx, epoch, "headquarters has another record under the same number")
	case errors.Is(err, outbox.ErrUnknownEpoch):
		return nil
	default:
		return fmt.Errorf("settle: %w", err)
	}
}

// turnOver opens a new epoch if the current one is in doubt; an older one is closed already.
func (s *session) turnOver(ctx context.Context, doubted wire.Epoch, why string) error {
	epochs := s.o.Store.Epochs()
	if len(epochs) == 0 || epochs[len(epochs)-1].Epoch != doubted {
		return nil
	}
	s.o.Log.Error("this box's records are not as headquarters knows them; a new epoch begins", "why", why, "epoch", doubted)
	if err := s.o.Store.NewEpoch(ctx, why); err != nil {
		return fmt.Errorf("open an epoch: %w", err)
	}
	return s.sayStatus(wire.Ready)
}
