package intake

import (
	"context"
	"errors"
	"fmt"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// hearHeartbeat hears a living box: its health, its uptime, and what it had heard from us. A
// retained heartbeat is nobody's.
func (s *session) hearHeartbeat(ctx context.Context, l letter) error {
	var hb wire.Heartbeat
	if err := seal.ReadMessage(l.Payload, &hb); err != nil {
		return s.reject(ctx, l, err.Error())
	}
	if err := checkOwn(hb.Status, seal.TagHeartbeat, l.Payload); err != nil {
		return s.reject(ctx, l, err.Error())
	}
	if l.Retained {
		return s.reject(ctx, l, "a retained heartbeat is no sign of life")
	}
	k, err := s.lookUp(ctx, l.place.Device, seal.KIDOf(hb.Key))
	if errors.Is(err, ledger.ErrUnknownKey) {
		k, err = s.introduce(ctx, l.place, hb.Key) // a broker that keeps no retained births, and we were away
	}
	if errors.Is(err, ledger.ErrUnknownKey) {
		return s.reject(ctx, l, fmt.Sprintf("more than %d new keys of one device in an hour", newKeysAnHour))
	}
	if err != nil {
		return err
	}
	if err := s.beat(ctx, l, hb, k.standing); err != nil {
		return err
	}
	l.Ack()
	return nil
}

// beat takes a heartbeat in, if it is of the box's present life or begins a newer one.
func (s *session) beat(ctx context.Context, l letter, hb wire.Heartbeat, standing ledger.KeyStanding) error {
	b := s.mail.box(l.place)
	if !b.mayTakeOver(hb.Key, standing, l.at) {
		return nil
	}
	newborn := b.birth == nil || b.birth.Key != hb.Key || b.birth.Session != hb.Session
	b.place, b.birth, b.standing, b.heard = l.place, &hb.Status, standing, l.at
	b.uptime, b.uptimeAt = uptimeOf(hb.Status), l.at
	s.mail.present(b, wire.Ready)
	if err := s.anchor(ctx, b, hb.Status, l.at, hb.Heard); err != nil {
		return err
	}
	if err := s.report(ctx, l, ledger.Report{Place: l.place, State: wire.Ready, Status: hb.Status, Heartbeat: &hb, Live: true, At: l.at}); err != nil {
		return err
	}
	s.o.Changed()
	if newborn { // its birth passed while we were away
		if err := s.answer(ctx, b, l.place, hb.Status); err != nil {
			return err
		}
		b.receipts.paid(l.at)
	}
	if err := s.compare(ctx, b, hb.Epochs); err != nil {
		return err
	}
	return s.doubt(ctx, b, hb)
}
