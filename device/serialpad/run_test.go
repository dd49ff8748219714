package serialpad_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/serialpad"

	"github.com/google/go-cmp/cmp"
)

func uptime() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// wish is all that a pad is made with.
type wish struct {
	serialpad.Options
	serialpad.Counter
}

func options(t *testing.T, fake *devicetest.FF68, ack string) wish {
	w := at(t, fake.Path())
	w.Ack = ack
	return w
}

// at is the ff68 pads of address 1 at a port.
func at(t *testing.T, port string) wish {
	return wish{
		serialpad.Options{
			Port: port, Protocol: serialpad.Protocol(t, "ff68"), Uptime: uptime(),
			Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		},
		serialpad.Counter{Address: 1},
	}
}

func newPad(t *testing.T, o wish) *serialpad.Pad {
	t.Helper()
	pad, err := serialpad.New(o.Options, o.Counter)
	if err != nil {
		t.Fatal(err)
	}
	return pad
}

// run is a pad that runs until the test ends.
type run struct {
	t      *testing.T
	in     chan device.Signal
	out    chan device.Show
	fences byte
}

func start(t *testing.T, pad *serialpad.Pad) *run {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	r := &run{t: t, in: make(chan device.Signal), out: make(chan device.Show)}
	left := make(chan error, 1)
	go func() { left <- pad.Run(ctx, r.in, r.out) }()
	t.Cleanup(func() {
		began := time.Now()
		leave()
		if err := <-left; err != nil {
			t.Errorf("Run returned %v, want nil", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("leaving took %v, want less than a second", took)
		}
	})
	return r
}

// next gives the next signal.
func (r *run) next() device.Signal {
	r.t.Helper()
	select {
	case s := <-r.in:
		return s
	case <-time.After(10 * time.Second):
		r.t.Fatal("no signal within 10 s")
	}
	return device.Signal{}
}

// want compares the next signal with s, but for its ID and time and a loss's detail.
func (r *run) want(s device.Signal) device.Signal {
	r.t.Helper()
	got := r.next()
	told := got
	told.ID, told.At = "", 0
	if told.Kind == device.Lost {
		told.Detail = ""
	}
	if diff := cmp.Diff(s, told); diff != "" {
		r.t.Fatalf("signal (-want +got):\n%s", diff)
	}
	return got
}

func (r *run) show(s device.Show) {
	r.t.Helper()
	select {
	case r.out <- s:
	case <-time.After(10 * time.Second):
		r.t.Fatalf("show %q not taken within 10 s", s.Kind)
	}
}

// fence has a key acknowledged that is nothing to us, a new one each time, and gives the frame of the
// acknowledgement: one that comes next shows that no other came before it.
func (r *run) fence(fake *devicetest.FF68) string {
	r.t.Helper()
	r.fences++
	line := wire(1, 1, r.fences, 0x13)
	if _, err := fake.Write(line); err != nil {
		r.t.Fatal(err)
	}
	frame := fmt.Sprintf("% X", line)
	s := r.want(device.Signal{Kind: device.Other, Detail: frame, Echo: frame})
	r.show(device.Show{Kind: device.Thanks, For: s.ID})
	return frame
}

// wantFrames waits for as many frames as are wanted in all since the pad was plugged in, and
// compares them byte for byte.
func (r *run) wantFrames(fake *devicetest.FF68, want ...string) {
	r.t.Helper()
	r.wantCable(fake, want...)
}

// wantCable is wantFrames for any pad.
func (r *run) wantCable(fake interface {
	Await(context.Context, int) ([][]byte, error)
}, want ...string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	frames, err := fake.Await(ctx, len(want))
	if err != nil {
		r.t.Error(err)
	}
	var got []string
	for _, frame := range frames {
		got = append(got, fmt.Sprintf("% X", frame))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Fatalf("frames to the pad (-want +got):\n%s", diff)
	}
}

// logbook keeps what is logged.
type logbook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// await waits until the log has said something a number of times.
func (l *logbook) await(t *testing.T, something string, times int) {
	t.Helper()
	said := func() string {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.text.String()
	}
	for until := time.Now().Add(10 * time.Second); strings.Count(said(), something) < times; <-time.After(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("the log does not say %q %d times:\n%s", something, times, said())
		}
	}
}
