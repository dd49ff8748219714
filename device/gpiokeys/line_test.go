package gpiokeys_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/gpiokeys"
)

func TestUnplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		after(time.Second)
		r.chip.Unplug()
		after(20 * time.Second)
		r.chip.Plug()
		after(11 * time.Second)
		r.press("GPIO22", 60*ms)
		after(300 * ms)
		got := r.stop()
		want := []device.SignalKind{device.Lost, device.Back, device.Press}
		if diff := cmp.Diff(want, kinds(got)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		if !strings.HasPrefix(got[0].Reason, "no line GPIO") || !strings.Contains(got[0].Detail, "no such device") {
			t.Errorf("lost: %+v", got[0])
		}
	})
}

func kinds(signals []device.Signal) (k []device.SignalKind) {
	for _, s := range signals {
		k = append(k, s.Kind)
	}
	return k
}

// TestPressThenUnplug keeps a press that was certain when the line went, and makes none of a touch
// that was not.
func TestPressThenUnplug(t *testing.T) {
	for _, c := range []struct {
		closedFor time.Duration
		presses   int
	}{{45 * ms, 1}, {20 * ms, 0}} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.run(t)
			r.chip.Bounce("GPIO24", false, c.closedFor)
			r.chip.Unplug()
			after(time.Second)
			if got := only(r.stop(), device.Press); len(got) != c.presses {
				t.Errorf("closed for %v, then unplugged: got %v, want %d presses", c.closedFor, words(got), c.presses)
			}
		})
	}
}

// TestHeldWhenBack opens a line anew under a held key: nobody saw it go down.
func TestHeldWhenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		r.chip.Unplug()
		after(time.Second)
		r.chip.Set("GPIO24", false)
		r.chip.Plug()
		after(5 * time.Second)
		got := words(r.stop()[1:])
		if diff := cmp.Diff([]string{"stuck GPIO24 held at start", "back "}, got); diff != "" {
			reversed := []string{"back ", "stuck GPIO24 held at start"}
			if !cmp.Equal(reversed, got) {
				t.Errorf("after the loss (-want +got):\n%s", diff)
			}
		}
	})
}

// TestStuckKeyIsFreedOnce takes a stuck key's line away and back: let go meanwhile or later, the key
// is told free once, by the name under which it was told stuck.
func TestStuckKeyIsFreedOnce(t *testing.T) {
	for _, letGo := range []time.Duration{10 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.chip.Set("GPIO24", false)
			r.run(t)
			time.AfterFunc(letGo, func() { r.chip.Set("GPIO24", true) })
			for range 2 {
				after(5 * time.Second)
				r.chip.Unplug()
				after(20 * time.Second)
				r.chip.Plug()
				after(11 * time.Second)
			}
			after(time.Second)
			if free := only(r.signals(), device.Free); len(free) != 1 || free[0].Reason != "GPIO24" || free[0].At < letGo+time.Hour {
				t.Errorf("let go after %v: got %+v, want GPIO24 free once, after that", letGo, free)
			}
			r.press("GPIO24", 60*ms)
			after(300 * ms)
			if got := only(r.stop(), device.Press); len(got) != 1 {
				t.Errorf("let go after %v: got %v, want the press after it", letGo, words(got))
			}
		})
	}
}

// TestBusyLine takes the presses of the other keys while one line is somebody else's.
func TestBusyLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var tries atomic.Int64
		var log bytes.Buffer
		r.options.Log = slog.New(slog.NewTextHandler(&log, nil))
		r.options.Chips = opener{bank{r.chip}, func(names []string, pull string) (gpiokeys.Lines, error) {
			if slices.Equal(names, []string{"GPIO17"}) && pull == "up" {
				tries.Add(1)
			}
			return bank{r.chip}.Open(names, pull)
		}}
		r.chip.SetBusy("GPIO17", true)
		r.run(t)
		r.press("GPIO24", 60*ms)
		after(time.Minute)
		if n := tries.Load(); n < 6 || n > 20 {
			t.Errorf("%d tries in a minute, want them backed off to one in 10 s", n)
		}
		r.chip.SetBusy("GPIO17", false)
		after(11 * time.Second)
		r.press("GPIO17", 60*ms)
		after(300 * ms)
		want := []string{"lost no line GPIO17", "press GPIO24", "back ", "press GPIO17"}
		if diff := cmp.Diff(want, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := strings.Count(log.String(), `msg="no line"`); n != 1 {
			t.Errorf("%d log lines on one busy line, want 1:\n%s", n, log.String())
		}
	})
}

// TestBrokenWait gives up a line whose waits end at once, instead of spinning on it.
func TestBrokenWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var first *devicetest.GPIOLines
		r.options.Chips = opener{bank{r.chip}, func(names []string, pull string) (gpiokeys.Lines, error) {
			lines, err := r.chip.Open(names, pull)
			if first == nil {
				first = lines
			}
			return lines, err
		}}
		r.run(t)
		before := first.Waits()
		r.chip.Break("GPIO17")
		after(time.Second)
		if n := first.Waits() - before; n > 5 {
			t.Errorf("%d waits on a line that does not wait, want it given up", n)
		}
		r.press("GPIO17", 60*ms)
		after(300 * ms)
		want := []string{"lost no line GPIO17", "back ", "press GPIO17"}
		if diff := cmp.Diff(want, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestStorm reads a line that moves all the time without giving it the processor.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var line *devicetest.GPIOLines
		r.options.Keys = map[string]int{"GPIO17": 5}
		r.options.Chips = opener{bank{r.chip}, func(names []string, pull string) (_ gpiokeys.Lines, err error) {
			line, err = r.chip.Open(names, pull)
			return line, err
		}}
		r.run(t)
		for i := range 40000 { // 10 kHz for 4 s
			r.chip.Bounce("GPIO17", i%2 == 0, 100*time.Microsecond)
		}
		r.chip.Set("GPIO17", true)
		if n := line.Waits(); n > 7000 { // of 40,000 edges
			t.Errorf("%d waits in 4 s of storm", n)
		}
		after(time.Second)
		r.press("GPIO17", 60*ms)
		after(300 * ms)
		got := words(r.stop())
		if diff := cmp.Diff([]string{"noise GPIO17", "press GPIO17"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestNoPulls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var log bytes.Buffer
		r.options.Log = slog.New(slog.NewTextHandler(&log, nil))
		r.options.Keys = map[string]int{"GPIO17": 5}
		r.chip.RemovePulls()
		r.chip.Set("GPIO17", true) // the resistor
		r.run(t)
		r.press("GPIO17", 60*ms)
		after(300 * ms)
		if diff := cmp.Diff([]string{"press GPIO17"}, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !strings.Contains(log.String(), "without pull") {
			t.Errorf("the log does not say that a resistor is needed: %s", log.String())
		}
	})
}

// TestRunsAgain gives every line back when Run ends, so that it can run again.
func TestRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for range 3 {
			r.run(t)
			r.press("GPIO17", 60*ms)
			after(300 * ms)
			r.stop()
		}
		if diff := cmp.Diff([]string{"press GPIO17", "press GPIO17", "press GPIO17"}, words(r.heard)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestFlood keeps what a desk that has stopped can still use, and no more.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.options.Log = nil
		r.slow.Store(int64(10 * time.Minute))
		r.run(t)
		for range 2000 {
			r.press("GPIO24", 5*ms)
			after(100 * ms)
		}
		r.press("GPIO17", 60*ms)
		after(time.Second)
		r.slow.Store(0)
		after(20 * time.Minute)
		got := r.stop()
		if n := len(only(got, device.Refused)); n < 200 || n > 300 {
			t.Errorf("%d refusals kept, want about 256", n)
		}
		if len(only(got, device.Press)) != 1 {
			t.Error("the press behind the noise is lost")
		}
	})
}
