package ledger_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	boxalert "evalpad/agent/alert"
	"evalpad/agent/evaluation"
	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

// counterRules make amendments of every kind likely.
var counterRules = evaluation.Rules{
	Ask: []wire.Dimension{wire.Attitude, wire.Efficiency}, Window: 30 * time.Second, First: 30 * time.Second, Thanks: 3 * time.Second, UI: "keys",
	LockOut: 5 * time.Second, Hammer: evaluation.Hammer{Presses: 3, Within: 10 * time.Second, Pause: 30 * time.Second},
	Reasons: []string{"attitude", "waiting"},
}

// counterDay is what a counter makes of customers, children and corrections: its finished evaluations.
func counterDay(t *rapid.T) (finished []wire.Evaluation) {
	s := evaluation.State{Rules: counterRules}
	if rapid.Bool().Draw(t, "one question") {
		s.Rules.Ask = []wire.Dimension{wire.Overall}
	}
	ms := int64(1000)
	for n := range rapid.IntRange(5, 40).Draw(t, "events") {
		ms += rapid.SampledFrom([]int64{300, 900, 2500, 9000, 40_000}).Draw(t, "after")
		h := evaluation.Heard{At: wire.Stamp{Boot: "boot-1", UptimeMS: ms, Clock: wire.ClockUnset}, Signal: fmt.Sprint(n)}
		id := fmt.Sprintf("E%d", n)
		var e evaluation.Event
		switch rapid.SampledFrom([]string{"press", "press", "press", "press", "prompt", "why", "elapsed", "unasked"}).Draw(t, "event") {
		case "press":
			e = evaluation.Pressed{Heard: h, ID: id, UI: "keys", Score: wire.Score(rapid.IntRange(1, 5).Draw(t, "score"))}
		case "prompt":
			e = evaluation.Prompted{Heard: h, ID: id, By: "teller"}
		case "why":
			e = evaluation.Reasoned{Heard: h, ID: id, Codes: rapid.SampledFrom([][]string{{"waiting"}, {"attitude", "waiting"}}).Draw(t, "codes")}
		case "unasked":
			e = evaluation.Unasked{Heard: h, ID: id, By: "desk", Ticket: id}
		default:
			e = evaluation.Elapsed{At: h.At}
		}
		var effects []evaluation.Effect
		s, effects = evaluation.Next(s, e)
		for _, effect := range effects {
			if f, ok := effect.(evaluation.Finish); ok {
				f.Evaluation.Counter, f.Evaluation.Business = "c03", "credit"
				finished = append(finished, f.Evaluation)
			}
		}
	}
	return finished
}

// pressedAt is when headquarters reckons that a stamp was.
func pressedAt(at wire.Stamp) time.Time {
	return nine.Add(time.Duration(at.UptimeMS) * time.Millisecond)
}

// sealed are the records of evaluations, each alert before its own, as a box commits them.
func (b *box) sealed(finished []wire.Evaluation) (all []ledger.Arrival) {
	for _, e := range finished {
		rated := casebook.Reckoning{At: pressedAt(e.Pressed), Error: 40 * time.Millisecond, How: casebook.Anchored}
		if a, raised := boxalert.For(e, boxalert.Promise); raised {
			all = append(all, b.says(wire.KindAlert, a, nine.Add(time.Hour)))
			all[len(all)-1].Rated = rated
		}
		all = append(all, b.says(wire.KindEvaluation, e, nine.Add(time.Hour)))
		all[len(all)-1].Rated = rated
	}
	return all
}

// said is what must become of one evaluation, whatever came first.
type said struct {
	Scores         map[wire.Dimension]wire.Score
	Reasons, Flags []string
	InvestigateBy  time.Time
}

// wantCases reckons by hand which cases there must be: the model.
func wantCases(finished []wire.Evaluation) map[string]said {
	all := map[string]said{}
	for _, e := range finished {
		root := cmp.Or(e.Amends, e.Evaluation)
		s := all[root]
		if s.Scores == nil {
			s.Scores = map[wire.Dimension]wire.Score{}
		}
		for d, score := range e.Scores {
			if had, there := s.Scores[d]; !there || score < had {
				s.Scores[d] = score
			}
		}
		s.Reasons, s.Flags = append(s.Reasons, e.Reasons...), append(s.Flags, e.Flags...)
		if by := pressedAt(e.Pressed).Add(2 * time.Hour); e.IsDissatisfied() && (s.InvestigateBy.IsZero() || by.Before(s.InvestigateBy)) {
			s.InvestigateBy = by
		}
		all[root] = s
	}
	for root, s := range all {
		s.Reasons, s.Flags = set(s.Reasons), set(s.Flags)
		if all[root] = s; s.InvestigateBy.IsZero() {
			delete(all, root)
		}
	}
	return all
}

func set(words []string) []string {
	return append([]string{}, slices.Compact(slices.Sorted(slices.Values(words)))...)
}

func gotCases(t testing.TB, l *ledger.Ledger) map[string]said {
	all := map[string]said{}
	for _, c := range cases(t, l) {
		all[c.Evaluation] = said{c.Scores, set(c.Reasons), set(c.Flags), c.InvestigateBy.Time}
	}
	return all
}

// joined hands over a counter's evaluations past every ledger.
func joined(finished []wire.Evaluation) eachEvaluation {
	records := map[string][]rates.Record{}
	for _, e := range finished {
		root := cmp.Or(e.Amends, e.Evaluation)
		records[root] = append(records[root], rates.Record{
			Device: place.Device, Root: root, Evaluation: e.Evaluation, Counter: e.Counter, Outcome: e.Outcome, Prompted: e.Prompted,
			Scores: e.Scores, Reasons: e.Reasons, Flags: e.Flags, RatedAt: wire.At(pressedAt(e.Pressed)),
		})
	}
	return func(_ context.Context, _ rates.Period, one func(rates.Evaluation) error) (err error) {
		for _, same := range records {
			err = errors.Join(err, one(rates.Join(same)))
		}
		return err
	}
}

type eachEvaluation func(context.Context, rates.Period, func(rates.Evaluation) error) error

// wholeDay is the report of the day, one line.
func wholeDay(t testing.TB, each eachEvaluation) rates.Line {
	t.Helper()
	p := rates.Period{From: wire.At(nine), To: wire.At(nine.Add(24 * time.Hour))}
	sheet, err := rates.NewSheet(p, "bank")
	if err != nil {
		t.Fatal(err)
	}
	if err := each(t.Context(), p, func(e rates.Evaluation) error { sheet.Add(e); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, line := range sheet.Lines() {
		return line
	}
	return rates.Line{}
}

// TestAmendmentsInAnyOrder: whatever the order in which the records of a counter's day arrive, some of
// them twice, into a ledger that is put back to an older copy meanwhile, and whoever closes cases in
// between: the same cases with the same deadlines, and the same rates.
func TestAmendmentsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		finished := counterDay(rt)
		b := newBox(t)
		all := b.sealed(finished)
		order := make([]int, len(all)) // numbers, which a failure can print
		for i := range order {
			order[i] = i
		}
		order = rapid.Permutation(order).Draw(rt, "order")
		if len(all) > 0 {
			order = append(order, rapid.SliceOf(rapid.IntRange(0, len(all)-1)).Draw(rt, "again")...)
		}
		var arrivals []ledger.Arrival
		for _, i := range order {
			arrivals = append(arrivals, all[i])
		}
		l := comeIn(t, arrivals, rapid.IntRange(0, len(arrivals)).Draw(rt, "backup after"), rapid.IntRange(0, len(arrivals)).Draw(rt, "closed after"))

		want := wantCases(finished)
		if diff := gocmp.Diff(want, gotCases(t, l)); diff != "" {
			rt.Fatalf("cases (-model +ledger):\n%s", diff)
		}
		line := wholeDay(t, l.EachEvaluation)
		if diff := gocmp.Diff(asJSON(t, wholeDay(t, joined(finished))), asJSON(t, line)); diff != "" {
			rt.Fatalf("rates (-of what the counter finished +of the ledger):\n%s", diff)
		}
		if n := line.Dissatisfied + line.Unprompted.Dissatisfied; n != len(want) {
			rt.Fatalf("%d dissatisfied in the rates, and %d cases", n, len(want))
		}
	})
}

// comeIn takes arrivals one by one, closes what is open on the way, and goes on in a copy of the ledger
// as it was at some moment, to which all comes again.
func comeIn(t *testing.T, arrivals []ledger.Arrival, backup, closed int) *ledger.Ledger {
	t.Helper()
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "ledger.db"), filepath.Join(dir, "copy.db")
	l := open(t, path, ledger.Options{})
	for i, a := range arrivals {
		if i == closed {
			closeAll(t, l)
		}
		if i == backup {
			copyLedger(t, path, copied)
			l = open(t, copied, ledger.Options{})
		}
		a.Received = nine.Add(time.Hour + time.Duration(i)*time.Second)
		take(t, l, a)
	}
	for i, a := range arrivals {
		a.Received = nine.Add(2*time.Hour + time.Duration(i)*time.Second)
		take(t, l, a)
	}
	for _, c := range cases(t, l) {
		if e := c.History[len(c.History)-1]; c.State == casebook.StateClosed && e.What != casebook.Closed && e.What != casebook.Amended {
			t.Errorf("case %s is closed, and then %s", c.ID, e.What)
		}
		if slices.ContainsFunc(c.History, func(e casebook.Entry) bool { return e.What == casebook.Closed }) && c.State != casebook.StateClosed {
			t.Errorf("case %s was closed and is %s", c.ID, c.State)
		}
	}
	return l
}

func closeAll(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	at := nine.Add(time.Hour)
	for _, c := range cases(t, l) {
		if _, err := l.Change(t.Context(), c.ID, func(c *casebook.Case) error {
			return errors.Join(c.Start("li.na", casebook.StepTellerAsked, "", at),
				c.FilePlan("li.na", casebook.Plan{Cause: "c", Text: "t", Owner: "o", Due: wire.At(at)}, at), c.Close("li.na", "", at))
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// copyLedger copies the file with its write-ahead log, while nobody writes.
func copyLedger(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		in, err := os.Open(from + suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		out, err := os.Create(to + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(out, in); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCorrectedUpMovesNothing: a better score after a bad one is in the case's history and nowhere else.
func TestCorrectedUpMovesNothing(t *testing.T) {
	l, b := fresh(t), newBox(t)
	first := rating("e-1", 2, 5)
	up := rating("e-2", 5)
	up.Amends, up.Flags = "e-1", []string{wire.FlagConflict, wire.FlagCorrectedUp}
	take(t, l, b.says(wire.KindAlert, wire.Alert{Evaluation: first}, nine), b.says(wire.KindEvaluation, first, nine))
	before := theCase(t, l)
	take(t, l, b.says(wire.KindEvaluation, up, nine.Add(time.Second)))
	after := theCase(t, l)
	if before.Promise() != after.Promise() || after.State != casebook.StateOpen || !maps.Equal(before.Scores, after.Scores) {
		t.Errorf("corrected up: state %s, scores %v, promise moved %t", after.State, after.Scores, before.Promise() != after.Promise())
	}
	if !slices.Contains(after.Flags, wire.FlagCorrectedUp) {
		t.Errorf("flags %v do not tell of it", after.Flags)
	}
}

// TestReasonsReachTheCase, also those given before a worse press opened it.
func TestReasonsReachTheCase(t *testing.T) {
	l, b := fresh(t), newBox(t)
	first, why, worse := rating("e-1", 4, 4), rating("e-2", 4, 4), rating("e-3", 1)
	why.Amends, why.Reasons = "e-1", []string{"waiting"}
	worse.Amends, worse.Flags = "e-1", []string{wire.FlagConflict}
	after := rating("e-4", 1, 2)
	after.Amends, after.Reasons = "e-1", []string{"attitude"}
	for _, e := range []wire.Evaluation{first, why, worse, after} {
		take(t, l, b.says(wire.KindEvaluation, e, nine))
	}
	c := theCase(t, l)
	if c.Evaluation != "e-1" || !slices.Equal(set(c.Reasons), []string{"attitude", "waiting"}) || c.Scores[wire.Attitude] != 1 || c.Scores[wire.Efficiency] != 2 {
		t.Errorf("case of %s: reasons %v, scores %v", c.Evaluation, c.Reasons, c.Scores)
	}
}
