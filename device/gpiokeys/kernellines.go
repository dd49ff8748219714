package gpiokeys

import (
	"errors"
	"os"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/host/v3/gpioioctl"
)

var pulls = map[string]gpio.Pull{"up": gpio.PullUp, "down": gpio.PullDown, "none": gpio.PullNoChange}

// kernelSet is lines of one chip under one descriptor of the kernel's, through periph's LineSet.
type kernelSet struct {
	set   *gpioioctl.LineSet
	index map[int]int // of a line, by its offset on the chip
	lines []found
}

func openSet(lines []found, pull string) (Lines, error) {
	s := kernelSet{index: map[int]int{}, lines: lines}
	var names []string
	for i, f := range lines {
		s.index[f.line.Number()] = i
		names = append(names, f.line.Name())
	}
	var err error
	if s.set, err = lines[0].chip.LineSet(gpioioctl.LineInput, gpio.BothEdges, pulls[pull], names...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s kernelSet) Wait(timeout time.Duration) (line int, found bool, err error) {
	number, _, err := s.set.WaitForEdge(patient(timeout))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	}
	line, ours := s.index[number]
	return line, ours, nil
}

func (s kernelSet) Read() (high uint64, err error) {
	levels, err := s.set.Read(0)
	return uint64(levels), err
}

func (s kernelSet) Close() error {
	defer release(s.lines)
	return s.set.Close()
}

// kernelLine is a line alone. Periph is never asked for Func, Function or String: on an output they
// turn it into an input.
type kernelLine struct {
	found
	pull gpio.Pull
}

// openLine opens a line alone. One whose In failed is closed and never waited on: periph would wait
// on file descriptor 0 instead.
func openLine(f found, pull string) (Lines, error) {
	if err := f.line.In(pulls[pull], gpio.BothEdges); err != nil {
		f.line.Close()
		return nil, err
	}
	return kernelLine{f, pulls[pull]}, nil
}

func (l kernelLine) Wait(timeout time.Duration) (line int, found bool, err error) {
	return 0, l.line.WaitForEdge(patient(timeout)), nil
}

// Read asks twice where periph says low, for that is also what it says when the chip is gone. In
// with what the line has already changes nothing, and tells.
func (l kernelLine) Read() (high uint64, err error) {
	if l.line.Read() {
		return 1, nil
	}
	if err := l.line.In(l.pull, gpio.BothEdges); err != nil {
		return 0, err
	}
	if l.line.Read() {
		high = 1
	}
	return high, nil
}

func (l kernelLine) Close() error {
	defer release([]found{l.found})
	l.line.Close()
	return nil
}

// kernelOutput is a lamp's line.
type kernelOutput struct{ found }

// openOutput makes a line an output. Periph cannot say its first level in the same breath: for some
// microseconds it is low.
func openOutput(f found, high bool) (Output, error) {
	if err := f.line.Out(gpio.Level(high)); err != nil {
		f.line.Close()
		return nil, err
	}
	return kernelOutput{f}, nil
}

func (o kernelOutput) Set(high bool) error { return o.line.Out(gpio.Level(high)) }

func (o kernelOutput) Close() error {
	defer release([]found{o.found})
	o.line.Close()
	return nil
}

// patient is a timeout that periph understands: to it -1 is "at once" and 0 "for ever"; conn's own
// words on -1 are the opposite.
func patient(timeout time.Duration) time.Duration { return max(timeout, time.Millisecond) }
