package intake

import (
	"slices"
	"time"

	"evalpad/sync/wire"
)

// Bounds of the records that wait for their key, in records.
const (
	maxWaitingOfOne = 1000
	maxWaiting      = 8192 // 32 MiB of records of the greatest length
)

// waiting holds records under keys not yet known, unreceipted, until the key comes. They are in no
// ledger: what is dropped here for want of room, its box sends again.
type waiting struct {
	of    map[string][]parcel // by device, in order of arrival
	order []string            // devices, who has waited longest first
	n     int
}

// parcel is one record whose place in the ledger is still open.
type parcel struct {
	record wire.Record
	hash   wire.Hash
	place  wire.Place // of the topic it came on
	at     time.Time
}

func newWaiting() waiting { return waiting{of: map[string][]parcel{}} }

// put keeps p and returns how many records had to be dropped for it, p itself included if there is
// no room left for its device. One that waits already is not kept twice.
func (w *waiting) put(device string, p parcel) (dropped int) {
	mine := w.of[device]
	if slices.ContainsFunc(mine, func(q parcel) bool { return q.hash == p.hash }) {
		return 0
	}
	if len(mine) >= maxWaitingOfOne {
		return 1
	}
	for w.n >= maxWaiting {
		dropped += len(w.take(w.order[0], nil))
	}
	if len(w.of[device]) == 0 {
		w.order = append(w.order, device)
	}
	w.of[device] = append(w.of[device], p)
	w.n++
	return dropped
}

// take removes and returns the device's records for which mine is true; a nil mine means all.
func (w *waiting) take(device string, mine func(parcel) bool) []parcel {
	var out, rest []parcel
	for _, p := range w.of[device] {
		if mine == nil || mine(p) {
			out = append(out, p)
		} else {
			rest = append(rest, p)
		}
	}
	w.n -= len(out)
	if len(rest) > 0 {
		w.of[device] = rest
		return out
	}
	delete(w.of, device)
	w.order = slices.DeleteFunc(w.order, func(d string) bool { return d == device })
	return out
}
