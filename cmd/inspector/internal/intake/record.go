package intake

import (
	"context"
	"errors"
	"fmt"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// record admits what verifies under a known key, holds what is under a key not yet known, and
// rejects the rest. The key is that of the device in the signed source: the topic is only where the
// box stands today, and anybody may have written to it.
func (s *session) record(ctx context.Context, l letter) error {
	p, err := s.unpack(l)
	if err != nil {
		return s.reject(ctx, l, err.Error())
	}
	foreign := p.record.Place.Device != l.place.Device
	if foreign {
		evidence := fmt.Sprintf("record %s of %s came on %s", p.record.ID, p.record.Place.Device, l.Topic)
		if err := s.incident(ctx, ledger.ForeignTopic, l.place.Device, evidence); err != nil {
			return err
		}
	}
	k, err := s.keyOf(ctx, p)
	switch {
	case errors.Is(err, ledger.ErrUnknownKey) && foreign:
		return s.reject(ctx, l, "another device's topic, and no key to verify with")
	case errors.Is(err, ledger.ErrUnknownKey):
		s.hold(p)
		l.Ack() // unreceipted, so its box still has it; the broker's queue is for others
		return nil
	case err != nil:
		return err
	}
	if err := seal.Check(k.key, seal.TagRecord, l.Payload); err != nil {
		return s.reject(ctx, l, err.Error())
	}
	if !foreign {
		s.mail.box(l.place).place = l.place
	}
	return s.admit(ctx, p, k.standing, l.Ack)
}

// unpack reads a record's envelope. Where it may be thanked is the topic's place, or its own where
// the topic is another device's.
func (s *session) unpack(l letter) (p parcel, err error) {
	p = parcel{place: l.place, at: l.at}
	if p.record, err = wire.ParseRecord(l.Payload); err != nil {
		return p, err
	}
	if p.record.Place.Device != l.place.Device {
		p.place = p.record.Place
	}
	p.hash, err = seal.HashOf(l.Payload)
	return p, err
}

// keyOf finds the key that a record names. An epoch-opened that verifies under the key it carries
// introduces that key. It returns ledger.ErrUnknownKey for a key that nobody has introduced.
func (s *session) keyOf(ctx context.Context, p parcel) (known, error) {
	k, err := s.lookUp(ctx, p.record.Place.Device, p.record.KID)
	if !errors.Is(err, ledger.ErrUnknownKey) {
		return k, err
	}
	if key, ok := carriedKey(p.record); ok {
		return s.introduce(ctx, p.place, key)
	}
	return k, err
}

// carriedKey is the key in an epoch-opened, if the record is sealed with that very key.
func carriedKey(r wire.Record) (key wire.PublicKey, ok bool) {
	if r.Kind != wire.KindEvent {
		return key, false
	}
	e, err := r.Event()
	if err != nil || e.Event != wire.EventEpochOpened || e.Opened == nil || e.Opened.Key.IsZero() {
		return key, false
	}
	key = e.Opened.Key
	return key, seal.KIDOf(key) == r.KID && seal.Check(key, seal.TagRecord, r.Line) == nil
}

// lookUp asks the ledger for a key, or memory where it was asked within keyFresh: a person's word on
// a key shows that soon.
func (s *session) lookUp(ctx context.Context, device string, kid wire.KID) (known, error) {
	now, b := s.o.Now(), s.mail.boxes[device]
	if b != nil {
		if k, ok := b.keys[kid]; ok && now.Before(k.until) {
			return k, nil
		}
	}
	key, standing, err := s.o.Ledger.Key(ctx, device, kid)
	if errors.Is(err, ledger.ErrUnknownKey) {
		return known{}, err
	}
	if err != nil {
		return known{}, faulty("look up a key of "+device, err)
	}
	k := known{key, standing, now.Add(keyFresh)}
	if b != nil {
		b.remember(kid, k)
	}
	return k, nil
}

// introduce makes a key known that its device has just proved to hold, and takes what has waited
// for it.
func (s *session) introduce(ctx context.Context, place wire.Place, key wire.PublicKey) (known, error) {
	now, b := s.o.Now(), s.mail.box(place)
	if !b.mayIntroduce(now) {
		return known{}, ledger.ErrUnknownKey
	}
	standing, err := s.o.Ledger.Introduce(ctx, place, key, now)
	if err != nil {
		return known{}, faulty("introduce a key of "+place.Device, err)
	}
	k := known{key, standing, now.Add(keyFresh)}
	b.remember(seal.KIDOf(key), k)
	s.o.Log.Info("key introduced", "device", place.Device, "kid", seal.KIDOf(key), "standing", standing)
	return k, s.release(ctx, place.Device, k)
}

func (s *session) hold(p parcel) {
	dropped := s.mail.waiting.put(p.record.Place.Device, p)
	s.gauge.note(func(m *Metrics) {
		m.Held = s.mail.waiting.n
		m.HeldDropped += uint64(dropped)
	})
}

// release takes what has waited for k.
func (s *session) release(ctx context.Context, device string, k known) error {
	kid := seal.KIDOf(k.key)
	released := s.mail.waiting.take(device, func(p parcel) bool { return p.record.KID == kid })
	s.gauge.note(func(m *Metrics) { m.Held = s.mail.waiting.n })
	for _, p := range released {
		if err := seal.Check(k.key, seal.TagRecord, p.record.Line); err != nil {
			l := letter{at: p.at}
			l.Topic, l.Payload, l.Ack = s.o.Topics.Of(p.place, p.record.Kind), p.record.Line, func() {}
			if err := s.reject(ctx, l, err.Error()); err != nil {
				return err
			}
			continue
		}
		if err := s.admit(ctx, p, k.standing, func() {}); err != nil {
			return err
		}
	}
	return nil
}
