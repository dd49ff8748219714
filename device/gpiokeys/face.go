package gpiokeys

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"evalpad/device"
)

// FaceOptions says which lamps there are.
type FaceOptions struct {
	Lamps  Lamps
	Active string               // level of a lamp that is lit: "low" or "high", the default
	Pad    string               // whose lamps these are, for the log
	Uptime func() time.Duration // boot time (CLOCK_BOOTTIME); required
	Log    *slog.Logger         // nil logs nothing
	Chips  Chips                // nil is the kernel's
}

// Face is the lamps and the buzzer of a pad. Its keys may be elsewhere, as those of a USB keypad are.
// Make one with NewFace. It is safe for use by several goroutines.
type Face struct {
	options FaceOptions
	changed chan struct{}

	mu   sync.Mutex
	told orders
}

// NewFace makes a face. It looks at the options and not at the lines, which Run waits for.
func NewFace(o FaceOptions) (*Face, error) {
	o.Active = cmp.Or(o.Active, "high")
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Chips == nil {
		o.Chips = kernelChips{}
	}
	switch {
	case o.Lamps.twice():
		return nil, errors.New("two lamps on one line: want a line for each")
	case o.Active != "low" && o.Active != "high":
		return nil, fmt.Errorf("lamps active %.40q: want low or high", o.Active)
	case o.Uptime == nil:
		return nil, errors.New("no uptime: want a function that gives the boot time")
	}
	o.Lamps.Questions = maps.Clone(o.Lamps.Questions)
	return &Face{options: o, changed: make(chan struct{}, 1)}, nil
}

// Signalled notes a press that the desk has taken, and that is to be thanked. It never waits.
func (f *Face) Signalled(s device.Signal) { f.tell(func(o *orders) { o.signalled(s) }) }

// Show takes what the desk wants to be shown. It never waits.
func (f *Face) Show(s device.Show) {
	now := f.options.Uptime()
	f.tell(func(o *orders) { o.show(now, s) })
}

func (f *Face) tell(of func(*orders)) {
	f.mu.Lock()
	of(&f.told)
	f.mu.Unlock()
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

func (f *Face) lit() (lit, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told.lit(f.options.Uptime())
}

// Run keeps the lines open and writes them until ctx is done, and then puts every lamp to rest. A lamp
// that is not there is told to the log alone, and waited for.
func (f *Face) Run(ctx context.Context) {
	lamps := f.lamps()
	defer func() {
		for i := range lamps {
			lamps[i].leave()
		}
	}()
	for len(lamps) > 0 {
		now, change := f.lit()
		if again := set(lamps, now); again > 0 && (change == 0 || again < change) {
			change = again
		}
		var next <-chan time.Time
		if change > 0 {
			next = time.After(change)
		}
		select {
		case <-ctx.Done():
			return
		case <-f.changed:
		case <-next:
		}
	}
}
