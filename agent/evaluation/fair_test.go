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
