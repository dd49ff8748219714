// Package gpiokeys drives a customer's pad whose keys, lamps and buzzer are wired to GPIO lines.
//
// What counts as a press is decided by package contact, which is fed with the level of each line as
// it was read after an edge or after a quiet while. Edges are never counted: the kernel keeps 16 a
// line and drops the rest.
//
// Periph's gpioioctl driver has the lines (kernel 5.10 and later). Its traps are dealt with in
// init.go, search.go, kernel.go and kernellines.go, where each is named. A key never repeats itself,
// so a press is signalled once and carries no Echo.
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
	Active   string        // level of a pressed key: "low", the default, or "high"
	Pull     string        // "up", "down" or "none"; default away from Active
	Debounce time.Duration // 5 ms to 100 ms; 0 is 30 ms
	Lamps    Lamps
	// LampsActive is the level of a lamp that is lit: "low" or "high", the default.
	LampsActive string
	Uptime      func() time.Duration // boot time (CLOCK_BOOTTIME); required
	Log         *slog.Logger         // nil logs nothing
	Chips       Chips                // nil is the kernel's
}

// Keys is the driver of one pad. Make one with New.
type Keys struct {
	options Options
	names   []string // of the lines, sorted; a key is its index here
	face    *Face
}

var _ device.Driver = (*Keys)(nil)

// New makes a driver. It looks at the options and not at the lines, which Run waits for.
func New(o Options) (*Keys, error) {
	o.Active = cmp.Or(o.Active, "low")
	o.Pull = cmp.Or(o.Pull, map[string]string{"low": "up", "high": "down"}[o.Active])
	o.Debounce = cmp.Or(o.Debounce, 30*time.Millisecond)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Chips == nil {
		o.Chips = kernelChips{}
	}
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("gpio keys: %w", err)
	}
	o.Keys = maps.Clone(o.Keys)
	k := &Keys{options: o, names: slices.Sorted(maps.Keys(o.Keys))}
	face, err := NewFace(FaceOptions{Lamps: o.Lamps, Active: o.LampsActive, Pad: k.String(), Uptime: o.Uptime, Log: o.Log, Chips: o.Chips})
	if err != nil {
		return nil, fmt.Errorf("gpio keys: %w", err)
	}
	k.face = face
	return k, nil
}

func (o Options) validate() error {
	for name, score := range o.Keys {
		if name == "" || score < 1 || score > 5 {
			return fmt.Errorf("line %.40q has score %d: want a line's name and 1 to 5", name, score)
		}
	}
	for _, name := range o.Lamps.lines() {
		if _, both := o.Keys[name]; both {
			return fmt.Errorf("line %.40q is a key and a lamp: want one of both", name)
		}
	}
	switch {
	case len(o.Keys) == 0:
		return errors.New("no keys: want each line with its score")
	case len(o.Keys) > 64:
		return fmt.Errorf("%d keys: want 64 at most", len(o.Keys))
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

// all are all keys.
func (k *Keys) all() (keys []int) {
	for key := range k.names {
		keys = append(keys, key)
	}
	return keys
}

// scores are the keys' scores, in the order of their names.
func (k *Keys) scores() (scores []int) {
	for _, name := range k.names {
		scores = append(scores, k.options.Keys[name])
	}
	return scores
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
