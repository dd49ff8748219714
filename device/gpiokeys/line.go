package gpiokeys

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Line is one open GPIO line, an input that tells of both edges. Only one goroutine uses it.
type Line interface {
	// WaitForEdge waits for an edge, for at most a timeout that is always above zero. It reports
	// false where none came, and also, at once, where the line is gone.
	WaitForEdge(timeout time.Duration) bool
	// Read gives the level, now. An error means that the line is gone.
	Read() (high bool, err error)
	// Close gives the line back to the kernel.
	Close() error
}

// How long a line is waited for at a time. A line that has just moved is looked at often, for the
// board decides on readings alone; a quiet one often enough that Run leaves in time, and that an
// edge which the kernel dropped is found by its level.
const (
	quietWait  = 200 * time.Millisecond
	livelyFor  = 400 * time.Millisecond // after an edge: longer than a press takes to be decided and over
	stormEdges = 64                     // edges without a pause: from then on the line is given a rest
	stormRest  = 5 * time.Millisecond
	hasty      = 3 // waits in a row that ended long before their time: nothing is waited for any more
)

// Between two tries to open a line, doubling.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 10 * time.Second
)

var errHasty = errors.New("waits for an edge end at once: the line is gone")

// report is what the keeper of a line tells Run: a reading or, where lost is set, why there is none.
type report struct {
	key int
	reading
	lost error
}

// keeper keeps one line open and reads it. It waits for the line and for Run, which never waits for
// anything; so a busy disk costs no edge.
type keeper struct {
	*Keys
	key     int
	reports chan<- report
}

func (k keeper) run(ctx context.Context) {
	retry := firstRetry
	for ctx.Err() == nil {
		line, err := k.open()
		if err == nil {
			retry = firstRetry
			err = errors.Join(k.follow(ctx, line), line.Close())
		}
		if err != nil && !k.tell(ctx, report{key: k.key, lost: err}) {
			return
		}
		pause(ctx, retry)
		retry = min(2*retry, lastRetry)
	}
}

// open opens the line, without its pull where the chip has none: then a resistor has to do it.
func (k keeper) open() (Line, error) {
	name, pull := k.names[k.key], k.options.Pull
	line, err := k.options.Open(name, pull)
	if err == nil || pull == "none" {
		return line, err
	}
	line, bare := k.options.Open(name, "none")
	if bare != nil {
		return nil, err
	}
	k.options.Log.Warn("line opened without pull: a resistor must do it",
		"pad", k.String(), "line", name, "pull", pull, "error", err)
	return line, nil
}

// follow reads the line after each edge and each wait, until it is gone or ctx is done, which is no
// error.
func (k keeper) follow(ctx context.Context, line Line) error {
	var (
		edge, was    bool
		moved        time.Duration // boot time of the last edge or change
		early, edges int           // in a row: waits that ended at once, waits that found an edge
	)
	for ctx.Err() == nil {
		high, err := line.Read()
		if err != nil {
			return fmt.Errorf("read line: %w", err)
		}
		at, active := k.options.Uptime(), high == (k.options.Active == "high")
		if edge || active != was {
			moved = at
		}
		was = active
		if !k.tell(ctx, report{key: k.key, reading: reading{at, active, edge}}) {
			return nil
		}
		if edges >= stormEdges {
			pause(ctx, stormRest)
		}
		wait := k.patience(at - moved)
		began := k.options.Uptime()
		edge = line.WaitForEdge(wait)
		edges = count(edges, edge)
		early = count(early, !edge && k.options.Uptime()-began < wait/2)
		if early >= hasty {
			return errHasty
		}
	}
	return nil
}

// patience is how long to wait for the next edge of a line that has stood still for so long.
func (k keeper) patience(still time.Duration) time.Duration {
	if still < livelyFor {
		return k.options.Debounce / 6
	}
	return quietWait
}

// count goes on counting while the thing happens, and starts anew when it does not.
func count(n int, again bool) int {
	if again {
		return n + 1
	}
	return 0
}

// tell reports whether Run is still there to be told.
func (k keeper) tell(ctx context.Context, r report) bool {
	select {
	case k.reports <- r:
		return true
	case <-ctx.Done():
		return false
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
