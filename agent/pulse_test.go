package agent_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/agent"
	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/link"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// keys is a driver whose presses come from the test. While deaf is not nil it takes nothing until that
// is closed, as one that hangs in a call to the hardware.
type keys struct {
	press chan device.Signal
	shown chan device.Show
	deaf  atomic.Pointer[chan struct{}]
}

func (k *keys) String() string { return "keys of the test" }

func (k *keys) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	for {
		await(&k.deaf)
		select {
		case <-ctx.Done():
			return nil
		case s := <-k.press:
			in <- s
		case s := <-out:
			if s.For != "" {
				k.shown <- s
			}
		}
	}
}

// box is an agent in a bubble whose parts the test can make hang.
type box struct {
	t     *testing.T
	agent *agent.Agent
	keys  *keys
	began time.Time
	wall  time.Time // at began
	clock atomic.Value
	moved atomic.Int64
	disk  atomic.Pointer[chan struct{}] // commits wait until it is closed
	line  atomic.Pointer[chan struct{}] // calls to the network do
	dir   string
	stop  func()
}

var errNoRoute = errors.New("no route to host")

type dialler func(context.Context) (net.Conn, error)

// run plays a story with an agent that dial leads to headquarters.
func run(t *testing.T, dial dialler, story func(*box)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &box{
			t: t, began: time.Now(), wall: time.Unix(0, 0), dir: t.TempDir(),
			keys: &keys{press: make(chan device.Signal), shown: make(chan device.Show, 16)},
		}
		b.clock.Store(wire.ClockUnset)
		var err error
		b.agent, err = agent.New(agent.Options{
			Place: wire.Place{Region: "r11", Branch: "b0731", Device: "pad-1"}, DataDir: b.dir, NoSocket: true,
			Counters: []agent.Counter{{
				Counter: "c03", Rules: evaluation.Rules{Ask: []wire.Dimension{wire.Overall}}, Pads: []device.Driver{b.keys},
			}},
			Outbox: outbox.Options{Max: 4 << 20, Commit: b.commit}, Topics: "evalpad/v1",
			Link: link.Options{Broker: "mqtt://mqtt.bank.example", Dial: func(ctx context.Context) (net.Conn, error) {
				await(&b.line)
				return dial(ctx)
			}},
			Now: b.now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := b.agent.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		b.stop = func() { leave(); running.Wait() }
		defer b.stop()
		synctest.Wait()
		story(b)
	})
}

func (b *box) uptime() time.Duration { return time.Since(b.began) + time.Hour }

func (b *box) now() evaluation.Moment {
	return evaluation.Moment{
		Boot: "boot-1", Uptime: b.uptime(), Wall: b.wall.Add(time.Since(b.began) + time.Duration(b.moved.Load())),
		Clock: b.clock.Load().(wire.ClockState),
	}
}

func (b *box) commit(end func() error) error {
	await(&b.disk)
	return end()
}

func await(gate *atomic.Pointer[chan struct{}]) {
	if shut := gate.Load(); shut != nil {
		<-*shut
	}
}

// hang makes a part wait at its gate until the returned function is called.
func hang(gate *atomic.Pointer[chan struct{}]) (letGo func()) {
	shut := make(chan struct{})
	gate.Store(&shut)
	return func() { gate.Store(nil); close(shut) }
}

// pressed is a customer's key; it does not wait for the thanks.
func (b *box) pressed() {
	b.keys.press <- device.Signal{ID: b.uptime().String(), Kind: device.Press, Score: 5, At: b.uptime(), UI: "keys"}
}

// within is the watchdog's patience in these stories.
const within = 30 * time.Second

// wantStuck feels the pulse twice, as systemd's watchdog has it done, with d between.
func (b *box) wantStuck(d time.Duration, want ...string) {
	b.t.Helper()
	b.agent.Stuck(b.t.Context(), within)
	time.Sleep(d)
	synctest.Wait()
	if got := b.agent.Stuck(b.t.Context(), within); !slices.Equal(got, want) {
		b.t.Errorf("stuck after %s: got %q, want %q", d, got, want)
	}
}

func refused(context.Context) (net.Conn, error) { return nil, errNoRoute }

// silent is a network that swallows everything.
func silent(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }

// mute is connected, and nobody reads or answers.
func mute(context.Context) (net.Conn, error) {
	ours, _ := net.Pipe()
	return ours, nil
}

// TestNothingIsStuck: neither an empty counter nor a network that is dead in any way stops a heart.
func TestNothingIsStuck(t *testing.T) {
	for name, dial := range map[string]dialler{"refused": refused, "silent": silent, "mute": mute} {
		t.Run(name, func(t *testing.T) {
			run(t, dial, func(b *box) {
				for range 20 {
					b.wantStuck(15 * time.Second)
				}
				b.pressed()
				if s := <-b.keys.shown; s.Kind != device.Thanks {
					t.Errorf("shown %s, want thanks", s.Kind)
				}
				b.wantStuck(time.Hour)
			})
		})
	}
}

func TestStuckDriver(t *testing.T) {
	run(t, refused, func(b *box) {
		letGo := hang(&b.keys.deaf)
		b.pressed() // the last that it hands on
		time.Sleep(10 * time.Second)
		b.wantStuck(within+2*time.Second, "c03 keys of the test")
		letGo()
		b.wantStuck(0)
	})
}

// TestStuckDisk: a commit hangs, and with it the desk that waits for it.
func TestStuckDisk(t *testing.T) {
	run(t, refused, func(b *box) {
		letGo := hang(&b.disk)
		b.pressed()
		synctest.Wait()
		b.wantStuck(10 * time.Second)
		b.wantStuck(within, "desk c03", "store")
		letGo()
		if s := <-b.keys.shown; s.Kind != device.Thanks {
			t.Errorf("shown %s when the disk came back, want thanks", s.Kind)
		}
		b.wantStuck(0)
	})
}

// TestStuckUplink: a call to the network never comes back, whatever its context says.
func TestStuckUplink(t *testing.T) {
	run(t, refused, func(b *box) {
		letGo := hang(&b.line)
		b.wantStuck(4*time.Minute, "uplink")
		letGo()
		time.Sleep(time.Second)
		b.wantStuck(time.Minute)
	})
}

// TestClockSetIsTold: the wall clock begins to be set, is moved, and ceases to be set; each is an
// event with the new state in its stamp, and a clock that goes on as it was is none.
func TestClockSetIsTold(t *testing.T) {
	run(t, refused, func(b *box) {
		time.Sleep(3 * time.Hour)
		b.clock.Store(wire.ClockSet)
		b.moved.Store(int64(50 * 365 * 24 * time.Hour))
		time.Sleep(time.Hour)
		b.moved.Add(-int64(700 * time.Millisecond))
		time.Sleep(time.Hour)
		b.moved.Add(int64(400 * time.Millisecond)) // slewed
		b.clock.Store(wire.ClockUnset)
		time.Sleep(time.Hour)
		b.wantEvents(
			"clock-set set: the wall clock was unset and is set; it moved by 438000h0m0s",
			"clock-set set: the wall clock was set and is set; it moved by -700ms",
			"clock-set unset: the wall clock was set and is unset; it moved by 400ms",
		)
	})
}

// wantEvents reads the events on the clock from the outbox of an agent that has left.
func (b *box) wantEvents(want ...string) {
	b.t.Helper()
	b.stop()
	var got []string
	for item, err := range outbox.List(filepath.Join(b.dir, agent.OutboxFile)) {
		if err != nil {
			b.t.Fatal(err)
		}
		r, err := wire.ParseRecord(item.Line)
		if err != nil {
			b.t.Fatal(err)
		}
		if e, err := r.Event(); err == nil && e.Event == wire.EventClockSet {
			got = append(got, strings.Join([]string{string(e.Event), string(e.At.Clock) + ":", e.Words}, " "))
		}
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("events: got %q, want %q", got, want)
	}
}
