package evaluation_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/wire"

	gocmp "github.com/google/go-cmp/cmp"
)

// keypad is a driver in the hands of a test.
type keypad struct {
	name string
	keys chan device.Signal
	end  chan error // what Run returns before its time

	mu    sync.Mutex
	shown []device.Show
	runs  int
	deaf  bool // does not receive from out
}

func newKeypad(name string) *keypad {
	return &keypad{name: name, keys: make(chan device.Signal, 16), end: make(chan error)}
}

func (k *keypad) String() string { return k.name }

func (k *keypad) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	k.mu.Lock()
	k.runs++
	if k.deaf {
		out = nil
	}
	k.mu.Unlock()
	var said device.Signal
	var say chan<- device.Signal
	keys := k.keys
	for {
		select {
		case said = <-keys:
			keys, say = nil, in
		case say <- said:
			keys, say = k.keys, nil
		case s := <-out:
			k.mu.Lock()
			k.shown = append(k.shown, s)
			k.mu.Unlock()
		case err := <-k.end:
			return err
		case <-ctx.Done():
			return nil
		}
	}
}

// seen is what was shown since the last look; that a thank-you has its code is TestThanksHasACode's.
func (k *keypad) seen() []device.Show {
	synctest.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	shown := k.shown
	k.shown = nil
	for i := range shown {
		shown[i].Code = ""
	}
	return shown
}

// disk is a store that a test can break.
type disk struct {
	mu       sync.Mutex
	broken   error
	commits  int
	state    []byte
	finished []wire.Evaluation
}

func (d *disk) Commit(_ context.Context, counter string, state []byte, finished []wire.Evaluation) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return d.broken
	}
	if counter != "c03" {
		return fmt.Errorf("counter %q", counter)
	}
	d.commits++
	d.state = state
	d.finished = append(d.finished, finished...)
	return nil
}

func (d *disk) breakWith(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
}

func (d *disk) ended() []wire.Evaluation {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	ended := d.finished
	d.finished = nil
	return ended
}

// counter is a desk in a bubble with what stands around it.
type counter struct {
	*evaluation.Desk
	t        *testing.T
	pad      *keypad
	disk     *disk
	opts     evaluation.Options
	notes    []device.Signal
	degraded []error
	logged   strings.Builder
	stop     func()
}

var boot = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(-100 * time.Second) // a bubble begins in 2000

func uptime() time.Duration { return time.Since(boot) }

func newCounter(t *testing.T, ask ...wire.Dimension) *counter {
	c := &counter{t: t, pad: newKeypad("keypad"), disk: &disk{}}
	ids := 0
	c.opts = evaluation.Options{
		Counter: "c03", Business: "credit", Rules: evaluation.Rules{Ask: ask},
		Pads: []device.Driver{c.pad}, Store: c.disk,
		Now: func() evaluation.Moment {
			return evaluation.Moment{Boot: "boot-1", Uptime: uptime(), Wall: time.Now(), Clock: wire.ClockSet}
		},
		NewID:    func() string { ids++; return fmt.Sprintf("E%d", ids) },
		Note:     func(_ context.Context, s device.Signal) { c.notes = append(c.notes, s) },
		Degraded: func(err error) { c.degraded = append(c.degraded, err) },
		Log:      slog.New(slog.NewTextHandler(&c.logged, nil)),
	}
	return c
}

// open starts the desk on what is on disk; a desk that runs is stopped first.
func (c *counter) open() {
	c.t.Helper()
	if c.stop != nil {
		c.stop()
	}
	c.opts.State = c.disk.state
	desk, err := evaluation.NewDesk(c.opts)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- desk.Run(ctx) }()
	c.Desk, c.stop = desk, func() {
		cancel()
		if err := <-ended; err != nil {
			c.t.Errorf("run: %v", err)
		}
		c.stop = nil
	}
	synctest.Wait()
}

// bubble runs one story at a counter.
func bubble(t *testing.T, ask []wire.Dimension, story func(t *testing.T, c *counter)) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, ask...)
		c.open()
		want(t, c.pad.seen(), c.idle(""))
		story(t, c)
		if c.stop != nil {
			c.stop()
		}
		tally := c.Tally()
		sum := tally.Accepted + tally.Repeated
		for _, n := range tally.Refused {
			sum += uint64(n)
		}
		if tally.Seen != sum {
			t.Errorf("tally does not add up: %+v", tally)
		}
	})
}

var (
	overall    = []wire.Dimension{wire.Overall}
	dimensions = []wire.Dimension{wire.Attitude, wire.Efficiency, wire.Compliance}
)

func key(id string, score int) device.Signal {
	return device.Signal{ID: id, Kind: device.Press, Score: score, UI: "keys", At: uptime(), Echo: fmt.Sprintf("frame-%d", score)}
}

func please(id string) device.Signal {
	return device.Signal{ID: id, Kind: device.Prompt, By: "caller keypad", At: uptime(), Echo: "frame-prompt"}
}

// idle is what shows while nobody is asked: a press without a prompt answers the first question.
func (c *counter) idle(signal string) device.Show {
	return device.Show{For: signal, Kind: device.Idle, Dimension: string(c.opts.Rules.Ask[0])}
}

func thank(signal string) device.Show { return device.Show{For: signal, Kind: device.Thanks} }

func fault(signal string) device.Show { return device.Show{For: signal, Kind: device.Fault} }

func asks(signal string, d wire.Dimension, step, steps int) device.Show {
	return device.Show{For: signal, Kind: device.Ask, Dimension: string(d), Step: step, Steps: steps, Window: 30 * time.Second}
}

func want(t *testing.T, got []device.Show, shows ...device.Show) {
	t.Helper()
	if diff := gocmp.Diff(shows, got); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
}

// brief is an evaluation in a line.
func brief(all []wire.Evaluation) []string {
	var lines []string
	for _, e := range all {
		lines = append(lines, fmt.Sprintf("%s %s %d %v", e.Evaluation, e.Outcome, len(e.Scores), e.Flags))
	}
	return lines
}

func wantEnded(t *testing.T, got []wire.Evaluation, lines ...string) {
	t.Helper()
	if diff := gocmp.Diff(lines, brief(got)); diff != "" {
		t.Errorf("finished (-want +got):\n%s", diff)
	}
}
