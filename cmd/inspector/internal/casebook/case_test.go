package casebook_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	nine   = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	place  = wire.Place{Region: "r11", Branch: "b0731", Device: "pad-0731-03"}
	clocks = casebook.DefaultClocks()
)

// wantGolden compares with testdata/name.
func wantGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// bad is an evaluation that must be investigated.
func bad() wire.Evaluation {
	return wire.Evaluation{
		Evaluation: "e-17", Counter: "c03", Business: "credit", Teller: "t-17", Ticket: "A041", Outcome: wire.Rated,
		Prompted: true, Scores: map[wire.Dimension]wire.Score{wire.Attitude: 2, wire.Efficiency: 4},
		Dissatisfied: true, Reasons: []string{"waited"}, Flags: []string{wire.FlagRestart},
	}
}

// pressed reckons a press so long before nine, known to a second.
func pressed(before time.Duration) casebook.Reckoning {
	return casebook.Reckoning{At: nine.Add(-before), Error: time.Second, How: casebook.Anchored}
}

// opened is a case that arrived at nine, pressed a second before.
func opened() casebook.Case { return casebook.Open(bad(), place, pressed(time.Second), nine, clocks) }

func TestCaseAsJSON(t *testing.T) {
	c := casebook.Open(bad(), place, pressed(3*time.Hour), nine, clocks)
	work := []error{
		c.Start("li.na", casebook.StepTellerAsked, "she says the printer was out", nine.Add(3*time.Hour)),
		c.FilePlan("li.na", somePlan(), nine.Add(26*time.Hour)),
		c.Close("wang.wei", "seen", nine.Add(30*time.Hour)),
		c.Reopen("wang.wei", "the printer is out again", clocks, nine.Add(40*time.Hour)),
	}
	for _, err := range work {
		if err != nil {
			t.Fatal(err)
		}
	}
	c.Breach(nine.Add(100 * time.Hour))
	got, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "case.json", append(got, '\n'))

	var back casebook.Case
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	newCase, err := json.MarshalIndent(opened(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "new-case.json", append(newCase, '\n'))
}

func TestOpenCountsFromTheRating(t *testing.T) {
	const long = 200 * 24 * time.Hour
	for _, tt := range []struct {
		name            string
		r               casebook.Reckoning
		rated           time.Time
		from            time.Time // what the deadlines count from
		late, uncertain bool
		breached        bool // of the first deadline, on arrival
	}{
		{"at once", pressed(0), nine, nine, false, false, false},
		{"15 min", pressed(15 * time.Minute), nine.Add(-15 * time.Minute), nine.Add(-15 * time.Minute), false, false, false},
		{"15 min and 1 ms", pressed(15*time.Minute + time.Millisecond), nine.Add(-15*time.Minute - time.Millisecond),
			nine.Add(-15*time.Minute - time.Millisecond), true, false, false},
		{"a millisecond in time", pressed(2*time.Hour - time.Millisecond), nine.Add(-2*time.Hour + time.Millisecond),
			nine.Add(-2*time.Hour + time.Millisecond), true, false, false},
		{"overdue on arrival", pressed(2 * time.Hour), nine.Add(-2 * time.Hour), nine.Add(-2 * time.Hour), true, false, true},
		{"from the future", pressed(-time.Hour), nine, nine, false, false, false},
		{"error of 15 min", casebook.Reckoning{At: nine, Error: 15 * time.Minute}, nine, nine, false, false, false},
		{"error of an hour", casebook.Reckoning{At: nine, Error: time.Hour}, nine, nine.Add(-time.Hour), false, true, false},
		{"error of a season", casebook.Reckoning{At: nine, Error: long}, nine, nine.Add(-long), false, true, true},
		{"nothing known", casebook.Reckoning{}, nine, nine.Add(-730 * 24 * time.Hour), false, true, true},
		{"before all history", casebook.Reckoning{At: time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC), Error: -5},
			nine.Add(-730 * 24 * time.Hour), nine.Add(-730 * 24 * time.Hour), true, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := casebook.Open(bad(), place, tt.r, nine, clocks)
			type facts struct {
				Rated, Investigate, Plan, DeskInvestigate, DeskPlan time.Time
				Late, Uncertain, Breached                           bool
			}
			got := facts{c.RatedAt.Time, c.InvestigateBy.Time, c.PlanBy.Time, c.DeskInvestigateBy.Time, c.DeskPlanBy.Time,
				c.Late, c.TimeUncertain, c.InvestigateBreachedAt != nil}
			want := facts{tt.rated, tt.from.Add(2 * time.Hour), tt.from.Add(24 * time.Hour), nine.Add(2 * time.Hour), nine.Add(24 * time.Hour),
				tt.late, tt.uncertain, tt.breached}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c.DeskInvestigateBreachedAt != nil {
				t.Error("the desk's deadline is breached on arrival")
			}
		})
	}
}

func TestOpenIsKeyedByTheFirstEvaluation(t *testing.T) {
	e := bad()
	e.Evaluation, e.Amends = "e-18", "e-17"
	if got := casebook.Open(e, place, pressed(0), nine, clocks); got.Evaluation != "e-17" {
		t.Errorf("evaluation: got %q, want e-17", got.Evaluation)
	}
}

func TestCaseIDSortsByArrival(t *testing.T) {
	early := casebook.Open(bad(), place, pressed(0), nine, clocks)
	late := casebook.Open(bad(), place, pressed(0), nine.Add(time.Millisecond), clocks)
	other := bad()
	other.Evaluation = "e-18"
	beside := casebook.Open(other, place, pressed(0), nine, clocks)
	if early.ID >= late.ID || early.ID == beside.ID || early.ID != opened().ID {
		t.Errorf("ids: %s, a millisecond later %s, beside %s", early.ID, late.ID, beside.ID)
	}
}

func TestClocksMustRun(t *testing.T) {
	for _, tt := range []struct {
		clocks casebook.Clocks
		want   string
	}{
		{clocks, ""},
		{casebook.Clocks{PlanWithin: time.Hour}, "investigate_within 0s: want more than zero, as 2h"},
		{casebook.Clocks{InvestigateWithin: time.Hour, PlanWithin: -1}, "plan_within -1ns: want more than zero, as 2h"},
	} {
		var got string
		if err := tt.clocks.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.clocks, got, tt.want)
		}
	}
}
