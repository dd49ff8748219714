package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// hearStatus hears a birth, a will or a farewell. Each verifies under the key it carries; a birth
// introduces that key, a will or a farewell only speaks of what was born.
func (s *session) hearStatus(ctx context.Context, l letter) error {
	if len(l.Payload) == 0 {
		l.Ack() // somebody has cleared the retained status, as at a decommissioning
		return nil
	}
	var st wire.Status
	if err := seal.ReadMessage(l.Payload, &st); err != nil {
		return s.reject(ctx, l, err.Error())
	}
	if err := checkOwn(st, seal.TagStatus, l.Payload); err != nil {
		return s.reject(ctx, l, err.Error())
	}
	switch st.State {
	case wire.Ready:
		return s.hearBirth(ctx, l, st)
	case wire.Lost, wire.Disconnected:
		return s.hearEnd(ctx, l, st)
	}
	return s.reject(ctx, l, fmt.Sprintf("state %.20q: want ready, disconnected or lost", st.State))
}

const (
	maxEpochs = 4                              // that a status may name (the protocol's)
	maxUptime = 20 * 365 * 24 * 60 * 60 * 1000 // milliseconds: no boot lasts 20 years
)

// checkOwn verifies a status or heartbeat under the key that it carries.
func checkOwn(st wire.Status, tag seal.Tag, line []byte) error {
	switch {
	case st.Key.IsZero():
		return errors.New("no key in it")
	case st.UptimeMS < 0 || st.UptimeMS > maxUptime || st.Boot == "" || len(st.Boot) > 64:
		return fmt.Errorf("boot %.70q with uptime %d ms: not a boot's", st.Boot, st.UptimeMS)
	case len(st.Epochs) > maxEpochs:
		return fmt.Errorf("%d epochs: want at most %d", len(st.Epochs), maxEpochs)
	}
	return seal.Check(st.Key, tag, line)
}

// hearBirth answers a box that says ready with a receipt for each epoch it names. A retained birth
// says that the box is there, and is answered too, but it has been lying about: it pins no time.
func (s *session) hearBirth(ctx context.Context, l letter, st wire.Status) error {
	k, err := s.lookUp(ctx, l.place.Device, seal.KIDOf(st.Key))
	if errors.Is(err, ledger.ErrUnknownKey) {
		k, err = s.introduce(ctx, l.place, st.Key)
	}
	if errors.Is(err, ledger.ErrUnknownKey) {
		return s.reject(ctx, l, fmt.Sprintf("more than %d new keys of one device in an hour", newKeysAnHour))
	}
	if err != nil {
		return err
	}
	b := s.mail.box(l.place)
	believed := b.mayTakeOver(st.Key, k.standing, l.at)
	if believed {
		if err := s.believe(ctx, b, l, st, k.standing); err != nil {
			return err
		}
	}
	l.Ack()
	if err := s.answer(ctx, b, l.place, st); err != nil || !believed {
		return err
	}
	b.receipts.paid(s.o.Now())
	return s.compare(ctx, b, st.Epochs)
}

// believe makes a birth the box's present life.
func (s *session) believe(ctx context.Context, b *box, l letter, st wire.Status, standing ledger.KeyStanding) error {
	b.place, b.birth, b.standing, b.heard = l.place, &st, standing, l.at
	s.mail.present(b, wire.Ready)
	if b.uptimeAt = (time.Time{}); !l.Retained {
		b.uptime, b.uptimeAt = uptimeOf(st), l.at
		if err := s.anchor(ctx, b, st, l.at, nil); err != nil {
			return err
		}
	}
	s.o.Changed()
	return s.report(ctx, l, ledger.Report{Place: l.place, State: wire.Ready, Status: st, Live: !l.Retained, At: l.at})
}

// answer thanks a newborn session for everything there is of it.
func (s *session) answer(ctx context.Context, b *box, to wire.Place, st wire.Status) error {
	epochs := st.Epochs
	if len(epochs) == 0 {
		epochs = []wire.EpochState{{}} // a window and the time, if nothing else
	}
	for _, e := range epochs {
		if err := s.receipt(ctx, b, to, st.Session, e.Epoch, b.newsFor(st, e.Epoch)); err != nil {
			return err
		}
	}
	return nil
}

// newsFor takes what one epoch is owed, if the birth is the box's own.
func (b *box) newsFor(st wire.Status, epoch wire.Epoch) news {
	if b.birth == nil || b.birth.Key != st.Key {
		return news{}
	}
	return b.receipts.take(epoch)
}

// hearEnd takes note that a box has gone, if it speaks of the life that was last born: a will that
// a slow broker publishes late says nothing of the session after it.
func (s *session) hearEnd(ctx context.Context, l letter, st wire.Status) error {
	if _, err := s.lookUp(ctx, l.place.Device, seal.KIDOf(st.Key)); errors.Is(err, ledger.ErrUnknownKey) {
		return s.reject(ctx, l, "the end of a box that was never born")
	} else if err != nil {
		return err
	}
	b := s.mail.box(l.place)
	if !b.believes(st) {
		s.o.Log.Info("end of an earlier life passed over", "device", l.place.Device, "session", st.Session)
		l.Ack()
		return nil
	}
	s.mail.present(b, st.State)
	if err := s.report(ctx, l, ledger.Report{Place: l.place, State: st.State, Status: st, At: l.at}); err != nil {
		return err
	}
	l.Ack()
	s.o.Changed()
	return nil
}

func (s *session) report(ctx context.Context, l letter, r ledger.Report) error {
	return faulty("report "+l.place.Device, s.o.Ledger.Report(ctx, r))
}

func uptimeOf(st wire.Status) time.Duration { return time.Duration(st.UptimeMS) * time.Millisecond }
