// Package gpiokeys drives a customer's pad whose keys are wired to GPIO lines.
//
// A finger is slow and a switch is not: one press is a burst of edges, and a spark is an edge too.
// What counts as a press is decided by a state machine without a clock (see contact and board), fed
// with the level of each line as it was read after an edge or after a quiet while. Its figures:
//
//   - a press is a contact that stays closed without an edge for the debounce time, 30 ms; it counts
//     from its first edge. A shorter one is noise and is counted as such;
//   - the key counts again when it has been open for 100 ms without an edge, and 250 ms after the
//     press at the earliest. Switches have been seen to bounce for 157 ms, with 42 ms open in it
//     (J. Ganssle, A Guide to Debouncing);
//   - two keys within 50 ms are a hand, not an opinion: both are refused;
//   - a key held for 10 s, or held when its line is opened, is stuck. It is masked until it has been
//     open for a second, which is told, too; after 60 s the stuck key is told once more.
//
// Periph's gpioioctl driver has the lines (kernel 5.10 and later). Its traps are dealt with in
// kernel.go, init.go and line.go, where each is named. A key has no lamp, so shows are taken and
// dropped; it never repeats itself, so a press is signalled once and carries no Echo.
package gpiokeys

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"evalpad/device"
)

// Options says which keys there are.
type Options struct {
	// Keys maps a line to its key's score, 1 to 5. A line is its name in the kernel, as GPIO17, or
	// its place on a chip, as gpiochip0:17 or pinctrl-bcm2711:17.
	Keys     map[string]int
	Active   string               // level of a pressed key: "low", the default, or "high"
	Pull     string               // "up", "down" or "none"; default away from Active
	Debounce time.Duration        // 5 ms to 100 ms; 0 is 30 ms
	Uptime   func() time.Duration // boot time (CLOCK_BOOTTIME); required
	Log      *slog.Logger         // nil logs nothing
	// Open opens a line by its name with a pull of "up", "down" or "none"; nil opens the kernel's.
	Open func(name, pull string) (Line, error)
}

// Keys is the driver of one pad. Make one with New.
type Keys struct {
	options Options
	names   []string // of the lines, sorted; a key is its index here
}

var _ device.Driver = (*Keys)(nil)

// New makes a driver. It looks at the options and not at the lines, which Run waits for.
func New(o Options) (*Keys, error) {
	o.Active = cmp.Or(o.Active, "low")
	o.Pull = cmp.Or(o.Pull, map[string]string{"low": "up", "high": "down"}[o.Active])
	o.Debounce = cmp.Or(o.Debounce, 30*time.Millisecond)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Open == nil {
		o.Open = openKernel
	}
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("gpio keys: %w", err)
	}
	o.Keys = maps.Clone(o.Keys)
	return &Keys{options: o, names: slices.Sorted(maps.Keys(o.Keys))}, nil
}

func (o Options) validate() error {
	for name, score := range o.Keys {
		if name == "" || score < 1 || score > 5 {
			return fmt.Errorf("line %.40q has score %d: want a line's name and 1 to 5", name, score)
		}
	}
	switch {
	case len(o.Keys) == 0:
		return errors.New("no keys: want each line with its score")
	case o.Active != "low" && o.Active != "high":
		return fmt.Errorf("active %.40q: want low or high", o.Active)
	case o.Pull != "up" && o.Pull != "down" && o.Pull != "none":
		return fmt.Errorf("pull %.40q: want up, down or none", o.Pull)
	case o.Debounce < 5*time.Millisecond || o.Debounce > 100*time.Millisecond:
		return fmt.Errorf("debounce %v: want 5 ms to 100 ms", o.Debounce)
	case o.Uptime == nil:
		return errors.New("no uptime: want a function that gives the boot time")
	}
	return nil
}

// String names the keys, as "gpio keys GPIO17=5 GPIO27=1".
func (k *Keys) String() string {
	var s strings.Builder
	s.WriteString("gpio keys")
	for _, name := range k.names {
		s.WriteString(" " + name + "=" + strconv.Itoa(k.options.Keys[name]))
	}
	return s.String()
}
