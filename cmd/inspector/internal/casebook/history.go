package casebook

import (
	"errors"
	"fmt"
	"slices"

	"evalpad/sync/wire"
)

// What is what happened to a case.
type What string

// What can happen to a case. Amended, confirmed and breached are headquarters' own doing; the
// others name a person.
const (
	Opened    What = "opened"
	Amended   What = "amended"   // another record of the same evaluation: the worst scores count
	Confirmed What = "confirmed" // a person has confirmed the key that it was sealed with
	Breached  What = "breached"
	Assigned  What = "assigned"
	Started   What = "started"
	PlanFiled What = "plan-filed"
	Finished  What = "done"
	Verified  What = "verified"
	Closed    What = "closed"
	Reopened  What = "reopened"
)

// Entry is one line of a case's history. Lines are only ever added.
type Entry struct {
	At       wire.Instant `json:"at"`
	By       string       `json:"by,omitempty"`
	What     What         `json:"what"`
	Words    string       `json:"words,omitempty"`
	Step     string       `json:"step,omitempty"`     // the first step, where an investigation started
	Plan     *Plan        `json:"plan,omitempty"`     // where a plan was filed
	Deadline Deadline     `json:"deadline,omitempty"` // where one was breached
}

func (c *Case) note(e Entry) { c.History = append(c.History, e) }

// last finds the latest line of one kind.
func (c Case) last(w What) (Entry, bool) {
	for _, e := range slices.Backward(c.History) {
		if e.What == w {
			return e, true
		}
	}
	return Entry{}, false
}

// Plan is the plan that was filed last, or nil.
func (c Case) Plan() *Plan {
	e, _ := c.last(PlanFiled)
	return e.Plan
}

// Promise is what a case froze when it opened. Two promises compare with ==.
type Promise struct {
	ID, Evaluation, Device                               string
	RatedAt, ReceivedAt                                  wire.Instant
	InvestigateBy, PlanBy, DeskInvestigateBy, DeskPlanBy wire.Instant
}

// Promise returns what nobody may change.
func (c Case) Promise() Promise {
	return Promise{
		c.ID, c.Evaluation, c.Device, c.RatedAt, c.ReceivedAt,
		c.InvestigateBy, c.PlanBy, c.DeskInvestigateBy, c.DeskPlanBy,
	}
}

// Follows says what forbids c to take the place of before: a promise that moved, a breach that
// went or changed, a history that lost a line. Storage asks before it writes.
func (c Case) Follows(before Case) error {
	if c.Promise() != before.Promise() {
		return errors.New("what was frozen at its opening has moved")
	}
	if len(c.History) < len(before.History) || len(c.Rounds) < len(before.Rounds) {
		return errors.New("a line of its history is gone")
	}
	now := c.promises()
	for i, was := range before.promises() {
		switch {
		case !now[i].At.Equal(was.At.Time):
			return fmt.Errorf("%s of round %d has moved", was.Deadline, was.Round)
		case *was.breached != nil && (*now[i].breached == nil || **now[i].breached != **was.breached):
			return fmt.Errorf("the breach of %s is gone or another", was.Deadline)
		}
	}
	return nil
}
