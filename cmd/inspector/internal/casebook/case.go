// Package casebook holds headquarters' rules on a dissatisfied customer: a case, its clocks, who may
// do what to it and in which order, and the reckoning of when the customer pressed.
//
// The package is pure. Every rule is handed the time; nothing here reads a clock, a file or a
// network. Package ledger keeps what is decided here, and refuses in SQL what must never happen.
package casebook

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"evalpad/sync/wire"
)

// State is how far a case has come. It only goes forward; a closed case starts anew by a person's
// reopening, never by a record.
type State string

// The states, in their order.
const (
	StateOpen          State = "open"          // nobody has started
	StateInvestigating State = "investigating" // a named person has taken a first step
	StatePlanned       State = "planned"       // a rectification plan is filed
	StateDone          State = "done"          // the plan is carried out, says its owner
	StateVerified      State = "verified"      // somebody else has looked
	StateClosed        State = "closed"
)

// Where a case comes from. Survey, follow-up and hotline are sources of a later version.
const (
	SourcePad = "pad" // a box's sealed record
	SourceQR  = "qr"  // the customer's phone; the box vouches for the code, not for what was said
)

// Flags that headquarters adds to those of the box.
const (
	FlagKeyUnconfirmed = "key-unconfirmed" // sealed with a key that no person has confirmed yet
	FlagFork           = "fork"            // the box sent other bytes under the same number
	FlagQR             = "qr"              // the customer has rated by phone as well
)

// lateAfter is the lag, and the error of the reckoning, from which a case is marked.
const lateAfter = 15 * time.Minute

// Case is one dissatisfied evaluation and what headquarters made of it. Times are UTC to the
// millisecond. What Promise returns is frozen when the case opens.
type Case struct {
	ID         string                        `json:"id"` // sorts by arrival
	Evaluation string                        `json:"evaluation"`
	Source     string                        `json:"source"`
	Device     string                        `json:"device"`
	Region     string                        `json:"region"`
	Branch     string                        `json:"branch"`
	Counter    string                        `json:"counter"`
	Business   string                        `json:"business"`
	Teller     string                        `json:"teller,omitempty"`
	Scores     map[wire.Dimension]wire.Score `json:"scores"`
	Reasons    []string                      `json:"reasons"`
	Flags      []string                      `json:"flags"`
	State      State                         `json:"state"`
	Rounds     []Round                       `json:"rounds"` // one a reopening; the first round is the case itself

	RatedAt        wire.Instant `json:"rated_at"` // never after ReceivedAt
	RatedAtErrorMS int64        `json:"rated_at_error_ms"`
	ReceivedAt     wire.Instant `json:"received_at"`
	LagMS          int64        `json:"lag_ms"`
	Late           bool         `json:"late"`           // lag over 15 min
	TimeUncertain  bool         `json:"time_uncertain"` // error over 15 min

	InvestigateBy     wire.Instant `json:"investigate_by"` // the promise to the customer
	PlanBy            wire.Instant `json:"plan_by"`
	DeskInvestigateBy wire.Instant `json:"desk_investigate_by"` // what an inspector could keep
	DeskPlanBy        wire.Instant `json:"desk_plan_by"`

	InvestigationStartedAt *wire.Instant `json:"investigation_started_at,omitempty"`
	PlanFiledAt            *wire.Instant `json:"plan_filed_at,omitempty"`

	InvestigateBreachedAt     *wire.Instant `json:"investigate_breached_at,omitempty"`
	PlanBreachedAt            *wire.Instant `json:"plan_breached_at,omitempty"`
	DeskInvestigateBreachedAt *wire.Instant `json:"desk_investigate_breached_at,omitempty"`
	DeskPlanBreachedAt        *wire.Instant `json:"desk_plan_breached_at,omitempty"`

	Assignee string  `json:"assignee,omitempty"`
	History  []Entry `json:"history"`
}

// Round is what a reopening begins: the same work once more, with deadlines of its own.
type Round struct {
	OpenedAt               wire.Instant  `json:"opened_at"`
	By                     string        `json:"by"`
	Words                  string        `json:"words"`
	InvestigateBy          wire.Instant  `json:"investigate_by"`
	PlanBy                 wire.Instant  `json:"plan_by"`
	InvestigationStartedAt *wire.Instant `json:"investigation_started_at,omitempty"`
	PlanFiledAt            *wire.Instant `json:"plan_filed_at,omitempty"`
	InvestigateBreachedAt  *wire.Instant `json:"investigate_breached_at,omitempty"`
	PlanBreachedAt         *wire.Instant `json:"plan_breached_at,omitempty"`
}

// Open makes the case of a dissatisfied evaluation that arrived at received from place, pressed when
// r reckons. An amendment opens the case of the evaluation that it amends. Deadlines that have
// passed on the way are breached from the first moment.
//
// RatedAt stays the middle of what is known, because it is the best guess to show and to sort by.
// The deadlines count from it too, unless the reckoning is off by more than 15 minutes: then from
// the earliest bound, since a customer must not wait longer because our clock knows less.
func Open(e wire.Evaluation, place wire.Place, r Reckoning, received time.Time, clocks Clocks) Case {
	return OpenFrom(SourcePad, e, place, r, received, clocks)
}

// OpenFrom is Open for any source.
func OpenFrom(source string, e wire.Evaluation, place wire.Place, r Reckoning, received time.Time, clocks Clocks) Case {
	at := wire.At(received)
	r = r.Bounded(at.Time)
	rated := wire.At(r.At)
	lag := at.Sub(rated.Time)
	from := rated.Time
	if r.Error > lateAfter {
		from = rated.Add(-r.Error)
	}
	key := cmp.Or(e.Amends, e.Evaluation)
	c := Case{
		ID: caseID(place.Device, key, at), Evaluation: key, Source: source,
		Device: place.Device, Region: place.Region, Branch: place.Branch,
		Counter: e.Counter, Business: e.Business, Teller: e.Teller,
		Scores: maps.Clone(e.Scores), Reasons: listOf(e.Reasons), Flags: listOf(e.Flags),
		State: StateOpen, Rounds: []Round{},
		RatedAt: rated, RatedAtErrorMS: milliseconds(r.Error), ReceivedAt: at, LagMS: lag.Milliseconds(),
		Late: lag > lateAfter, TimeUncertain: r.Error > lateAfter,
		InvestigateBy: wire.At(from.Add(clocks.InvestigateWithin)), PlanBy: wire.At(from.Add(clocks.PlanWithin)),
		DeskInvestigateBy: wire.At(at.Add(clocks.InvestigateWithin)), DeskPlanBy: wire.At(at.Add(clocks.PlanWithin)),
	}
	c.note(Entry{At: at, What: Opened, Words: openingWords(c, r)})
	c.Breach(received)
	return c
}

func openingWords(c Case, r Reckoning) string {
	return fmt.Sprintf("rated %s ± %d ms (%s), received %d ms later; scores %s",
		c.RatedAt.Format(time.RFC3339), c.RatedAtErrorMS, r.How, c.LagMS, wordsOf(c.Scores))
}

// caseID is c-<arrival>-<hash>: it sorts by time, can be read out on the telephone, and the same
// arrival makes the same id whenever it is taken again.
func caseID(device, evaluation string, received wire.Instant) string {
	sum := sha256.Sum256([]byte(device + "\x00" + evaluation))
	return fmt.Sprintf("c-%s%03d-%x", received.Format("20060102150405"), received.Nanosecond()/1e6, sum[:4])
}

// milliseconds rounds up, so that a stated error is never smaller than the real one.
func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

// listOf copies and never returns nil: a list in JSON is [] and not null.
func listOf(s []string) []string { return append([]string{}, s...) }

// wordsOf writes scores in the order of their names, as attitude 2, efficiency 4.
func wordsOf(scores map[wire.Dimension]wire.Score) string {
	var list []string
	for _, d := range slices.Sorted(maps.Keys(scores)) {
		list = append(list, fmt.Sprintf("%s %d", d, scores[d]))
	}
	return strings.Join(list, ", ")
}
