package contact

import (
	"log/slog"
	"strconv"

	"evalpad/device"
)

// How much waits for a desk that takes nothing. Presses come four a second and key at most; noise
// has no bound of its own, so it is the first that is no longer kept.
const (
	maxRefused = 256
	maxQueue   = 4096
)

// Queue holds signals until a desk takes them, so that whoever reads keys never waits. It gives each
// an ID. One goroutine uses it.
type Queue struct {
	Prefix string // of the IDs, as "keys" for keys-1
	Log    *slog.Logger

	waiting []device.Signal
	made    int
}

// Add queues signals, each under an ID of its own. What finds no room is said aloud.
func (q *Queue) Add(signals ...device.Signal) {
	for _, s := range signals {
		q.made++
		s.ID = q.Prefix + "-" + strconv.Itoa(q.made)
		room := maxQueue
		if s.Kind == device.Refused {
			room = maxRefused
		}
		if len(q.waiting) >= room {
			q.Log.Error("signal dropped: nobody takes them", "kind", s.Kind, "reason", s.Reason)
			continue
		}
		q.waiting = append(q.waiting, s)
	}
}

// Offer gives the oldest signal and the channel to send it on, which is nil while none waits. Whoever
// has sent it says so by Taken.
func (q *Queue) Offer(to chan<- device.Signal) (chan<- device.Signal, device.Signal) {
	if len(q.waiting) == 0 {
		return nil, device.Signal{}
	}
	return to, q.waiting[0]
}

// Taken removes what Offer gave.
func (q *Queue) Taken() { q.waiting = q.waiting[1:] }
