package casebook

import (
	"cmp"
	"slices"
	"time"

	"evalpad/sync/wire"
)

const (
	// drift is how far a box's boot clock may run off, in millionths: 200 ppm is the worst crystal on
	// the boards we know, 17 s a day.
	drift = 200
	// grain covers that both sides send milliseconds, rounded down.
	grain = 2 * time.Millisecond
	// underWay is how long a live message may travel: a session that is silent for longer is dropped.
	underWay = time.Minute
	// stretch is how far apart two anchors are that stand for one another.
	stretch = 10 * time.Minute
	// maxAnchors bounds each side: one anchor for each stretch in which the box was heard.
	maxAnchors = 48
)

// Anchor pins one uptime of a boot to headquarters' clock, from below or from above.
type Anchor struct {
	Uptime time.Duration `json:"uptime"`
	At     time.Time     `json:"at"`
}

// Anchors are what headquarters knows of one boot of one box: at this uptime it was at least so
// late, at that uptime at most. They come of live, correctly signed births and heartbeats only; a
// retained message, a will or a backlog record has been lying about and pins nothing. The zero
// Anchors know nothing.
//
// One pair would do for correctness. Several are kept because the error grows with the distance
// from anchor to press: a box that was offline for days has a pair on either side of them.
type Anchors struct {
	Lows  []Anchor `json:"lows,omitempty"`  // sorted by uptime
	Highs []Anchor `json:"highs,omitempty"` // sorted by uptime
	Spoke *Word    `json:"spoke,omitempty"` // the last live word of the boot
}

// Word is how far a box's records had come by some uptime, as it said itself.
type Word struct {
	Uptime time.Duration         `json:"uptime"`
	Heads  map[wire.Epoch]uint64 `json:"heads"`
}

// Bracket tells what this boot says of a press in another one, of which nothing was ever heard, but
// whose record has the number seq. Boots do not overlap. If the record was not there yet when this
// boot last spoke, the press came after; if it was, the press came before this boot began. A zero
// time says nothing.
func (a Anchors) Bracket(epoch wire.Epoch, seq uint64) (since, before time.Time) {
	if a.Spoke == nil {
		return since, before
	}
	head, told := a.Spoke.Heads[epoch]
	switch {
	case !told:
		return since, before
	case seq > head:
		return a.low(a.Spoke.Uptime), before
	default:
		return since, a.high(0)
	}
}

// Heard notes that what headquarters sent at sent had reached the box at uptime, by the box's
// signed word: it was no earlier than sent.
func (a *Anchors) Heard(sent time.Time, uptime time.Duration) {
	a.Lows = keep(a.Lows, Anchor{uptime, sent.Round(0)}, func(was, is Anchor) bool {
		return !is.At.Before(was.earliest(is.Uptime))
	})
}

// Arrived notes that what the box sent at uptime reached headquarters at arrival: it was no later.
func (a *Anchors) Arrived(arrival time.Time, uptime time.Duration) {
	a.Highs = keep(a.Highs, Anchor{uptime, arrival.Round(0)}, func(was, is Anchor) bool {
		return !is.At.After(was.latest(is.Uptime))
	})
}

// keep adds an anchor. Within one stretch only the newest that is at least as tight stays.
func keep(list []Anchor, a Anchor, tighter func(was, is Anchor) bool) []Anchor {
	if !believable(a.Uptime) {
		return list
	}
	i, _ := slices.BinarySearchFunc(list, a, func(x, y Anchor) int { return cmp.Compare(x.Uptime, y.Uptime) })
	switch {
	case i > 0 && a.Uptime-list[i-1].Uptime < stretch:
		if tighter(list[i-1], a) {
			list[i-1] = a
		}
		return list
	case i < len(list) && list[i].Uptime-a.Uptime < stretch:
		if tighter(list[i], a) {
			list[i] = a
		}
		return list
	}
	list = slices.Insert(list, i, a)
	if len(list) > maxAnchors {
		list = slices.Delete(list, 1, 2) // the first one is nearest to whatever was pressed before it
	}
	return list
}

// earliest is the earliest moment at which uptime can have been, by an anchor from below.
func (a Anchor) earliest(uptime time.Duration) time.Time {
	return a.At.Add(uptime - a.Uptime - a.slack(uptime))
}

// latest is the latest moment at which uptime can have been, by an anchor from above.
func (a Anchor) latest(uptime time.Duration) time.Time {
	return a.At.Add(uptime - a.Uptime + a.slack(uptime))
}

// slack is how far a crystal can have run off between the anchor and uptime. The uptime is the
// crystal's own word: where it is slow, the true time is the longer.
func (a Anchor) slack(uptime time.Duration) time.Duration {
	return grain + (uptime-a.Uptime).Abs()/(1e6-drift)*drift
}

func believable(uptime time.Duration) bool { return uptime >= 0 && uptime <= longestUptime }

// low is the highest lower bound at uptime; the zero time where there is none.
func (a Anchors) low(uptime time.Duration) (low time.Time) {
	for _, x := range a.Lows {
		if at := x.earliest(uptime); at.After(low) {
			low = at
		}
	}
	return low
}

// high is the lowest upper bound at uptime; the zero time where there is none.
func (a Anchors) high(uptime time.Duration) (high time.Time) {
	for _, x := range a.Highs {
		if at := x.latest(uptime); high.IsZero() || at.Before(high) {
			high = at
		}
	}
	return high
}

// Reckon tells when uptime was, for a record that arrived at received. The zero Reckoning says that
// these anchors know nothing of it.
func (a Anchors) Reckon(uptime time.Duration, received time.Time) Reckoning {
	if !believable(uptime) {
		return Reckoning{}
	}
	low, high := a.low(uptime), a.high(uptime)
	how := Anchored
	switch {
	case low.IsZero() && high.IsZero():
		return Reckoning{}
	case low.IsZero():
		low, how = high.Add(-underWay), ByArrival
	}
	received = received.Round(0)
	if high.IsZero() || received.Before(high) {
		high = received // nobody presses after the press has arrived
	}
	if low.After(high) {
		low, high = high, low // headquarters' clock was set back, or the box lies: keep both bounds inside
	}
	half := high.Sub(low) / 2
	return Reckoning{At: low.Add(half), Error: half + grain, How: how}
}
