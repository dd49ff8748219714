package gpiokeys

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

// reading is what was seen of one line at one boot time. Edge says that the line has moved since the
// last reading, however often: the kernel keeps 16 edges a line and drops the rest, so that edges are
// never counted, and the level is read after each.
type reading struct {
	at     time.Duration
	active bool
	edge   bool
}

// phase is where a contact stands between two presses.
type phase int

const (
	unread  phase = iota // no reading since the line was opened
	unfreed              // unread, and stuck when the line was lost
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
	stuckStart          // held when the line was opened
	stuckHeld           // held for 10 s
	stuckHeldOn         // held for 60 s
	freed               // was stuck, and counts again
)

// read takes one reading. A touch that is a press goes to closed, where the board decides on it.
// Only a reading without an edge proves that the line stood still until then: a program that was
// kept from running must not take the time it missed for a finger.
func (c *contact) read(r reading, debounce time.Duration) outcome {
	if r.edge || r.active != c.active {
		c.since = r.at
	}
	c.active = r.active
	quiet := r.at - c.since
	switch c.phase {
	case unread, unfreed:
		return c.first(r)
	case resting:
		if r.active || r.edge {
			c.phase, c.start = closing, r.at
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
func (c *contact) first(r reading) outcome {
	was := c.phase
	*c = contact{phase: resting, since: r.at, active: r.active}
	switch {
	case r.active:
		c.phase, c.start = stuck, r.at
		return stuckStart
	case was == unfreed:
		return freed
	}
	return nothing
}

func (c *contact) settle(r reading, quiet, debounce time.Duration) outcome {
	switch {
	case quiet >= debounce && r.active:
		c.phase, c.opened = closed, false
	case quiet >= debounce:
		c.phase = resting
		return noise
	case r.at-c.start >= chatter:
		c.phase, c.opened = spent, false
		return noise
	}
	return nothing
}

// wait looks after a touch that is a press, until the key is open for long enough.
func (c *contact) wait(r reading, quiet, debounce time.Duration) outcome {
	switch {
	case c.phase == spent && r.active && r.at-c.start >= held:
		c.phase, c.told = stuck, false
		return stuckHeld
	case c.phase == spent && !r.active && quiet >= openFor && r.at-c.start >= rearm:
		c.phase = resting
	case !r.active && quiet >= debounce:
		c.opened = true
	case r.active && quiet >= debounce && c.opened:
		c.opened = false
		return bounced
	}
	return nothing
}

func (c *contact) loosen(r reading, quiet time.Duration) outcome {
	switch {
	case !r.active && quiet >= freeFor:
		c.phase = resting
		return freed
	case !c.told && r.at-c.start >= heldOn:
		c.told = true
		return stuckHeldOn
	}
	return nothing
}
