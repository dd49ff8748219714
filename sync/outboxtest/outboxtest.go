// Package outboxtest opens outboxes for tests and checks after each that nothing in them broke.
package outboxtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// Key, Place and Stamp are those of the box whose outbox Open opens.
var (
	Key   = seal.KeyFromSeed([32]byte{7})
	Place = wire.Place{Region: "r11", Branch: "b0731", Device: "pad-0731-03"}
)

// Stamp tells the wall clock and says that it is set. In a synctest bubble that is the bubble's.
func Stamp() wire.Stamp {
	wall := wire.At(time.Now())
	return wire.Stamp{Boot: "b7e2", UptimeMS: wall.UnixMilli() % 1e12, Wall: &wall, Clock: wire.ClockSet}
}

// Options are those of the outbox that Open opens: 1 MiB, Key, Place and Stamp.
func Options() outbox.Options {
	return outbox.Options{Key: Key, Place: Place, Max: 1 << 20, Stamp: Stamp}
}

// Dir is a folder of the test, in memory where the machine has a place for that: a test of rules
// need not wait for a disk. Syncing, killing and allocating work there as on a disk.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "outboxtest-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Open opens a new outbox in a folder of the test. When the test ends it is closed if the test has
// not done so, and its file must pass Check and Verify.
func Open(t testing.TB) *outbox.Outbox {
	t.Helper()
	return OpenAt(t, filepath.Join(Dir(t), "outbox.db"), Options())
}

// OpenAt is Open for a file that the test has chosen, which may be there already.
func OpenAt(t testing.TB, path string, o outbox.Options) *outbox.Outbox {
	t.Helper()
	b, err := outbox.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		MustBeSound(t, path, o.Key)
	})
	return b
}

// MustBeSound checks the pages of a closed outbox and verifies its chain.
func MustBeSound(t testing.TB, path string, key seal.Key) {
	t.Helper()
	if err := outbox.Check(path); err != nil {
		t.Error(err)
	}
	r, err := outbox.Verify(path, key.Public())
	if err != nil {
		t.Error(err)
	}
	for _, f := range r.Faults {
		t.Errorf("verify %s: %s", path, f)
	}
}

// Evaluation is a draft of one finished evaluation, of the size that a full one has. A score of 2 or
// less in attitude makes it dissatisfied.
func Evaluation(t testing.TB, id string, attitude wire.Score) wire.Draft {
	return draft(t, wire.KindEvaluation, evaluation(id, attitude))
}

// Alert is the draft of the alert that goes with a dissatisfied evaluation.
func Alert(t testing.TB, id string) wire.Draft {
	return draft(t, wire.KindAlert, wire.Alert{Evaluation: evaluation(id, 1)})
}

func draft(t testing.TB, k wire.Kind, data any) wire.Draft {
	t.Helper()
	d, err := wire.NewDraft(k, *Stamp().Wall, "counter/c03", data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func evaluation(id string, attitude wire.Score) wire.Evaluation {
	return wire.Evaluation{
		Evaluation: id, Counter: "c03", Business: "credit", Teller: "1203",
		Outcome: wire.Rated, Prompted: true, PromptBy: "caller keypad",
		Scores:       map[wire.Dimension]wire.Score{wire.Attitude: attitude, wire.Efficiency: 4, wire.Compliance: 5},
		Dissatisfied: attitude.Dissatisfied(), Reasons: []string{}, Flags: []string{}, UI: "keys",
		Pressed: Stamp(), LatencyMS: 2140,
	}
}

// AlwaysFull is an outbox that has no room: every Commit is refused with outbox.ErrFull.
type AlwaysFull struct{}

// Commit refuses.
func (AlwaysFull) Commit(context.Context, outbox.Change) ([]outbox.Letter, error) {
	return nil, fmt.Errorf("commit: %w", outbox.ErrFull)
}
