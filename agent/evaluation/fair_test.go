package evaluation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/wire"
)

// The customer's slip and headquarters' search are of one code, whatever was pressed.
func TestThanksHasACode(t *testing.T) {
	for _, score := range []wire.Score{5, 1} {
		_, effects := evaluation.Next(fair(), press(3, score))
		all := shows(effects)
		if len(all) != 1 || all[0].Kind != device.Thanks || all[0].Code != wire.Code("E3") {
			t.Errorf("after a %d the pad shows %+v, want thanks with %s", score, all, wire.Code("E3"))
		}
	}
}

func flagsOf(finished []wire.Evaluation) (flags []string) {
	for _, e := range finished {
		flags = append(flags, e.Flags...)
	}
	return flags
}

// A teller who prompts and presses by herself is flagged by the tenth time; customers of every pace are
// not.
func TestSelfPressIsFlagged(t *testing.T) {
	row := func(latency func(i int) float64, score wire.Score) []string {
		var events []evaluation.Event
		for i := range 40 {
			start := float64(i * 180)
			events = append(events, prompt(start, fmt.Sprint(i)), press(start+latency(i), score))
		}
		_, finished := walk(fair(), events...)
		return flagsOf(finished)
	}
	for _, c := range []struct {
		name    string
		latency func(i int) float64
		score   wire.Score
		flag    string
		want    bool
	}{
		{"always within two seconds", func(i int) float64 { return 1.1 + float64(i%7)/10 }, 5, wire.FlagSelfPress, true},
		{"always after four seconds", func(i int) float64 { return 4 + float64(i%3)/10 }, 5, wire.FlagSelfPress, true},
		{"customers", func(i int) float64 { return []float64{3, 9, 5, 14, 2.5, 7, 22}[i%7] }, 5, wire.FlagSelfPress, false},
		{"quick, and not satisfied", func(int) float64 { return 1.5 }, 3, wire.FlagSelfPress, false},
		{"within a second", func(int) float64 { return 0.4 }, 3, wire.FlagTooFast, true},
		{"a second and more", func(int) float64 { return 1 }, 3, wire.FlagTooFast, false},
	} {
		if got := slices.Contains(row(c.latency, c.score), c.flag); got != c.want {
			t.Errorf("%s: flagged %s is %t, want %t", c.name, c.flag, got, c.want)
		}
	}
}

func TestBurstIsFlagged(t *testing.T) {
	for every, want := range map[float64]bool{15: true, 25: false} {
		var events []evaluation.Event
		for i := range 60 {
			events = append(events, press(float64(i)*every, 4))
		}
		_, finished := walk(fair(), events...)
		if got := slices.Contains(flagsOf(finished), wire.FlagBurst); got != want {
			t.Errorf("a press every %g s: burst is %t, want %t", every, got, want)
		}
	}
}

// The first press after a prompt is the next customer's, however soon it comes: the same key is another
// evaluation, and so is one at a pad that has just been hammered.
func TestPromptEndsTheLockOut(t *testing.T) {
	for name, before := range map[string][]evaluation.Event{
		"right after an evaluation": {prompt(1, "A12"), press(4, 4)},
		"while the pad rests":       {press(1, 3), press(1.5, 3), press(2, 3), press(2.5, 3), press(3, 3), press(3.5, 3)},
	} {
		s, _ := walk(fair(), before...)
		s, _ = walk(s, prompt(5, "A13"))
		s, finished := walk(s, press(5.5, 4))
		if len(finished) != 1 || finished[0].Ticket != "A13" || finished[0].Amends != "" || finished[0].Outcome != wire.Rated {
			t.Errorf("%s: %+v, want an evaluation of A13", name, finished)
		}
		if s.Past == nil || s.Past.ID != "E5" {
			t.Errorf("%s: a press would now join %+v, want E5", name, s.Past)
		}
	}
}

// What is pressed within the lock-out amends, and everything that was said stays: in records of their
// own, linked to the first, and each opinion once.
func TestEveryAmendmentIsKept(t *testing.T) {
	s, first := walk(fair(), prompt(1, "A12"), press(4, 4))
	s, amendments := walk(s, press(5, 1), press(6, 5), press(7, 4), press(8, 1))
	var got []string
	for _, e := range append(first, amendments...) {
		got = append(got, fmt.Sprintf("%d of %q dissatisfied %t", e.Scores[wire.Overall], e.Amends, e.Dissatisfied))
	}
	want := []string{`4 of "" dissatisfied false`, `1 of "E1" dissatisfied true`, `5 of "E1" dissatisfied false`}
	if !slices.Equal(got, want) {
		t.Errorf("records %q, want %q", got, want)
	}
	if given := s.Past.Given[wire.Overall]; !slices.Equal(given, []wire.Score{4, 1, 5}) {
		t.Errorf("given %v, want all three in their order", given)
	}
}

// A bad score that is pressed away stands: what corrects it says that it goes up and withdraws nothing,
// and whatever is told of the rating later has the worst score in it, and alerts.
func TestCorrectedUpStands(t *testing.T) {
	_, finished := walk(asking(), prompt(1, "A12"), press(4, 1), press(5, 5), reasoned(8, "waiting"))
	if len(finished) != 3 {
		t.Fatalf("%d records, want the rating, its correction and the reasons", len(finished))
	}
	rating, up, why := finished[0], finished[1], finished[2]
	if !rating.Dissatisfied || up.Amends != "E1" || up.Dissatisfied || !slices.Contains(up.Flags, wire.FlagCorrectedUp) {
		t.Errorf("rating %+v, corrected by %+v: want the first to stand and the second to say that it goes up", rating, up)
	}
	if !why.Dissatisfied || why.Scores[wire.Overall] != 1 || why.Amends != "E1" {
		t.Errorf("reasons %+v, want them with the worst score", why)
	}
}

// A log-in ends when the branch closes: tomorrow's customers are not yesterday's teller's.
func TestLoginEndsAtClosingTime(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	s := fair()
	s.Rules.Closing, s.Rules.Zone = 17*time.Hour+30*time.Minute, zone
	stamp := func(hour, minute int) evaluation.Heard {
		wall := wire.At(time.Date(2026, 11, 25, hour, minute, 0, 0, zone))
		return evaluation.Heard{At: wire.Stamp{Boot: "boot-1", UptimeMS: int64(hour*3600+minute*60) * 1000, Clock: wire.ClockSet, Wall: &wall}}
	}
	s, _ = evaluation.Next(s, evaluation.TellerIn{Heard: stamp(16, 0), Teller: "1007"})
	for _, c := range []struct {
		hour, minute int
		want         string
	}{{17, 29, "1007"}, {17, 31, ""}} {
		_, finished := walk(s, evaluation.Pressed{Heard: stamp(c.hour, c.minute), Score: 4, ID: "E1"})
		if len(finished) != 1 || finished[0].Teller != c.want {
			t.Errorf("at %d:%d the evaluation is %+v, want it under %q", c.hour, c.minute, finished, c.want)
		}
	}
}

// However a pad is hammered: what is told of it is bounded, the worst score is among it, and the first
// press after a prompt is an evaluation.
func TestHammeringSilencesNobody(t *testing.T) {
	s := fair()
	var records int
	var worst wire.Score = 5
	for i := range 400 {
		at := float64(i) * 0.3
		score := wire.Score(5 - i%5)
		var finished []wire.Evaluation
		s, finished = walk(s, press(at, score))
		records += len(finished)
		for _, e := range finished {
			worst = min(worst, e.Scores[wire.Overall])
		}
	}
	if records > 40 || worst != 1 {
		t.Errorf("400 presses in two minutes made %d records with a worst score of %d, want few and 1", records, worst)
	}
	s, _ = walk(s, prompt(121, "A12"))
	if _, finished := walk(s, press(121.5, 2)); len(finished) != 1 || finished[0].Ticket != "A12" || !finished[0].Dissatisfied {
		t.Errorf("the first press after a prompt is %+v", finished)
	}
}
