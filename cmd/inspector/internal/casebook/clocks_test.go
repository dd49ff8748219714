package casebook_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

func TestBreachComesToTheMillisecondAndOnce(t *testing.T) {
	c := casebook.Open(bad(), place, pressed(0), nine, clocks)
	if got := c.Breach(nine.Add(2*time.Hour - time.Millisecond)); got != nil {
		t.Errorf("a millisecond early: got %v", got)
	}
	two := wire.At(nine.Add(2 * time.Hour))
	want := []casebook.Breach{
		{Deadline: casebook.DeadlineInvestigate, Round: 1, At: two},
		{Deadline: casebook.DeadlineDeskInvestigate, Round: 1, At: two},
	}
	if diff := cmp.Diff(want, c.Breach(nine.Add(2*time.Hour))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := c.Breach(nine.Add(23 * time.Hour)); got != nil {
		t.Errorf("again: got %v", got)
	}
	if len(c.History) != 3 || c.History[1].Deadline != casebook.DeadlineInvestigate {
		t.Errorf("history: got %+v", c.History)
	}
}

func TestBreachStaysWhenWorkComesLate(t *testing.T) {
	c := opened()
	do(t, &c, nine.Add(5*time.Hour), "start") // nobody had looked until then
	if c.InvestigateBreachedAt == nil || c.DeskInvestigateBreachedAt == nil {
		t.Error("a late start left no breach")
	}
	if !c.InvestigateBreachedAt.Equal(c.InvestigateBy.Time) {
		t.Errorf("breached at %v, want the deadline %v", c.InvestigateBreachedAt, c.InvestigateBy)
	}
	do(t, &c, nine.Add(23*time.Hour), "plan")
	if c.Breach(nine.Add(1000*time.Hour)) != nil || c.PlanBreachedAt != nil {
		t.Error("a plan in time was breached")
	}
}

func TestReopeningHasDeadlinesOfItsOwn(t *testing.T) {
	c := opened()
	do(t, &c, nine.Add(time.Hour), "start", "plan", "close")
	was := c.Promise()
	again := nine.Add(100 * time.Hour)
	do(t, &c, again, "reopen")
	if c.Promise() != was {
		t.Error("a reopening moved the first deadlines")
	}
	left, name := c.Remaining(again)
	if left != 2*time.Hour || name != casebook.DeadlineInvestigate {
		t.Errorf("remaining: got %v to %s, want 2h to investigate_by", left, name)
	}
	at := wire.At(again.Add(2 * time.Hour))
	want := []casebook.Breach{{Deadline: casebook.DeadlineInvestigate, Round: 2, At: at}}
	if diff := cmp.Diff(want, c.Breach(at.Time)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	do(t, &c, again.Add(3*time.Hour), "start", "plan")
	if r := c.Rounds[0]; r.InvestigationStartedAt == nil || r.PlanFiledAt == nil || r.InvestigateBreachedAt == nil {
		t.Errorf("round: got %+v", r)
	}
	if c.InvestigateBreachedAt != nil {
		t.Error("the breach of round 2 was written to round 1")
	}
}

func TestDueIsWhenBreachWrites(t *testing.T) {
	c := casebook.Open(bad(), place, pressed(time.Hour), nine, clocks)
	var got []time.Duration
	for {
		at, more := c.Due()
		if !more {
			break
		}
		if c.Breach(at.Add(-time.Millisecond)) != nil || c.Breach(at) == nil {
			t.Fatalf("due at %v, and Breach does not agree", at)
		}
		got = append(got, at.Sub(nine))
	}
	want := []time.Duration{time.Hour, 2 * time.Hour, 23 * time.Hour, 24 * time.Hour}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if at, waiting := c.Pending(); !waiting || !at.Equal(c.InvestigateBy.Time) {
		t.Errorf("pending: got %v %t, want the first deadline, breached as it is", at, waiting)
	}
}

func TestLessPutsTheGreatestDangerFirst(t *testing.T) {
	arriving := func(id string, before, after time.Duration) casebook.Case {
		e := bad()
		e.Evaluation = id
		return casebook.Open(e, place, pressed(before), nine.Add(after), clocks)
	}
	fine, overdue, late := arriving("fine", 0, 0), arriving("overdue", 30*time.Hour, 0), arriving("late", time.Hour, time.Minute)
	started := arriving("started", 0, 0)
	do(t, &started, nine, "start")
	done, newer := arriving("done", 0, 0), arriving("newer", 0, time.Second)
	do(t, &done, nine, "start", "plan")
	do(t, &newer, nine, "start", "plan")
	list := []casebook.Case{done, fine, newer, started, late, overdue}
	slices.SortFunc(list, func(a, b casebook.Case) int {
		if casebook.Less(a, b, nine) {
			return -1
		}
		return 1
	})
	var got []string
	for _, c := range list {
		got = append(got, c.Evaluation)
	}
	if want := []string{"overdue", "late", "fine", "started", "newer", "done"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if left, name := overdue.Remaining(nine); left != -28*time.Hour || name != casebook.DeadlineInvestigate {
		t.Errorf("remaining: got %v to %s, want -28h", left, name)
	}
	if left, name := done.Remaining(nine); left != 0 || name != "" {
		t.Errorf("remaining of what is done: got %v to %q", left, name)
	}
}
