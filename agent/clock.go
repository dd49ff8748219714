package agent

import (
	"context"
	"fmt"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/sync/wire"
)

const (
	// clockEvery is how often the wall clock is looked at. It also bounds how many events a clock
	// that nobody can stop may make.
	clockEvery = time.Minute
	// clockMoves is how far the wall clock may go against the uptime before it was moved: no crystal
	// and no slewing gets there in a minute.
	clockMoves = 500 * time.Millisecond
)

// clockMoved compares two looks at the box's clocks. It is an event when the wall clock begins or
// ceases to be set, and when it was moved: times already written stay as they are, and whoever reads
// them later must know.
func clockMoved(was, is evaluation.Moment) (wire.Event, bool) {
	moved := is.Wall.Sub(was.Wall) - (is.Uptime - was.Uptime)
	if is.Clock == was.Clock && moved.Abs() < clockMoves {
		return wire.Event{}, false
	}
	return wire.Event{
		Event: wire.EventClockSet, Clock: &wire.ClockMove{Was: was.Clock, MovedMS: moved.Milliseconds()},
		Words: fmt.Sprintf("the wall clock was %s and is %s; it moved by %s", was.Clock, is.Clock, moved.Round(time.Millisecond)),
	}, true
}

// watchClock tells of the wall clock until ctx is done.
func (a *Agent) watchClock(ctx context.Context) {
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	was := plain(a.o.Now())
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		is := plain(a.o.Now())
		if e, moved := clockMoved(was, is); moved {
			a.o.Log.Warn(e.Words)
			a.say(ctx, e)
		}
		was = is
	}
}

// plain takes Go's own monotonic reading off the wall clock, which would hide that it was moved.
func plain(m evaluation.Moment) evaluation.Moment {
	m.Wall = m.Wall.Round(0)
	return m
}
