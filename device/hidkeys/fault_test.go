package hidkeys_test

import (
	"bytes"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/hidkeys"
)

func TestUnplugIsNoticedAndTheKeypadFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		for range 3 {
			after(10 * time.Second)
			pulled := r.uptime()
			r.pad.Unplug()
			after(2 * time.Second)
			lost := only(r.signals(), device.Lost)
			if n := len(lost); lost[n-1].At < pulled || lost[n-1].At > pulled+2*time.Second {
				t.Errorf("lost told at %v, pulled at %v", lost[n-1].At, pulled)
			}
			after(17 * time.Second)
			plugged := r.uptime()
			r.pad.Plug()
			after(2100 * ms)
			back := only(r.signals(), device.Back)
			if n := len(back); n == 0 || back[n-1].At < plugged {
				t.Errorf("2.1 s after it was plugged in again: got %v", back)
			}
			r.pad.Press(kp2, 60*ms)
			after(300 * ms)
		}
		got := r.stop()
		var want []string
		for range 3 {
			want = append(want, "lost no keypad "+r.options.Port, "back ", "press KEY_KP2")
		}
		if diff := cmp.Diff(want, words(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !strings.Contains(got[0].Detail, "no such device") {
			t.Errorf("lost: %+v", got[0])
		}
	})
}

// TestNotThereYet waits for a keypad that is plugged in later, or that another program has.
func TestNotThereYet(t *testing.T) {
	for _, c := range []struct {
		with syscall.Errno
		want string
	}{{syscall.ENOENT, "no such file"}, {syscall.EBUSY, "busy"}, {syscall.EACCES, "permission"}} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			var log bytes.Buffer
			r.options.Log = slog.New(slog.NewTextHandler(&log, nil))
			r.pad.Refuse(c.with)
			r.run(t)
			after(time.Minute)
			r.pad.Refuse(0)
			after(2100 * ms)
			r.pad.Press(kp1, 60*ms)
			after(300 * ms)
			got := r.stop()
			want := []string{"lost no keypad " + r.options.Port, "back ", "press KEY_KP1"}
			if diff := cmp.Diff(want, words(got)); diff != "" {
				t.Errorf("%v (-want +got):\n%s", c.with, diff)
			}
			if !strings.Contains(got[0].Detail, c.want) {
				t.Errorf("lost because of %q, want %q", got[0].Detail, c.want)
			}
			if n := strings.Count(log.String(), `msg="no keypad"`); n != 1 {
				t.Errorf("%d log lines on one reason, want 1:\n%s", n, log.String())
			}
		})
	}
}

// TestPressThenUnplug keeps a press that was seen when the keypad went.
func TestPressThenUnplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		r.pad.Set(kp1, true)
		after(20 * ms)
		r.pad.Unplug()
		after(time.Second)
		want := []string{"press KEY_KP1", "lost no keypad " + r.options.Port}
		if diff := cmp.Diff(want, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestALooseplugIsNotToldFourTimesASecond pulls and plugs every half second for a minute.
func TestALoosePlugIsNotToldFourTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		for range 60 {
			r.pad.Unplug()
			after(500 * ms)
			r.pad.Plug()
			after(500 * ms)
		}
		if n := len(only(r.stop(), device.Lost)); n == 0 || n > 35 {
			t.Errorf("told %d times a minute that it is lost, want 35 at most", n)
		}
	})
}

// gated is a keypad whose reader is kept from running while the gate is shut.
type gated struct {
	hidkeys.Keypad
	gate gate
}

func (g gated) Read(events []byte, timeout time.Duration) (int, error) {
	g.gate.shut()
	g.gate.open()
	return g.Keypad.Read(events, timeout)
}

// gate is a lock on which a bubble's time passes.
type gate chan struct{}

func (g gate) shut() { g <- struct{}{} }
func (g gate) open() { <-g }

// newGatedRig is a rig whose reader can be kept from running.
func newGatedRig(t testing.TB) (*rig, gate) {
	r, g := newRig(t), make(gate, 1)
	r.options.Open = func(port string) (hidkeys.Keypad, error) {
		pad, err := r.pad.Open(port)
		return gated{pad, g}, err
	}
	return r, g
}

// TestDroppedEventsAreReadAnew lets the kernel's queue run over while keys move, and looks at what is
// made of how they stand afterwards.
func TestDroppedEventsAreReadAnew(t *testing.T) {
	flood := func(r *rig) {
		for range 30 {
			r.pad.Press(kp9, 0)
		}
	}
	for _, c := range []struct {
		name   string
		before func(r *rig)
		lost   func(r *rig)
		after  func(r *rig)
		wants  []string // beside what is said of KEY_KP9
	}{
		{name: "pressed and let go unseen: nothing is made up", lost: func(r *rig) { r.pad.Press(kp1, 60*ms) }},
		{name: "down now: it was pressed", lost: func(r *rig) { r.pad.Set(kp1, true) },
			after: func(r *rig) { r.pad.Set(kp1, false) }, wants: []string{"press KEY_KP1"}},
		{name: "let go unseen: the next press counts", before: func(r *rig) { r.pad.Set(kp1, true); after(100 * ms) },
			lost: func(r *rig) { r.pad.Set(kp1, false) }, after: func(r *rig) { after(300 * ms); r.pad.Press(kp1, 60*ms) },
			wants: []string{"press KEY_KP1", "press KEY_KP1"}},
		{name: "let go and pressed again unseen: one press", before: func(r *rig) { r.pad.Set(kp1, true); after(100 * ms) },
			lost:  func(r *rig) { r.pad.Set(kp1, false); after(ms); r.pad.Set(kp1, true) },
			after: func(r *rig) { r.pad.Set(kp1, false) }, wants: []string{"press KEY_KP1"}},
		{name: "held all the while: one press", before: func(r *rig) { r.pad.Set(kp1, true); after(100 * ms) },
			lost: func(*rig) {}, after: func(r *rig) { r.pad.Set(kp1, false) }, wants: []string{"press KEY_KP1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, gate := newGatedRig(t)
				r.run(t)
				after(50 * ms)
				for _, play := range []func(r *rig){c.before, func(r *rig) {
					gate.shut()
					after(210 * ms) // the read that waits already finds nothing
					c.lost(r)
					flood(r)
					gate.open()
				}, func(*rig) { after(150 * ms) }, c.after} {
					if play != nil {
						play(r)
					}
				}
				after(500 * ms)
				var got []string
				for _, word := range words(r.stop()) {
					if word != "unmapped-key KEY_KP9" {
						got = append(got, word)
					}
				}
				if diff := cmp.Diff(c.wants, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if r.pad.Drops() == 0 {
					t.Error("the kernel's queue was never full: the test proves less than it says")
				}
			})
		})
	}
}

// TestNothingIsInvented moves keys and keeps the reader from running as it likes: there are never
// more presses of a key than it was pressed.
func TestNothingIsInvented(t *testing.T) {
	rapid.Check(t, func(c *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 99), 1, 150).Draw(c, "steps")
		pressed, got := map[string]int{}, map[string]int{}
		synctest.Test(t, func(t *testing.T) {
			r, gate := newGatedRig(t)
			r.options.Log = nil
			r.run(t)
			shut, down := false, false
			for _, step := range steps {
				switch {
				case step < 10 && shut:
					gate.open()
					shut = false
				case step < 10:
					gate.shut()
					shut = true
				case step < 40:
					if down = !down; down {
						pressed["KEY_KP1"]++
					}
					r.pad.Set(kp1, down)
				case step < 60:
					pressed["KEY_KP5"]++
					r.pad.Press(kp5, time.Duration(step)*ms)
				case step < 80:
					for range 12 {
						r.pad.Press(kp9, 0)
					}
				default:
					after(time.Duration(step) * 5 * ms)
				}
			}
			if shut {
				gate.open()
			}
			after(time.Second)
			for _, s := range only(r.stop(), device.Press) {
				got[s.Detail]++
			}
		})
		for key, n := range got {
			if n > pressed[key] {
				c.Errorf("%d presses of %s, which was pressed %d times", n, key, pressed[key])
			}
		}
	})
}

// broken is a keypad whose reads end at once and find nothing.
type broken struct{ *devicetest.OpenKeypad }

func (b broken) Read([]byte, time.Duration) (int, error) {
	_, err := b.OpenKeypad.Read(make([]byte, 1), time.Nanosecond)
	return 0, err
}

// TestBrokenReadIsGivenUp does not spin on a descriptor that cannot be waited on.
func TestBrokenReadIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var first *devicetest.OpenKeypad
		r.options.Open = func(port string) (hidkeys.Keypad, error) {
			pad, err := r.pad.Open(port)
			if err != nil || first != nil {
				return pad, err
			}
			first = pad
			return broken{pad}, nil
		}
		r.run(t)
		after(time.Second)
		if n := first.Reads(); n > 5 {
			t.Errorf("%d reads of a keypad that does not wait, want it given up", n)
		}
		r.pad.Press(kp1, 60*ms)
		after(300 * ms)
		want := []string{"lost no keypad " + r.options.Port, "back ", "press KEY_KP1"}
		if diff := cmp.Diff(want, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestAnotherKeypadIsTold warns where the keypad has not the keys that mean something.
func TestAnotherKeypadIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var log bytes.Buffer
		r.options.Log = slog.New(slog.NewTextHandler(&log, nil))
		r.pad = devicetest.NewKeypad(r.uptime, kp1, kp5, kpEnter, kpMinus)
		r.run(t)
		r.stop()
		if got := log.String(); strings.Count(got, "no such key") != 1 || !strings.Contains(got, "key=KEY_KP2") {
			t.Errorf("the log says\n%s", got)
		}
	})
}
