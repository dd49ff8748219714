package devicetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"evalpad/device"
)

// Bench is one driver, not yet running, with what it takes to try it.
type Bench struct {
	Driver device.Driver
	// Press presses and releases any key that has a score.
	Press func() error
	// Thanks counts the thank-yous that have reached the pad; nil for a pad that cannot be thanked.
	Thanks func() int
}

// Bounds of the contract: how soon a driver leaves, takes a Show, tells of a press; and how long
// nothing must be heard before it is believed that nothing comes.
const (
	leaveWithin = time.Second
	takeWithin  = time.Second
	pressWithin = 5 * time.Second
	hush        = 250 * time.Millisecond
)

// Contract tries a driver against what package device promises of every driver. newBench makes a
// fresh bench for each clause. Goroutines are counted, so no other test may run beside it.
func Contract(t *testing.T, newBench func(t *testing.T) Bench) {
	for _, clause := range clauses {
		t.Run(clause.promise, func(t *testing.T) {
			bench := newBench(t)
			if err := tryOut(t.Context(), bench, clause.try); err != nil {
				t.Errorf("%s: %v", bench.Driver, err)
			}
		})
	}
}

// clauses are in the order in which a newcomer would want to see them fail.
var clauses = []struct {
	promise string
	try     func(context.Context, Bench, *trial) error
}{
	{"leaves", leaves},
	{"tells a press", tellsPress},
	{"leaves while nobody takes its signals", leavesUnheard},
	{"takes shows while nobody takes its signals", takesShows},
	{"thanks only on the show that names the signal", thanksLate},
}

// trial is one Run of a driver.
type trial struct {
	in     chan device.Signal
	out    chan device.Show
	leave  context.CancelFunc
	ended  chan struct{}
	result error // readable once ended is closed
}

// tryOut runs the driver, tries one clause, and then sees that the driver leaves in time and leaves
// no goroutine behind.
func tryOut(ctx context.Context, b Bench, try func(context.Context, Bench, *trial) error) error {
	before := runtime.NumGoroutine()
	t := start(ctx, b.Driver)
	err := try(ctx, b, t)
	err = errors.Join(err, t.stop())
	return errors.Join(err, goroutinesBackTo(before))
}

func start(ctx context.Context, d device.Driver) *trial {
	ctx, leave := context.WithCancel(ctx)
	t := &trial{
		in:    make(chan device.Signal),
		out:   make(chan device.Show),
		leave: leave,
		ended: make(chan struct{}),
	}
	go func() {
		defer close(t.ended)
		t.result = d.Run(ctx, t.in, t.out)
	}()
	return t
}

func (t *trial) stop() error {
	t.leave()
	select {
	case <-t.ended:
	case <-time.After(leaveWithin):
		return fmt.Errorf("the driver has not left %v after its context was done", leaveWithin)
	}
	if t.result != nil {
		return fmt.Errorf("the driver left with %w, want nil once its context is done", t.result)
	}
	return nil
}

// next waits for a press and passes over every other kind of signal.
func (t *trial) next() (device.Signal, error) {
	late := time.After(pressWithin)
	for {
		select {
		case s := <-t.in:
			if s.Kind == device.Press {
				return s, nil
			}
		case <-t.ended:
			return device.Signal{}, errors.New("the driver left before its context was done")
		case <-late:
			return device.Signal{}, fmt.Errorf("no press within %v", pressWithin)
		}
	}
}

func (t *trial) show(s device.Show) error {
	select {
	case t.out <- s:
		return nil
	case <-t.ended:
		return errors.New("the driver left before its context was done")
	case <-time.After(takeWithin):
		return fmt.Errorf("show %q was not taken within %v", s.Kind, takeWithin)
	}
}

func leaves(context.Context, Bench, *trial) error { return nil }

func tellsPress(ctx context.Context, b Bench, t *trial) error {
	if b.Driver.String() == "" {
		return errors.New("the driver has no name")
	}
	seen := make(map[string]bool)
	for range 2 {
		if err := b.Press(); err != nil {
			return fmt.Errorf("press a key: %w", err)
		}
		s, err := t.next()
		if err != nil {
			return err
		}
		if err := sound(s); err != nil {
			return err
		}
		if seen[s.ID] {
			return fmt.Errorf("two presses have the ID %q", s.ID)
		}
		seen[s.ID] = true
		if err := t.show(device.Show{Kind: device.Thanks, For: s.ID}); err != nil {
			return err
		}
		wait(ctx, hush) // no finger is faster, and a driver may know that
	}
	return nil
}

// sound says what of a press cannot be true.
func sound(s device.Signal) error {
	switch {
	case s.ID == "":
		return errors.New("the press has no ID")
	case s.Score < 1 || s.Score > 5:
		return fmt.Errorf("the press has score %d, want 1 to 5", s.Score)
	case s.At < 0:
		return fmt.Errorf("the press was at %v, want a boot time", s.At)
	case s.UI == "":
		return errors.New("the press does not say its UI")
	}
	return nil
}

func leavesUnheard(_ context.Context, b Bench, t *trial) error {
	if err := b.Press(); err != nil {
		return fmt.Errorf("press a key: %w", err)
	}
	select {
	case <-t.ended:
		return errors.New("the driver left before its context was done")
	case <-time.After(hush): // long enough for the press to be waiting at the channel
		return nil
	}
}

func takesShows(ctx context.Context, b Bench, t *trial) error {
	if err := leavesUnheard(ctx, b, t); err != nil { // a press is waiting at the channel
		return err
	}
	for _, kind := range []device.ShowKind{device.Idle, device.Ask, device.Thanks, device.Nod, device.Fault} {
		for range 25 {
			if err := t.show(device.Show{Kind: kind, Step: 1, Steps: 1}); err != nil {
				return err
			}
		}
	}
	return nil
}

func thanksLate(ctx context.Context, b Bench, t *trial) error {
	if b.Thanks == nil {
		return nil
	}
	if err := b.Press(); err != nil {
		return fmt.Errorf("press a key: %w", err)
	}
	s, err := t.next()
	if err != nil {
		return err
	}
	for _, early := range []device.Show{{Kind: device.Thanks}, {Kind: device.Thanks, For: s.ID + "-other"}} {
		if err := t.show(early); err != nil {
			return err
		}
	}
	wait(ctx, hush)
	if n := b.Thanks(); n != 0 {
		return fmt.Errorf("the pad was thanked %d times before the show that names %q", n, s.ID)
	}
	if err := t.show(device.Show{Kind: device.Thanks, For: s.ID}); err != nil {
		return err
	}
	for until := time.Now().Add(takeWithin); b.Thanks() == 0; wait(ctx, 5*time.Millisecond) {
		if time.Now().After(until) {
			return fmt.Errorf("the pad was not thanked within %v of the show that names %q", takeWithin, s.ID)
		}
	}
	wait(ctx, hush)
	if n := b.Thanks(); n != 1 {
		return fmt.Errorf("one show thanked the pad %d times, want once", n)
	}
	return nil
}

func goroutinesBackTo(before int) error {
	for until := time.Now().Add(leaveWithin); runtime.NumGoroutine() > before; {
		if time.Now().After(until) {
			stacks := make([]byte, 1<<16)
			stacks = stacks[:runtime.Stack(stacks, true)]
			return fmt.Errorf("%d goroutines before Run, %d after it:\n%s", before, runtime.NumGoroutine(), stacks)
		}
		wait(context.Background(), 5*time.Millisecond)
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
