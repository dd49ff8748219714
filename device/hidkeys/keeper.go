package hidkeys

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Between two tries to open the keypad, doubling. The last is what a keypad that was plugged in again
// may be missed for. One that was open for less than settled counts as not opened: a loose plug must
// not say Lost and Back four times a second.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 2 * time.Second
	settled    = 5 * time.Second
)

// How long the keypad is waited for at a time: often while something has just moved, for the board
// decides on readings alone.
const (
	quietWait  = 200 * time.Millisecond
	livelyWait = 10 * time.Millisecond
	livelyFor  = 400 * time.Millisecond // after an event: longer than a press takes to be decided and over
	hasty      = 3                      // reads in a row that ended long before their time
)

// room is for how many events one read has: the kernel keeps 64 of a keyboard (drivers/input/evdev.c).
const room = 64

var errHasty = errors.New("reads end at once: the keypad is gone")

// report is one thing that a keeper tells Run: the keypad is open, or lost, or what was read from it.
type report struct {
	at     time.Duration // boot time of the reading
	opened bool
	lost   error
	events []event
	down   []byte // the keys that are down now, where they had to be read
	idle   bool   // nothing waits any more: every key stands as it was told
}

// keeper keeps the keypad open and reads it. It waits for the keypad and for Run, which never waits
// for anything; so a busy disk costs no key.
type keeper struct {
	*Keys
	reports chan<- report
}

func (k keeper) run(ctx context.Context) {
	retry := firstRetry
	for ctx.Err() == nil {
		pad, err := k.options.Open(k.options.Port)
		if err == nil {
			opened := k.options.Uptime()
			err = errors.Join(k.follow(ctx, pad), pad.Close())
			if k.options.Uptime()-opened >= settled {
				retry = firstRetry
			}
		}
		if err != nil && !k.tell(ctx, report{at: k.options.Uptime(), lost: err}) {
			return
		}
		pause(ctx, retry)
		retry = min(2*retry, lastRetry)
	}
}

// follow reads the keypad until it is gone or ctx is done, which is no error.
func (k keeper) follow(ctx context.Context, pad Keypad) error {
	k.look(pad)
	down, err := keysOf(pad.Down)
	if err != nil {
		return err
	}
	last, early := k.options.Uptime(), 0
	k.tell(ctx, report{at: last, opened: true, down: down, idle: true})
	var s sieve
	raw := make([]byte, room*eventSize)
	for ctx.Err() == nil {
		wait := patience(k.options.Uptime() - last)
		began := k.options.Uptime()
		n, err := pad.Read(raw, wait)
		if err != nil {
			return fmt.Errorf("read keypad: %w", err)
		}
		r := report{at: k.options.Uptime(), events: s.take(events(raw[:n])), idle: n < len(raw)}
		if s.stale() {
			if r.down, err = keysOf(pad.Down); err != nil {
				return err
			}
			s.renewed()
		}
		switch {
		case n > 0:
			last, early = r.at, 0
		case r.at-began < wait/2:
			early++
		default:
			early = 0
		}
		if early >= hasty {
			return errHasty
		}
		k.tell(ctx, r)
	}
	return nil
}

// look warns of keys that this keypad has not: it may be another make, or another node of it.
func (k keeper) look(pad Keypad) {
	has, err := keysOf(pad.Has)
	if err != nil {
		return // the first Down says it
	}
	for code, key := range k.codes {
		if !isSet(has, code) {
			k.options.Log.Warn("the keypad has no such key", "pad", k.String(), "key", k.names[key])
		}
	}
}

func keysOf(read func([]byte) error) ([]byte, error) {
	keys := make([]byte, keyBits/8)
	if err := read(keys); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return keys, nil
}

func patience(still time.Duration) time.Duration {
	if still < livelyFor {
		return livelyWait
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

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
