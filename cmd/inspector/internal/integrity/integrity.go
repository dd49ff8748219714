// Package integrity looks at what tellers' counters have sent over some weeks for what no row of
// customers does: customers who were not asked, dissatisfied ones who are missing, answers that were
// given by one finger. It compares each teller with the rest of the bank, by exact tests whose base
// rates are the bank's own, and says plainly where there is too little to tell.
//
// What it says is advice with numbers for a person who decides. It is never a verdict, and it drops
// and moves no rating.
package integrity

import (
	"cmp"
	"slices"

	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

// Tally is what is known of one teller over a number of days. An unprompted evaluation is in Unprompted
// alone.
type Tally struct {
	Teller       string `json:"teller"`
	Business     string `json:"business"`     // tellers are compared within their business
	Transactions int    `json:"transactions"` // by the queue's or the counter program's word, prompted or not
	Prompted     int    `json:"prompted"`
	Rated        int    `json:"rated"`        // of the prompted ones
	Dissatisfied int    `json:"dissatisfied"` // of the rated ones
	OneFinger    int    `json:"one_finger"`   // of the rated ones: flagged too-fast or self-press by the box
	Unprompted   int    `json:"unprompted"`
	Hammered     int    `json:"hammered"` // of the unprompted ones
}

// Add counts one evaluation, or one transaction whose customer was not asked. What was said by phone is
// left out: it was not given at the counter.
func (t *Tally) Add(e rates.Evaluation) {
	switch {
	case e.Source == rates.SourcePhone:
	case e.Prompted:
		t.Transactions++
		t.Prompted++
		t.Rated += one(e.IsRated())
		t.Dissatisfied += one(e.IsDissatisfied())
		t.OneFinger += one(e.IsRated() && (slices.Contains(e.Flags, wire.FlagTooFast) || slices.Contains(e.Flags, wire.FlagSelfPress)))
	case e.Outcome == wire.NotPrompted:
		t.Transactions++
	default:
		t.Unprompted++
		t.Hammered += one(slices.Contains(e.Flags, wire.FlagHammered))
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// ByTeller orders tallies by teller, then by business.
func ByTeller(t, u Tally) int {
	return cmp.Or(cmp.Compare(t.Teller, u.Teller), cmp.Compare(t.Business, u.Business))
}

// Plus is both tallies together: a teller's days become a month.
func (t Tally) Plus(u Tally) Tally {
	t.Transactions += u.Transactions
	t.Prompted += u.Prompted
	t.Rated += u.Rated
	t.Dissatisfied += u.Dissatisfied
	t.OneFinger += u.OneFinger
	t.Unprompted += u.Unprompted
	t.Hammered += u.Hammered
	return t
}

// Alpha is how seldom chance alone may do what is called unusual, a rule and a period. Four rules over
// every ten, thirty and ninety days of a year are 208 looks: 0.2 false flags a teller-year.
const Alpha = 0.001

// Verdict is what one rule has to say of one teller.
type Verdict string

// The verdicts. There is none that says that somebody has cheated.
const (
	Usual  Verdict = "usual"           // as the rest of the bank
	Look   Verdict = "look"            // chance alone does this less than once in a thousand: a person should look
	TooFew Verdict = "too-few-to-tell" // whatever had been counted, it would not be called unusual
)

// Finding is one rule's view of one teller.
type Finding struct {
	Rule    string  `json:"rule"`
	Count   int     `json:"count"`
	Of      int     `json:"of"`
	Base    Base    `json:"base"`  // of the teller's business
	P       float64 `json:"p"`     // how often chance alone gives a count this far out
	Power   float64 `json:"power"` // how often the rule would notice its Reference in this many
	Verdict Verdict `json:"verdict"`
}

// Findings looks at every teller of a bank over one period, in the order of the tallies, with one
// Finding a rule.
func Findings(bank []Tally) [][]Finding {
	found := make([][]Finding, len(bank))
	for _, r := range Rules {
		houses := map[string][]share{}
		for _, t := range bank {
			houses[t.Business] = append(houses[t.Business], r.count(t))
		}
		bases := map[string]Base{}
		for business, tellers := range houses {
			bases[business] = usual(tellers)
		}
		for i, t := range bank {
			found[i] = append(found[i], r.look(r.count(t), bases[t.Business]))
		}
	}
	return found
}
