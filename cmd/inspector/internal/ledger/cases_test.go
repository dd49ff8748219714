package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

func poll(t testing.TB, l *ledger.Ledger, now time.Time) []casebook.Case {
	t.Helper()
	changed, err := l.Poll(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// TestTwoHours lives through them: after 1 h 59 min 59.999 s nothing, a millisecond later a breach,
// once.
func TestTwoHours(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	synctest.Test(t, func(t *testing.T) {
		l, err := ledger.Open(t.Context(), path, ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		pressed := time.Now()
		said := newBox(t).says(wire.KindAlert, alert(rating("e-1", 2)), pressed)
		said.Rated = casebook.Reckoning{At: pressed, Error: 40 * time.Millisecond, How: casebook.Anchored}
		take(t, l, said)

		time.Sleep(2*time.Hour - time.Millisecond)
		if changed := poll(t, l, time.Now()); len(changed) != 0 {
			t.Fatalf("a millisecond early: %s", asJSON(t, changed))
		}
		time.Sleep(time.Millisecond)
		changed := poll(t, l, time.Now())
		if len(changed) != 1 || changed[0].InvestigateBreachedAt == nil || changed[0].PlanBreachedAt != nil {
			t.Fatalf("at two hours: %s", asJSON(t, changed))
		}
		if !changed[0].InvestigateBreachedAt.Equal(pressed.Add(2 * time.Hour).Truncate(time.Millisecond)) {
			t.Errorf("breached at %v", changed[0].InvestigateBreachedAt)
		}
		for range 3 {
			time.Sleep(time.Second)
			if again := poll(t, l, time.Now()); len(again) != 0 {
				t.Fatalf("again: %s", asJSON(t, again))
			}
		}
	})
}

// TestLateArrival: overdue for the customer from the first moment, not for the desk.
func TestLateArrival(t *testing.T) {
	l := fresh(t)
	said := newBox(t).says(wire.KindAlert, alert(rating("e-1", 2)), nine)
	said.Rated = casebook.Reckoning{At: nine.Add(-3 * time.Hour), Error: time.Second, How: casebook.Anchored}
	take(t, l, said)
	c := theCase(t, l)
	if !c.Late || c.InvestigateBreachedAt == nil || c.DeskInvestigateBreachedAt != nil || c.PlanBreachedAt != nil {
		t.Fatalf("on arrival: %s", asJSON(t, c))
	}
	if changed := poll(t, l, nine.Add(2*time.Hour-time.Millisecond)); len(changed) != 0 {
		t.Errorf("before the desk's deadline: %s", asJSON(t, changed))
	}
	changed := poll(t, l, nine.Add(2*time.Hour))
	if len(changed) != 1 || changed[0].DeskInvestigateBreachedAt == nil {
		t.Errorf("at the desk's deadline: %s", asJSON(t, changed))
	}
}

// TestOneCaseInAnyOrder: alert, evaluation and amendment of one evaluation make one case, with the
// worst scores, whichever comes first.
func TestOneCaseInAnyOrder(t *testing.T) {
	b := newBox(t)
	first, second := rating("e-1", 5, 2), rating("e-2", 1, 4)
	second.Amends = "e-1"
	third := rating("e-3", 5, 5, 4)
	third.Amends = "e-1"
	all := []ledger.Arrival{
		b.says(wire.KindAlert, alert(first), nine), b.says(wire.KindEvaluation, first, nine),
		b.says(wire.KindAlert, alert(second), nine), b.says(wire.KindEvaluation, second, nine),
		b.says(wire.KindEvaluation, third, nine),
	}
	want := map[wire.Dimension]wire.Score{wire.Attitude: 1, wire.Efficiency: 2, wire.Compliance: 4}
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 3))
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		l := fresh(t)
		for _, a := range all {
			take(t, l, a)
		}
		c := theCase(t, l)
		if diff := cmp.Diff(want, c.Scores); diff != "" || c.Evaluation != "e-1" {
			t.Fatalf("seed %d, evaluation %s: scores (-want +got):\n%s", seed, c.Evaluation, diff)
		}
		if !c.InvestigateBy.Equal(nine.Add(2*time.Hour - 500*time.Millisecond)) {
			t.Fatalf("seed %d: the deadline moved to %v", seed, c.InvestigateBy)
		}
	}
}

func TestSatisfiedAndSilentOpenNothing(t *testing.T) {
	l, b := fresh(t), newBox(t)
	take(t, l, b.says(wire.KindEvaluation, rating("e-1", 3, 4, 5), nine), b.says(wire.KindEvaluation, rating("e-2"), nine))
	if got := cases(t, l); len(got) != 0 {
		t.Errorf("got %d cases", len(got))
	}
}

func TestChange(t *testing.T) {
	var told []string
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{Changed: func(changed []casebook.Case) {
		for _, c := range changed {
			told = append(told, fmt.Sprint(c.State, " ", len(c.History)))
		}
	}})
	take(t, l, newBox(t).says(wire.KindAlert, alert(rating("e-1", 2)), nine))
	id := theCase(t, l).ID
	start := func(step string) func(*casebook.Case) error {
		return func(c *casebook.Case) error { return c.Start("li.na", step, "", nine.Add(time.Hour)) }
	}
	_, err := l.Change(t.Context(), id, start(""))
	if _, ok := errors.AsType[*casebook.Refusal](err); !ok || !strings.HasSuffix(err.Error(), "start case "+id+": a first step is missing") {
		t.Errorf("got %v", err)
	}
	changed, err := l.Change(t.Context(), id, start(casebook.StepRecordingSecured))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(changed, theCase(t, l)); diff != "" || changed.State != casebook.StateInvestigating || len(changed.History) != 2 {
		t.Errorf("(-returned +kept):\n%s", diff)
	}
	if _, err := l.Change(t.Context(), "c-none", start("")); !errors.Is(err, ledger.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
	if want := []string{"open 1", "investigating 2"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// TestNothingPromisedIsTakenBack: neither a change nor SQL may move what is frozen or forget.
func TestNothingPromisedIsTakenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Options{})
	said := newBox(t).says(wire.KindAlert, alert(rating("e-1", 2)), nine)
	take(t, l, said)
	poll(t, l, nine.Add(3*time.Hour))
	want := theCase(t, l)
	for _, change := range []func(*casebook.Case){
		func(c *casebook.Case) { c.InvestigateBy = wire.At(nine.Add(9 * time.Hour)) },
		func(c *casebook.Case) { c.InvestigateBreachedAt = nil },
		func(c *casebook.Case) { c.History = c.History[:1] },
		func(c *casebook.Case) { *c.InvestigateBreachedAt = wire.At(nine) },
	} {
		if _, err := l.Change(t.Context(), want.ID, func(c *casebook.Case) error { change(c); return nil }); err == nil {
			t.Errorf("changed to %s", asJSON(t, theCase(t, l)))
		}
	}
	for _, text := range []string{
		`update case_history set entry = '{}'`, `delete from case_history`, `delete from cases`,
		`update cases set plan_by = plan_by + 1`, `update cases set rated_at = 0`,
	} {
		if err := tryExecute(t, path, text); err == nil || !strings.Contains(err.Error(), " never ") {
			t.Errorf("%s: got %v, want a refusal", text, err)
		}
	}
	if diff := cmp.Diff(want, theCase(t, l)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestManyDueAtOnce: more than one transaction's worth.
func TestManyDueAtOnce(t *testing.T) {
	l, b := fresh(t), newBox(t)
	var all []ledger.Arrival
	for i := range 300 {
		all = append(all, b.says(wire.KindAlert, alert(rating(fmt.Sprint("e-", i), 1)), nine))
	}
	take(t, l, all...)
	if changed := poll(t, l, nine.Add(2*time.Hour)); len(changed) != 300 {
		t.Errorf("got %d breached, want 300", len(changed))
	}
	if changed := poll(t, l, nine.Add(2*time.Hour)); len(changed) != 0 {
		t.Errorf("again: %d", len(changed))
	}
}

func TestCasesAreChosenAndOrdered(t *testing.T) {
	l, b := fresh(t), newBox(t)
	take(t, l,
		b.says(wire.KindAlert, alert(rating("later", 2)), nine.Add(time.Minute)),
		b.says(wire.KindAlert, alert(rating("sooner", 2)), nine),
		b.says(wire.KindAlert, alert(rating("closed", 2)), nine))
	b.place = wire.Place{Region: "r12", Branch: "b2", Device: "pad-2"}
	b.epoch, b.seq, b.head = "aaaaaaaaaaaaaaaa", 0, wire.Hash{}
	take(t, l, b.says(wire.KindAlert, alert(rating("elsewhere", 2)), nine.Add(time.Hour)))
	for _, c := range cases(t, l) {
		if c.Evaluation == "closed" {
			if _, err := l.Change(t.Context(), c.ID, func(c *casebook.Case) error {
				plan := casebook.Plan{Cause: "c", Text: "t", Owner: "o", Due: wire.At(nine)}
				return errors.Join(c.Start("li.na", casebook.StepTellerAsked, "", nine), c.FilePlan("li.na", plan, nine), c.Close("li.na", "", nine))
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		f    ledger.Filter
		want string
	}{
		{ledger.Filter{}, "sooner later elsewhere"},
		{ledger.Filter{All: true}, "sooner later elsewhere closed"},
		{ledger.Filter{State: casebook.StateClosed}, "closed"},
		{ledger.Filter{Region: "r11"}, "sooner later"},
		{ledger.Filter{Branch: "b2", Counter: "c03", Device: "pad-2"}, "elsewhere"},
		{ledger.Filter{Counter: "c99"}, ""},
		{ledger.Filter{Limit: 1}, "sooner"},
	} {
		list, err := l.Cases(t.Context(), tt.f)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range list {
			got = append(got, c.Evaluation)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%+v: got %v, want %s", tt.f, got, tt.want)
		}
	}
}

// TestUnconfirmedKeyOpensTenAnHour: a forger with a key of his own floods nobody; no customer is
// lost once a person has confirmed the key.
func TestUnconfirmedKeyOpensTenAnHour(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Options{})
	b := newBox(t)
	introduce(t, l, b.key.Public(), ledger.Unenrolled)
	b.key = seal.KeyFromSeed([32]byte{2})
	introduce(t, l, b.key.Public(), ledger.Unconfirmed)
	flood := func(n int, at time.Time) {
		for range n {
			e := rating(fmt.Sprint("e-", b.seq), 1)
			for _, a := range []ledger.Arrival{b.says(wire.KindAlert, alert(e), at), b.says(wire.KindEvaluation, e, at)} {
				a.Standing = ledger.Unconfirmed
				wantFates(t, take(t, l, a), ledger.Stored)
			}
		}
	}
	flood(13, nine)
	got := cases(t, l)
	if len(got) != 10 || !slices.Equal(got[0].Flags, []string{casebook.FlagKeyUnconfirmed}) {
		t.Fatalf("got %d cases, flags %v", len(got), got[0].Flags)
	}
	if n := count(t, path, "records where pending = 'held'"); n != 6 {
		t.Errorf("got %d records held back, want 6", n)
	}
	wantIncidents(t, l, map[string]int64{ledger.KeyUnconfirmed: 7})
	flood(1, nine.Add(time.Hour))
	if got := cases(t, l); len(got) != 11 {
		t.Errorf("an hour later: got %d cases, want 11", len(got))
	}
	if n := count(t, path, "evaluations"); n != 14 {
		t.Errorf("got %d evaluations, want all 14", n)
	}

	confirm := func(by string) error {
		return l.ConfirmKey(t.Context(), place.Device, b.key.KID(), by, nine.Add(3*time.Hour))
	}
	if _, ok := errors.AsType[*casebook.Refusal](confirm(" ")); !ok {
		t.Error("nobody confirmed a key")
	}
	for _, by := range []string{"wang.wei", "li.na"} { // the second changes nothing
		if err := confirm(by); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, path, "keys where confirmed_by = 'wang.wei'"); n != 1 {
		t.Error("the person who confirmed the key is forgotten")
	}
	got = cases(t, l)
	if len(got) != 14 {
		t.Errorf("after a person's word: got %d cases, want 14", len(got))
	}
	for _, c := range got {
		if len(c.Flags) != 0 || c.ReceivedAt.After(nine.Add(time.Hour)) {
			t.Errorf("case %s: flags %v, received %v", c.Evaluation, c.Flags, c.ReceivedAt)
		}
	}
	if n := count(t, path, "records where pending <> '' or unconfirmed"); n != 0 {
		t.Errorf("%d records still wait", n)
	}
	if n := count(t, path, "evaluations"); n != 14 {
		t.Errorf("got %d evaluations, want 14 still", n)
	}
}

func introduce(t testing.TB, l *ledger.Ledger, key wire.PublicKey, want ledger.KeyStanding) {
	t.Helper()
	for range 2 {
		if got, err := l.Introduce(t.Context(), place, key, nine); err != nil || got != want {
			t.Fatalf("introduced as %q, %v; want %q", got, err, want)
		}
	}
}

// TestManyHands: Take, Change, Poll and the readers at the same time.
func TestManyHands(t *testing.T) {
	l, b := fresh(t), newBox(t)
	var batches [][]ledger.Arrival
	for i := range 20 {
		batches = append(batches, append(b.plain(5, nine), b.says(wire.KindAlert, alert(rating(fmt.Sprint("a-", i), 1)), nine)))
	}
	var work sync.WaitGroup
	work.Go(func() {
		for _, batch := range batches {
			if _, err := l.Take(t.Context(), batch); err != nil {
				t.Error(err)
			}
		}
	})
	for range 2 {
		work.Go(func() {
			for range 5 {
				if _, err := l.Poll(t.Context(), nine.Add(2*time.Hour)); err != nil {
					t.Error(err)
				}
				list, err := l.Cases(t.Context(), ledger.Filter{})
				if err != nil {
					t.Error(err)
				}
				for _, c := range list {
					if _, err := l.Change(t.Context(), c.ID, func(c *casebook.Case) error { return c.Assign("li.na", "li.na", nine) }); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	work.Wait()
	poll(t, l, nine.Add(2*time.Hour))
	if got := cases(t, l); len(got) != 20 {
		t.Errorf("got %d cases, want 20", len(got))
	}
	if h := held(t, l); h.Through != 120 {
		t.Errorf("through %d, want 120", h.Through)
	}
}
