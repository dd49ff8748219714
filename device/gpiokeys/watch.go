package gpiokeys

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"time"
)

// How long lines are waited for at a time. Lines that have just moved are looked at often, for the
// board decides on readings alone; quiet ones often enough that Run leaves in time, and that an edge
// which the kernel dropped is found by its level.
const (
	quietWait = 200 * time.Millisecond
	livelyFor = 400 * time.Millisecond // after an edge: longer than a press takes to be decided and over
	drainWait = time.Millisecond       // none within it: no edge is left in the kernel's queue
	drainFor  = 10 * time.Millisecond
	stormRest = 10 * time.Millisecond // after a drain that found no end: a line that never rests gets no processor
	hasty     = 3                     // waits in a row that ended long before their time: nothing is waited for any more
)

var errHasty = errors.New("waits for an edge end at once: the line is gone")

// report is what a keeper tells Run of some keys: a reading of each or, where lost is set, why there
// is none.
type report struct {
	keys  []int
	at    time.Duration // boot time
	of    uint64        // which keys were read: bit 0 is the first
	high  uint64        // their levels
	moved uint64        // those that have had an edge since they were last read
	lost  error
}

// watch is a keeper with open lines.
type watch struct {
	keeper
	lines Lines
	was   uint64        // the levels last told
	last  time.Duration // boot time of the last look that found something
	early int           // waits in a row that ended at once
}

// follow reads the lines after each edge and each wait, until they are gone or ctx is done, which is
// no error.
func (w *watch) follow(ctx context.Context) error {
	var moved uint64
	for ctx.Err() == nil {
		at := w.options.Uptime()
		late, full, err := w.look(ctx, at, moved)
		if err == nil && late != 0 {
			at = w.options.Uptime()
			err = w.lookAgain(ctx, at, late)
		}
		if err != nil {
			return err
		}
		if full {
			pause(ctx, stormRest)
		}
		if moved, err = w.wait(w.patience(at - w.last)); err != nil {
			return err
		}
	}
	return nil
}

// look reads the levels. Where an edge has been seen it then takes those that wait in the kernel's
// queue: a line that is not among them has stood still until the levels were read. Of one that is
// among them nobody knows when it moved, unless its level tells.
func (w *watch) look(ctx context.Context, at time.Duration, moved uint64) (late uint64, full bool, err error) {
	high, err := w.lines.Read()
	if err != nil {
		return 0, false, fmt.Errorf("read lines: %w", err)
	}
	if moved != 0 {
		if late, full, err = w.drain(at); err != nil {
			return 0, false, err
		}
	}
	known := moved | (high ^ w.was)
	w.tellOf(ctx, report{at: at, of: ^late | known, high: high, moved: moved | late&known})
	return late, full, nil
}

// lookAgain reads the lines whose edges were found while others were read.
func (w *watch) lookAgain(ctx context.Context, at time.Duration, late uint64) error {
	high, err := w.lines.Read()
	if err != nil {
		return fmt.Errorf("read lines: %w", err)
	}
	w.tellOf(ctx, report{at: at, of: late, high: high, moved: late})
	return nil
}

func (w *watch) tellOf(ctx context.Context, r report) {
	r.keys = w.keys
	if r.moved != 0 || (r.high^w.was)&r.of != 0 {
		w.last = r.at
	}
	w.was = w.was&^r.of | r.high&r.of
	w.tell(ctx, r)
}

// drain takes the edges that wait in the kernel's queue: no more than it holds and no longer than a
// machine needs for so many, since a line that never rests fills it as fast as it is emptied.
func (w *watch) drain(began time.Duration) (moved uint64, full bool, err error) {
	for n := 0; n < queueOf(len(w.keys)) && w.options.Uptime()-began < drainFor; n++ {
		line, found, err := w.lines.Wait(drainWait)
		switch {
		case err != nil:
			return 0, false, fmt.Errorf("wait for an edge: %w", err)
		case !found:
			return moved, false, nil
		}
		moved |= 1 << line
	}
	return moved, true, nil
}

// queueOf is how many edges the kernel keeps for lines opened together: 16 a line, rounded up to a
// power of two (gpiolib-cdev.c, kfifo_alloc).
func queueOf(lines int) int { return 1 << bits.Len(uint(16*lines-1)) }

// wait waits for one edge. It counts the waits in a row that ended long before their time.
func (w *watch) wait(patience time.Duration) (moved uint64, err error) {
	began := w.options.Uptime()
	line, found, err := w.lines.Wait(patience)
	switch {
	case err != nil:
		return 0, fmt.Errorf("wait for an edge: %w", err)
	case found:
		moved = 1 << line
		w.early = 0
	case w.options.Uptime()-began >= patience/2:
		w.early = 0
	default:
		if w.early++; w.early >= hasty {
			return 0, errHasty
		}
	}
	return moved, nil
}

// patience is how long to wait for the next edge of lines that have stood still for so long.
func (w *watch) patience(still time.Duration) time.Duration {
	if still < livelyFor {
		return w.options.Debounce / 6
	}
	return quietWait
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
