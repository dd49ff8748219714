// Package hidkeys drives a customer's pad that is a USB keypad: to the kernel it is a keyboard, and
// its keys come as events of an input device (evdev).
//
// The keypad is grabbed: while it is ours no key of it reaches a console, so that nobody's rating is
// typed into a login prompt. What counts as a press is decided by package contact. A keypad has seen
// to its switches' bounce itself, so that no time is waited for them to settle; that two keys came
// together, that a key is stuck, and that one press is over, it does not know.
//
// Where the kernel's queue was full it says so and drops what came (SYN_DROPPED). Then the state of
// the keys is read anew: one that is down now was pressed, and of what came and went meanwhile
// nothing is made up.
//
// A keypad has no lamp that is worth one and never repeats itself: shows are passed on to lamps beside it
// where there are some, else dropped, and a press is signalled once and carries no Echo.
package hidkeys

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"evalpad/device"
	"evalpad/device/hidkeys/keynames"
)

// Actions that a key may have in place of a score.
const (
	ActionPrompt = "prompt" // please rate
	ActionCancel = "cancel" // takes the prompt back
)

// Options says which keypad there is, and what its keys mean.
type Options struct {
	// Port is the keypad's node, best by its name in /dev/input/by-id, which ends in -event-kbd. It
	// need not be there yet.
	Port    string
	Keys    map[string]int       // from a key's name, as KEY_KP1, to its score, 1 to 5; required
	Actions map[string]string    // from a key's name to what it does
	Uptime  func() time.Duration // boot time (CLOCK_BOOTTIME); required
	Log     *slog.Logger         // nil logs nothing
	Face    Face                 // lamps beside the keypad; nil: none
	Tells   []string             // the questions of which the face tells that they are asked
	// Open opens a keypad for us alone; nil opens the kernel's.
	Open func(port string) (Keypad, error)
}

// Face is what the customer sees beside the keypad. Signalled and Show never wait; Run shows until ctx is
// done.
type Face interface {
	Run(ctx context.Context)
	Signalled(s device.Signal)
	Show(s device.Show)
}

// noFace shows nothing.
type noFace struct{}

func (noFace) Run(context.Context)     {}
func (noFace) Signalled(device.Signal) {}
func (noFace) Show(device.Show)        {}

// Keypad is an open input device. One goroutine uses it.
type Keypad interface {
	// Read gives whole events as the kernel does (struct input_event, linux/input.h): what waits, or
	// what comes within a timeout that is always above zero. It gives none where none came. An error
	// means that the keypad is gone.
	Read(events []byte, timeout time.Duration) (n int, err error)
	// Down sets the bits of the keys that are down now, and Has of those that the keypad has: key 9
	// is bit 1 of byte 1.
	Down(keys []byte) error
	Has(keys []byte) error
	Close() error
}

// Keys is the driver of one keypad. Make one with New.
type Keys struct {
	options Options
	names   []string // of the keys that mean something, sorted; a key is its index here
	codes   map[uint16]int
}

var _ device.Driver = (*Keys)(nil)

// New makes a driver. It looks at the options and not at the keypad, which Run waits for.
func New(o Options) (*Keys, error) {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Open == nil {
		o.Open = openEvdev
	}
	if o.Face == nil {
		o.Face = noFace{}
	}
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("usb keypad: %w", err)
	}
	o.Keys, o.Actions = maps.Clone(o.Keys), maps.Clone(o.Actions)
	k := &Keys{options: o, codes: map[uint16]int{}}
	k.names = slices.Sorted(maps.Keys(o.Keys))
	k.names = slices.Concat(k.names, slices.Sorted(maps.Keys(o.Actions)))
	for key, name := range k.names {
		code, _ := keynames.Code(name) // known, as validate has seen
		k.codes[code] = key
	}
	return k, nil
}

func known(name string) error {
	if _, ok := keynames.Code(name); !ok {
		return fmt.Errorf("key %.40q: want a key's name in the kernel, as KEY_KP1, KEY_1 or KEY_ENTER", name)
	}
	return nil
}

func (o Options) validate() error {
	for name, score := range o.Keys {
		if err := known(name); err != nil {
			return err
		}
		if score < 1 || score > 5 {
			return fmt.Errorf("key %s has score %d: want 1 to 5", name, score)
		}
	}
	for name, action := range o.Actions {
		if err := known(name); err != nil {
			return err
		}
		if _, both := o.Keys[name]; both {
			return fmt.Errorf("key %s has a score and an action: want one of both", name)
		}
		if action != ActionPrompt && action != ActionCancel {
			return fmt.Errorf("key %s does %.40q: want prompt or cancel", name, action)
		}
	}
	switch {
	case o.Port == "":
		return errors.New("no port: want the keypad's name in /dev/input/by-id")
	case len(o.Keys) == 0:
		return errors.New("no keys: want each key with its score")
	case o.Uptime == nil:
		return errors.New("no uptime: want a function that gives the boot time")
	}
	return nil
}

// String names the keypad and its keys, as "usb keypad /dev/input/by-id/… KEY_KP1=1 KEY_KP5=5".
func (k *Keys) String() string {
	var s strings.Builder
	s.WriteString("usb keypad " + k.options.Port)
	for _, name := range k.names {
		if score, rated := k.options.Keys[name]; rated {
			s.WriteString(" " + name + "=" + strconv.Itoa(score))
		}
	}
	return s.String()
}

// scores are the keys' scores, in the order of their names; a key with an action has 0.
func (k *Keys) scores() (scores []int) {
	for _, name := range k.names {
		scores = append(scores, k.options.Keys[name])
	}
	return scores
}
