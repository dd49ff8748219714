package casebook

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"evalpad/sync/wire"
)

// First steps of an investigation. One is required: a key alone stops no clock.
const (
	StepTellerAsked      = "teller-asked"
	StepRecordingSecured = "recording-secured"
	StepCustomerCalled   = "customer-called"
	StepOther            = "other" // words say what
)

// maxWords bounds what one line of history holds, in characters.
const maxWords = 4000

// Plan is a rectification plan: what went wrong, what will be done, by whom and by when.
type Plan struct {
	Cause    string       `json:"cause"`
	Text     string       `json:"text"`
	Measures string       `json:"measures,omitempty"`
	Owner    string       `json:"owner"`
	Due      wire.Instant `json:"due"`
}

// Refusal is the error of a person's wish that the rules do not allow. It reads as a sentence.
type Refusal struct{ Wish, Case, Why string }

func (r *Refusal) Error() string { return r.Wish + " " + r.Case + ": " + r.Why }

func (c Case) refuse(wish, why string) error { return &Refusal{wish + " case", c.ID, why} }

// Assign names who works on the case. It stops no clock.
func (c *Case) Assign(by, assignee string, now time.Time) error {
	switch {
	case c.State == StateClosed:
		return c.refuse("assign", "it is closed")
	case !named(by) || !named(assignee):
		return c.refuse("assign", "a named person is missing")
	}
	c.Breach(now)
	c.Assignee = assignee
	c.note(Entry{At: wire.At(now), By: by, What: Assigned, Words: assignee})
	return nil
}

// Start begins the investigation, which stops the first clock. A named person and a first step are
// required; StepOther needs words.
func (c *Case) Start(by, step, words string, now time.Time) error {
	if err := c.mayStart(by, step, words); err != nil {
		return err
	}
	c.Breach(now)
	at := wire.At(now)
	started, _ := c.work()
	*started = &at
	c.State = StateInvestigating
	if c.Assignee == "" {
		c.Assignee = by
	}
	c.note(Entry{At: at, By: by, What: Started, Step: step, Words: words})
	return nil
}

func (c Case) mayStart(by, step, words string) error {
	switch {
	case c.State != StateOpen:
		return c.refuse("start", "its investigation has been started already, it is "+string(c.State))
	case !named(by):
		return c.refuse("start", "a named person is missing")
	case step == "":
		return c.refuse("start", "a first step is missing")
	case !slices.Contains([]string{StepTellerAsked, StepRecordingSecured, StepCustomerCalled, StepOther}, step):
		return c.refuse("start", fmt.Sprintf("first step %.40q: want teller-asked, recording-secured, customer-called or other", step))
	case step == StepOther && strings.TrimSpace(words) == "":
		return c.refuse("start", "the first step other needs words")
	}
	return c.readable("start", words)
}

// FilePlan files the rectification plan, which stops the second clock. A plan may be filed again
// while it is not yet carried out; the first filing counts for the clock.
func (c *Case) FilePlan(by string, p Plan, now time.Time) error {
	if err := c.mayPlan(by, p); err != nil {
		return err
	}
	c.Breach(now)
	at := wire.At(now)
	if _, filed := c.work(); *filed == nil {
		*filed = &at
	}
	c.State = StatePlanned
	c.note(Entry{At: at, By: by, What: PlanFiled, Plan: &p})
	return nil
}

func (c Case) mayPlan(by string, p Plan) error {
	switch {
	case c.State == StateOpen:
		return c.refuse("plan", "its investigation has not been started")
	case c.State != StateInvestigating && c.State != StatePlanned:
		return c.refuse("plan", "it is "+string(c.State)+" already")
	case !named(by):
		return c.refuse("plan", "a named person is missing")
	case strings.TrimSpace(p.Cause) == "":
		return c.refuse("plan", "a cause is missing")
	case strings.TrimSpace(p.Text) == "":
		return c.refuse("plan", "what will be done is missing")
	case !named(p.Owner):
		return c.refuse("plan", "an owner is missing")
	case p.Due.IsZero():
		return c.refuse("plan", "a due date is missing")
	}
	return c.readable("plan", p.Cause+p.Text+p.Measures)
}

// Finish says that the plan has been carried out.
func (c *Case) Finish(by, words string, now time.Time) error {
	if c.State != StatePlanned {
		return c.refuse("finish", "it is "+string(c.State)+", want planned")
	}
	return c.advance("finish", StateDone, Entry{At: wire.At(now), By: by, What: Finished, Words: words})
}

// Verify says that somebody has looked whether the plan was carried out: not the one who said so.
func (c *Case) Verify(by, words string, now time.Time) error {
	if c.State != StateDone {
		return c.refuse("verify", "it is "+string(c.State)+", want done")
	}
	if e, _ := c.last(Finished); e.By == by {
		return c.refuse("verify", by+" carried it out, another person is needed")
	}
	return c.advance("verify", StateVerified, Entry{At: wire.At(now), By: by, What: Verified, Words: words})
}

// Close ends the case. A plan must have been filed.
func (c *Case) Close(by, words string, now time.Time) error {
	switch c.State {
	case StateClosed:
		return c.refuse("close", "it is closed already")
	case StateOpen:
		return c.refuse("close", "its investigation has not been started")
	case StateInvestigating:
		return c.refuse("close", "no plan has been filed")
	}
	return c.advance("close", StateClosed, Entry{At: wire.At(now), By: by, What: Closed, Words: words})
}

// Reopen begins a new round with deadlines of its own. Those of the rounds before stay as they are.
func (c *Case) Reopen(by, words string, clocks Clocks, now time.Time) error {
	if c.State != StateClosed {
		return c.refuse("reopen", "it is "+string(c.State)+", want closed")
	}
	if strings.TrimSpace(words) == "" {
		return c.refuse("reopen", "the reason is missing")
	}
	at := wire.At(now)
	if err := c.advance("reopen", StateOpen, Entry{At: at, By: by, What: Reopened, Words: words}); err != nil {
		return err
	}
	c.Rounds = append(c.Rounds, Round{
		OpenedAt: at, By: by, Words: words,
		InvestigateBy: wire.At(at.Add(clocks.InvestigateWithin)), PlanBy: wire.At(at.Add(clocks.PlanWithin)),
	})
	return nil
}

// advance moves the case on where a person is named and the words can be kept.
func (c *Case) advance(wish string, to State, e Entry) error {
	if !named(e.By) {
		return c.refuse(wish, "a named person is missing")
	}
	if err := c.readable(wish, e.Words); err != nil {
		return err
	}
	c.State = to
	c.note(e)
	return nil
}

// work is where the current round writes that it was started and that its plan was filed.
func (c *Case) work() (started, filed **wire.Instant) {
	if n := len(c.Rounds); n > 0 {
		return &c.Rounds[n-1].InvestigationStartedAt, &c.Rounds[n-1].PlanFiledAt
	}
	return &c.InvestigationStartedAt, &c.PlanFiledAt
}

func named(person string) bool {
	return strings.TrimSpace(person) != "" && utf8.RuneCountInString(person) <= 64
}

func (c Case) readable(wish, words string) error {
	if n := utf8.RuneCountInString(words); n > maxWords {
		return c.refuse(wish, fmt.Sprintf("%d characters of words, want at most %d", n, maxWords))
	}
	return nil
}
