package hidkeys_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/hidkeys"
)

const ms = time.Millisecond

// Codes of keys, as linux/input-event-codes.h has them.
const (
	kp1, kp2, kp5, kpEnter, kpMinus, kp9 = 79, 80, 76, 96, 74, 73
)

// rig is a keypad with three scores and two actions, in a bubble of its own time, with a desk that
// takes signals.
type rig struct {
	pad     *devicetest.Keypad
	options hidkeys.Options
	slow    atomic.Int64 // how long the desk is busy with each signal, in nanoseconds

	shows <-chan device.Show // nil: none comes
	began time.Time
	leave context.CancelFunc
	done  sync.WaitGroup
	mu    sync.Mutex
	heard []device.Signal
}

func newRig(t testing.TB) *rig {
	r := &rig{began: time.Now()}
	r.pad = devicetest.NewKeypad(r.uptime, kp1, kp2, kp5, kpEnter, kpMinus, kp9)
	r.options = hidkeys.Options{
		Port:    "/dev/input/by-id/usb-keypad-event-kbd",
		Keys:    map[string]int{"KEY_KP5": 5, "KEY_KP2": 2, "KEY_KP1": 1},
		Actions: map[string]string{"KEY_KPENTER": "prompt", "KEY_KPMINUS": "cancel"},
		Uptime:  r.uptime,
		Log:     slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
		Open:    r.open,
	}
	return r
}

func (r *rig) uptime() time.Duration { return time.Since(r.began) + time.Hour }

func (r *rig) open(port string) (hidkeys.Keypad, error) {
	pad, err := r.pad.Open(port)
	if err != nil {
		return nil, err
	}
	return pad, nil
}

// run starts the driver and returns once it waits for the first key.
func (r *rig) run(t testing.TB) {
	t.Helper()
	keys, err := hidkeys.New(r.options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	r.leave = leave
	in := make(chan device.Signal)
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

// signals so far.
func (r *rig) signals() []device.Signal {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.heard)
}

// after lets the bubble's time pass.
func after(d time.Duration) { time.Sleep(d) }

// only keeps the signals of a kind.
func only(signals []device.Signal, kind device.SignalKind) []device.Signal {
	return slices.DeleteFunc(slices.Clone(signals), func(s device.Signal) bool { return s.Kind != kind })
}

// words says what matters of signals, one a line of a test's expectation.
func words(signals []device.Signal) (said []string) {
	for _, s := range signals {
		switch s.Kind {
		case device.Press, device.Prompt, device.Cancel:
			said = append(said, string(s.Kind)+" "+s.Detail)
		case device.Refused:
			said = append(said, s.Reason+" "+s.Detail)
		default:
			said = append(said, string(s.Kind)+" "+s.Reason)
		}
	}
	return said
}
