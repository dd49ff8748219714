package gpiokeys_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/device"
	"evalpad/device/gpiokeys"
)

// asked is a rig whose pad has a lamp for each question. The lines are those that newRig has for lamps.
func asked(t *testing.T) *rig {
	r := newRig(t)
	r.options.Lamps.Questions = map[string]string{"attitude": "ASK", "efficiency": "THANKS", "compliance": "FAULT"}
	return r
}

func ask(dimension string, step int, answers string) device.Show {
	return device.Show{For: answers, Kind: device.Ask, Dimension: dimension, Step: step, Steps: 3}
}

// TestOneLampAQuestion walks through three questions: the one that is asked has its lamp, and no other
// was ever lit with it.
func TestOneLampAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := asked(t)
		var both atomic.Bool
		r.options.Chips = watched{bank{r.chip}, r, &both}
		r.run(t)
		for range 3 {
			r.wantGlow(t, "at rest", "")
			r.shows <- ask("attitude", 1, "")
			r.wantGlow(t, "attitude", "ASK")
			after(5 * time.Second)
			r.shows <- ask("efficiency", 2, "")
			r.wantGlow(t, "efficiency", "THANKS")
			r.shows <- device.Show{Kind: device.Nod}
			after(time.Minute)
			r.shows <- ask("compliance", 3, "")
			r.wantGlow(t, "compliance", "FAULT")
			r.shows <- device.Show{Kind: device.Thanks}
			r.wantGlow(t, "thanks", "")
			r.shows <- ask("overall", 1, "")
			r.wantGlow(t, "a question without a lamp", "")
			r.shows <- device.Show{Kind: device.Fault}
			r.wantGlow(t, "fault", "")
			r.shows <- device.Show{Kind: device.Idle, Dimension: "attitude"}
			r.wantGlow(t, "nobody is asked, and a press would answer attitude", "")
		}
		r.stop()
		if both.Load() {
			t.Error("two questions were lit at once")
		}
	})
}

// watched chips look, at every write, whether two questions are lit.
type watched struct {
	bank
	r    *rig
	both *atomic.Bool
}

type watchedLamp struct {
	gpiokeys.Output
	w watched
}

func (w watched) Out(name string, high bool) (gpiokeys.Output, error) {
	out, err := w.bank.Out(name, high)
	return watchedLamp{out, w}, err
}

func (l watchedLamp) Set(high bool) error {
	err := l.Output.Set(high)
	lit := 0
	for _, name := range []string{"ASK", "THANKS", "FAULT"} {
		if l.w.r.chip.IsLit(name, true) {
			lit++
		}
	}
	if lit > 1 {
		l.w.both.Store(true)
	}
	return err
}

// stubborn chips have a lamp that cannot be put out until it is freed.
type stubborn struct {
	bank
	stuck *atomic.Bool
}

type stubbornLamp struct {
	gpiokeys.Output
	s stubborn
}

func (s stubborn) Out(name string, high bool) (gpiokeys.Output, error) {
	if name != "ASK" {
		return s.bank.Out(name, high)
	}
	if s.stuck.Load() {
		return nil, errors.New("the expander does not answer")
	}
	out, err := s.bank.Out(name, high)
	return stubbornLamp{out, s}, err
}

func (l stubbornLamp) Set(high bool) error {
	if l.s.stuck.Load() {
		return errors.New("the expander does not answer")
	}
	return l.Output.Set(high)
}

// TestNoSecondQuestionBesideOneThatBurns: while the last question's lamp cannot be put out, the next
// one's is not lit.
func TestNoSecondQuestionBesideOneThatBurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := asked(t)
		var stuck atomic.Bool
		r.options.Chips = stubborn{bank{r.chip}, &stuck}
		r.run(t)
		r.shows <- ask("attitude", 1, "")
		r.wantGlow(t, "attitude", "ASK")
		stuck.Store(true)
		r.shows <- ask("efficiency", 2, "")
		for range 30 {
			if got := r.glow(true); strings.Contains(got, "THANKS") {
				t.Fatalf("lit %q, want not the second beside the first", got)
			}
			after(time.Second)
		}
		stuck.Store(false)
		after(11 * time.Second)
		r.wantGlow(t, "the first has gone out", "THANKS")
		r.stop()
	})
}

// TestPressAnswersTheLampThatIsLit names the question with each press; the tail of a double press is an
// answer to the question before.
func TestPressAnswersTheLampThatIsLit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := asked(t)
		r.run(t)
		r.press("GPIO24", 80*ms) // nobody is asked: whichever is the first
		after(300 * ms)
		r.shows <- ask("attitude", 1, "")
		after(time.Second)
		r.press("GPIO17", 80*ms)
		after(100 * ms)
		r.shows <- ask("efficiency", 2, "keys-2")
		after(150 * ms)
		r.press("GPIO17", 80*ms) // 150 ms after the lamp
		after(time.Second)
		r.press("GPIO27", 80*ms)
		after(300 * ms)
		var got []string
		for _, s := range only(r.stop(), device.Press) {
			got = append(got, fmt.Sprintf("%d %s", s.Score, s.Dimension))
		}
		if diff := cmp.Diff([]string{"1 ", "5 attitude", "5 attitude", "4 efficiency"}, got); diff != "" {
			t.Errorf("presses (-want +got):\n%s", diff)
		}
	})
}

// Without a lamp for it a press names no question.
func TestPressWithoutLampsNamesNoQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLampRig(t)
		r.run(t)
		r.shows <- ask("attitude", 1, "")
		after(time.Second)
		r.press("GPIO17", 80*ms)
		after(300 * ms)
		if s := only(r.stop(), device.Press)[0]; s.Dimension != "" {
			t.Errorf("the press is for %q, want whichever is asked", s.Dimension)
		}
	})
}
