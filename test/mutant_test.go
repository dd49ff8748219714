package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"evalpad/test/trial"
)

// mutant is a bug planted in the source to see whether the test that hunts it turns red. The source
// itself stays as it is: the compiler is handed another text for one file.
type mutant struct {
	name     string // as trial.Trial's Planted names it
	file     string // from the top of the repository
	old, new string // old stands in the file exactly once
	pkg      string // of the test that must fail, as ./sync/outbox
	run      string // the test, as TestName or TestName/case
	quick    bool   // planted in make test too; the others in make soak only
}

// mutants are all of them; each harness keeps its own beside it.
var mutants = slices.Concat(killMutants, powerMutants, clockMutants, networkMutants, simMutants, lifeMutants, padMutants, counterMutants, qrMutants, hqMutants, integrityMutants)

// TestMutantsStand: a bug that can no longer be planted is noticed at once, and not in the next soak.
func TestMutantsStand(t *testing.T) {
	for _, m := range slices.Concat(mutants, systemMutants) {
		if _, err := m.mutated(); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

// TestMutants plants each bug in turn. A test that stays green with its bug in place hunts nothing.
func TestMutants(t *testing.T) {
	var due []mutant
	for _, m := range mutants {
		if m.quick || trial.Soak() {
			due = append(due, m)
		}
	}
	plantAll(t, due)
}

func plantAll(t *testing.T, due []mutant) {
	for _, m := range due {
		t.Run(m.name, func(t *testing.T) {
			out, err := m.plant(t)
			red := err != nil && strings.Contains(out, "--- FAIL: "+m.run)
			trial.ReportRed(t, m.name, red)
			if !red {
				t.Errorf("%s stays green in %s with %q in %s: %v\n%s", m.run, m.pkg, m.new, m.file, err, tail(out, 2000))
			}
		})
	}
}

// plant runs the mutant's test on the mutated source. GOFLAGS carries the overlay on to what the test
// itself builds.
func (m mutant) plant(t *testing.T) (out string, err error) {
	t.Helper()
	text, err := m.mutated()
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(filepath.Join("..", m.file))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{path: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, mutated, text)
	writeFile(t, overlay, string(replace))
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-timeout=5m", "-run", "^"+strings.ReplaceAll(m.run, "/", "$/^")+"$", m.pkg)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOFLAGS=-overlay="+overlay, "EVALPAD_TRIALS=", "EVALPAD_SOAK=", "EVALPAD_MUTANT="+m.name)
	said, err := cmd.CombinedOutput()
	return string(said), err
}

// mutated is the source with the bug in it.
func (m mutant) mutated() (string, error) {
	source, err := os.ReadFile(filepath.Join("..", m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		return "", fmt.Errorf("%s holds %q %d times, want once: the mutant has been outgrown", m.file, m.old, n)
	}
	return strings.Replace(string(source), m.old, m.new, 1), nil
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
