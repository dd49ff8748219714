// Package contact decides what counts as a press of a key that is a switch.
//
// A finger is slow and a switch is not: one press is a burst of edges, and a spark is an edge too.
// What is made of them is decided by a state machine without a clock, fed with the level of each key
// as it was read after an edge or after a quiet while. Its figures:
//
//   - a press is a contact that stays closed without an edge for the debounce time; it counts from
//     its first edge. A shorter one is noise and is counted as such;
//   - the key counts again when it has been open for 100 ms without an edge, and 250 ms after the
//     press at the earliest. Switches have been seen to bounce for 157 ms, with 42 ms open in it
//     (J. Ganssle, A Guide to Debouncing);
//   - two keys within 50 ms are a hand, not an opinion: both are refused;
//   - a key held for 10 s, or held when it is first read, is stuck. It is masked until it has been
//     open for a second, which is told, too; after 60 s the stuck key is told once more.
//
// Whoever reads the keys is a driver: of GPIO lines, of a keypad on USB, of an I/O module that is
// polled.
package contact

import "time"

// The times that the package comment gives reasons for.
const (
	openFor  = 100 * time.Millisecond // open without an edge: the press is over
	rearm    = 250 * time.Millisecond // from one press of a key to its next
	chatter  = 500 * time.Millisecond // a contact that has not settled by then is no finger
	together = 50 * time.Millisecond  // two keys within it are neither's press
	held     = 10 * time.Second       // longer is stuck
	heldOn   = 60 * time.Second       // and is told again
	freeFor  = time.Second            // open without an edge: a stuck key is free
)

// Reading is what was seen of one key. Edge says that it has moved since the last reading, however
// often: whoever tells of edges keeps a few and drops the rest, so that edges are never counted, and
// the level is read after each. A reading without an edge says that nothing is known to have moved.
type Reading struct {
	At     time.Duration // boot time, not before the last reading's
	Active bool          // closed
	Edge   bool
}

// phase is where a contact stands between two presses.
type phase int

const (
	unread  phase = iota // no reading yet, or since it was lost
	unfreed              // unread, and stuck when it was lost
	resting              // open; the next edge may be a press
	closing              // moved, and not yet quiet
	closed               // a press, unless another key came with it
	spent                // decided; not yet open again for long enough
	stuck                // held too long; masked
)

// contact is the switch under one key.
type contact struct {
	phase  phase
	active bool
	since  time.Duration // of the last edge or change of level
	start  time.Duration // of the first edge of this touch
	opened bool          // spent: has been open for the debounce time since the last closing
	told   bool          // stuck: for the second time
}

// outcome is what one reading has decided about a key.
type outcome int

const (
	nothing     outcome = iota
	noise               // moved, but was no press
	bounced             // closed again before the key counts again
	stuckStart          // held when it was first read
	stuckHeld           // held for 10 s
	stuckHeldOn         // held for 60 s
	freed               // was stuck, and counts again
)

// read takes one reading. A touch that is a press goes to closed, where the board decides on it.
// Only a reading without an edge proves that the line stood still until then: a program that was
// kept from running must not take the time it missed for a finger.
func (c *contact) read(r Reading, debounce time.Duration) outcome {
	if r.Edge || r.Active != c.active {
		c.since = r.At
	}
	c.active = r.Active
	quiet := r.At - c.since
	switch c.phase {
	case unread, unfreed:
		return c.first(r)
	case resting:
		if r.Active || r.Edge {
			c.phase, c.start = closing, r.At
		}
	case closing:
		return c.settle(r, quiet, debounce)
	case closed, spent:
		return c.wait(r, quiet, debounce)
	case stuck:
		return c.loosen(r, quiet)
	}
	return nothing
}

// first makes no press of a key that is held already: nobody saw it go down.
func (c *contact) first(r Reading) outcome {
	was := c.phase
	*c = contact{phase: resting, since: r.At, active: r.Active}
	switch {
	case r.Active:
		c.phase, c.start = stuck, r.At
		return stuckStart
	case was == unfreed:
		return freed
	}
	return nothing
}

func (c *contact) settle(r Reading, quiet, debounce time.Duration) outcome {
	switch {
	case quiet >= debounce && r.Active:
		c.phase, c.opened = closed, false
	case quiet >= debounce:
		c.phase = resting
		return noise
	case r.At-c.start >= chatter:
		c.phase, c.opened = spent, false
		return noise
	}
	return nothing
}

// wait looks after a touch that is a press, until the key is open for long enough.
func (c *contact) wait(r Reading, quiet, debounce time.Duration) outcome {
	switch {
	case c.phase == spent && r.Active && r.At-c.start >= held:
		c.phase, c.told = stuck, false
		return stuckHeld
	case c.phase == spent && !r.Active && quiet >= openFor && r.At-c.start >= rearm:
		c.phase = resting
	case !r.Active && quiet >= debounce:
		c.opened = true
	case r.Active && quiet >= debounce && c.opened:
		c.opened = false
		return bounced
	}
	return nothing
}

func (c *contact) loosen(r Reading, quiet time.Duration) outcome {
	switch {
	case !r.Active && quiet >= freeFor:
		c.phase = resting
		return freed
	case !c.told && r.At-c.start >= heldOn:
		c.told = true
		return stuckHeldOn
	}
	return nothing
}
