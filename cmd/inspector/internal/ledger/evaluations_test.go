package ledger_test

import (
	"path/filepath"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

// found is what is said to a customer with the code of an evaluation: its id, and how far its case is.
func found(t *testing.T, l *ledger.Ledger, evaluation string) (all []string) {
	t.Helper()
	list, err := l.ByCode(t.Context(), wire.Code(evaluation))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Code != wire.Code(evaluation) || f.Counter != "c03" || f.RatedAt.IsZero() {
			t.Errorf("found %+v", f)
		}
		all = append(all, f.Device+" "+f.Evaluation.Evaluation+" "+string(f.State))
	}
	return all
}

// TestCodeFindsItsEvaluation, and nobody else's: a satisfied customer's too, an alert's whose
// evaluation has not come, and one's that was amended under the code that the customer has seen.
func TestCodeFindsItsEvaluation(t *testing.T) {
	l, b := fresh(t), newBox(t)
	amends := rating("e-4", 1)
	amends.Amends = "e-3"
	take(t, l,
		b.says(wire.KindEvaluation, rating("e-1", 5), nine), b.says(wire.KindAlert, alert(rating("e-2", 1)), nine),
		b.says(wire.KindEvaluation, rating("e-3", 2), nine), b.says(wire.KindEvaluation, amends, nine))
	for evaluation, want := range map[string][]string{
		"e-1": {"pad-0731-03 e-1 "}, "e-2": {"pad-0731-03 e-2 open"}, "e-3": {"pad-0731-03 e-3 open"}, "e-4": nil, "e-5": nil,
	} {
		if diff := gocmp.Diff(want, found(t, l, evaluation)); diff != "" {
			t.Errorf("code of %s (-want +got):\n%s", evaluation, diff)
		}
	}
	other := newBox(t)
	other.place.Device = "pad-0731-04"
	take(t, l, other.says(wire.KindEvaluation, rating("e-1", 1), nine))
	if diff := gocmp.Diff([]string{"pad-0731-03 e-1 ", "pad-0731-04 e-1 open"}, found(t, l, "e-1")); diff != "" {
		t.Errorf("two evaluations of one code (-want +got):\n%s", diff)
	}
}

func TestCasesByCode(t *testing.T) {
	l, b := fresh(t), newBox(t)
	take(t, l, b.says(wire.KindAlert, alert(rating("e-1", 1)), nine), b.says(wire.KindAlert, alert(rating("e-2", 1)), nine))
	list, err := l.Cases(t.Context(), ledger.Filter{All: true, Code: wire.Code("e-2")})
	if err != nil || len(list) != 1 || list[0].Evaluation != "e-2" {
		t.Errorf("cases %+v, %v: want that of e-2", list, err)
	}
}

// TestOlderRowsAreFilled: a ledger of the version before has codes and tallies after it is opened.
func TestOlderRowsAreFilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, b := open(t, path, ledger.Options{}), newBox(t)
	amends := rating("e-2", 1)
	amends.Amends = "e-1"
	tally := b.says(wire.KindEvent, wire.Event{Event: wire.EventTally, Tally: map[string]int{"unmapped-key": 3}}, nine)
	take(t, l, tally, b.says(wire.KindEvaluation, rating("e-1", 4), nine), b.says(wire.KindEvaluation, amends, nine), b.says(wire.KindAlert, alert(rating("e-3", 2)), nine))
	execute(t, path, `update evaluations set code = ''; update cases set code = ''; delete from tallies; delete from counters where name = 'tallies-filled'`)
	if got := found(t, l, "e-1"); got != nil {
		t.Fatalf("found %v without a code", got)
	}
	l = open(t, path, ledger.Options{})
	for evaluation, want := range map[string][]string{"e-1": {"pad-0731-03 e-1 open"}, "e-2": nil, "e-3": {"pad-0731-03 e-3 open"}} {
		if diff := gocmp.Diff(want, found(t, l, evaluation)); diff != "" {
			t.Errorf("code of %s (-want +got):\n%s", evaluation, diff)
		}
	}
	want := []rates.Tally{{Device: place.Device, Region: place.Region, Branch: place.Branch, At: wire.At(nine.Add(-500 * time.Millisecond)), Refused: map[string]int{"unmapped-key": 3}}}
	for range 2 {
		got, err := l.Tallies(t.Context(), rates.Period{From: wire.At(nine.Add(-time.Hour)), To: wire.At(nine)})
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("tallies (-want +got): %v\n%s", err, diff)
		}
		l = open(t, path, ledger.Options{}) // filled once
	}
}

// TestEachEvaluationIsWhole: one of which a record lies in the period comes with all of its records.
func TestEachEvaluationIsWhole(t *testing.T) {
	l, b := fresh(t), newBox(t)
	late := rating("e-2", 1)
	late.Amends = "e-1"
	take(t, l, b.says(wire.KindEvaluation, rating("e-1", 5), nine), b.says(wire.KindEvaluation, late, nine.Add(time.Minute)), b.says(wire.KindEvaluation, rating("e-3", 3), nine.Add(time.Hour)))
	var got []rates.Evaluation
	p := rates.Period{From: wire.At(nine.Add(30 * time.Second)), To: wire.At(nine.Add(2 * time.Minute))}
	if err := l.EachEvaluation(t.Context(), p, func(e rates.Evaluation) error { got = append(got, e); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Evaluation != "e-1" || got[0].Records != 2 || got[0].Scores[wire.Attitude] != 1 || !got[0].RatedAt.Equal(nine.Add(-500*time.Millisecond)) {
		t.Errorf("got %+v, want e-1 of two records", got)
	}
}

// TestFlagsOfEarlierRecords: a case that is opened late tells of a fork and of an unconfirmed key before.
func TestFlagsOfEarlierRecords(t *testing.T) {
	l, b := fresh(t), newBox(t)
	first, worse := rating("e-1", 4), rating("e-2", 1)
	first.Flags, worse.Amends = []string{wire.FlagHammered}, "e-1"
	a := b.says(wire.KindEvaluation, first, nine)
	a.Standing = ledger.Unconfirmed
	take(t, l, a, b.says(wire.KindEvaluation, worse, nine))
	if diff := gocmp.Diff([]string{wire.FlagHammered, casebook.FlagKeyUnconfirmed}, set(theCase(t, l).Flags)); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
}
