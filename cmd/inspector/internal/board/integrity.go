package board

import (
	"maps"
	"net/http"
	"slices"

	"evalpad/cmd/inspector/internal/integrity"
	"evalpad/cmd/inspector/internal/rates"
)

// Integrity is the answer to GET /api/v1/integrity: what is unusual about a teller within a period, as
// numbers for a person who decides.
type Integrity struct {
	rates.Period
	Tellers []Teller `json:"tellers"`
}

// Teller is one line of it: the counts, and one finding a rule.
type Teller struct {
	integrity.Tally
	Findings []integrity.Finding `json:"findings"`
}

// desk names a teller at one kind of business: with each they are compared with others who do the same.
type desk struct{ teller, business string }

func (b *board) integrity(w http.ResponseWriter, r *http.Request) {
	period, err := b.periodOf(r)
	if err != nil {
		b.answer(w, nil, err)
		return
	}
	tallies := map[desk]integrity.Tally{}
	err = b.Ratings.EachEvaluation(r.Context(), period, func(e rates.Evaluation) error {
		if e.Teller != "" {
			at := desk{e.Teller, e.Business}
			t := tallies[at]
			t.Teller, t.Business = e.Teller, e.Business
			t.Add(e)
			tallies[at] = t
		}
		return nil
	})
	b.answer(w, Integrity{period, tellers(tallies)}, err)
}

// tellers are in the order of their numbers, not of what is found: the list is no ranking.
func tellers(tallies map[desk]integrity.Tally) []Teller {
	bank := slices.SortedFunc(maps.Values(tallies), integrity.ByTeller)
	lines := []Teller{}
	for i, findings := range integrity.Findings(bank) {
		lines = append(lines, Teller{bank[i], findings})
	}
	return lines
}
