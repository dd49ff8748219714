package intake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// entry is one verified record on its way into the ledger.
type entry struct {
	parcel
	standing ledger.KeyStanding
	ack      func()
}

// admit adds a verified record to the batch, which is taken when it is full or has lingered.
func (s *session) admit(ctx context.Context, p parcel, standing ledger.KeyStanding, ack func()) error {
	s.batch = append(s.batch, entry{p, standing, ack})
	if len(s.batch) >= batchSize {
		return s.take(ctx)
	}
	if len(s.batch) == 1 {
		s.linger.Reset(s.lingers(ctx, p))
	}
	return nil
}

// lingers is how long a record's batch may wait. Where we have come back and found only a retained
// birth, the first alert can overtake the heartbeat that its box has sent before it, since they come on
// two lines; and when the alert is taken, its time is frozen. So it waits for what would tell the time,
// which is milliseconds away.
func (s *session) lingers(ctx context.Context, p parcel) time.Duration {
	b := s.mail.box(p.place)
	e, ok := evaluationOf(p.record)
	if !ok || b.birth == nil || b.birth.Boot != e.Pressed.Boot || s.anchorsOf(ctx, b, e.Pressed.Boot).anchors.Spoke != nil {
		return linger
	}
	return echoTime
}

// take commits the batch, then acknowledges it, then thanks whoever is due. If the ledger fails,
// nothing of it is acknowledged and nothing thanked.
func (s *session) take(ctx context.Context) error {
	s.linger.Stop()
	batch := s.batch
	s.batch = nil
	if len(batch) == 0 {
		return nil
	}
	arrivals := make([]ledger.Arrival, len(batch))
	for i, e := range batch {
		arrivals[i] = ledger.Arrival{
			Record: e.record, Hash: e.hash, Standing: e.standing, Received: e.at, Rated: s.reckon(ctx, e.parcel),
		}
	}
	fates, err := s.o.Ledger.Take(ctx, arrivals)
	if err == nil && len(fates) != len(batch) {
		err = fmt.Errorf("%d fates of %d records", len(fates), len(batch))
	}
	if err != nil {
		return s.takeApart(ctx, batch, arrivals, faulty("take a batch", err))
	}
	clear(s.mail.refusals)
	s.gauge.recovered()
	for i, e := range batch {
		s.taken(e, fates[i])
	}
	s.o.Changed()
	return s.thankDue(ctx)
}

// taken acknowledges one committed record and notes what its box is owed.
func (s *session) taken(e entry, fate ledger.Fate) {
	e.ack()
	s.gauge.note(func(m *Metrics) {
		m.LastRecord = e.at
		switch fate {
		case ledger.Stored:
			m.Stored++
		case ledger.Duplicate:
			m.Duplicates++
		case ledger.Fork:
			m.Forks++
		case ledger.Unreadable:
			m.Unreadable++
		}
	})
	s.mail.box(e.place).receipts.owe(e.record, e.hash, fate)
	s.mail.owing[e.place.Device] = true
}

// Bounds of taking apart a batch that the ledger refused.
const (
	refusalsInARow = 3 // then it is the ledger, not the records
	refusalsForOne = 3 // sessions; then the record is set aside as a dead letter
	maxRefusals    = 1024
)

// takeApart takes a refused batch one by one, so that a single record which the ledger cannot take
// stops nobody else's. Such a record is set aside after three sessions, never thanked: its box keeps
// it. The session ends with the fault all the same.
func (s *session) takeApart(ctx context.Context, batch []entry, arrivals []ledger.Arrival, fault error) error {
	row := 0
	for i, e := range batch {
		fates, err := s.o.Ledger.Take(ctx, arrivals[i:i+1])
		if err == nil && len(fates) == 1 {
			row = 0
			s.taken(e, fates[0])
			continue
		}
		if err := s.refused(ctx, e, err); err != nil {
			return err
		}
		if row++; row >= refusalsInARow || ctx.Err() != nil {
			break
		}
	}
	s.o.Changed()
	for device := range s.mail.owing {
		if err := s.thank(ctx, s.mail.boxes[device]); err != nil {
			return err
		}
		delete(s.mail.owing, device)
	}
	return fault
}

func (s *session) refused(ctx context.Context, e entry, why error) error {
	if len(s.mail.refusals) >= maxRefusals {
		clear(s.mail.refusals)
	}
	s.mail.refusals[e.hash]++
	if s.mail.refusals[e.hash] < refusalsForOne {
		return nil
	}
	delete(s.mail.refusals, e.hash)
	l := letter{at: e.at}
	l.Topic, l.Payload, l.Ack = s.o.Topics.Of(e.place, e.record.Kind), e.record.Line, e.ack
	return s.reject(ctx, l, fmt.Sprintf("the ledger refuses it: %v", why))
}

// reckon weighs what is known of the time of a press, or of a tally of presses, at the moment it is
// taken. A record without one, or whose data cannot be read, has none.
func (s *session) reckon(ctx context.Context, p parcel) casebook.Reckoning {
	pressed, restarted, ok := stampOf(p.record)
	if !ok {
		return casebook.Reckoning{}
	}
	b := s.mail.box(p.place)
	e := casebook.Evidence{Pressed: pressed, Received: p.at}
	e.Boot = s.anchorsOf(ctx, b, pressed.Boot).anchors
	if b.birth != nil {
		e.Current = s.anchorsOf(ctx, b, b.birth.Boot).anchors
	}
	if e.Boot.Spoke == nil && pressed.Clock != wire.ClockSet {
		e.Since, e.Before = s.bracket(ctx, b, p.record, restarted)
	}
	return e.Reckon()
}

// stampOf is when a record's presses were, and whether a restart lies between them and its number.
func stampOf(r wire.Record) (at wire.Stamp, restarted, ok bool) {
	if r.Kind == wire.KindEvent {
		e, err := r.Event()
		return e.At, false, err == nil && e.Tally != nil
	}
	e, ok := evaluationOf(r)
	return e.Pressed, slices.Contains(e.Flags, wire.FlagRestart), ok
}

// evaluationOf is the evaluation that a record tells of; false where it tells of none, or cannot be
// read.
func evaluationOf(r wire.Record) (e wire.Evaluation, ok bool) {
	switch r.Kind {
	case wire.KindEvaluation:
		e, err := r.Evaluation()
		return e, err == nil
	case wire.KindAlert:
		a, err := r.Alert()
		return a.Evaluation, err == nil
	}
	return e, false
}
