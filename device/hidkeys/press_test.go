package hidkeys_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"evalpad/device"
)

func TestPressIsStampedByTheKernel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		after(123 * ms)
		at := r.uptime()
		r.pad.Press(kp2, 60*ms)
		after(time.Second)
		want := []device.Signal{{ID: "keypad-1", Kind: device.Press, At: at, Score: 2, UI: "keys", Detail: "KEY_KP2"}}
		if diff := cmp.Diff(want, r.stop()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		at := r.uptime()
		r.pad.Press(kpEnter, 60*ms)
		after(time.Second)
		r.pad.Press(kpMinus, 60*ms)
		after(time.Second)
		want := []device.Signal{
			{ID: "keypad-1", Kind: device.Prompt, At: at, By: "usb keypad", Detail: "KEY_KPENTER"},
			{ID: "keypad-2", Kind: device.Cancel, At: at + 1060*ms, By: "usb keypad", Detail: "KEY_KPMINUS"},
		}
		if diff := cmp.Diff(want, r.stop()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestPresses(t *testing.T) {
	for _, c := range []struct {
		name  string
		play  func(r *rig)
		wants []string
	}{
		{"as short as a key can be", func(r *rig) { r.pad.Press(kp1, 0) }, []string{"press KEY_KP1"}},
		{"held while the kernel repeats it", func(r *rig) { r.pad.Hold(kp1, 9*time.Second) }, []string{"press KEY_KP1"}},
		{"twice", func(r *rig) { r.pad.Press(kp1, 60*ms); after(200 * ms); r.pad.Press(kp1, 60*ms) },
			[]string{"press KEY_KP1", "press KEY_KP1"}},
		{"a worn key that chatters", func(r *rig) { r.pad.Press(kp1, 60*ms); after(20 * ms); r.pad.Press(kp1, 60*ms) },
			[]string{"press KEY_KP1", "bounce KEY_KP1"}},
		{"a hand", func(r *rig) { r.pad.Set(kp1, true); after(40 * ms); r.pad.Press(kp5, 60*ms); r.pad.Set(kp1, false) },
			[]string{"two-keys KEY_KP1 KEY_KP5"}},
		{"a score and a prompt at once", func(r *rig) { r.pad.Set(kp1, true); r.pad.Press(kpEnter, 60*ms); r.pad.Set(kp1, false) },
			[]string{"two-keys KEY_KP1 KEY_KPENTER"}},
		{"one key and another while it is down", func(r *rig) { r.pad.Set(kp1, true); after(60 * ms); r.pad.Press(kp5, 60*ms); r.pad.Set(kp1, false) },
			[]string{"press KEY_KP1", "press KEY_KP5"}},
		{"a key without a meaning", func(r *rig) { r.pad.Hold(kp9, time.Second) }, []string{"unmapped-key KEY_KP9"}},
		{"a key without a name", func(r *rig) { r.pad.Press(0x2F0, 60*ms) }, []string{"unmapped-key key 752"}},
		{"stuck", func(r *rig) { r.pad.Hold(kp1, 61*time.Second); after(1100 * ms); r.pad.Press(kp1, 60*ms) },
			[]string{"press KEY_KP1", "stuck KEY_KP1 held for 10 s", "stuck KEY_KP1 held for 60 s", "free KEY_KP1", "press KEY_KP1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.run(t)
				after(50 * ms)
				c.play(r)
				after(500 * ms)
				if diff := cmp.Diff(c.wants, words(r.stop())); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestHeldAtStartIsStuckAndNoPress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.pad.Set(kp1, true)
		r.run(t)
		after(5 * time.Second)
		r.pad.Press(kp5, 60*ms)
		after(time.Second)
		r.pad.Set(kp1, false)
		after(1300 * ms)
		r.pad.Press(kp1, 60*ms)
		after(300 * ms)
		want := []string{"stuck KEY_KP1 held at start", "press KEY_KP5", "free KEY_KP1", "press KEY_KP1"}
		if diff := cmp.Diff(want, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestNothingIsTyped grabs the keypad: what is pressed while it is ours reaches no console.
func TestNothingIsTyped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		for _, key := range []uint16{kp1, kp5, kpEnter, kp9} {
			r.pad.Press(key, 60*ms)
			after(time.Second)
		}
		r.stop()
		if typed := r.pad.Typed(); len(typed) != 0 {
			t.Errorf("keys %v were typed, want none", typed)
		}
		if r.pad.IsOpen() {
			t.Error("the keypad is still grabbed after Run")
		}
	})
}

// TestWallClockStamps reads a kernel that cannot stamp with the boot time: a press is then of the
// time of its reading.
func TestWallClockStamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.pad.StampWithWallClock()
		r.run(t)
		after(time.Second)
		at := r.uptime()
		r.pad.Press(kp1, 60*ms)
		after(time.Second)
		if got := only(r.stop(), device.Press); len(got) != 1 || got[0].At != at {
			t.Errorf("got %+v, want one press at %v", got, at)
		}
	})
}

// TestBusyDesk loses no press of a customer while the desk waits for its disk.
func TestBusyDesk(t *testing.T) {
	for _, slow := range []time.Duration{150 * ms, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.slow.Store(int64(slow))
			r.run(t)
			for range 20 {
				r.pad.Press(kp1, 60*ms)
				after(200 * ms)
			}
			after(20 * slow)
			if n := len(only(r.stop(), device.Press)); n != 20 {
				t.Errorf("a desk busy for %v: %d presses, want 20", slow, n)
			}
		})
	}
}

// TestEveryPressCounts presses n times as people do, and expects n presses.
func TestEveryPressCounts(t *testing.T) {
	rapid.Check(t, func(c *rapid.T) {
		keys := rapid.SliceOfN(rapid.SampledFrom([]uint16{kp1, kp2, kp5}), 1, 8).Draw(c, "keys")
		held := rapid.SliceOfN(rapid.IntRange(0, 2000), len(keys), len(keys)).Draw(c, "held")
		apart := rapid.SliceOfN(rapid.IntRange(250, 900), len(keys), len(keys)).Draw(c, "apart")
		var got []device.Signal
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.options.Log = nil
			r.run(t)
			for i, key := range keys {
				r.pad.Press(key, time.Duration(held[i])*ms)
				after(time.Duration(apart[i]) * ms)
			}
			got = r.stop()
		})
		if len(got) != len(keys) || len(only(got, device.Press)) != len(keys) {
			c.Errorf("got %v, want %d presses", words(got), len(keys))
		}
	})
}
