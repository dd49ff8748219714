package ledger_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

var (
	// nine is when most stories begin.
	nine  = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	place = wire.Place{Region: "r11", Branch: "b0731", Device: "pad-0731-03"}
)

const epoch = wire.Epoch("9f3c2a7e51d0b846")

// open opens a ledger that is closed with the test.
func open(t testing.TB, path string, o ledger.Options) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// fresh is a new ledger of its own.
func fresh(t testing.TB) *ledger.Ledger {
	return open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{})
}

// box seals records as a box does.
type box struct {
	t     testing.TB
	place wire.Place
	key   seal.Key
	epoch wire.Epoch
	seq   uint64
	head  wire.Hash
}

func newBox(t testing.TB) *box {
	return &box{t: t, place: place, key: seal.KeyFromSeed([32]byte{1}), epoch: epoch}
}

// says seals the next record, as it arrives at received.
func (b *box) says(k wire.Kind, data any, received time.Time) ledger.Arrival {
	b.t.Helper()
	draft, err := wire.NewDraft(k, wire.At(received), "counter/c03", data)
	if err != nil {
		b.t.Fatal(err)
	}
	body, err := draft.Body(b.place, b.epoch, b.seq+1, b.head, b.key.KID())
	if err != nil {
		b.t.Fatal(err)
	}
	line, hash := seal.Record(b.key, body)
	r, err := wire.ParseRecord(line)
	if err != nil {
		b.t.Fatal(err)
	}
	b.seq, b.head = b.seq+1, hash
	return ledger.Arrival{Record: r, Hash: hash, Standing: ledger.Unenrolled, Received: received, Rated: reckoned(received)}
}

// reckoned is a press half a second before its arrival.
func reckoned(received time.Time) casebook.Reckoning {
	return casebook.Reckoning{At: received.Add(-500 * time.Millisecond), Error: 40 * time.Millisecond, How: casebook.Anchored}
}

// plain are n records that nobody need look at.
func (b *box) plain(n int, received time.Time) []ledger.Arrival {
	list := make([]ledger.Arrival, n)
	for i := range list {
		list[i] = b.says(wire.KindEvaluation, rating(fmt.Sprintf("e-%d", b.seq+1), 5, 4, 5), received)
	}
	return list
}

// rating scores attitude, efficiency and compliance, as far as scores are given.
func rating(id string, scores ...wire.Score) wire.Evaluation {
	e := wire.Evaluation{
		Evaluation: id, Counter: "c03", Business: "credit", Teller: "t-17", Ticket: "A041", Outcome: wire.Rated,
		Prompted: true, Scores: map[wire.Dimension]wire.Score{}, Reasons: []string{}, Flags: []string{}, UI: "keys",
		Pressed: wire.Stamp{Boot: "boot-1", UptimeMS: 1000, Clock: wire.ClockUnset}, LatencyMS: 12,
	}
	for i, s := range scores {
		e.Scores[[]wire.Dimension{wire.Attitude, wire.Efficiency, wire.Compliance}[i]] = s
	}
	if len(scores) == 0 {
		e.Outcome = wire.NotRated
	}
	e.Dissatisfied = e.IsDissatisfied()
	return e
}

func alert(e wire.Evaluation) wire.Alert { return wire.Alert{Evaluation: e} }

// take takes arrivals and returns their fates.
func take(t testing.TB, l *ledger.Ledger, arrivals ...ledger.Arrival) []ledger.Fate {
	t.Helper()
	fates, err := l.Take(t.Context(), arrivals)
	if err != nil {
		t.Fatal(err)
	}
	return fates
}

func held(t testing.TB, l *ledger.Ledger) ledger.Holding {
	t.Helper()
	h, err := l.Held(t.Context(), place.Device, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func cases(t testing.TB, l *ledger.Ledger) []casebook.Case {
	t.Helper()
	list, err := l.Cases(t.Context(), ledger.Filter{All: true})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// theCase is the only case that there must be.
func theCase(t testing.TB, l *ledger.Ledger) casebook.Case {
	t.Helper()
	list := cases(t, l)
	if len(list) != 1 {
		t.Fatalf("got %d cases, want 1", len(list))
	}
	return list[0]
}

// incidents counts the open incidents by kind.
func incidents(t testing.TB, l *ledger.Ledger) map[string]int64 {
	t.Helper()
	list, err := l.Incidents(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, i := range list {
		counts[i.Kind] += i.Count
	}
	return counts
}

func wantIncidents(t testing.TB, l *ledger.Ledger, want map[string]int64) {
	t.Helper()
	if got := incidents(t, l); !maps.Equal(got, want) {
		t.Errorf("incidents: got %v, want %v", got, want)
	}
}

func wantFates(t testing.TB, got []ledger.Fate, want ...ledger.Fate) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("fates: got %v, want %v", got, want)
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// count counts by SQL, past the ledger.
func count(t testing.TB, path, from string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("select count(*) from " + from).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func execute(t testing.TB, path, text string) {
	t.Helper()
	if err := tryExecute(t, path, text); err != nil {
		t.Fatal(err)
	}
}

func tryExecute(t testing.TB, path, text string) error {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(text)
	return err
}
