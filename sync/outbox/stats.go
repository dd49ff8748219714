package outbox

import (
	"time"

	bolt "go.etcd.io/bbolt"
)

// Stats are what a status shows of an outbox.
type Stats struct {
	Waiting     int           // letters not settled, alerts included
	Alerts      int           // alerts not settled
	Oldest      time.Duration // age of the oldest waiting letter, as far as the clocks tell
	History     int           // settled letters still kept
	Bytes       int64         // of the file in use
	Max         int64         // size of the file
	Free        float64       // share of the file that is free, 0 to 1: under 0.1 all history is gone
	Quarantined int           // letters ever set aside because their bytes were damaged
	Faults      int           // commits that failed because of the disk, since Open
	Allocated   bool          // the whole file has its place on the disk: a disk that others fill is no matter
}

// Stats reads the figures; it costs a few pages.
func (b *Outbox) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.room()
	s := Stats{
		Waiting: b.state.waiting[Alerts] + b.state.waiting[Normal], Alerts: b.state.waiting[Alerts],
		Quarantined: b.state.Aside, Faults: b.faults, Allocated: b.allocated, Max: b.o.Max,
		Bytes: int64(r.total-r.free) * int64(r.pageSize), Free: float64(max(r.free, 0)) / float64(r.total),
		Oldest: b.oldest(),
	}
	_ = b.view(func(tx *bolt.Tx) error { // shut: nothing to count
		for ref := range b.settling {
			s.Waiting--
			if tx.Bucket(inLanes[Alerts]).Get(ref.key()) != nil {
				s.Alerts--
			}
		}
		return nil
	})
	s.History = b.state.Kept - s.Waiting
	return s
}

// oldest is the age of the first letter that waits in either lane. mu is held.
func (b *Outbox) oldest() (age time.Duration) {
	now := momentOf(b.o.Stamp())
	_ = b.view(func(tx *bolt.Tx) error {
		for _, name := range inLanes {
			for ref := range keys(tx.Bucket(name)) {
				if b.settling[ref] {
					continue
				}
				if _, at, err := decode(ref, shelfOf(tx).get(ref)); err == nil {
					age = max(age, at.until(now))
				}
				break
			}
		}
		return nil
	})
	return age
}
