package alert_test

import (
	"testing"
	"time"

	"evalpad/agent/alert"
	"evalpad/sync/wire"

	"github.com/google/go-cmp/cmp"
)

func pressed(clock wire.ClockState) wire.Stamp {
	wall := wire.At(time.Date(2026, 11, 23, 2, 11, 9, 120e6, time.UTC))
	return wire.Stamp{Boot: "b", UptimeMS: 1, Wall: &wall, Clock: clock}
}

func evaluation(clock wire.ClockState, scores map[wire.Dimension]wire.Score) wire.Evaluation {
	e := wire.Evaluation{Evaluation: "E1", Counter: "c03", Outcome: wire.Partial, Scores: scores, Pressed: pressed(clock)}
	e.Dissatisfied = e.IsDissatisfied()
	return e
}

func TestFor(t *testing.T) {
	type scores = map[wire.Dimension]wire.Score
	tests := []struct {
		name                string
		scores              scores
		clock               wire.ClockState
		clocks              alert.Clocks
		alerts              bool
		investigate, planBy string
	}{
		{"1 in the one question", scores{wire.Overall: 1}, wire.ClockSet, alert.Clocks{}, true, "2026-11-23T04:11:09.120Z", "2026-11-24T02:11:09.120Z"},
		{"2 in any of three", scores{wire.Attitude: 5, wire.Efficiency: 2}, wire.ClockSet, alert.Clocks{}, true, "2026-11-23T04:11:09.120Z", "2026-11-24T02:11:09.120Z"},
		{"3 is fairly satisfied", scores{wire.Overall: 3}, wire.ClockSet, alert.Clocks{}, false, "", ""},
		{"silence", nil, wire.ClockSet, alert.Clocks{}, false, "", ""},
		{"the box's clock is unset", scores{wire.Overall: 1}, wire.ClockUnset, alert.Clocks{}, true, "", ""},
		{
			"a bank's own clocks", scores{wire.Overall: 1}, wire.ClockSet, alert.Clocks{InvestigateWithin: time.Hour, PlanWithin: 2 * time.Hour}, true,
			"2026-11-23T03:11:09.120Z", "2026-11-23T04:11:09.120Z",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := evaluation(tt.clock, tt.scores)
			a, alerts := alert.For(e, tt.clocks)
			if alerts != tt.alerts {
				t.Fatalf("alerts %t, want %t", alerts, tt.alerts)
			}
			if !alerts {
				return
			}
			if diff := cmp.Diff(e, a.Evaluation); diff != "" {
				t.Errorf("evaluation inside (-want +got):\n%s", diff)
			}
			if got := text(a.InvestigateBy); got != tt.investigate {
				t.Errorf("investigate by %q, want %q", got, tt.investigate)
			}
			if got := text(a.PlanBy); got != tt.planBy {
				t.Errorf("plan by %q, want %q", got, tt.planBy)
			}
		})
	}
}

func text(i *wire.Instant) string {
	if i == nil {
		return ""
	}
	b, _ := i.MarshalText() // never fails
	return string(b)
}
