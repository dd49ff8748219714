package ledger_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// quick wants windows of at most 30 s.
func quick(r wire.CounterRules) []string {
	if r.WindowMS > 30_000 {
		return []string{"window too long"}
	}
	return nil
}

func asks(counter string, windowMS int64) wire.CounterRules {
	return wire.CounterRules{
		Counter: counter, Ask: []wire.Dimension{wire.Overall}, FirstMS: windowMS, WindowMS: windowMS, Reasons: []string{},
		Pads: []wire.PadRules{{Pad: wire.PadTouch}},
	}
}

// starts tells the rules of a start, all counters in one event.
func (b *box) starts(received time.Time, counters ...wire.CounterRules) ledger.Arrival {
	return b.part(received, 1, 1, counters...)
}

func (b *box) part(received time.Time, part, parts int, counters ...wire.CounterRules) ledger.Arrival {
	b.t.Helper()
	return b.says(wire.KindEvent, wire.Event{Event: wire.EventRules, Rules: &wire.RulesInForce{Part: part, Parts: parts, Counters: counters}}, received)
}

// inForce is each counter's window in seconds, as kept.
func inForce(t *testing.T, l *ledger.Ledger) map[string]int64 {
	t.Helper()
	list, err := l.Rules(t.Context(), place.Device)
	if err != nil {
		t.Fatal(err)
	}
	windows := map[string]int64{}
	for _, r := range list {
		windows[r.Counter] = r.WindowMS / 1000
	}
	return windows
}

func wantInForce(t *testing.T, l *ledger.Ledger, want map[string]int64) {
	t.Helper()
	if diff := gocmp.Diff(want, inForce(t, l)); diff != "" {
		t.Errorf("rules in force (-want +got):\n%s", diff)
	}
}

// outside is the open incident's text, "" where there is none.
func outside(t *testing.T, l *ledger.Ledger) string {
	t.Helper()
	list, err := l.Incidents(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if i.Kind == ledger.OutsideRules {
			return i.Latest
		}
	}
	return ""
}

// TestOutsideIsMendedByTheNextStart: a deviation is an incident that names the counter; the next start
// that tells otherwise mends it, and one that does not, does not.
func TestOutsideIsMendedByTheNextStart(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{Outside: quick})
	b := newBox(t)
	take(t, l, b.starts(nine, asks("c03", 60_000), asks("c04", 30_000)))
	if got := outside(t, l); got != "c03: window too long" {
		t.Fatalf("incident %q", got)
	}
	take(t, l, b.starts(nine.Add(time.Hour), asks("c03", 20_000), asks("c04", 45_000)))
	if got := outside(t, l); got != "c04: window too long" {
		t.Errorf("after another start: incident %q", got)
	}
	take(t, l, b.starts(nine.Add(2*time.Hour), asks("c03", 20_000), asks("c04", 15_000)))
	if got := outside(t, l); got != "" {
		t.Errorf("within the template again, and still an incident: %q", got)
	}
	all, err := l.Incidents(t.Context(), true)
	if err != nil || len(all) != 1 || all[0].ClosedBy != "headquarters" || all[0].Count != 2 || all[0].Words == "" {
		t.Errorf("incidents %+v, %v: want the one, closed by headquarters with words", all, err)
	}
	wantInForce(t, l, map[string]int64{"c03": 20, "c04": 15})
}

// TestCounterTakenOutIsMended: a counter that a box no longer has deviates no more.
func TestCounterTakenOutIsMended(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{Outside: quick})
	b := newBox(t)
	take(t, l, b.starts(nine, asks("c03", 60_000), asks("c04", 30_000)), b.starts(nine, asks("c04", 30_000)))
	wantInForce(t, l, map[string]int64{"c04": 30})
	if got := outside(t, l); got != "" {
		t.Errorf("incident %q", got)
	}
}

// TestRulesInParts: what a start tells in several events holds as they come, in any order, and what it
// no longer tells goes when it is complete.
func TestRulesInParts(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{Outside: quick})
	b := newBox(t)
	first := []ledger.Arrival{b.part(nine, 1, 3, asks("c01", 60_000)), b.part(nine, 2, 3, asks("c02", 60_000)), b.part(nine, 3, 3, asks("c03", 60_000))}
	second := []ledger.Arrival{b.part(nine, 1, 2, asks("c02", 20_000)), b.part(nine, 2, 2, asks("c01", 20_000))}
	take(t, l, first[2], first[0])
	take(t, l, second[1])
	wantInForce(t, l, map[string]int64{"c01": 20, "c03": 60})
	take(t, l, first[1]) // of the earlier start, late
	wantInForce(t, l, map[string]int64{"c01": 20, "c03": 60})
	take(t, l, second[0])
	wantInForce(t, l, map[string]int64{"c01": 20, "c02": 20})
	if got := outside(t, l); got != "" {
		t.Errorf("incident %q", got)
	}
}

// TestOlderEpochChangesNoRules: a box that sends an old epoch again after a restore tells nothing new.
func TestOlderEpochChangesNoRules(t *testing.T) {
	l, b := fresh(t), newBox(t)
	opens := func(previous *wire.EpochState) ledger.Arrival {
		return b.says(wire.KindEvent, wire.Event{Event: wire.EventEpochOpened, Opened: &wire.EpochOpened{Key: b.key.Public(), Previous: previous, Why: "first start"}}, nine)
	}
	first := opens(nil)
	old := b.starts(nine, asks("c03", 60_000))
	var between []ledger.Arrival
	for _, next := range []wire.Epoch{"0000000000000002", "0000000000000003"} {
		previous := wire.EpochState{Epoch: b.epoch, Head: b.seq, Hash: b.head}
		b.epoch, b.seq, b.head = next, 0, wire.Hash{}
		between = append(between, opens(&previous))
	}
	take(t, l, between...)
	take(t, l, b.starts(nine, asks("c03", 20_000)))
	take(t, l, old, first)
	wantInForce(t, l, map[string]int64{"c03": 20})
	b.epoch, b.seq, b.head = "0000000000000004", 0, wire.Hash{}
	take(t, l, b.starts(nine, asks("c03", 15_000))) // a wiped card knows no epoch before it
	wantInForce(t, l, map[string]int64{"c03": 15})
}

// TestTemplateChanges: another template is held against what boxes have told already, once.
func TestTemplateChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Options{})
	take(t, l, newBox(t).starts(nine, asks("c03", 60_000)))
	if got := outside(t, l); got != "" {
		t.Errorf("no template, and incident %q", got)
	}
	for range 2 {
		l = open(t, path, ledger.Options{Outside: quick})
	}
	if got := outside(t, l); got != "c03: window too long" {
		t.Errorf("incident %q", got)
	}
	wantIncidents(t, l, map[string]int64{ledger.OutsideRules: 1})
	l = open(t, path, ledger.Options{Outside: func(wire.CounterRules) []string { return nil }})
	if got := outside(t, l); got != "" {
		t.Errorf("incident %q", got)
	}
}

func TestUnbelievableRulesAreKeptRaw(t *testing.T) {
	l, b := fresh(t), newBox(t)
	wantFates(t, take(t, l, b.part(nine, 3, 2, asks("c03", 1)), b.starts(nine), b.starts(nine, asks("C 03", 1)), b.starts(nine, asks("c1", 1), asks("c1", 2))),
		ledger.Unreadable, ledger.Unreadable, ledger.Unreadable, ledger.Unreadable)
	wantInForce(t, l, map[string]int64{})
}

// TestDossier shows a box with all that is known of it.
func TestDossier(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{Outside: quick})
	b := newBox(t)
	if _, err := l.Introduce(t.Context(), place, b.key.Public(), nine); err != nil {
		t.Fatal(err)
	}
	if err := l.Report(t.Context(), ledger.Report{Place: place, State: wire.Ready, Status: wire.Status{Key: b.key.Public()}, Live: true, At: nine}); err != nil {
		t.Fatal(err)
	}
	tally := func(counter string, n int) ledger.Arrival {
		return b.says(wire.KindEvent, wire.Event{Event: wire.EventTally, Counter: counter, Tally: map[string]int{"unmapped-key": n}}, nine)
	}
	take(t, l, b.starts(nine, asks("c03", 60_000)), tally("c03", 2), tally("", 3))
	d, err := l.Dossier(t.Context(), place.Device)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Rules) != 1 || d.Rules[0].Standing != ledger.Unenrolled || !slices.Equal(d.Rules[0].Outside, []string{"window too long"}) {
		t.Errorf("rules %+v", d.Rules)
	}
	if d.Lost["unmapped-key"] != 5 || len(d.Open) != 1 || !strings.Contains(d.Open[0].Latest, "c03") {
		t.Errorf("lost %v, open %+v", d.Lost, d.Open)
	}
	if _, err := l.Dossier(t.Context(), "pad-9"); !errors.Is(err, ledger.ErrUnknown) {
		t.Errorf("dossier of nobody: %v", err)
	}
}
