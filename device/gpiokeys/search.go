package gpiokeys

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"periph.io/x/conn/v3/driver"
	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/host/v3/gpioioctl"
)

// kernel guards periph's list of chips, which is a package variable of its own.
var kernel = kernelState{taken: map[*gpioioctl.GPIOLine]bool{}}

type kernelState struct {
	sync.Mutex
	nodes   []string // of /dev, as of the last search
	retired []*gpioioctl.GPIOChip
	taken   map[*gpioioctl.GPIOLine]bool // open by us
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
