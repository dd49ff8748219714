package integrity_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/integrity"
	"evalpad/test/trial"
)

// staff is who works at a synthetic bank: mostly honest people, since the base rates are the bank's own.
var staff = []struct {
	kind    kind
	tellers int
}{{honest, 100}, {child, 10}, {suppressing, 4}, {selfHasty, 4}, {selfAfter, 4}, {misdirects, 4}}

// cheats are the rules that could find each.
var cheats = []struct {
	kind kind
	rule string
}{
	{suppressing, "coverage"}, {suppressing, "missing-dissatisfied"},
	{selfHasty, "one-finger"}, {selfHasty, "answered"}, {selfHasty, "missing-dissatisfied"},
	{selfAfter, "answered"}, {selfAfter, "missing-dissatisfied"},
	{misdirects, "missing-dissatisfied"},
}

// periods are the looks that are taken, in opening days, of which a year has 250.
var periods = []int{10, 30, 90}

// look says what one rule said of one kind of teller over one period.
type look struct {
	kind kind
	rule string
	days int
}

// seen counts what was said.
type seen struct{ looks, flagged, tooFew int }

// branch is a synthetic bank's size: customers a counter and day, and the share that would say that they
// are dissatisfied.
type branch struct {
	customers    int
	dissatisfied float64
}

// TestPower prints what each rule finds in synthetic banks whose pads keep the box's own rules; all sizes
// of counters in make soak, and with -update into the documents. It fails where an honest teller is
// pointed at more than once a year, where a cheat that can be found is not, and where one that leaves no
// trace seems to be found.
func TestPower(t *testing.T) {
	branches := []branch{{6, 0.02}, {50, 0.02}}
	if trial.Soak() {
		branches = []branch{{6, 0.02}, {50, 0.02}, {100, 0.02}, {6, 0.005}, {50, 0.005}, {100, 0.005}}
	}
	table := &strings.Builder{}
	for _, b := range branches {
		all := map[look]seen{}
		for seed := range trial.Times(1, 3) {
			year(b, uint64(seed+1), all)
		}
		show(table, b, all)
		check(t, b, all)
	}
	t.Log("\n" + head + table.String())
	if *update {
		write(t, head+table.String())
	}
}

func check(t *testing.T, b branch, all map[look]seen) {
	t.Helper()
	if yearly := falseFlags(all); yearly > 1 {
		t.Errorf("%d customers a day: %.2f false flags a teller-year, want 1 at most", b.customers, yearly)
	}
	if s := all[look{selfHasty, "one-finger", 30}]; 10*s.flagged < 9*s.looks {
		t.Errorf("%d customers a day: one finger found in %s of the looks at thirty days, want nine in ten", b.customers, s)
	}
	for l, s := range all {
		if l.kind == misdirects && 4*s.flagged > s.looks {
			t.Errorf("%d customers a day: misdirection seems to be found by %s in %s: nothing in the presses can tell", b.customers, l.rule, s)
		}
	}
}

// year has a bank work for ninety days and looks at all its tellers.
func year(b branch, seed uint64, all map[look]seen) {
	var kinds []kind
	var days [][]integrity.Tally // by teller
	for _, s := range staff {
		for range s.tellers {
			t := newTeller(s.kind, b.dissatisfied, rand.New(rand.NewPCG(seed, uint64(len(kinds)))))
			worked := make([]integrity.Tally, periods[len(periods)-1])
			for d := range worked {
				worked[d] = t.work(b.customers)
			}
			kinds, days = append(kinds, s.kind), append(days, worked)
		}
	}
	for _, period := range periods {
		for from := 0; from+period <= len(days[0]); from += period {
			count(kinds, integrity.Findings(together(days, from, from+period)), period, all)
		}
	}
}

func together(days [][]integrity.Tally, from, to int) []integrity.Tally {
	bank := make([]integrity.Tally, len(days))
	for i, worked := range days {
		bank[i] = worked[from]
		for _, d := range worked[from+1 : to] {
			bank[i] = bank[i].Plus(d)
		}
	}
	return bank
}

func count(kinds []kind, findings [][]integrity.Finding, days int, all map[look]seen) {
	for i, k := range kinds {
		for _, f := range findings[i] {
			l := look{k, f.Rule, days}
			s := all[l]
			s.looks++
			switch f.Verdict {
			case integrity.Look:
				s.flagged++
			case integrity.TooFew:
				s.tooFew++
			}
			all[l] = s
		}
	}
}

// falseFlags is how often in a year a teller who does nothing wrong is pointed at.
func falseFlags(all map[look]seen) float64 {
	flagged, tellerYears := 0, 0.0
	for l, s := range all {
		if l.kind == honest || l.kind == child {
			flagged += s.flagged
			tellerYears += float64(s.looks*l.days) / 250 / float64(len(periods)*len(integrity.Rules))
		}
	}
	return float64(flagged) / tellerYears
}

const head = "| customers a day | dissatisfied | counter | rule | 10 days | 30 days | 90 days |\n|---|---|---|---|---|---|---|\n"

func show(w *strings.Builder, b branch, all map[look]seen) {
	for _, c := range cheats {
		fmt.Fprintf(w, "| %d | %.1f %% | %s | %s |", b.customers, 100*b.dissatisfied, c.kind, c.rule)
		for _, days := range periods {
			fmt.Fprintf(w, " %s |", all[look{c.kind, c.rule, days}])
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "| %d | %.1f %% | honest, child | all four | | | %.2f false flags a teller-year |\n", b.customers, 100*b.dissatisfied, falseFlags(all))
}

// page is where the table is kept.
const page = "../../../../firmware-notes/integrity.md"

var update = flag.Bool("update", false, "write the table into "+page)

func write(t *testing.T, table string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), "<!-- power: begin -->\n")
	_, after, ends := strings.Cut(rest, "<!-- power: end -->")
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", page)
	}
	when := time.Now().UTC().Format("2006-01-02") + ", " + runtime.Version() + ":\n\n"
	if err := os.WriteFile(page, []byte(before+"<!-- power: begin -->\n"+when+table+"<!-- power: end -->"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s seen) String() string {
	if 2*s.tooFew > s.looks {
		return "too few to tell"
	}
	return fmt.Sprintf("%d %%", 100*s.flagged/s.looks)
}
