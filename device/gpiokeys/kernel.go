package gpiokeys

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"periph.io/x/conn/v3/driver"
	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/host/v3/gpioioctl"
)

var pulls = map[string]gpio.Pull{"up": gpio.PullUp, "down": gpio.PullDown, "none": gpio.PullNoChange}

// kernelLine is a line of the kernel's, through periph's gpioioctl.
//
// Periph is never asked for Func, Function or String: on an output they turn it into an input.
type kernelLine struct {
	*gpioioctl.GPIOLine
	pull gpio.Pull
}

// openKernel opens one of the kernel's lines. A line whose In failed is closed and never waited on:
// periph would wait on file descriptor 0 instead.
func openKernel(name, pull string) (Line, error) {
	if err := Init(); err != nil {
		return nil, err
	}
	line, err := findKernel(name)
	if err != nil {
		return nil, fmt.Errorf("find line %s: %w", name, err)
	}
	if err := line.In(pulls[pull], gpio.BothEdges); err != nil {
		line.Close()
		return nil, fmt.Errorf("open line %s with pull %s: %w", name, pull, err)
	}
	return kernelLine{line, pulls[pull]}, nil
}

// Read asks twice where periph says low, for that is also what it says when the chip is gone. In
// with what the line has already changes nothing, and tells.
func (l kernelLine) Read() (bool, error) {
	if l.GPIOLine.Read() {
		return true, nil
	}
	if err := l.In(l.pull, gpio.BothEdges); err != nil {
		return false, err
	}
	return bool(l.GPIOLine.Read()), nil
}

func (l kernelLine) WaitForEdge(timeout time.Duration) bool {
	// To periph -1 is "at once" and 0 "for ever"; conn's own words on -1 are the opposite.
	return l.GPIOLine.WaitForEdge(max(timeout, time.Millisecond))
}

func (l kernelLine) Close() error {
	l.GPIOLine.Close()
	return nil
}

// kernel guards periph's list of chips, which is a package variable of its own.
var kernel struct {
	sync.Mutex
	nodes   []string // of /dev, as of the last search
	retired []*gpioioctl.GPIOChip
}

func findKernel(name string) (*gpioioctl.GPIOLine, error) {
	kernel.Lock()
	defer kernel.Unlock()
	searchAgain()
	var chips []chip
	for _, c := range gpioioctl.Chips {
		seen := chip{name: c.Name(), label: c.Label()}
		for _, line := range c.Lines() {
			seen.lines = append(seen.lines, line.Name())
		}
		chips = append(chips, seen)
	}
	c, offset, err := place(chips, name)
	if err != nil {
		return nil, err
	}
	return gpioioctl.Chips[c].ByNumber(offset), nil
}

// searchAgain looks for chips once more where /dev has others than at the last search, as after a
// USB expander was plugged in. Where two nodes are one chip it does not: there periph would close
// other people's files (see Init), and only a restart of the program finds the new chip. The old
// chips are kept, since each has its descriptor in two os.Files and collecting them would close it
// twice.
func searchAgain() {
	nodes, distinct := chipNodes()
	if !distinct || slices.Equal(nodes, kernel.nodes) {
		return
	}
	state, err := driverreg.Init() // says again what it said at first
	if err != nil {
		return
	}
	kernel.nodes = nodes
	kernel.retired = append(kernel.retired, gpioioctl.Chips...)
	gpioioctl.Chips = nil
	for _, d := range drivers(state) {
		if d.String() == "ioctl-gpio" {
			_, _ = d.Init() // its error is that there is no chip, which the caller says better
		}
	}
}

func drivers(s *driverreg.State) []driver.Impl {
	all := slices.Clone(s.Loaded)
	for _, f := range slices.Concat(s.Skipped, s.Failed) {
		all = append(all, f.D)
	}
	return all
}

// chipNodes lists the nodes of GPIO chips with what tells a new one from an old one of its name, and
// reports whether each is a chip of its own.
func chipNodes() (nodes []string, distinct bool) {
	paths, _ := filepath.Glob("/dev/gpiochip*") // the pattern is right
	nodes, distinct = []string{}, true
	devices := map[uint64]bool{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			continue
		}
		distinct = distinct && !devices[uint64(stat.Rdev)]
		devices[uint64(stat.Rdev)] = true
		nodes = append(nodes, fmt.Sprintf("%s %d %d", path, stat.Rdev, stat.Ino))
	}
	return nodes, distinct
}
