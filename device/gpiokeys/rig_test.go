package gpiokeys_test

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/gpiokeys"
)

const ms = time.Millisecond

// scores are the keys of every rig: GPIO17 is the best.
var scores = map[string]int{"GPIO17": 5, "GPIO27": 4, "GPIO22": 3, "GPIO23": 2, "GPIO24": 1}

// rig is a pad of five keys, active low, in a bubble of its own time, with a desk that takes signals.
type rig struct {
	chip    *devicetest.GPIO
	options gpiokeys.Options
	slow    atomic.Int64 // how long the desk is busy with each signal, in nanoseconds

	began time.Time
	shows chan device.Show
	leave context.CancelFunc
	done  sync.WaitGroup
	mu    sync.Mutex
	heard []device.Signal
}

func newRig(t testing.TB) *rig {
	chip := devicetest.NewGPIO("GPIO17", "GPIO27", "GPIO22", "GPIO23", "GPIO24", "ASK", "THANKS", "FAULT", "BUZZER")
	r := &rig{chip: chip, began: time.Now()}
	r.options = gpiokeys.Options{
		Keys:   scores,
		Uptime: r.uptime,
		Log:    slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	r.options.Chips = bank{r.chip}
	return r
}

func (r *rig) uptime() time.Duration { return time.Since(r.began) + time.Hour }

// bank is chips as the driver sees them. A line whose name has a colon has none in the kernel, and is
// opened alone.
type bank []*devicetest.GPIO

func (b bank) Find(name string) (group string, err error) {
	for i, chip := range b {
		switch {
		case chip.Has(name) && strings.Contains(name, ":"):
			return name, nil
		case chip.Has(name):
			return strconv.Itoa(i), nil
		}
	}
	return "", gpiokeys.ErrNoLine
}

func (b bank) of(name string) *devicetest.GPIO {
	return b[max(0, slices.IndexFunc(b, func(chip *devicetest.GPIO) bool { return chip.Has(name) }))]
}

func (b bank) Open(names []string, pull string) (gpiokeys.Lines, error) {
	lines, err := b.of(names[0]).Open(names, pull)
	if err != nil {
		return nil, err
	}
	return lines, nil
}

func (b bank) Out(name string, high bool) (gpiokeys.Output, error) {
	out, err := b.of(name).Out(name, high)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// opener is a bank whose lines are opened by open.
type opener struct {
	bank
	open func(names []string, pull string) (gpiokeys.Lines, error)
}

func (o opener) Open(names []string, pull string) (gpiokeys.Lines, error) { return o.open(names, pull) }

// run starts the driver and returns once it waits for the first edge.
func (r *rig) run(t testing.TB) {
	t.Helper()
	keys, err := gpiokeys.New(r.options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	r.leave = leave
	in := make(chan device.Signal)
	r.shows = make(chan device.Show)
	r.done.Go(func() {
		if err := keys.Run(ctx, in, r.shows); err != nil {
			t.Errorf("Run returned %v, want nil", err)
		}
	})
	r.done.Go(func() { r.desk(ctx, in) })
	synctest.Wait()
}

func (r *rig) desk(ctx context.Context, in <-chan device.Signal) {
	for {
		select {
		case s := <-in:
			r.mu.Lock()
			r.heard = append(r.heard, s)
			r.mu.Unlock()
			after(time.Duration(r.slow.Load()))
		case <-ctx.Done():
			return
		}
	}
}

// stop ends the driver and gives back all that it said.
func (r *rig) stop() []device.Signal {
	r.leave()
	r.done.Wait()
	return r.heard
}

// so far.
func (r *rig) signals() []device.Signal {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.heard)
}

// after lets the bubble's time pass.
func after(d time.Duration) { time.Sleep(d) }

// press closes a key that is active low for a time.
func (r *rig) press(name string, d time.Duration) {
	r.chip.Bounce(name, false, d)
	r.chip.Set(name, true)
}

// only keeps the signals of a kind.
func only(signals []device.Signal, kind device.SignalKind) []device.Signal {
	return slices.DeleteFunc(slices.Clone(signals), func(s device.Signal) bool { return s.Kind != kind })
}

// words says what matters of signals, one a line of a test's expectation.
func words(signals []device.Signal) (said []string) {
	for _, s := range signals {
		switch s.Kind {
		case device.Press:
			said = append(said, "press "+s.Detail)
		case device.Refused:
			said = append(said, s.Reason+" "+s.Detail)
		default:
			said = append(said, string(s.Kind)+" "+s.Reason)
		}
	}
	return said
}
