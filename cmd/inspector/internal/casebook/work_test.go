package casebook_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

func somePlan() casebook.Plan {
	return casebook.Plan{
		Cause: "the printer was out of paper", Text: "paper is checked at opening", Measures: "a list at the counter",
		Owner: "zhao.min", Due: wire.At(nine.Add(72 * time.Hour)),
	}
}

// wishes are what a person can ask of a case, asked properly.
var wishes = []struct {
	name string
	ask  func(*casebook.Case, time.Time) error
}{
	{"assign", func(c *casebook.Case, now time.Time) error { return c.Assign("li.na", "zhao.min", now) }},
	{"start", func(c *casebook.Case, now time.Time) error {
		return c.Start("li.na", casebook.StepTellerAsked, "", now)
	}},
	{"plan", func(c *casebook.Case, now time.Time) error { return c.FilePlan("li.na", somePlan(), now) }},
	{"finish", func(c *casebook.Case, now time.Time) error { return c.Finish("li.na", "", now) }},
	{"verify", func(c *casebook.Case, now time.Time) error { return c.Verify("wang.wei", "", now) }},
	{"close", func(c *casebook.Case, now time.Time) error { return c.Close("wang.wei", "", now) }},
	{"reopen", func(c *casebook.Case, now time.Time) error { return c.Reopen("wang.wei", "again", clocks, now) }},
}

// do asks wishes by name, all of which must be granted.
func do(t *testing.T, c *casebook.Case, now time.Time, names ...string) {
	t.Helper()
	for _, name := range names {
		for _, w := range wishes {
			if w.name != name {
				continue
			}
			if err := w.ask(c, now); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTransitions writes the whole state machine: every wish in every state, with what comes of it.
func TestTransitions(t *testing.T) {
	var table bytes.Buffer
	for _, way := range [][]string{
		nil, {"start"}, {"start", "plan"}, {"start", "plan", "finish"},
		{"start", "plan", "finish", "verify"}, {"start", "plan", "close"},
	} {
		for _, w := range wishes {
			c := opened()
			do(t, &c, nine, way...)
			was := c.State
			outcome := ""
			if err := w.ask(&c, nine); err != nil {
				outcome = "no: " + strings.ReplaceAll(err.Error(), c.ID, "c")
				if c.State != was || len(c.History) != len(way)+1 {
					t.Errorf("%s %s: refused, and changed all the same", was, w.name)
				}
			} else {
				outcome = string(c.State)
			}
			fmt.Fprintf(&table, "%-13s %-6s -> %s\n", was, w.name, outcome)
		}
	}
	wantGolden(t, "transitions.golden", table.Bytes())
}

func TestRefusalsAreSentences(t *testing.T) {
	long := strings.Repeat("满", 4001)
	plan := func(change func(*casebook.Plan)) error {
		c := opened()
		do(t, &c, nine, "start")
		p := somePlan()
		change(&p)
		return c.FilePlan("li.na", p, nine)
	}
	start := func(by, step, words string) error {
		c := opened()
		return c.Start(by, step, words, nine)
	}
	done := opened()
	do(t, &done, nine, "start", "plan", "finish")
	closed := opened()
	do(t, &closed, nine, "start", "plan", "close")
	open := opened()
	for _, tt := range []struct {
		err  error
		want string
	}{
		{start("", casebook.StepTellerAsked, ""), "start case c: a named person is missing"},
		{start(" ", casebook.StepTellerAsked, ""), "start case c: a named person is missing"},
		{start("li.na", "", ""), "start case c: a first step is missing"},
		{start("li.na", "thought", ""), `start case c: first step "thought": want teller-asked, recording-secured, customer-called or other`},
		{start("li.na", casebook.StepOther, "\n"), "start case c: the first step other needs words"},
		{start("li.na", casebook.StepOther, long), "start case c: 4001 characters of words, want at most 4000"},
		{plan(func(p *casebook.Plan) { p.Cause = "" }), "plan case c: a cause is missing"},
		{plan(func(p *casebook.Plan) { p.Text = "" }), "plan case c: what will be done is missing"},
		{plan(func(p *casebook.Plan) { p.Owner = "" }), "plan case c: an owner is missing"},
		{plan(func(p *casebook.Plan) { p.Due = wire.Instant{} }), "plan case c: a due date is missing"},
		{open.Assign("li.na", "", nine), "assign case c: a named person is missing"},
		{done.Verify("li.na", "", nine), "verify case c: li.na carried it out, another person is needed"},
		{done.Verify("", "", nine), "verify case c: a named person is missing"},
		{done.Close("wang.wei", long, nine), "close case c: 4001 characters of words, want at most 4000"},
		{closed.Reopen("wang.wei", "", clocks, nine), "reopen case c: the reason is missing"},
	} {
		if tt.err == nil {
			t.Errorf("granted, want %q", tt.want)
			continue
		}
		refusal, ok := errors.AsType[*casebook.Refusal](tt.err)
		if got := strings.ReplaceAll(tt.err.Error(), open.ID, "c"); !ok || refusal.Case != open.ID || got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestPlanIsTheLatest(t *testing.T) {
	c := opened()
	if c.Plan() != nil {
		t.Error("a new case has a plan")
	}
	do(t, &c, nine.Add(time.Hour), "start", "plan")
	better := somePlan()
	better.Owner = "wang.wei"
	if err := c.FilePlan("li.na", better, nine.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := c.Plan().Owner; got != "wang.wei" {
		t.Errorf("owner: got %q, want wang.wei", got)
	}
	if want := nine.Add(time.Hour); !c.PlanFiledAt.Equal(want) {
		t.Errorf("plan filed at %v, want the first filing, %v", c.PlanFiledAt, want)
	}
}

func TestAmendTakesTheWorst(t *testing.T) {
	c := opened()
	before := c
	same := bad()
	if c.Amend(same, nine.Add(time.Minute)) || len(c.History) != 1 {
		t.Error("the evaluation behind the alert changed the case")
	}
	worse := bad()
	worse.Amends = "e-17"
	worse.Scores = map[wire.Dimension]wire.Score{wire.Attitude: 1, wire.Efficiency: 5, wire.Compliance: 3}
	worse.Reasons, worse.Flags = []string{"waited", "rude"}, []string{casebook.FlagFork}
	if !c.Amend(worse, nine.Add(time.Minute)) {
		t.Error("worse scores changed nothing")
	}
	want := map[wire.Dimension]wire.Score{wire.Attitude: 1, wire.Efficiency: 4, wire.Compliance: 3}
	if diff := cmp.Diff(want, c.Scores); diff != "" {
		t.Errorf("scores (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"waited", "rude"}, c.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	if len(c.History) != 2 || c.History[1].Words != "scores attitude 1, compliance 3, efficiency 4; flags restart, fork" {
		t.Errorf("history: got %+v", c.History)
	}
	if c.Promise() != before.Promise() || c.State != before.State {
		t.Error("an amendment moved the case")
	}
	if before.Scores[wire.Attitude] != 2 {
		t.Error("an amendment changed a copy")
	}
}

func TestFollowsForbids(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*casebook.Case)
		want   string
	}{
		{"work", func(c *casebook.Case) { do(t, c, nine, "start", "plan", "close", "reopen") }, ""},
		{"a moved deadline", func(c *casebook.Case) { c.PlanBy = wire.At(nine) }, "what was frozen at its opening has moved"},
		{"a new rating", func(c *casebook.Case) { c.RatedAt = wire.At(nine) }, "what was frozen at its opening has moved"},
		{"a line gone", func(c *casebook.Case) { c.History = nil }, "a line of its history is gone"},
		{"a breach gone", func(c *casebook.Case) { c.InvestigateBreachedAt = nil }, "the breach of investigate_by is gone or another"},
		{"another breach", func(c *casebook.Case) { c.InvestigateBreachedAt = new(wire.At(nine)) }, "the breach of investigate_by is gone or another"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := casebook.Open(bad(), place, pressed(3*time.Hour), nine, clocks)
			after := before
			tt.change(&after)
			var got string
			if err := after.Follows(before); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
