package gpiokeys

import "time"

// Chips are the GPIO chips of a machine. Several goroutines use them.
type Chips interface {
	// Find says which lines can be opened together: those of one group, which is a chip's name, or
	// a line's own where it can only be opened alone.
	Find(name string) (group string, err error)
	// Open opens lines of one group as inputs that tell of both edges, with a pull of "up", "down"
	// or "none": all of them, or none and an error.
	Open(names []string, pull string) (Lines, error)
	// Out opens a line as an output with its first level.
	Out(name string, high bool) (Output, error)
}

// Lines are open input lines, numbered in the order in which they were asked for, 64 at most. One
// goroutine uses them.
type Lines interface {
	// Wait waits for an edge of any of them, for at most a timeout that is always above zero. Found
	// is false where none came in time. An error means that the lines are gone.
	Wait(timeout time.Duration) (line int, found bool, err error)
	// Read gives their levels, now: bit 0 is line 0, and 1 is high. An error means that they are gone.
	Read() (high uint64, err error)
	// Close gives the lines back to the kernel.
	Close() error
}

// Output is an open output line. It is never read. One goroutine uses it.
type Output interface {
	Set(high bool) error
	Close() error
}
