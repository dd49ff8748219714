package serialpad

import (
	"slices"
	"time"

	"evalpad/device/serialpad/profiles"
)

// crossing is how long after its acknowledgement a frame that comes again has crossed it on the line: a
// frame takes 10 ms at 9600 baud, a busy box may be a while late to read it, and no second customer presses
// the same key that fast.
const crossing = 200 * time.Millisecond

// thanked is the list of frames that were acknowledged and that no other frame has followed yet.
type thanked struct {
	list   []acknowledged
	within time.Duration // crossing, or sameNumber
}

type acknowledged struct {
	frame  profiles.Frame
	at     time.Duration // when the acknowledgement was written
	within time.Duration // how long after that the frame is still the same press
}

func (t *thanked) add(frames []profiles.Frame, now time.Duration) {
	for _, f := range frames {
		t.list = append(t.list, acknowledged{f, now, t.within})
	}
}

// crossed reports whether f, heard at the given time, crossed its acknowledgement. Whatever it is, it
// is the frame that ends this for all others. A frame heard before its acknowledgement and taken up
// after it has crossed it too.
func (t *thanked) crossed(f profiles.Frame, at time.Duration) bool {
	hit := slices.ContainsFunc(t.list, func(a acknowledged) bool { return a.frame == f && at-a.at < a.within })
	t.list = t.list[:0]
	return hit
}

// carry takes the list over a loss of the cable: what was acknowledged right before it, or while there
// was no port, has not reached its pad, which will send it again as the first thing.
func (t *thanked) carry(lost, back time.Duration) {
	t.list = slices.DeleteFunc(t.list, func(a acknowledged) bool { return lost-a.at >= unheard })
	for i := range t.list {
		t.list[i].at, t.list[i].within = back, max(t.within, sameWithin)
	}
}

// unheard is how long before the loss of the cable an acknowledgement may have been written in vain: as
// long as a loss takes to be noticed.
const unheard = time.Second
