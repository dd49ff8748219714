package board_test

import (
	"context"
	"fmt"
	"testing"

	"evalpad/cmd/inspector/internal/board"
	"evalpad/cmd/inspector/internal/integrity"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

// said is a bank whose evaluations are handed over one after the other.
type said struct {
	board.Ratings
	all []rates.Evaluation
}

func (s said) EachEvaluation(_ context.Context, _ rates.Period, one func(rates.Evaluation) error) error {
	for _, e := range s.all {
		if err := one(e); err != nil {
			return err
		}
	}
	return nil
}

func (s *said) serves(teller string, asked, notAsked int) {
	e := rates.Evaluation{Teller: teller, Business: "credit", Outcome: wire.Rated, Prompted: true, Scores: map[wire.Dimension]wire.Score{wire.Overall: 5}}
	for range asked {
		s.all = append(s.all, e)
	}
	for range notAsked {
		s.all = append(s.all, rates.Evaluation{Teller: teller, Business: "credit", Outcome: wire.NotPrompted})
	}
}

// TestIntegrityOverTheAPI: tellers come by their numbers, each with every rule; who asks four of five
// where the others ask nearly all is to be looked at for that and for nothing else; what came without a
// teller's name is nobody's.
func TestIntegrityOverTheAPI(t *testing.T) {
	bank := &said{}
	bank.serves("t99", 160, 40)
	for i := range 9 {
		bank.serves(fmt.Sprintf("t%02d", i+1), 190+i, 10-i)
	}
	bank.serves("", 50, 50)
	api := board.New(board.Options{Ratings: bank, Changes: func() (<-chan struct{}, func()) { return nil, func() {} }})
	var got board.Integrity
	get(t, api, "/api/v1/integrity", 200, &got)
	if len(got.Tellers) != 10 || got.Tellers[0].Teller != "t01" || got.Tellers[9].Teller != "t99" {
		t.Fatalf("tellers: %+v", got.Tellers)
	}
	for _, teller := range got.Tellers {
		if len(teller.Findings) != len(integrity.Rules) {
			t.Errorf("%s has %d findings, want one of each rule", teller.Teller, len(teller.Findings))
		}
		for _, f := range teller.Findings {
			if unusual := teller.Teller == "t99" && f.Rule == "coverage"; (f.Verdict == integrity.Look) != unusual {
				t.Errorf("%s, %s: %s (%d of %d, chance %g)", teller.Teller, f.Rule, f.Verdict, f.Count, f.Of, f.P)
			}
		}
	}
	var trouble board.Trouble
	get(t, api, "/api/v1/integrity?from=yesterday", 400, &trouble)
}
