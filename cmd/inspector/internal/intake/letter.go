package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/wire"
)

// letter is one message, as it came.
type letter struct {
	link.Incoming
	place wire.Place // of the topic
	kind  wire.Kind
	at    time.Time
}

var errLineEnded = errors.New("the line to the broker ended")

// hear reads one message on a line. Only a fault of ours is an error: whatever the message is, it
// blocks nothing behind it.
func (s *session) hear(ctx context.Context, m link.Incoming, open bool, from *line) error {
	if !open {
		if err := from.Err(); err != nil {
			return err
		}
		return errLineEnded
	}
	s.gauge.note(func(x *Metrics) { x.Received++ })
	l := letter{Incoming: m, at: s.o.Now()}
	l.Ack = from.inOrder(m.Ack)
	var err error
	if l.place, l.kind, err = s.o.Topics.Parse(m.Topic); err != nil {
		return s.reject(ctx, l, err.Error())
	}
	switch {
	case l.kind.IsRecord():
		return s.record(ctx, l)
	case l.kind == wire.KindStatus:
		return s.hearStatus(ctx, l)
	case l.kind == wire.KindHeartbeat:
		return s.hearHeartbeat(ctx, l)
	}
	return s.reject(ctx, l, fmt.Sprintf("kind %.20q is not for headquarters", l.kind))
}

// maxDead is how much of a dead letter is kept, in bytes: as much as a whole message may have.
const maxDead = wire.MaxMessage

// reject puts a letter that is not believed to the dead ones, and acknowledges it: it would come
// again for ever.
func (s *session) reject(ctx context.Context, l letter, reason string) error {
	payload := l.Payload
	if len(payload) > maxDead {
		reason = fmt.Sprintf("%s (%d bytes, the first %d kept)", reason, len(payload), maxDead)
		payload = payload[:maxDead]
	}
	topic := l.Topic[:min(len(l.Topic), 300)]
	if err := s.o.Ledger.DeadLetter(ctx, topic, payload, reason, l.at); err != nil {
		return faulty("keep a dead letter", err)
	}
	l.Ack()
	s.gauge.note(func(m *Metrics) { m.DeadLetters++ })
	s.o.Log.Debug("dead letter", "topic", topic, "reason", reason)
	s.o.Changed()
	return nil
}

func (s *session) incident(ctx context.Context, kind, device, evidence string) error {
	if err := s.o.Ledger.Incident(ctx, kind, device, evidence, s.o.Now()); err != nil {
		return faulty("write down an incident", err)
	}
	s.o.Log.Warn("incident", "kind", kind, "device", device, "evidence", evidence)
	s.o.Changed()
	return nil
}
