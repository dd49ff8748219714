// Package rates counts what customers said: how many of those who were asked answered, how many of
// those were dissatisfied, and how far such a share can be trusted.
//
// The package is pure. Records that amend one another are one evaluation, of which the worst counts;
// silence is in no numerator; and what was pressed without a prompt stands apart.
package rates

import (
	"cmp"
	"maps"
	"slices"

	"evalpad/sync/wire"
)

// Record is one evaluation record as the ledger keeps it. Records of one device with the same root are
// one evaluation.
type Record struct {
	Device, Root, Evaluation  string
	Region, Branch            string
	Counter, Business, Teller string
	Service                   string
	Outcome                   wire.Outcome
	Prompted                  bool
	Scores                    map[wire.Dimension]wire.Score
	Reasons, Flags            []string
	RatedAt, ReceivedAt       wire.Instant
}

// Evaluation is what one customer said, all records of it together.
type Evaluation struct {
	Evaluation string                        `json:"evaluation"`       // the first one's id
	Source     string                        `json:"source,omitempty"` // SourcePhone, or "" of a pad's
	Device     string                        `json:"device"`
	Region     string                        `json:"region"`
	Branch     string                        `json:"branch"`
	Counter    string                        `json:"counter"`
	Business   string                        `json:"business"`
	Teller     string                        `json:"teller,omitempty"`
	Service    string                        `json:"service,omitempty"`
	Outcome    wire.Outcome                  `json:"outcome"`
	Prompted   bool                          `json:"prompted"`
	Scores     map[wire.Dimension]wire.Score `json:"scores"` // the worst of each dimension
	Reasons    []string                      `json:"reasons"`
	Flags      []string                      `json:"flags"`
	RatedAt    wire.Instant                  `json:"rated_at"` // of the first
	ReceivedAt wire.Instant                  `json:"received_at"`
	Records    int                           `json:"records"`
}

// SourcePhone is of what a customer said on their own phone, by a pad's code. No device vouches for it.
const SourcePhone = "qr"

// Join makes one evaluation of its records, of which there is at least one. Their order changes
// nothing.
func Join(records []Record) Evaluation {
	first := slices.MinFunc(records, func(a, b Record) int {
		return cmp.Or(a.RatedAt.Compare(b.RatedAt.Time), cmp.Compare(a.Evaluation, b.Evaluation))
	})
	e := Evaluation{
		Evaluation: first.Root, Device: first.Device, Region: first.Region, Branch: first.Branch,
		Counter: first.Counter, Business: first.Business, Teller: first.Teller, Service: first.Service,
		Outcome: first.Outcome, Scores: map[wire.Dimension]wire.Score{},
		RatedAt: first.RatedAt, ReceivedAt: first.ReceivedAt, Records: len(records),
	}
	reasons, flags := map[string]bool{}, map[string]bool{}
	for _, r := range records {
		e.add(r)
		note(reasons, r.Reasons)
		note(flags, r.Flags)
	}
	e.Reasons, e.Flags = sorted(reasons), sorted(flags)
	return e
}

// add takes in one record: the worst score, and the outcome that says most.
func (e *Evaluation) add(r Record) {
	for d, s := range r.Scores {
		if had, scored := e.Scores[d]; !scored || s < had {
			e.Scores[d] = s
		}
	}
	if slices.Index(telling, r.Outcome) > slices.Index(telling, e.Outcome) {
		e.Outcome = r.Outcome
	}
	e.Prompted = e.Prompted || r.Prompted
	if r.ReceivedAt.Before(e.ReceivedAt.Time) {
		e.ReceivedAt = r.ReceivedAt
	}
}

// telling are the outcomes, the one that says most last.
var telling = []wire.Outcome{wire.NotPrompted, wire.NotRated, wire.Partial, wire.Rated}

func note(in map[string]bool, words []string) {
	for _, w := range words {
		in[w] = true
	}
}

func sorted(in map[string]bool) []string { return append([]string{}, slices.Sorted(maps.Keys(in))...) }

// IsRated reports whether the customer gave a score.
func (e Evaluation) IsRated() bool { return len(e.Scores) > 0 }

// IsDissatisfied reports whether any dimension was scored 2 or less.
func (e Evaluation) IsDissatisfied() bool {
	return wire.Evaluation{Scores: e.Scores}.IsDissatisfied()
}

// AtLeast reports whether every score that was asked for is at least so good. A question that met with
// silence has no score, so a partial evaluation never is.
func (e Evaluation) AtLeast(least wire.Score) bool {
	return e.Outcome == wire.Rated && e.IsRated() && slices.Min(slices.Collect(maps.Values(e.Scores))) >= least
}

// IsUnprompted reports whether the customer pressed though nobody had asked.
func (e Evaluation) IsUnprompted() bool { return !e.Prompted && e.Outcome != wire.NotPrompted }
