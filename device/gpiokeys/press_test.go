package gpiokeys_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"evalpad/device"
	"evalpad/device/gpiokeys"
)

func TestPress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		after(123 * ms)
		at := r.uptime()
		r.press("GPIO23", 60*ms)
		after(time.Second)
		want := []device.Signal{{ID: "keys-1", Kind: device.Press, At: at, Score: 2, UI: "keys", Detail: "GPIO23"}}
		if diff := cmp.Diff(want, r.stop()); diff != "" {
			t.Errorf("a press of 60 ms, stamped at its edge (-want +got):\n%s", diff)
		}
	})
}

// TestTraces plays what switches and hands do. All times in milliseconds, closed first.
func TestTraces(t *testing.T) {
	for _, c := range []struct {
		name  string
		trace []int
		want  []string
	}{
		{"Ganssle's worst switch", []int{81, 42, 34, 300}, []string{"press GPIO17", "bounce GPIO17"}},
		{"and held then", []int{81, 42, 900, 300}, []string{"press GPIO17", "bounce GPIO17"}},
		{"and when it is let go", []int{900, 42, 81, 300}, []string{"press GPIO17", "bounce GPIO17"}},
		{"chatter at both ends", []int{1, 1, 3, 2, 7, 1, 60, 1, 2, 1, 5, 300}, []string{"press GPIO17"}},
		{"spark", []int{5, 300}, []string{"noise GPIO17"}},
		{"long spark", []int{25, 300}, []string{"noise GPIO17"}},
		{"shorter than a reading", []int{0, 300}, []string{"noise GPIO17"}},
		{"three sparks", []int{5, 300, 5, 300, 5, 300}, []string{"noise GPIO17", "noise GPIO17", "noise GPIO17"}},
		{"twice", []int{60, 200, 60, 300}, []string{"press GPIO17", "press GPIO17"}},
		{"twice, too fast for a hand", []int{60, 60, 60, 300}, []string{"press GPIO17", "bounce GPIO17"}},
		{"twice, between bounce and hand", []int{60, 120, 60, 300}, []string{"press GPIO17", "bounce GPIO17"}},
		{"a slow press", []int{3000, 300}, []string{"press GPIO17"}},
		{"a loose wire, then a press", append(loose(201), 300, 60, 300), []string{"noise GPIO17", "press GPIO17"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.run(t)
				r.chip.Bounce("GPIO17", false, inMS(c.trace)...)
				if diff := cmp.Diff(c.want, words(r.stop())); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func inMS(trace []int) (times []time.Duration) {
	for _, d := range trace {
		times = append(times, time.Duration(d)*ms)
	}
	return times
}

// loose never stands still for the debounce time.
func loose(n int) (trace []int) {
	for i := range n {
		trace = append(trace, 1+i%7)
	}
	return trace
}

// TestActiveHigh turns the levels around: a line at rest is low.
func TestActiveHigh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.options.Active = "high"
		r.run(t)
		r.chip.Bounce("GPIO24", true, 60*ms, 300*ms)
		if diff := cmp.Diff([]string{"press GPIO24"}, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestBusyDesk is the measured case in which the library's own debouncer loses ten of twenty.
func TestBusyDesk(t *testing.T) {
	for _, slow := range []time.Duration{150 * ms, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.slow.Store(int64(slow))
			r.run(t)
			var at []time.Duration
			for range 20 {
				at = append(at, r.uptime())
				r.press("GPIO27", 60*ms)
				after(200 * ms)
			}
			after(20 * slow)
			var got []time.Duration
			ids := map[string]bool{}
			for _, s := range only(r.stop(), device.Press) {
				got, ids[s.ID] = append(got, s.At), true
			}
			if diff := cmp.Diff(at, got); diff != "" || len(ids) != 20 {
				t.Errorf("a desk busy for %v: %d ids, presses at (-want +got):\n%s", slow, len(ids), diff)
			}
		})
	}
}

// TestEveryPressCounts presses n times with a switch that bounces as it likes, for up to 157 ms and
// with up to 42 ms open in it, and expects n presses.
func TestEveryPressCounts(t *testing.T) {
	rapid.Check(t, func(c *rapid.T) {
		plan := rapid.SliceOfN(rapid.Custom(drawTouch), 1, 6).Draw(c, "touches")
		var got []device.Signal
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.options.Log = nil
			r.run(t)
			for _, touch := range plan {
				touch.play(r)
			}
			got = only(r.stop(), device.Press)
		})
		if len(got) != len(plan) {
			c.Errorf("%d presses, want %d: %v", len(got), len(plan), words(got))
		}
	})
}

// touch is a finger on a switch: it bounces, is held, bounces, and is open for a while.
type touch struct {
	key         string
	close, open []time.Duration
	held, apart time.Duration
}

func drawTouch(c *rapid.T) touch {
	return touch{
		key:   rapid.SampledFrom([]string{"GPIO17", "GPIO22", "GPIO24"}).Draw(c, "key"),
		close: burst(c, "closes"),
		open:  burst(c, "opens"),
		held:  time.Duration(rapid.IntRange(60, 2000).Draw(c, "held")) * ms,
		apart: time.Duration(rapid.IntRange(200, 900).Draw(c, "apart")) * ms,
	}
}

func (touch touch) play(r *rig) {
	r.chip.Bounce(touch.key, false, touch.close...)
	r.press(touch.key, touch.held)
	r.chip.Bounce(touch.key, true, touch.open...)
	r.chip.Set(touch.key, true)
	after(touch.apart)
}

// burst is an even number of times, so that it ends as it began.
func burst(c *rapid.T, label string) (times []time.Duration) {
	left := 157
	for range rapid.IntRange(0, 8).Draw(c, label) {
		a := rapid.IntRange(0, min(42, left)).Draw(c, "first")
		b := rapid.IntRange(0, min(42, left-a)).Draw(c, "then")
		left -= a + b
		times = append(times, time.Duration(a)*ms, time.Duration(b)*ms)
	}
	return times
}

func TestTwoKeys(t *testing.T) {
	for _, c := range []struct {
		name  string
		play  func(r *rig)
		wants []string
	}{
		{"a hand", func(r *rig) {
			r.chip.Set("GPIO24", false)
			after(45 * ms)
			r.press("GPIO17", 100*ms)
			r.chip.Set("GPIO24", true)
		}, []string{"two-keys GPIO24 GPIO17"}},
		{"three in a row", func(r *rig) {
			r.chip.Set("GPIO17", false)
			after(40 * ms)
			r.chip.Set("GPIO22", false)
			after(40 * ms)
			r.press("GPIO24", 100*ms)
			r.chip.Set("GPIO17", true)
			r.chip.Set("GPIO22", true)
		}, []string{"two-keys GPIO17 GPIO22", "two-keys GPIO24 GPIO22"}},
		{"one after the other", func(r *rig) {
			r.press("GPIO24", 60*ms)
			after(10 * ms)
			r.press("GPIO17", 60*ms)
		}, []string{"press GPIO24", "press GPIO17"}},
		{"one and a spark", func(r *rig) {
			r.chip.Set("GPIO24", false)
			after(45 * ms)
			r.press("GPIO17", 5*ms)
			after(50 * ms)
			r.chip.Set("GPIO24", true)
		}, []string{"noise GPIO17", "press GPIO24"}},
		{"one and a spark in the same moment", func(r *rig) {
			r.chip.Set("GPIO24", false)
			r.press("GPIO17", 0)
			after(100 * ms)
			r.chip.Set("GPIO24", true)
		}, []string{"noise GPIO17", "press GPIO24"}},
		{"the next press", func(r *rig) {
			r.chip.Set("GPIO24", false)
			r.press("GPIO17", 60*ms)
			r.chip.Set("GPIO24", true)
			after(400 * ms)
			r.press("GPIO24", 60*ms)
		}, []string{"two-keys GPIO17 GPIO24", "press GPIO24"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.run(t)
				c.play(r)
				after(500 * ms)
				got := words(r.stop())
				if c.name == "the next press" && len(got) > 0 && got[0] == "two-keys GPIO24 GPIO17" {
					got[0] = "two-keys GPIO17 GPIO24" // whichever of the two was read first
				}
				if diff := cmp.Diff(c.wants, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestStuckKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		expect := func(when string, want ...string) {
			t.Helper()
			if diff := cmp.Diff(want, words(r.signals())); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		said := []string{"press GPIO24"}
		r.chip.Set("GPIO24", false)
		after(9900 * ms)
		expect("held for 9.9 s", said...)
		after(500 * ms)
		said = append(said, "stuck GPIO24 held for 10 s")
		expect("held for 10.4 s", said...)
		r.press("GPIO17", 60*ms)
		after(300 * ms)
		said = append(said, "press GPIO17")
		expect("another key", said...)
		after(50 * time.Second)
		said = append(said, "stuck GPIO24 held for 60 s")
		expect("held for a minute", said...)
		after(time.Hour)
		expect("held for an hour", said...)
		r.chip.Set("GPIO24", true)
		after(900 * ms)
		r.press("GPIO24", 60*ms)
		after(900 * ms)
		expect("let go for less than a second", said...)
		after(400 * ms)
		r.press("GPIO24", 60*ms)
		after(300 * ms)
		expect("let go for longer", append(said, "free GPIO24", "press GPIO24")...)
		r.stop()
	})
}

func TestHeldAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.chip.Set("GPIO24", false)
		r.run(t)
		after(5 * time.Second)
		r.chip.Set("GPIO24", true)
		after(1300 * ms)
		r.press("GPIO24", 60*ms)
		after(300 * ms)
		want := []string{"stuck GPIO24 held at start", "free GPIO24", "press GPIO24"}
		if diff := cmp.Diff(want, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// starved is a line whose reader is kept from running for a while after each edge.
type starved struct {
	gpiokeys.Lines
	wait time.Duration
}

func (l starved) Wait(timeout time.Duration) (line int, found bool, err error) {
	if line, found, err = l.Lines.Wait(timeout); found {
		after(l.wait)
	}
	return line, found, err
}

// TestStarved invents no press from edges that were read too late to know what lay between them.
func TestStarved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.options.Chips = opener{bank{r.chip}, func(names []string, pull string) (gpiokeys.Lines, error) {
			lines, err := r.chip.Open(names, pull)
			return starved{lines, 70 * ms}, err
		}}
		r.run(t)
		for range 10 {
			r.press("GPIO24", 5*ms)
			after(500 * ms)
		}
		for range 200 { // more than the kernel keeps for five lines
			r.press("GPIO24", 1*ms)
			after(1 * ms)
		}
		after(5 * time.Second)
		got := r.stop()
		if presses := only(got, device.Press); len(presses) != 0 || len(only(got, device.Refused)) < 10 {
			t.Errorf("sparks alone, read late: got %v", words(got))
		}
		if r.chip.Lost("GPIO24") == 0 {
			t.Error("the kernel's queue was never full: the test proves less than it says")
		}
	})
}

// deaf is a line that has lost every edge.
type deaf struct{ gpiokeys.Lines }

func (l deaf) Wait(timeout time.Duration) (line int, found bool, err error) {
	after(timeout)
	return 0, false, nil
}

// TestLostEdges finds a key by its level where the edges are lost.
func TestLostEdges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.options.Chips = opener{bank{r.chip}, func(names []string, pull string) (gpiokeys.Lines, error) {
			lines, err := r.chip.Open(names, pull)
			return deaf{lines}, err
		}}
		r.run(t)
		after(time.Second)
		r.press("GPIO24", 600*ms)
		after(time.Second)
		if diff := cmp.Diff([]string{"press GPIO24"}, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
