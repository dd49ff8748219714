package gpiokeys_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/device"
	"evalpad/device/gpiokeys"
)

var everyLamp = gpiokeys.Lamps{Ask: "ASK", Thanks: "THANKS", Fault: "FAULT", Buzzer: "BUZZER"}

// newLampRig is a rig whose pad has every lamp.
func newLampRig(t *testing.T) *rig {
	r := newRig(t)
	r.options.Lamps = everyLamp
	return r
}

// glow names the lamps that are lit, at this level.
func (r *rig) glow(high bool) string {
	synctest.Wait()
	var lit []string
	for _, name := range []string{"ASK", "THANKS", "FAULT", "BUZZER"} {
		if r.chip.IsLit(name, high) {
			lit = append(lit, name)
		}
	}
	return strings.Join(lit, " ")
}

// lit counts how often a lamp that is active high was lit.
func (r *rig) lit(name string) (n int) {
	was := false
	for _, high := range r.chip.Levels(name) {
		if high && !was {
			n++
		}
		was = high
	}
	return n
}

func (r *rig) wantGlow(t *testing.T, when, want string) {
	t.Helper()
	if got := r.glow(r.options.LampsActive != "low"); got != want {
		t.Errorf("%s: lit %q, want %q", when, got, want)
	}
}

func TestAskLampIsLitWhileAQuestionWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLampRig(t)
		r.run(t)
		r.wantGlow(t, "at start", "")
		r.shows <- device.Show{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 2}
		r.wantGlow(t, "asked", "ASK BUZZER")
		after(101 * ms)
		r.wantGlow(t, "the beep is over", "ASK")
		r.shows <- device.Show{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 2}
		r.shows <- device.Show{Kind: device.Nod}
		r.wantGlow(t, "the same question again", "ASK")
		r.shows <- device.Show{Kind: device.Ask, Dimension: "efficiency", Step: 2, Steps: 2}
		r.wantGlow(t, "the next question", "ASK BUZZER")
		after(time.Minute)
		r.wantGlow(t, "a minute later", "ASK")
		r.shows <- device.Show{Kind: device.Idle}
		r.wantGlow(t, "nobody is asked", "")
		r.stop()
	})
}

// TestThanksLampIsTheSameForEveryScore presses each key and looks at the lamps all the while.
func TestThanksLampIsTheSameForEveryScore(t *testing.T) {
	thanked := map[string][]string{}
	for name := range scores {
		synctest.Test(t, func(t *testing.T) {
			r := newLampRig(t)
			r.run(t)
			r.shows <- device.Show{Kind: device.Ask, Dimension: "overall", Step: 1, Steps: 1}
			after(time.Second)
			r.press(name, 80*ms)
			after(300 * ms)
			press := only(r.signals(), device.Press)[0]
			r.wantGlow(t, "pressed, not yet safe", "ASK")
			r.shows <- device.Show{Kind: device.Thanks, For: press.ID}
			for range 24 {
				thanked[name] = append(thanked[name], r.glow(true))
				after(99 * ms)
			}
			r.stop()
		})
	}
	want := thanked["GPIO17"]
	if want[0] != "THANKS BUZZER" || want[2] != "THANKS" || want[20] != "THANKS" || want[21] != "" {
		t.Errorf("the best key's thank-you: %q, want 2 s of it with 100 ms of sound", want)
	}
	for name, got := range thanked {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s is thanked otherwise (-GPIO17 +%s):\n%s", name, name, diff)
		}
	}
}

// TestThanksLampAnswersOurPressAlone keeps it dark on shows that name nothing of ours, and lights it
// on whatever show names our press.
func TestThanksLampAnswersOurPressAlone(t *testing.T) {
	for _, c := range []struct {
		name  string
		show  func(id string) device.Show
		wants string
	}{
		{"thanks for another pad's", func(string) device.Show { return device.Show{Kind: device.Thanks, For: "touch-1"} }, ""},
		{"thanks for nobody's", func(string) device.Show { return device.Show{Kind: device.Thanks} }, ""},
		{"ours", func(id string) device.Show { return device.Show{Kind: device.Thanks, For: id} }, "THANKS BUZZER"},
		{"the next question", func(id string) device.Show { return device.Show{Kind: device.Ask, Step: 2, For: id} }, "ASK THANKS BUZZER"},
		{"the last that is kept", func(id string) device.Show { return device.Show{Kind: device.Fault, For: id} }, "THANKS FAULT BUZZER"},
		{"not kept", func(string) device.Show { return device.Show{Kind: device.Fault} }, "FAULT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newLampRig(t)
				r.run(t)
				r.press("GPIO22", 80*ms)
				after(300 * ms)
				r.shows <- c.show(only(r.signals(), device.Press)[0].ID)
				r.wantGlow(t, "shown", c.wants)
				r.stop()
			})
		})
	}
}

// TestThanksLampIsLitOnceAPress thanks for one press twice, and for one that was given up as lost.
func TestThanksLampIsLitOnceAPress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLampRig(t)
		r.run(t)
		r.press("GPIO22", 80*ms)
		after(300 * ms)
		r.press("GPIO24", 80*ms)
		after(300 * ms)
		ids := only(r.signals(), device.Press)
		for range 2 {
			r.shows <- device.Show{Kind: device.Thanks, For: ids[0].ID}
			after(3 * time.Second)
		}
		r.shows <- device.Show{Kind: device.Fault}
		r.shows <- device.Show{Kind: device.Thanks, For: ids[1].ID}
		after(3 * time.Second)
		r.stop()
		if n := r.lit("THANKS"); n != 1 {
			t.Errorf("the thank-you was lit %d times, want once", n)
		}
	})
}

func TestFaultLampIsLitWhileFaultShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLampRig(t)
		r.run(t)
		r.shows <- device.Show{Kind: device.Ask, Step: 1}
		after(time.Second)
		r.shows <- device.Show{Kind: device.Fault}
		r.wantGlow(t, "fault", "FAULT")
		after(time.Hour)
		r.shows <- device.Show{Kind: device.Nod}
		r.wantGlow(t, "an hour later", "FAULT")
		r.shows <- device.Show{Kind: device.Idle}
		r.wantGlow(t, "healed", "")
		r.stop()
	})
}

// TestLampsGoToRest opens every lamp dark and leaves it dark, whatever the level of dark is.
func TestLampsGoToRest(t *testing.T) {
	for _, active := range []string{"high", "low"} {
		synctest.Test(t, func(t *testing.T) {
			r := newLampRig(t)
			r.options.LampsActive = active
			r.run(t)
			r.shows <- device.Show{Kind: device.Fault}
			r.wantGlow(t, "fault", "FAULT")
			r.shows <- device.Show{Kind: device.Ask, Step: 1}
			r.wantGlow(t, "asked", "ASK BUZZER")
			r.stop()
			for _, name := range []string{"ASK", "THANKS", "FAULT", "BUZZER"} {
				levels := r.chip.Levels(name)
				if dark := active == "low"; levels[0] != dark || levels[len(levels)-1] != dark {
					t.Errorf("active %s, line %s: levels %v, want %v first and last", active, name, levels, dark)
				}
			}
		})
	}
}

// TestLampThatIsNotThereStopsNoKey takes a lamp away, and then the whole chip for a while.
func TestLampThatIsNotThereStopsNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLampRig(t)
		var log bytes.Buffer
		r.options.Log = slog.New(slog.NewTextHandler(&log, nil))
		r.chip.SetBusy("ASK", true)
		r.run(t)
		r.shows <- device.Show{Kind: device.Ask, Step: 1}
		r.wantGlow(t, "the ask lamp is somebody else's", "BUZZER")
		after(time.Minute)
		r.press("GPIO24", 80*ms)
		after(300 * ms)
		r.chip.SetBusy("ASK", false)
		after(11 * time.Second)
		r.wantGlow(t, "and is free again", "ASK")
		if diff := cmp.Diff([]string{"press GPIO24"}, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := strings.Count(log.String(), `msg="no lamp"`); n != 1 {
			t.Errorf("%d log lines on one busy lamp, want 1:\n%s", n, log.String())
		}
	})
}

func TestLampsComeBackWithTheirChip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLampRig(t)
		r.run(t)
		r.chip.Unplug()
		r.shows <- device.Show{Kind: device.Fault}
		after(20 * time.Second)
		r.chip.Plug()
		after(11 * time.Second)
		r.wantGlow(t, "plugged in again", "FAULT")
		r.stop()
	})
}

// stingy chips have no outputs, and count how often they were asked for one.
type stingy struct {
	bank
	asked *atomic.Int64
}

func (s stingy) Out(string, bool) (gpiokeys.Output, error) {
	s.asked.Add(1)
	return nil, errors.New("no such line")
}

// TestLampThatIsNotThereIsTriedNowAndThen does not try with every show.
func TestLampThatIsNotThereIsTriedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var asked atomic.Int64
		r.options.Lamps = gpiokeys.Lamps{Ask: "ASK"}
		r.options.Chips = stingy{bank{r.chip}, &asked}
		r.run(t)
		for range 300 {
			r.shows <- device.Show{Kind: device.Ask, Step: 1}
			after(100 * ms)
			r.shows <- device.Show{Kind: device.Idle}
			after(100 * ms)
		}
		r.stop()
		if n := asked.Load(); n < 6 || n > 20 {
			t.Errorf("%d tries in a minute, want them backed off to one in 10 s", n)
		}
	})
}

// dead is a lamp that hangs, as on a bus that has stopped.
type dead struct {
	gpiokeys.Output
	until <-chan struct{}
}

func (d dead) Set(bool) error {
	<-d.until
	return errors.New("the bus has stopped")
}

type deadLamps struct {
	bank
	until <-chan struct{}
}

func (d deadLamps) Out(name string, high bool) (gpiokeys.Output, error) {
	out, err := d.bank.Out(name, high)
	return dead{out, d.until}, err
}

func TestLampThatHangsStopsNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLampRig(t)
		heal := make(chan struct{})
		r.options.Chips = deadLamps{bank{r.chip}, heal}
		r.run(t)
		for range 5 {
			r.shows <- device.Show{Kind: device.Fault}
			r.shows <- device.Show{Kind: device.Idle}
			r.press("GPIO24", 80*ms)
			after(300 * ms)
		}
		if n := len(only(r.signals(), device.Press)); n != 5 {
			t.Errorf("%d presses beside a lamp that hangs, want 5", n)
		}
		close(heal)
		r.stop()
	})
}
