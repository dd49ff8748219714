package integrity_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/integrity"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

// TestTally: what counts for a teller, and what never does: a child at the idle pad, a phone elsewhere.
func TestTally(t *testing.T) {
	of := func(score wire.Score) map[wire.Dimension]wire.Score {
		return map[wire.Dimension]wire.Score{wire.Overall: score}
	}
	got := integrity.Tally{Teller: "t-17", Business: "credit"}
	for _, e := range []rates.Evaluation{
		{Prompted: true, Outcome: wire.Rated, Scores: of(5)},
		{Prompted: true, Outcome: wire.Rated, Scores: of(2)},
		{Prompted: true, Outcome: wire.Rated, Scores: of(5), Flags: []string{wire.FlagTooFast}},
		{Prompted: true, Outcome: wire.Rated, Scores: of(5), Flags: []string{wire.FlagSelfPress, wire.FlagTooFast}},
		{Prompted: true, Outcome: wire.NotRated},
		{Outcome: wire.NotPrompted},
		{Outcome: wire.Rated, Scores: of(1), Flags: []string{wire.FlagUnprompted, wire.FlagHammered}},
		{Outcome: wire.Rated, Scores: of(4), Flags: []string{wire.FlagUnprompted}},
		{Source: rates.SourcePhone, Outcome: wire.Rated, Scores: of(1)},
	} {
		got.Add(e)
	}
	want := integrity.Tally{
		Teller: "t-17", Business: "credit", Transactions: 6, Prompted: 5, Rated: 4, Dissatisfied: 1, OneFinger: 2, Unprompted: 2, Hammered: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
