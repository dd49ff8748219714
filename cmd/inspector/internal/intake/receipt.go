package intake

import (
	"context"
	"slices"
	"time"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// The protocol's pace of receipts to one box.
const (
	receiptEvery = time.Second
	receiptAfter = 64 // records new since the last
	maxAlso      = 32
)

// pace says when a box is to be thanked next, and for what.
type pace struct {
	last   time.Time
	fresh  int
	urgent bool
	owed   map[wire.Epoch]news
}

// news is what has been taken of one epoch since the last receipt. Forks are receipted by spans of
// their own, since the chain's head is another's. So are duplicates, where there is room: one may be
// of a fork whose receipt was lost.
type news struct{ forks, duplicates []wire.Span }

// owe notes that a record was taken.
func (p *pace) owe(r wire.Record, hash wire.Hash, fate ledger.Fate) {
	if p.owed == nil {
		p.owed = map[wire.Epoch]news{}
	}
	n := p.owed[r.Epoch]
	switch fate {
	case ledger.Fork:
		n.forks = extend(n.forks, r, hash)
	case ledger.Duplicate:
		n.duplicates = extend(n.duplicates, r, hash)
	}
	p.owed[r.Epoch] = n
	p.fresh++
	p.urgent = p.urgent || r.Kind == wire.KindAlert
}

// extend adds a record to the spans: to the last one, where it builds on that.
func extend(spans []wire.Span, r wire.Record, hash wire.Hash) []wire.Span {
	if n := len(spans); n > 0 && spans[n-1].To+1 == r.Seq && spans[n-1].Head == r.Prev {
		spans[n-1].To, spans[n-1].Head = r.Seq, hash
		return spans
	}
	if len(spans) >= maxAlso {
		return spans
	}
	return append(spans, wire.Span{From: r.Seq, To: r.Seq, Head: hash})
}

// take takes one epoch's news, which are about to be told.
func (p *pace) take(epoch wire.Epoch) news {
	n := p.owed[epoch]
	delete(p.owed, epoch)
	return n
}

// due is when the box is to be thanked; ok is false while it is owed nothing.
func (p *pace) due(now time.Time) (at time.Time, ok bool) {
	switch {
	case len(p.owed) == 0:
		return at, false
	case p.urgent || p.fresh >= receiptAfter:
		return now, true
	default:
		return p.last.Add(receiptEvery), true
	}
}

// paid begins a new second. What is still owed stays so.
func (p *pace) paid(now time.Time) {
	p.last = now
	if len(p.owed) == 0 {
		p.fresh, p.urgent = 0, false
	}
}

// thankDue sends every receipt whose time has come, and sets the alarm for the next.
func (s *session) thankDue(ctx context.Context) error {
	var next time.Time
	now := s.o.Now()
	for device := range s.mail.owing {
		b := s.mail.boxes[device]
		at, ok := b.receipts.due(now)
		switch {
		case !ok:
			delete(s.mail.owing, device)
		case !at.After(now):
			delete(s.mail.owing, device)
			if err := s.thank(ctx, b); err != nil {
				return err
			}
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	if !next.IsZero() {
		s.alarm.Reset(next.Sub(now))
	}
	return nil
}

// thank sends what the box is owed: a receipt for each epoch with news.
func (s *session) thank(ctx context.Context, b *box) error {
	for epoch := range b.receipts.owed {
		if err := s.receipt(ctx, b, b.place, b.session(), epoch, b.receipts.take(epoch)); err != nil {
			return err
		}
	}
	b.receipts.paid(s.o.Now())
	return nil
}

// receipt tells a box's session how far the ledger has come in one epoch. It is asked of the ledger
// after the commit, so it never says more than is kept.
func (s *session) receipt(ctx context.Context, b *box, to wire.Place, number uint64, epoch wire.Epoch, n news) error {
	var held ledger.Holding
	if epoch != "" {
		var err error
		if held, err = s.o.Ledger.Held(ctx, to.Device, epoch); err != nil {
			return faulty("read what is held of "+to.Device, err)
		}
	}
	also := slices.Concat(n.forks, held.Also, n.duplicates)
	r := wire.Receipt{
		Device: to.Device, Session: number, Epoch: epoch,
		Through: held.Through, Head: held.Head, Also: also[:min(len(also), maxAlso)],
		Window: s.mail.grant(b), Sent: wire.At(s.o.Now()), By: s.o.Identity.Mandate(),
	}
	s.gauge.note(func(m *Metrics) { m.Receipts++ })
	return s.say(to, wire.KindReceipt, seal.TagReceipt, r)
}

// say signs a word to one box and publishes it, QoS 1, not retained.
func (s *session) say(to wire.Place, k wire.Kind, tag seal.Tag, word any) error {
	line, err := s.o.Identity.Sign(tag, word)
	if err != nil {
		return err
	}
	_, err = s.rest.Publish(link.Message{Topic: s.o.Topics.Of(to, k), Payload: line, QoS: 1})
	return err
}
