package test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"evalpad/test/harness"
	"evalpad/test/trial"
)

// TestRestoredHeadquarters runs on after a backup, loses the ledger and starts again from the backup.
// The boxes' history fills the hole: every press once, every case once, no deadline moved.
func TestRestoredHeadquarters(t *testing.T) {
	t.Parallel()
	s := inTheClear(t)
	s.customers(0, 3, 0)
	s.awaitSettled()
	early := deadlinesIn(t, s.site)

	folder, backup := filepath.Join(s.site.Dir, "hq"), filepath.Join(s.site.Dir, "backup")
	s.stopOffice()
	copyFolder(t, folder, backup)
	s.office = s.site.Again(t, "inspector")
	for range trial.Times(25, 100) { // more than one resend brings back
		s.customers(0, 1, 2, 3)
	}
	s.awaitSettled()
	late := deadlinesIn(t, s.site)

	s.stopOffice()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, backup, folder)
	s.office = s.site.Again(t, "inspector")
	took := harness.Eventually(t, settleTime, "the ledger is whole again", func() bool {
		return len(evaluationsIn(t, s.site)) >= len(s.thanked) && casesIn(t, s.site) >= len(late)
	})
	s.awaitSettled()
	lost, duplicated := s.account()
	wantUnmoved(t, early, late, deadlinesIn(t, s.site))
	wantIncident(t, s.site, "ledger-behind")
	trial.Report(t, trial.Trial{
		Fault: "headquarters restored from an older backup", Injected: "its folder replaced by an earlier copy", Tried: 1,
		Lost: lost, Duplicated: duplicated, Recovery: took, Planted: "resend-ignored, ledger-keeps-duplicates",
	})
}

func (s *street) stopOffice() {
	s.t.Helper()
	if err := s.office.Stop(); err != nil {
		s.t.Fatal(err)
	}
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil { // modes too: a key that others may read is refused
		t.Fatalf("copy %s: %v\n%s", from, err, out)
	}
}

// deadline is when an investigation must have begun, and how well the time of its press is known.
type deadline struct {
	rated, investigate, plan time.Time
	within                   time.Duration
}

// deadlinesIn are those of every case, by evaluation.
func deadlinesIn(t *testing.T, site *harness.Site) map[string]deadline {
	t.Helper()
	found := map[string]deadline{}
	for _, c := range site.Cases(t) {
		ms, _ := c["rated_at_error_ms"].(float64)
		found[fmt.Sprint(c["evaluation"])] = deadline{
			rated: instant(t, c, "rated_at"), investigate: instant(t, c, "investigate_by"), plan: instant(t, c, "plan_by"),
			within: time.Duration(ms) * time.Millisecond,
		}
	}
	return found
}

// wantUnmoved: a case that the backup holds is as it was. One that had to come again is reckoned anew
// from the same press: within its stated error, and its deadlines to the millisecond from there.
func wantUnmoved(t *testing.T, early, late, now map[string]deadline) {
	t.Helper()
	if len(late) == 0 || len(now) != len(late) {
		t.Errorf("cases: got %d, want %d and more than none", len(now), len(late))
	}
	for evaluation, was := range maps.All(late) {
		is, there := now[evaluation]
		switch moved := is.rated.Sub(was.rated).Abs(); {
		case !there:
			t.Errorf("the case of %s is gone", evaluation)
		case early[evaluation] != (deadline{}) && is != early[evaluation]:
			t.Errorf("the case of %s was %+v in the backup and is %+v", evaluation, early[evaluation], is)
		case moved > was.within+is.within:
			t.Errorf("the press of %s has moved by %s, stated errors %s and %s", evaluation, moved, was.within, is.within)
		case is.investigate.Sub(is.rated) != 2*time.Hour || is.plan.Sub(is.rated) != 24*time.Hour:
			t.Errorf("the deadlines of %s are %+v, want 2 h and 24 h from the press", evaluation, is)
		}
	}
}

func wantIncident(t *testing.T, site *harness.Site, kind string) {
	t.Helper()
	db := openLedger(t, site)
	defer db.Close()
	var n int
	if err := db.QueryRow(`select count(*) from incidents where kind = ?`, kind).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != 1 {
		t.Errorf("incidents %s: got %d, want 1", kind, n)
	}
}
