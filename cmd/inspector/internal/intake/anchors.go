package intake

import (
	"context"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// anchor pins the boot's uptime to our clock, by a live and correctly signed word.
func (s *session) anchor(ctx context.Context, b *box, st wire.Status, arrival time.Time, heard *wire.Heard) error {
	a := s.anchorsOf(ctx, b, st.Boot)
	if kid := seal.KIDOf(st.Key); a.kid == "" {
		a.kid = kid
	} else if a.kid != kid {
		return nil
	}
	if len(s.batch) > 0 {
		s.linger.Reset(linger) // it may have waited for this
	}
	before := len(a.anchors.Lows) + len(a.anchors.Highs)
	a.anchors.Spoke = wordOf(st)
	a.anchors.Arrived(arrival, uptimeOf(st))
	if heard != nil && heard.UptimeMS >= 0 && heard.UptimeMS <= st.UptimeMS && !heard.Sent.After(arrival) {
		a.anchors.Heard(heard.Sent.Time, time.Duration(heard.UptimeMS)*time.Millisecond)
	}
	if len(a.anchors.Lows)+len(a.anchors.Highs) == before && arrival.Sub(a.kept) < anchorsKept {
		return nil
	}
	a.kept = arrival
	return faulty("keep anchors of "+b.place.Device, s.o.Ledger.KeepAnchors(ctx, b.place.Device, st.Boot, a.anchors))
}

// wordOf is how far a box says that its records have come.
func wordOf(st wire.Status) *casebook.Word {
	w := &casebook.Word{Uptime: uptimeOf(st), Heads: map[wire.Epoch]uint64{}}
	for _, e := range st.Epochs {
		w.Heads[e.Epoch] = e.Head
	}
	return w
}

// bracket is what the other boots of a box say of a press in one that we never heard: after the
// last word without its record, before the start of the first boot that had it. An evaluation that a
// restart has closed was sealed in another boot than it was pressed in, and has no earliest bound.
func (s *session) bracket(ctx context.Context, b *box, r wire.Record, restarted bool) (since, before time.Time) {
	boots, err := s.o.Ledger.Boots(ctx, b.place.Device)
	if err != nil {
		return since, before // the batch fails as well
	}
	for boot, a := range b.boots {
		boots[boot] = a.anchors
	}
	for _, a := range boots {
		after, until := a.Bracket(r.Epoch, r.Seq)
		if after.After(since) && !restarted {
			since = after
		}
		if before.IsZero() || !until.IsZero() && until.Before(before) {
			before = until
		}
	}
	return since, before
}

// anchorsKept is how often anchors that are only a little tighter go to the ledger.
const anchorsKept = 5 * time.Minute

// anchorsOf is what is known of one boot: in memory, else in the ledger. A ledger that fails here
// fails the batch as well, so nothing is lost by reckoning without.
func (s *session) anchorsOf(ctx context.Context, b *box, boot string) *anchored {
	now := s.o.Now()
	if a := b.boots[boot]; a != nil {
		a.used = now
		return a
	}
	a := &anchored{used: now}
	if known, err := s.o.Ledger.Anchors(ctx, b.place.Device, boot); err == nil {
		a.anchors = known
	}
	b.forget()
	b.boots[boot] = a
	return a
}

// forget makes room for one more boot.
func (b *box) forget() {
	for len(b.boots) >= bootsKept {
		oldest := ""
		for boot, a := range b.boots {
			if oldest == "" || a.used.Before(b.boots[oldest].used) {
				oldest = boot
			}
		}
		delete(b.boots, oldest)
	}
}
