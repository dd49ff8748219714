package casebook

import (
	"cmp"
	"fmt"
	"time"

	"evalpad/sync/wire"
)

// Clocks says how long the two promises run.
type Clocks struct {
	InvestigateWithin time.Duration // from the rating to a started investigation
	PlanWithin        time.Duration // from the rating to a filed plan
}

// DefaultClocks are the bank's: 2 hours and 24 hours.
func DefaultClocks() Clocks {
	return Clocks{InvestigateWithin: 2 * time.Hour, PlanWithin: 24 * time.Hour}
}

// Validate says which clock cannot run.
func (c Clocks) Validate() error {
	for _, clock := range []struct {
		name string
		d    time.Duration
	}{{"investigate_within", c.InvestigateWithin}, {"plan_within", c.PlanWithin}} {
		if clock.d < time.Millisecond {
			return fmt.Errorf("%s %v: want more than zero, as 2h", clock.name, clock.d)
		}
	}
	return nil
}

// Deadline names one of the promises of a case.
type Deadline string

// The deadlines. Those of the desk count from arrival. A later round has the first two.
const (
	DeadlineInvestigate     Deadline = "investigate_by"
	DeadlinePlan            Deadline = "plan_by"
	DeadlineDeskInvestigate Deadline = "desk_investigate_by"
	DeadlineDeskPlan        Deadline = "desk_plan_by"
)

// Breach is a deadline that passed with the work not done.
type Breach struct {
	Deadline Deadline
	Round    int // 1 for the case itself, 2 for its first reopening
	At       wire.Instant
}

// promise is one running deadline: kept by done, broken by breached, each in its place in the case.
type promise struct {
	Breach
	done     *wire.Instant
	breached **wire.Instant
}

// promises lists all deadlines of all rounds.
func (c *Case) promises() []promise {
	list := []promise{
		{Breach{DeadlineInvestigate, 1, c.InvestigateBy}, c.InvestigationStartedAt, &c.InvestigateBreachedAt},
		{Breach{DeadlinePlan, 1, c.PlanBy}, c.PlanFiledAt, &c.PlanBreachedAt},
		{Breach{DeadlineDeskInvestigate, 1, c.DeskInvestigateBy}, c.InvestigationStartedAt, &c.DeskInvestigateBreachedAt},
		{Breach{DeadlineDeskPlan, 1, c.DeskPlanBy}, c.PlanFiledAt, &c.DeskPlanBreachedAt},
	}
	for i := range c.Rounds {
		r := &c.Rounds[i]
		list = append(list,
			promise{Breach{DeadlineInvestigate, i + 2, r.InvestigateBy}, r.InvestigationStartedAt, &r.InvestigateBreachedAt},
			promise{Breach{DeadlinePlan, i + 2, r.PlanBy}, r.PlanFiledAt, &r.PlanBreachedAt})
	}
	return list
}

// Breach writes down every deadline that has come and whose work is not done, and returns those
// that are new. A breach is dated to its deadline, not to the moment at which somebody looked, so
// that a headquarters that was away writes the same. It is written once and never removed.
func (c *Case) Breach(now time.Time) []Breach {
	var fresh []Breach
	for _, p := range c.promises() {
		if p.done != nil || *p.breached != nil || now.Before(p.At.Time) {
			continue
		}
		at := p.At
		*p.breached = &at
		c.note(Entry{At: wire.At(now), What: Breached, Deadline: p.Deadline, Words: overdueWords(p.Breach)})
		fresh = append(fresh, p.Breach)
	}
	return fresh
}

func overdueWords(b Breach) string {
	words := fmt.Sprintf("not done by %s", b.At.Format(time.RFC3339))
	if b.Round > 1 {
		words += fmt.Sprintf(", round %d", b.Round)
	}
	return words
}

// Due is the next moment at which Breach would write something; false where none is left.
func (c Case) Due() (time.Time, bool) {
	return earliest(c.promises(), func(p promise) bool { return *p.breached == nil })
}

// Pending is the earliest deadline whose work is not done, breached or not; false where all is done.
func (c Case) Pending() (time.Time, bool) {
	return earliest(c.promises(), func(promise) bool { return true })
}

func earliest(list []promise, counts func(promise) bool) (at time.Time, found bool) {
	for _, p := range list {
		if p.done == nil && counts(p) && (!found || p.At.Before(at)) {
			at, found = p.At.Time, true
		}
	}
	return at, found
}

// Remaining is the time left until the earliest deadline whose work is not done, and its name;
// below zero where it is overdue, and "" where all is done.
func (c Case) Remaining(now time.Time) (time.Duration, Deadline) {
	at, found := c.Pending()
	if !found {
		return 0, ""
	}
	for _, p := range c.promises() {
		if p.done == nil && p.At.Equal(at) {
			return at.Sub(now), p.Deadline
		}
	}
	return 0, ""
}

// Less orders a board: the greatest danger first, that is the least time remaining, and after those
// the cases with nothing left to do, newest first.
func Less(a, b Case, now time.Time) bool {
	left, waiting := a.Remaining(now)
	other, otherWaiting := b.Remaining(now)
	switch {
	case waiting == "" && otherWaiting == "":
		return a.ID > b.ID
	case waiting == "" || otherWaiting == "":
		return otherWaiting == ""
	}
	return cmp.Or(cmp.Compare(left, other), cmp.Compare(a.ID, b.ID)) < 0
}
