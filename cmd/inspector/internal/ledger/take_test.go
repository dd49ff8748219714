package ledger_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

func TestTakeKeepsEachRecordOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Options{})
	b := newBox(t)
	e := rating("e-1", 2, 4)
	said, rated := b.says(wire.KindAlert, alert(e), nine), b.says(wire.KindEvaluation, e, nine)
	wantFates(t, take(t, l, said, rated, said), ledger.Stored, ledger.Stored, ledger.Duplicate)
	wantFates(t, take(t, l, rated, said), ledger.Duplicate, ledger.Duplicate)
	if r, e := count(t, path, "records"), count(t, path, "evaluations"); r != 2 || e != 1 {
		t.Errorf("got %d records and %d evaluations, want 2 and 1: alerts are not counted", r, e)
	}
	if n := count(t, path, fmt.Sprintf("evaluations where rated_at = %d and rated_error_ms = 40 and teller = 't-17' and attitude = 2 and efficiency = 4 and compliance is null and dissatisfied", nine.UnixMilli()-500)); n != 1 {
		t.Error("the evaluation is not what was said")
	}
	if n := count(t, path, fmt.Sprintf("records where line = '%s'", said.Record.Line)); n != 1 {
		t.Error("the line is not kept as it was sent")
	}
	if got := len(theCase(t, l).History); got != 1 {
		t.Errorf("got %d lines of history, want 1", got)
	}
	wantIncidents(t, l, nil)
}

func TestTakeNeverReopens(t *testing.T) {
	l := fresh(t)
	said := newBox(t).says(wire.KindAlert, alert(rating("e-1", 2)), nine)
	take(t, l, said)
	id := theCase(t, l).ID
	if _, err := l.Change(t.Context(), id, func(c *casebook.Case) error {
		plan := casebook.Plan{Cause: "c", Text: "t", Owner: "o", Due: wire.At(nine)}
		for _, err := range []error{c.Start("li.na", casebook.StepTellerAsked, "", nine), c.FilePlan("li.na", plan, nine), c.Close("li.na", "", nine)} {
			if err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := theCase(t, l)
	said.Received = nine.Add(48 * time.Hour)
	wantFates(t, take(t, l, said), ledger.Duplicate)
	if diff := cmp.Diff(want, theCase(t, l)); diff != "" || want.State != casebook.StateClosed {
		t.Errorf("a duplicate changed the case (-want +got):\n%s", diff)
	}
}

// TestTakeForks: other bytes under a number are kept beside the first, count, and are marked.
func TestTakeForks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Options{})
	b := newBox(t)
	take(t, l, b.plain(3, nine)...)
	restored := *b
	first := b.says(wire.KindEvaluation, rating("e-4", 5), nine)
	other := restored.says(wire.KindEvaluation, rating("e-4b", 1), nine)
	next := restored.says(wire.KindEvaluation, rating("e-5b", 5), nine)
	wantFates(t, take(t, l, first, other, next), ledger.Stored, ledger.Fork, ledger.Stored)
	wantFates(t, take(t, l, other, first), ledger.Duplicate, ledger.Duplicate)
	if n := count(t, path, "evaluations where seq = 4"); n != 2 {
		t.Errorf("got %d evaluations under the number, want both", n)
	}
	if c := theCase(t, l); !slices.Equal(c.Flags, []string{casebook.FlagFork}) {
		t.Errorf("flags: got %v, want fork", c.Flags)
	}
	wantIncidents(t, l, map[string]int64{ledger.ForkFound: 1})
	if h := held(t, l); h.Through != 5 || h.Head != next.Hash {
		t.Errorf("through %d, want 5: the record on a fork fits", h.Through)
	}
}

// TestTakeInAnyOrder: progress, spans and incidents do not depend on the order of arrival.
func TestTakeInAnyOrder(t *testing.T) {
	b := newBox(t)
	all := b.plain(40, nine)
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			l, random := fresh(t), rand.New(rand.NewPCG(seed, 1))
			shuffled, there := slices.Clone(all), map[uint64]bool{}
			random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			for len(shuffled) > 0 {
				n := min(random.IntN(8)+1, len(shuffled))
				for _, a := range shuffled[:n] {
					there[a.Record.Seq] = true
				}
				take(t, l, shuffled[:n]...)
				shuffled = shuffled[n:]
				if diff := cmp.Diff(holding(all, there), held(t, l)); diff != "" {
					t.Fatalf("(-want +got):\n%s", diff)
				}
			}
			wantIncidents(t, l, nil)
		})
	}
}

// holding is what must be held when some of all are there: the model, record by record.
func holding(all []ledger.Arrival, there map[uint64]bool) (h ledger.Holding) {
	for _, a := range all {
		seq := a.Record.Seq
		switch last := len(h.Also) - 1; {
		case !there[seq]:
		case seq == h.Through+1:
			h.Through, h.Head = seq, a.Hash
		case last >= 0 && h.Also[last].To == seq-1:
			h.Also[last].To, h.Also[last].Head = seq, a.Hash
		default:
			h.Also = append(h.Also, wire.Span{From: seq, To: seq, Head: a.Hash})
		}
	}
	return h
}

func TestHoldingNamesAtMostThirtyTwoStretches(t *testing.T) {
	l, all := fresh(t), newBox(t).plain(200, nine)
	for i := 1; i < len(all); i += 2 {
		all[i].Received = nine.Add(time.Duration(i) * time.Second)
		take(t, l, all[i])
	}
	h := held(t, l)
	if len(h.Also) != 32 || h.Through != 0 || h.Also[31].To != 200 || h.Also[0].From != 138 {
		t.Errorf("got %d stretches, through %d, %+v", len(h.Also), h.Through, h.Also)
	}
}

// TestBrokenLinkStopsNothing: a record that builds on another than the one before it is an incident,
// raised once, and receipts go on.
func TestBrokenLinkStopsNothing(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}} {
		b := newBox(t)
		all := b.plain(2, nine)
		b.head = wire.Hash{1, 2, 3}
		all = append(all, b.plain(2, nine)...)
		l := fresh(t)
		for _, i := range order {
			take(t, l, all[i])
		}
		take(t, l, all...)
		if h := held(t, l); h.Through != 4 || h.Head != all[3].Hash {
			t.Errorf("order %v: through %d, want 4", order, h.Through)
		}
		wantIncidents(t, l, map[string]int64{ledger.ChainBroken: 1})
	}
}

func TestFirstRecordBuildsOnNothing(t *testing.T) {
	b := newBox(t)
	b.head = wire.Hash{1}
	l := fresh(t)
	take(t, l, b.plain(1, nine)...)
	wantIncidents(t, l, map[string]int64{ledger.ChainBroken: 1})
}

// TestMissingRecordsArePassedOver: what a box no longer has does not stop progress, in whatever
// order word of it comes; and what comes after all is kept.
func TestMissingRecordsArePassedOver(t *testing.T) {
	b := newBox(t)
	all := b.plain(8, nine)
	word := b.says(wire.KindEvent, missing(epoch, 3, 4), nine)
	second := b.says(wire.KindEvent, missing(epoch, 5, 5), nine)
	there := []ledger.Arrival{all[0], all[1], all[5], all[6], all[7], word, second}
	for seed := range uint64(5) {
		shuffled := slices.Clone(there)
		rand.New(rand.NewPCG(seed, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		l := fresh(t)
		for _, a := range shuffled {
			take(t, l, a)
		}
		if h := held(t, l); h.Through != 10 || h.Head != second.Hash || len(h.Also) != 0 {
			t.Fatalf("seed %d: got %+v, want through 10", seed, h)
		}
		wantIncidents(t, l, map[string]int64{ledger.RecordsMissing: 2})
		wantFates(t, take(t, l, all[2], all[2]), ledger.Stored, ledger.Duplicate)
	}
}

func missing(e wire.Epoch, from, to uint64) wire.Event {
	return wire.Event{Event: wire.EventMissing, Missing: &wire.Missing{Epoch: e, From: from, To: to, Why: "overwritten"}}
}

func TestMissingAtTheEndsOfAnEpoch(t *testing.T) {
	const newer = wire.Epoch("aaaaaaaaaaaaaaaa")
	b := newBox(t)
	all := b.plain(6, nine)
	b.epoch, b.seq, b.head = newer, 0, wire.Hash{}
	l := fresh(t)
	take(t, l, all[2], all[3])
	take(t, l, b.says(wire.KindEvent, missing(epoch, 1, 2), nine), b.says(wire.KindEvent, missing(epoch, 5, 9), nine))
	if h := held(t, l); h.Through != 4 || h.Head != all[3].Hash {
		t.Errorf("through %d, want 4: nobody has a hash of what is gone at the end", h.Through)
	}
	wantIncidents(t, l, map[string]int64{ledger.RecordsMissing: 2})
	take(t, l, b.says(wire.KindEvent, missing(epoch, 2, 3), nine)) // all of it is there or passed
	wantIncidents(t, l, map[string]int64{ledger.RecordsMissing: 2})
}

// TestUnreadableIsKeptAndReadLater: verified data that this version cannot read is stored raw and
// receipted; the next version opens its case, with the deadlines of its rating.
func TestUnreadableIsKeptAndReadLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Options{})
	b := newBox(t)
	strange := rating("e-1", 2)
	strange.Outcome = "half"
	said := b.says(wire.KindAlert, alert(strange), nine)
	wantFates(t, take(t, l, said, b.says(wire.KindEvaluation, strange, nine),
		b.says(wire.KindEvent, missing(epoch, 9, 3), nine), b.says(wire.KindAnswer, map[string]int{"q1": 4}, nine)),
		ledger.Unreadable, ledger.Unreadable, ledger.Unreadable, ledger.Stored)
	if h := held(t, l); h.Through != 4 {
		t.Errorf("through %d, want 4: it may be receipted", h.Through)
	}
	wantIncidents(t, l, map[string]int64{ledger.DataUnreadable: 3})
	if got := cases(t, l); len(got) != 0 {
		t.Fatalf("got %d cases", len(got))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	// As if this version knew half, and counted backwards.
	execute(t, path, `update records set line = replace(replace(line, '"half"', '"rated"'), '"from":9,"to":3', '"from":9,"to":9')`)
	l = open(t, path, ledger.Options{})
	c := theCase(t, l)
	if !c.ReceivedAt.Equal(nine) || !c.RatedAt.Equal(nine.Add(-500*time.Millisecond)) || c.RatedAtErrorMS != 40 {
		t.Errorf("rated %v ± %d ms, received %v", c.RatedAt, c.RatedAtErrorMS, c.ReceivedAt)
	}
	wantIncidents(t, l, map[string]int64{ledger.DataUnreadable: 3, ledger.RecordsMissing: 1})
	if n := count(t, path, "evaluations"); n != 1 {
		t.Errorf("got %d evaluations, want 1", n)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := theCase(t, open(t, path, ledger.Options{})); len(got.History) != 1 {
		t.Errorf("read again twice: %+v", got.History)
	}
}

func TestTakeHoldsWhatNoTableCan(t *testing.T) {
	l, b := fresh(t), newBox(t)
	b.seq = 1<<64 - 3
	beyond := b.says(wire.KindEvaluation, rating("e-1", 5), nine)
	b.seq = 0
	zero := rating("e-2", 5)
	zero.Teller = "t\x00"
	wantFates(t, take(t, l, beyond, b.says(wire.KindEvaluation, zero, nine)), ledger.Unreadable, ledger.Unreadable)
	letters, err := l.DeadLetters(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(letters) != 1 || !strings.Contains(letters[0].Payload, "e-1") {
		t.Errorf("dead letters: got %+v", letters)
	}
}

func TestNewEpochIsAnIncident(t *testing.T) {
	l, b := fresh(t), newBox(t)
	first := wire.Event{Event: wire.EventEpochOpened, Opened: &wire.EpochOpened{Key: b.key.Public(), Why: "first start"}}
	take(t, l, b.says(wire.KindEvent, first, nine))
	wantIncidents(t, l, nil)
	again := first
	again.Opened = &wire.EpochOpened{Key: b.key.Public(), Why: "the file was damaged", Previous: &wire.EpochState{Epoch: epoch, Head: 9}}
	b.epoch, b.seq, b.head = "aaaaaaaaaaaaaaaa", 0, wire.Hash{}
	take(t, l, b.says(wire.KindEvent, again, nine))
	wantIncidents(t, l, map[string]int64{ledger.EpochOpened: 1})
}

// TestTakeIsAllOrNothing: with a context that is done nothing is half there.
func TestTakeIsAllOrNothing(t *testing.T) {
	l, b := fresh(t), newBox(t)
	clash := b.plain(2, nine)
	clash[1].Record.Source = "/elsewhere" // harmless: only the place counts
	wantFates(t, take(t, l, clash...), ledger.Stored, ledger.Stored)
	if fates := take(t, l); len(fates) != 0 {
		t.Errorf("nothing taken, got %v", fates)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if fates, err := l.Take(t.Context(), b.plain(1, nine)); err == nil || fates != nil {
		t.Errorf("a closed ledger took records: %v, %v", fates, err)
	}
}

func TestHashesAreThoseOfTheBox(t *testing.T) {
	a := newBox(t).plain(1, nine)[0]
	if h, err := seal.HashOf(bytes.Clone(a.Record.Line)); err != nil || h != a.Hash {
		t.Errorf("got %v, %v", h, err)
	}
}
