package casebook

import (
	"time"

	"evalpad/sync/wire"
)

// How a reckoning was made, from the best to the worst.
const (
	Anchored   = "anchored"    // between what the box had heard from us and what we had heard from it
	ByArrival  = "arrival"     // only bounded from above
	ByWall     = "wall"        // the box's own clock, which it says is set
	BeforeBoot = "before-boot" // an earlier boot that we never heard: before this boot at the latest
	Unreckoned = "unknown"     // nothing is known but that it has arrived
	ByTaking   = "taken"       // it was said to headquarters itself, by its own clock
)

const (
	// wallError is believed of a set clock that does not state its error.
	wallError = 5 * time.Second
	// longestWait is how far back a press can lie. A full outbox holds half a year of a busy counter;
	// whatever claims to be older than two years is a clock that was never set.
	longestWait = 2 * 365 * 24 * time.Hour
	// longestUptime bounds what a box may claim, so that no sum of times overflows.
	longestUptime = 20 * 365 * 24 * time.Hour
)

// Reckoning is when headquarters reckons that the customer pressed: within Error of At. Where only
// the latest moment is known, At is that moment and Error reaches back to the earliest. The zero
// Reckoning knows nothing.
type Reckoning struct {
	At    time.Time
	Error time.Duration
	How   string
}

// Evidence is all that headquarters has on the time of one press.
type Evidence struct {
	Pressed  wire.Stamp
	Boot     Anchors   // of the boot that the stamp names
	Current  Anchors   // of the boot that brought the record
	Since    time.Time // the press is later than this, zero if nothing is known
	Before   time.Time // and earlier than this
	Received time.Time
}

// Reckon weighs the evidence: the anchors of the press's own boot; else the box's wall clock, where
// it says that it is set and does not point into the future; else the start of the boot after.
func (e Evidence) Reckon() Reckoning {
	uptime := time.Duration(min(e.Pressed.UptimeMS, longestUptime.Milliseconds()+1)) * time.Millisecond
	if r := e.Boot.Reckon(uptime, e.Received); !r.At.IsZero() {
		return r
	}
	if r, ok := e.wall(); ok {
		return r
	}
	if start := earlier(e.Current.high(0), e.Before); !start.IsZero() && start.Before(e.Received) {
		return Reckoning{At: start, Error: start.Sub(sinceOr(e.Since, start)), How: BeforeBoot}
	}
	return unknown(e.Received, e.Since)
}

// earlier is the earlier of two times that say something.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (e Evidence) wall() (Reckoning, bool) {
	p := e.Pressed
	if p.Clock != wire.ClockSet || p.Wall == nil {
		return Reckoning{}, false
	}
	off := wallError
	if p.ErrorMS != nil && *p.ErrorMS >= 0 && *p.ErrorMS <= longestWait.Milliseconds() {
		off = time.Duration(*p.ErrorMS) * time.Millisecond
	}
	if p.Wall.Add(-off).After(e.Received) || p.Wall.Before(e.Received.Add(-longestWait)) {
		return Reckoning{}, false
	}
	at := p.Wall.Time
	if at.After(e.Received) {
		at = e.Received.Round(0)
	}
	return Reckoning{At: at, Error: off + grain, How: ByWall}, true
}

// Bounded keeps a reckoning within what can be true of a record that arrived at received.
func (r Reckoning) Bounded(received time.Time) Reckoning {
	if r.At.IsZero() {
		return unknown(received, time.Time{})
	}
	if r.At.After(received) {
		r.At = received // nobody presses after the press has arrived
	}
	if oldest := received.Add(-longestWait); r.At.Before(oldest) {
		r.At = oldest
	}
	r.Error = min(max(r.Error, 0), longestWait)
	return r
}

func unknown(received, since time.Time) Reckoning {
	received = received.Round(0)
	return Reckoning{At: received, Error: received.Sub(sinceOr(since, received)), How: Unreckoned}
}

func sinceOr(since, latest time.Time) time.Time {
	if since.IsZero() || since.After(latest) {
		return latest.Add(-longestWait)
	}
	return since
}
