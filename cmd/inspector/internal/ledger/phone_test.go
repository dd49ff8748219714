package ledger_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

const transaction = "5e0c41d2a9b87f36"

var made = wire.Stamp{Boot: "boot-1", UptimeMS: 600_000, Clock: wire.ClockUnset}

// heard is a ledger to which the box has said where it stands.
func heard(t testing.TB, path string) *ledger.Ledger {
	t.Helper()
	l := open(t, path, ledger.Options{})
	key := seal.KeyFromSeed([32]byte{1})
	introduce(t, l, key.Public(), ledger.Unenrolled)
	if err := l.Report(t.Context(), ledger.Report{Place: place, State: wire.Ready, Status: wire.Status{Key: key.Public(), Boot: "boot-1"}, Live: true, At: nine}); err != nil {
		t.Fatal(err)
	}
	return l
}

func hall(t testing.TB) *ledger.Ledger { return heard(t, filepath.Join(t.TempDir(), "ledger.db")) }

// phone is what a customer says by phone at nine, of attitude, efficiency and compliance.
func phone(t testing.TB, id string, scores ...wire.Score) ledger.PhoneRating {
	t.Helper()
	key := seal.KeyFromSeed([32]byte{1})
	text, err := seal.SealToken(key, place.Device, "c03", id, made)
	if err != nil {
		t.Fatal(err)
	}
	token, err := seal.ReadToken(text)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.PhoneRating{
		Token: token, Key: ledger.DeviceKey{Device: place.Device, KID: key.KID(), Key: key.Public(), Standing: ledger.Unenrolled},
		GoodFor: 24 * time.Hour, Scores: rating(id, scores...).Scores, Reasons: []string{"waiting"}, Taken: nine,
		Idempotency: "request-1", BodyHash: "body-1",
	}
}

func TestPhoneOpensACaseWithClocksFromItsTaking(t *testing.T) {
	l := hall(t)
	if err := l.Phone(t.Context(), phone(t, transaction, 2, 4)); err != nil {
		t.Fatal(err)
	}
	c := theCase(t, l)
	if c.Source != casebook.SourceQR || c.Evaluation != transaction || c.Counter != "c03" || c.Branch != "b0731" || c.Region != "r11" || c.Business != "" {
		t.Errorf("opened %s", asJSON(t, c))
	}
	if !c.RatedAt.Equal(nine) || c.RatedAtErrorMS != 0 || c.Late || !c.InvestigateBy.Equal(nine.Add(2*time.Hour)) || !c.PlanBy.Equal(nine.Add(24*time.Hour)) ||
		!strings.Contains(c.History[0].Words, "(taken)") {
		t.Errorf("clocks %s", asJSON(t, c))
	}
	if diff := cmp.Diff([]string{"waiting"}, c.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

// TestPhoneAndPadAreOneEvaluation: in any order, whatever either has said, one case with the worst of both
// and whose work it was.
func TestPhoneAndPadAreOneEvaluation(t *testing.T) {
	for _, c := range []struct {
		name              string
		pad, phone, worst []wire.Score
	}{
		{"both low", []wire.Score{2, 2}, []wire.Score{1, 5}, []wire.Score{1, 2}},
		{"the phone low", []wire.Score{5, 3}, []wire.Score{1, 5}, []wire.Score{1, 3}},
		{"the pad low", []wire.Score{1, 5}, []wire.Score{5, 3}, []wire.Score{1, 3}},
		{"the pad silent", nil, []wire.Score{1, 2}, []wire.Score{1, 2}},
	} {
		for _, first := range []string{"phone", "alert", "evaluation"} {
			t.Run(c.name+", first the "+first, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "ledger.db")
				l, b := heard(t, path), newBox(t)
				said := rating(transaction, c.pad...)
				records := []ledger.Arrival{b.says(wire.KindEvaluation, said, nine)}
				if said.Dissatisfied {
					records = []ledger.Arrival{b.says(wire.KindAlert, alert(said), nine), b.says(wire.KindEvaluation, said, nine)}
				}
				if first == "evaluation" {
					slices.Reverse(records)
				}
				byPhone := func() {
					if err := l.Phone(t.Context(), phone(t, transaction, c.phone...)); err != nil {
						t.Fatal(err)
					}
				}
				if first == "phone" {
					byPhone()
				}
				take(t, l, records[0])
				if first != "phone" {
					byPhone()
				}
				take(t, l, records[1:]...)

				got := theCase(t, l)
				if diff := cmp.Diff(rating("", c.worst...).Scores, got.Scores); diff != "" {
					t.Errorf("scores (-want +got):\n%s", diff)
				}
				if got.Business != "credit" || got.Teller != "t-17" {
					t.Errorf("business %q, teller %q: the pad's own record has said them", got.Business, got.Teller)
				}
				if n, m := count(t, path, "phone_ratings"), count(t, path, "evaluations"); n != 1 || m != 1 {
					t.Errorf("%d by phone and %d by pad are kept, want one each", n, m)
				}
				if byPad := got.Source == casebook.SourcePad; byPad != slices.Contains(got.Flags, casebook.FlagQR) {
					t.Errorf("source %s, flags %v: a case from the pad says that its customer has rated by phone too", got.Source, got.Flags)
				}
			})
		}
	}
}

func TestSatisfiedByPhoneOpensNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := heard(t, path)
	if err := l.Phone(t.Context(), phone(t, transaction, 3, 5)); err != nil {
		t.Fatal(err)
	}
	if got := cases(t, l); len(got) != 0 {
		t.Errorf("opened %s", asJSON(t, got))
	}
	if n := count(t, path, "phone_ratings where source = 'qr' and ui = 'qr' and not dissatisfied"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

// TestPhoneStandsApartInReports: what was said by phone is handed over as such, with whose work it was, and
// leaves the pad's own as it is.
func TestPhoneStandsApartInReports(t *testing.T) {
	l, b := hall(t), newBox(t)
	if err := l.Phone(t.Context(), phone(t, transaction, 1, 5)); err != nil {
		t.Fatal(err)
	}
	take(t, l, b.says(wire.KindEvaluation, rating(transaction, 5, 5), nine))
	period := rates.Period{From: wire.At(nine.Add(-time.Minute)), To: wire.At(nine.Add(time.Minute))}
	sheet, err := rates.NewSheet(period, "teller")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.EachEvaluation(t.Context(), period, func(e rates.Evaluation) error { sheet.Add(e); return nil }); err != nil {
		t.Fatal(err)
	}
	lines := sheet.Lines()
	if len(lines) != 1 || lines[0].Teller != "t-17" {
		t.Fatalf("lines %+v, want the teller's", lines)
	}
	if got := lines[0]; got.Rated != 1 || got.Dissatisfied != 0 || got.Phone.Rated != 1 || got.Phone.Dissatisfied != 1 || got.Unprompted.Rated != 0 {
		t.Errorf("got %+v, want one satisfied at the pad and one dissatisfied by phone", got)
	}
	period.From = period.To
	period.To = wire.At(nine.Add(time.Hour))
	if err := l.EachEvaluation(t.Context(), period, func(e rates.Evaluation) error { t.Errorf("%+v is of another time", e); return nil }); err != nil {
		t.Fatal(err)
	}
}

// TestFiftyHandsAndOneCode races fifty requests for one transaction, each with a key of its own.
func TestFiftyHandsAndOneCode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := heard(t, path)
	var hands sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		p := phone(t, transaction, 1)
		p.Idempotency = fmt.Sprintf("request-%d", i)
		hands.Go(func() { errs[i] = l.Phone(t.Context(), p) })
	}
	hands.Wait()
	taken, refused := 0, 0
	for _, err := range errs {
		switch {
		case err == nil:
			taken++
		case errors.Is(err, ledger.ErrTaken):
			refused++
		default:
			t.Error(err)
		}
	}
	if taken != 1 || refused != 49 || count(t, path, "phone_ratings") != 1 {
		t.Errorf("%d taken, %d refused, want 1 and 49", taken, refused)
	}
	theCase(t, l)
}

// TestSameRequestAgain is a front end that has heard no answer.
func TestSameRequestAgain(t *testing.T) {
	l := hall(t)
	first := phone(t, transaction, 1)
	for range 3 {
		if err := l.Phone(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	late := first
	late.Taken, late.Made = nine.Add(48*time.Hour), casebook.Reckoning{At: nine.Add(-time.Minute)}
	if err := l.Phone(t.Context(), late); err != nil {
		t.Errorf("again when the code had become too old: %v", err)
	}
	if c := theCase(t, l); len(c.History) != 1 {
		t.Errorf("history %s", asJSON(t, c.History))
	}
	other := first
	other.BodyHash = "body-2"
	if err := l.Phone(t.Context(), other); !errors.Is(err, ledger.ErrKeyReused) {
		t.Errorf("another body under the same key: %v, want %v", err, ledger.ErrKeyReused)
	}
	next := phone(t, "0000000000000001", 5)
	if err := l.Phone(t.Context(), next); !errors.Is(err, ledger.ErrKeyReused) {
		t.Errorf("another transaction under the same key: %v, want %v", err, ledger.ErrKeyReused)
	}
}

// TestWhenACodeIsTooOld: by the boot's anchors, else by the pad's own record; never where nothing is known.
func TestWhenACodeIsTooOld(t *testing.T) {
	l := hall(t)
	ask := func() casebook.Reckoning {
		t.Helper()
		r, err := l.Made(t.Context(), place.Device, phone(t, transaction, 1).Token, nine)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := ask(); r != (casebook.Reckoning{}) {
		t.Errorf("a box that was never on the line: %+v, want nothing", r)
	}
	late := newBox(t).says(wire.KindEvaluation, rating(transaction), nine)
	late.Rated = casebook.Reckoning{At: nine.Add(-3 * time.Hour), Error: time.Minute}
	take(t, l, late)
	if r := ask(); !r.At.Equal(nine.Add(-3*time.Hour)) || r.Error != time.Minute {
		t.Errorf("by the pad's own record: %+v", r)
	}
	var a casebook.Anchors
	a.Heard(nine.Add(-2*time.Hour), 10*time.Minute)
	a.Arrived(nine.Add(-2*time.Hour+time.Second), 10*time.Minute)
	if err := l.KeepAnchors(t.Context(), place.Device, "boot-1", a); err != nil {
		t.Fatal(err)
	}
	if r := ask(); r.At.Sub(nine.Add(-2*time.Hour)).Abs() > time.Second || r.How != casebook.Anchored {
		t.Errorf("by the anchors of its boot: %+v", r)
	}

	p := phone(t, transaction, 1)
	for _, c := range []struct {
		name string
		made casebook.Reckoning
		want error
	}{
		{"a day and a millisecond and the grain", casebook.Reckoning{At: nine.Add(-24*time.Hour - time.Minute - time.Millisecond)}, ledger.ErrExpired},
		{"too old, or not", casebook.Reckoning{At: nine.Add(-25 * time.Hour), Error: time.Hour}, nil},
	} {
		p.Made = c.made
		if err := l.Phone(t.Context(), p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestPhoneUnderAnUnconfirmedKey: counted and marked, but no more cases than the pad itself could open.
func TestPhoneUnderAnUnconfirmedKey(t *testing.T) {
	l := hall(t)
	for i := range 11 {
		p := phone(t, fmt.Sprintf("%016x", i), 1)
		p.Key.Standing, p.Idempotency = ledger.Unconfirmed, fmt.Sprint(i)
		err := l.Phone(t.Context(), p)
		if want := i >= 10; errors.Is(err, ledger.ErrHeld) != want || err != nil && !want {
			t.Errorf("case %d: %v", i, err)
		}
	}
	for _, c := range cases(t, l) {
		if !slices.Contains(c.Flags, casebook.FlagKeyUnconfirmed) {
			t.Errorf("flags %v", c.Flags)
		}
	}
	if n := len(cases(t, l)); n != 10 {
		t.Errorf("%d cases, want 10", n)
	}
}

func TestWhatWasSaidByPhoneStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := heard(t, path)
	if err := l.Phone(t.Context(), phone(t, transaction, 1)); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"update phone_ratings set attitude = 5", "delete from phone_ratings"} {
		if err := tryExecute(t, path, text); err == nil {
			t.Errorf("%s was done", text)
		}
	}
}

func TestKeysBeginning(t *testing.T) {
	l := hall(t)
	key := seal.KeyFromSeed([32]byte{1})
	found, err := l.KeysBeginning(t.Context(), string(key.KID())[:8])
	want := []ledger.DeviceKey{{Device: place.Device, KID: key.KID(), Key: key.Public(), Standing: ledger.Unenrolled}}
	if diff := cmp.Diff(want, found); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if found, err := l.KeysBeginning(t.Context(), "00000000"); err != nil || len(found) != 0 {
		t.Errorf("another's: %v, %v", found, err)
	}
}

// TestPhoneOfABoxThatIsNowhere is refused: a case must have a branch.
func TestPhoneOfABoxThatIsNowhere(t *testing.T) {
	if err := fresh(t).Phone(t.Context(), phone(t, transaction, 1)); !errors.Is(err, ledger.ErrNoPlace) {
		t.Errorf("got %v, want %v", err, ledger.ErrNoPlace)
	}
}
