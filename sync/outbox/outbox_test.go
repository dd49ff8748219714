package outbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

func evaluations(t testing.TB, ids ...string) outbox.Change {
	var c outbox.Change
	for _, id := range ids {
		c.Drafts = append(c.Drafts, outboxtest.Evaluation(t, id, 4))
	}
	return c
}

func dissatisfied(t testing.TB, id string) outbox.Change {
	return outbox.Change{Drafts: []wire.Draft{outboxtest.Alert(t, id), outboxtest.Evaluation(t, id, 1)}}
}

func commit(t testing.TB, b *outbox.Outbox, c outbox.Change) []outbox.Letter {
	t.Helper()
	letters, err := b.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

func waiting(t testing.TB, b *outbox.Outbox, lane outbox.Lane) []outbox.Letter {
	t.Helper()
	letters, err := b.Waiting(lane, 0, 512)
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

// head is the state of the current epoch.
func head(b *outbox.Outbox) wire.EpochState {
	epochs := b.Epochs()
	return epochs[len(epochs)-1]
}

// settleAll settles everything of the current epoch.
func settleAll(t testing.TB, b *outbox.Outbox) int {
	t.Helper()
	h := head(b)
	n, err := b.Settle(t.Context(), h.Epoch, 1, h.Head, h.Hash)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFirstRecordOpensTheEpoch(t *testing.T) {
	b := outboxtest.Open(t)
	letters := waiting(t, b, outbox.Normal)
	if len(letters) != 1 || letters[0].Seq != 1 || letters[0].Kind != wire.KindEvent {
		t.Fatalf("a new outbox holds %+v, want the event epoch-opened as record 1", letters)
	}
	rec, err := wire.ParseRecord(letters[0].Line)
	if err != nil {
		t.Fatal(err)
	}
	e, err := rec.Event()
	if err != nil {
		t.Fatal(err)
	}
	if e.Event != wire.EventEpochOpened || e.Opened == nil || e.Opened.Key != outboxtest.Key.Public() || e.Opened.Previous != nil {
		t.Errorf("first event: got %+v, want epoch-opened with our key and no previous epoch", e)
	}
	if rec.Prev != (wire.Hash{}) {
		t.Errorf("first record names %s before it, want 64 zeros", rec.Prev)
	}
}

func TestCommitSealsInOrder(t *testing.T) {
	b := outboxtest.Open(t)
	letters := commit(t, b, dissatisfied(t, "e1"))
	if len(letters) != 2 || letters[0].Seq != 2 || letters[1].Seq != 3 || letters[1].Ref != letters[0].Ref+1 {
		t.Fatalf("alert and evaluation became %+v, want records 2 and 3 one after the other", letters)
	}
	if !letters[0].Urgent || letters[1].Urgent {
		t.Errorf("urgent: got %t, %t, want true for the alert alone", letters[0].Urgent, letters[1].Urgent)
	}
	for _, l := range letters {
		if err := seal.Check(outboxtest.Key.Public(), seal.TagRecord, l.Line); err != nil {
			t.Errorf("record %d: %v", l.Seq, err)
		}
	}
	want := wire.EpochState{Epoch: letters[1].Epoch, Head: 3, Hash: letters[1].Hash}
	if diff := cmp.Diff(want, head(b)); diff != "" {
		t.Errorf("head (-want +got):\n%s", diff)
	}
}

func TestLanes(t *testing.T) {
	b := outboxtest.Open(t)
	commit(t, b, evaluations(t, "e1", "e2"))
	sent := commit(t, b, dissatisfied(t, "e3"))
	alerts, err := b.OpenAlerts()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sent[:1], alerts); diff != "" {
		t.Errorf("open alerts (-want +got):\n%s", diff)
	}
	normal := waiting(t, b, outbox.Normal)
	if len(normal) != 4 {
		t.Fatalf("%d letters in the normal lane, want 4", len(normal))
	}
	page, err := b.Waiting(outbox.Normal, normal[1].Ref, 1)
	if err != nil || len(page) != 1 || page[0].Ref != normal[2].Ref {
		t.Errorf("one letter after %d: got %+v, %v; want %d", normal[1].Ref, page, err, normal[2].Ref)
	}
	if _, err := b.Waiting(7, 0, 1); err == nil {
		t.Error("lane 7 gave no error")
	}
}

func TestChanged(t *testing.T) {
	b := outboxtest.Open(t)
	commit(t, b, outbox.Change{Notes: map[string][]byte{"root": {1}}})
	select {
	case <-b.Changed():
		t.Error("a note woke the pump")
	default:
	}
	commit(t, b, evaluations(t, "e1"))
	commit(t, b, evaluations(t, "e2"))
	select {
	case <-b.Changed():
	default:
		t.Error("two letters did not wake the pump")
	}
}

func TestDesksAndNotes(t *testing.T) {
	path := filepath.Join(outboxtest.Dir(t), "outbox.db")
	b := outboxtest.OpenAt(t, path, outboxtest.Options())
	commit(t, b, outbox.Change{
		Desks: map[string][]byte{"c03": []byte("open"), "c04": {}},
		Notes: map[string][]byte{"root": []byte("pinned"), "session": []byte("7")},
	})
	commit(t, b, outbox.Change{Desks: map[string][]byte{"c03": nil}, Notes: map[string][]byte{"session": nil}})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = outboxtest.OpenAt(t, path, outboxtest.Options())
	desks, err := b.Desks()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]byte{"c04": {}}, desks); diff != "" {
		t.Errorf("desks (-want +got):\n%s", diff)
	}
	if root, err := b.Note("root"); string(root) != "pinned" || err != nil {
		t.Errorf("note root: got %q, %v", root, err)
	}
	if session, err := b.Note("session"); session != nil || err != nil {
		t.Errorf("forgotten note: got %q, %v", session, err)
	}
}

func TestRefusedNames(t *testing.T) {
	b := outboxtest.Open(t)
	for name, c := range map[string]outbox.Change{
		"no name":   {Notes: map[string][]byte{"": {1}}},
		"long name": {Desks: map[string][]byte{strings.Repeat("c", 65): {1}}},
		"large":     {Desks: map[string][]byte{"c03": make([]byte, 16<<10+1)}},
	} {
		if _, err := b.Commit(t.Context(), c); !errors.Is(err, outbox.ErrRefused) {
			t.Errorf("%s: got %v, want ErrRefused", name, err)
		}
	}
}

func TestLargestRecordFits(t *testing.T) {
	b := outboxtest.Open(t)
	d := outboxtest.Evaluation(t, "e1", 4)
	short := commit(t, b, outbox.Change{Drafts: []wire.Draft{d}})[0]
	d.Subject += strings.Repeat("x", wire.MaxRecord-len(short.Line))
	l := commit(t, b, outbox.Change{Drafts: []wire.Draft{d}})[0]
	if len(l.Line) != wire.MaxRecord {
		t.Errorf("line of %d bytes, want %d", len(l.Line), wire.MaxRecord)
	}
	d.Subject += "x"
	if _, err := b.Commit(t.Context(), outbox.Change{Drafts: []wire.Draft{d}}); !errors.Is(err, wire.ErrTooLong) {
		t.Errorf("a record of 4,097 bytes: got %v, want ErrTooLong", err)
	}
}

func TestNewEpoch(t *testing.T) {
	b := outboxtest.Open(t)
	commit(t, b, evaluations(t, "e1"))
	old := head(b)
	if err := b.NewEpoch(t.Context(), "storage rollback"); err != nil {
		t.Fatal(err)
	}
	now := head(b)
	if now.Epoch == old.Epoch || now.Head != 1 {
		t.Fatalf("current epoch %+v, want a new one at record 1", now)
	}
	letters, gaps, err := b.History(now.Epoch, 1, 1, 1)
	if err != nil || len(letters) != 1 || len(gaps) != 0 {
		t.Fatalf("first record of the epoch: %+v, %+v, %v", letters, gaps, err)
	}
	rec, err := wire.ParseRecord(letters[0].Line)
	if err != nil {
		t.Fatal(err)
	}
	e, err := rec.Event()
	if err != nil {
		t.Fatal(err)
	}
	want := &wire.EpochOpened{Key: outboxtest.Key.Public(), Previous: &old, Why: "storage rollback"}
	if diff := cmp.Diff(want, e.Opened); diff != "" {
		t.Errorf("epoch-opened (-want +got):\n%s", diff)
	}
	if _, err := b.Settle(t.Context(), old.Epoch, 1, old.Head, old.Hash); err != nil {
		t.Error(err)
	}
	if got := b.Epochs(); len(got) != 1 || got[0].Epoch != now.Epoch {
		t.Errorf("epochs told: %+v, want the current one alone once the old one is settled", got)
	}
	if err := b.NewEpoch(t.Context(), strings.Repeat("x", wire.MaxRecord)); !errors.Is(err, outbox.ErrRefused) {
		t.Errorf("an endless reason: got %v, want ErrRefused", err)
	}
	if got := head(b); got.Epoch != now.Epoch {
		t.Errorf("a refused epoch has begun: %+v", got)
	}
}

func TestAtMostFourEpochsAreTold(t *testing.T) {
	b := outboxtest.Open(t)
	first := head(b).Epoch
	for range 6 {
		if err := b.NewEpoch(t.Context(), "again"); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.Epochs(); len(got) != 4 || got[0].Epoch != first || got[3].Head != 1 {
		t.Errorf("epochs told: %+v, want the three oldest and the current", got)
	}
}

func TestAnotherKeyBeginsAnEpoch(t *testing.T) {
	path := filepath.Join(outboxtest.Dir(t), "outbox.db")
	b, err := outbox.Open(path, outboxtest.Options())
	if err != nil {
		t.Fatal(err)
	}
	commit(t, b, evaluations(t, "e1"))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	o := outboxtest.Options()
	o.Key = seal.KeyFromSeed([32]byte{8})
	b = outboxtest.OpenAt(t, path, o)
	if got := b.Epochs(); len(got) != 2 || got[1].Head != 1 {
		t.Errorf("epochs %+v, want a second one", got)
	}
	r, err := b.Verify()
	if err != nil || r.Err() != nil || r.OtherKeys != 2 {
		t.Errorf("verify: %+v, %v; want no fault and two records under the other key", r, err)
	}
}

func TestTwoOutboxesOnOneFile(t *testing.T) {
	t.Parallel() // it waits
	path := filepath.Join(outboxtest.Dir(t), "outbox.db")
	outboxtest.OpenAt(t, path, outboxtest.Options())
	start := time.Now()
	_, err := outbox.Open(path, outboxtest.Options())
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the second waited %s, want less than 3 s", took)
	}
	if !errors.Is(err, outbox.ErrInUse) {
		t.Errorf("open: got %v, want ErrInUse", err)
	}
	for _, err := range outbox.List(path) {
		if !errors.Is(err, outbox.ErrInUse) {
			t.Errorf("list: got %v, want ErrInUse", err)
		}
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) != 0 {
		t.Errorf("the second has left %q", left)
	}
}

func TestTheFileHasItsPlaceOnTheDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := outboxtest.Options()
	o.Max = 4 << 20
	b := outboxtest.OpenAt(t, path, o)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	if info.Size() != o.Max || st.Blocks*512 < o.Max {
		t.Errorf("%d bytes with %d allocated, want %d", info.Size(), st.Blocks*512, o.Max)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o, want 600", info.Mode().Perm())
	}
	if s := b.Stats(); !s.Allocated || s.Max != o.Max || s.Free < 0.9 {
		t.Errorf("stats %+v, want allocated and nearly empty", s)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*outbox.Options){
		"no key":           func(o *outbox.Options) { o.Key = seal.Key{} },
		"small":            func(o *outbox.Options) { o.Max = 1<<20 - 1 },
		"large":            func(o *outbox.Options) { o.Max = 1<<30 + 1 },
		"negative history": func(o *outbox.Options) { o.History = -1 },
		"no place":         func(o *outbox.Options) { o.Place = wire.Place{} },
	} {
		o := outboxtest.Options()
		change(&o)
		if b, err := outbox.Open(filepath.Join(outboxtest.Dir(t), "outbox.db"), o); err == nil {
			b.Close()
			t.Errorf("%s: opened", name)
		}
	}
}

func TestAfterClose(t *testing.T) {
	b := outboxtest.Open(t)
	if err := errors.Join(b.Close(), b.Close()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := b.Commit(t.Context(), evaluations(t, "e1")); !errors.Is(err, outbox.ErrClosed) {
		t.Errorf("commit: got %v, want ErrClosed", err)
	}
	if _, err := b.Waiting(outbox.Normal, 0, 1); !errors.Is(err, outbox.ErrClosed) {
		t.Errorf("waiting: got %v, want ErrClosed", err)
	}
	_ = b.Stats()
	_ = b.Epochs()
}

func TestCommitEndsWithItsContextOnlyBeforeItIsTaken(t *testing.T) {
	b := outboxtest.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := head(b).Head
	stored := uint64(0)
	for range 20 { // the writer may be quicker than the look at ctx; then it is stored and said so
		if _, err := b.Commit(ctx, evaluations(t, "e1")); err == nil {
			stored++
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if got := head(b).Head - before; got != stored {
		t.Errorf("%d records stored, %d reported", got, stored)
	}
}
