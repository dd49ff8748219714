package wire

import "fmt"

// Dimension is what one score is about.
type Dimension string

// The dimensions that the bank asks, and the one of a pad that can ask only once.
const (
	Overall    Dimension = "overall"
	Attitude   Dimension = "attitude"
	Efficiency Dimension = "efficiency"
	Compliance Dimension = "compliance"
)

// Known reports whether d is one of the four dimensions.
func (d Dimension) Known() bool {
	switch d {
	case Overall, Attitude, Efficiency, Compliance:
		return true
	}
	return false
}

// Score is a customer's mark: 1 very dissatisfied to 5 very satisfied.
type Score int

// Valid reports whether s is 1 to 5.
func (s Score) Valid() bool { return s >= 1 && s <= 5 }

// Dissatisfied reports whether s opens an investigation: 1 or 2.
func (s Score) Dissatisfied() bool { return s.Valid() && s <= 2 }

// Outcome is how an evaluation ended.
type Outcome string

// The outcomes. Silence is not-rated, never satisfied; a half-answered evaluation is partial and
// what was pressed counts.
const (
	Rated       Outcome = "rated"
	Partial     Outcome = "partial"
	NotRated    Outcome = "not-rated"
	NotPrompted Outcome = "not-prompted"
)

// Flags that the box sets on an evaluation. Nothing is dropped for a flag.
const (
	FlagUnprompted = "unprompted" // pressed without a prompt
	FlagRestart    = "restart"    // was open when the agent or the power went
	FlagPadLost    = "pad-lost"   // was open when the pad went
	FlagReprompted = "reprompted" // was open when the next prompt came
	FlagCancelled  = "cancelled"  // was open when the teller took the prompt back

	FlagConflict    = "conflict"     // amends: another key right after the first
	FlagCorrectedUp = "corrected-up" // amends: a better score than the first, which stands
	FlagHammered    = "hammered"     // many presses in a row at an idle pad
	FlagTicketAgain = "ticket-again" // the ticket has been rated before
	FlagTooFast     = "too-fast"     // within a second of the prompt
	FlagBurst       = "burst"        // more evaluations in ten minutes than a counter serves customers
	FlagSelfPress   = "self-press"   // ten satisfied ones in a row, too fast or too even for ten customers
)

// ClockState says whether the box's wall clock is known to be set.
type ClockState string

// The states of a wall clock.
const (
	ClockSet   ClockState = "set"
	ClockUnset ClockState = "unset"
)

// Stamp says when something happened, and how far to believe it. Uptime is exact within its boot;
// wall is evidence only.
type Stamp struct {
	Boot     string     `json:"boot"`
	UptimeMS int64      `json:"uptime_ms"`
	Wall     *Instant   `json:"wall,omitempty"`
	Clock    ClockState `json:"clock"`
	ErrorMS  *int64     `json:"error_ms,omitempty"`
}

// Evaluation is what a customer said, or that they said nothing: the data of an evaluation record.
type Evaluation struct {
	Evaluation   string              `json:"evaluation"`
	Counter      string              `json:"counter"`
	Business     string              `json:"business"`
	Teller       string              `json:"teller,omitempty"`
	Ticket       string              `json:"ticket,omitempty"`
	Outcome      Outcome             `json:"outcome"`
	Prompted     bool                `json:"prompted"`
	PromptBy     string              `json:"prompt_by,omitempty"`
	Scores       map[Dimension]Score `json:"scores"`
	Dissatisfied bool                `json:"dissatisfied"`
	Reasons      []string            `json:"reasons"`
	Flags        []string            `json:"flags"`
	UI           string              `json:"ui"`
	Service      string              `json:"service,omitempty"`
	Pressed      Stamp               `json:"pressed"`
	LatencyMS    int64               `json:"latency_ms"`
	Amends       string              `json:"amends,omitempty"` // the evaluation of which this is a part; the worst score counts
	Joined       int                 `json:"joined,omitempty"` // presses that were joined to it and have no record of their own
}

// IsDissatisfied reports whether any dimension asked was scored 2 or less.
func (e Evaluation) IsDissatisfied() bool {
	for _, s := range e.Scores {
		if s.Dissatisfied() {
			return true
		}
	}
	return false
}

// Validate says what in the evaluation cannot be believed.
func (e Evaluation) Validate() error {
	switch e.Outcome {
	case Rated, Partial, NotRated, NotPrompted:
	default:
		return fmt.Errorf("outcome %.20q: want rated, partial, not-rated or not-prompted", e.Outcome)
	}
	for d, s := range e.Scores {
		if !d.Known() || !s.Valid() {
			return fmt.Errorf("score %.20q %d: want 1 to 5 for overall, attitude, efficiency or compliance", d, s)
		}
	}
	if e.Evaluation == "" || len(e.Evaluation) > 64 {
		return fmt.Errorf("evaluation id %.70q: want 1 to 64 characters", e.Evaluation)
	}
	if !ValidLevel(e.Counter) {
		return fmt.Errorf("counter %.50q: want 1 to 40 of a-z, 0-9 and hyphen", e.Counter)
	}
	if e.Dissatisfied != e.IsDissatisfied() {
		return fmt.Errorf("dissatisfied %t does not follow from the scores %v", e.Dissatisfied, e.Scores)
	}
	return nil
}

// Alert is the data of an alert record: the dissatisfied evaluation and the pad's own reckoning of
// both deadlines, left out while its clock is unset. Headquarters counts for itself.
type Alert struct {
	Evaluation
	InvestigateBy *Instant `json:"investigate_by,omitempty"`
	PlanBy        *Instant `json:"plan_by,omitempty"`
}
