// Package trial is what the tests of faults share: how often a fault is tried, from which seeds, and
// the row that each leaves in firmware-notes/faults.md.
package trial

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Trial is one fault and what came of it. A test that could not lose anything leaves no row.
type Trial struct {
	Fault      string        `json:"fault"`      // as "power cut, later writes torn"
	Injected   string        `json:"injected"`   // how, as "FUSE log replayed up to a flush"
	Tried      int           `json:"tried"`      // times
	Lost       int           `json:"lost"`       // thanked and not there; anything but 0 has failed the test
	Duplicated int           `json:"duplicated"` // counted more than once; the same holds
	Recovery   time.Duration `json:"recovery"`   // the longest until all was well again; 0: nothing to recover
	Planted    string        `json:"planted"`    // the mutant, of test/mutants.go, that turns this test red
}

// Red says that a planted bug was seen to turn its test red, or not.
type Red struct {
	Mutant string `json:"mutant"`
	Red    bool   `json:"red"`
}

// Line is one line of the file that EVALPAD_TRIALS names: a Trial or a Red.
type Line struct {
	Trial *Trial `json:"trial,omitempty"`
	Red   *Red   `json:"red,omitempty"`
}

// Report notes a trial for the table, and in the test's own log.
func Report(t testing.TB, r Trial) {
	t.Helper()
	t.Logf("%s (%s): tried %d, lost %d, duplicated %d, recovered within %s",
		r.Fault, r.Injected, r.Tried, r.Lost, r.Duplicated, r.Recovery.Round(time.Millisecond))
	if r.Lost != 0 || r.Duplicated != 0 {
		t.Errorf("%s: lost %d, duplicated %d: want none", r.Fault, r.Lost, r.Duplicated)
	}
	note(t, Line{Trial: &r})
}

// ReportRed notes whether a planted bug was found.
func ReportRed(t testing.TB, mutant string, red bool) {
	t.Helper()
	note(t, Line{Red: &Red{mutant, red}})
}

// note appends a line; without EVALPAD_TRIALS a single test is being run by hand.
func note(t testing.TB, l Line) {
	t.Helper()
	path := os.Getenv("EVALPAD_TRIALS")
	if path == "" {
		return
	}
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600) // test binaries run side by side: one write a line
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(text, '\n')); err != nil {
		t.Fatal(err)
	}
}

// Soak reports whether this is make soak: long and random.
func Soak() bool { return os.Getenv("EVALPAD_SOAK") != "" }

// Times is how often something is tried: in make test, and in make soak.
func Times(test, soak int) int {
	if Soak() {
		return soak
	}
	return test
}

// Seeds are 1 to n-1 and one that nobody has chosen, which the log shows; or EVALPAD_SEED alone, to
// play one history again:
//
//	EVALPAD_SEED=17 go test -run TestName ./package
func Seeds(t testing.TB, n int) []uint64 {
	t.Helper()
	if text := os.Getenv("EVALPAD_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(fmt.Errorf("EVALPAD_SEED: %w", err))
		}
		return []uint64{seed}
	}
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = uint64(i + 1)
	}
	seeds[n-1] = rand.Uint64()
	t.Logf("random seed %d: play it again with EVALPAD_SEED=%d", seeds[n-1], seeds[n-1])
	return seeds
}
