package outbox_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/sync/wire"
)

// box is an outbox beside a model of what it must hold.
type box struct {
	t    *rapid.T
	dir  string
	path string
	b    *outbox.Outbox
	life int
	disk unsound

	desks, notes map[string]string
	letters      map[outbox.Ref]outbox.Letter
	epochs       []wire.EpochState
	settled      map[outbox.Ref]bool
	unwritten    map[outbox.Ref]bool // settled, perhaps not on disk
}

func (m *box) open() {
	m.disk.fails = nil
	b, err := outbox.Open(m.path, outboxtest.Options().Finish(m.disk.commit))
	if err != nil {
		m.t.Fatal(err)
	}
	m.b = b
	clear(m.unwritten)
}

func (m *box) close() {
	if err := m.b.Close(); err != nil {
		m.t.Fatal(err)
	}
}

// learn takes what a commit has sealed into the model.
func (m *box) learn(letters []outbox.Letter) {
	for _, l := range letters {
		m.letters[l.Ref] = l
		last := &m.epochs[len(m.epochs)-1]
		if l.Seq != last.Head+1 || l.Epoch != last.Epoch {
			m.t.Fatalf("record %d of %s, want %d of %s", l.Seq, l.Epoch, last.Head+1, last.Epoch)
		}
		last.Head, last.Hash = l.Seq, l.Hash
	}
	clear(m.unwritten) // they rode along
}

func (m *box) beginEpoch() {
	all := m.b.Epochs()
	now := all[len(all)-1]
	first, _, err := m.b.History(now.Epoch, 1, 1, 1)
	if err != nil || len(first) != 1 {
		m.t.Fatalf("first record of epoch %s: %v, %v", now.Epoch, first, err)
	}
	m.epochs = append(m.epochs, wire.EpochState{Epoch: now.Epoch})
	m.learn(first)
}

// unsound fails as many commits as there are words in fails: each is written all the same, or not.
type unsound struct{ fails []bool }

func (d *unsound) commit(tx *bolt.Tx) error {
	if len(d.fails) == 0 {
		return tx.Commit()
	}
	written := d.fails[0]
	d.fails = d.fails[1:]
	if written {
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return syscall.EIO
}

// FailingCommit commits on a disk that fails. Whatever comes of it, the outbox says: stored; in the
// file, though nobody vouches for it; or nothing of it.
func (m *box) FailingCommit(t *rapid.T) {
	desks, notes := maps.Clone(m.desks), maps.Clone(m.notes)
	c := m.change(t)
	if len(c.Desks)+len(c.Drafts)+len(c.Notes) == 0 {
		return
	}
	m.disk.fails = rapid.SliceOfN(rapid.Bool(), 1, 3).Draw(t, "written all the same")
	letters, err := m.b.Commit(t.Context(), c)
	m.disk.fails = nil
	switch {
	case err == nil:
		m.learn(letters)
	case errors.Is(err, outbox.ErrUnvouched):
		last := m.epochs[len(m.epochs)-1]
		n := uint64(len(c.Drafts))
		letters, gaps, err := m.b.History(last.Epoch, last.Head+1, last.Head+n, len(c.Drafts))
		if err != nil || len(letters) != len(c.Drafts) || len(gaps) > 0 {
			t.Fatalf("in the file: %d letters, %v, %v; want %d", len(letters), gaps, err, n)
		}
		m.learn(letters)
	case errors.Is(err, outbox.ErrStore):
		m.desks, m.notes = desks, notes
	default:
		t.Fatal(err)
	}
}

func (m *box) Commit(t *rapid.T) {
	c := m.change(t)
	letters, err := m.b.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Desks)+len(c.Drafts)+len(c.Notes) > 0 {
		m.learn(letters)
	}
}

// change draws what a commit is to store, and carries out on the model what is not a record.
func (m *box) change(t *rapid.T) (c outbox.Change) {
	for range rapid.IntRange(0, 3).Draw(t, "evaluations") {
		c.Drafts = append(c.Drafts, outboxtest.Evaluation(stand(t), "e", 4))
	}
	if rapid.Bool().Draw(t, "dissatisfied") {
		c.Drafts = append(c.Drafts, outboxtest.Alert(stand(t), "d"), outboxtest.Evaluation(stand(t), "d", 1))
	}
	c.Desks = small(t, "desk", m.desks)
	c.Notes = small(t, "note", m.notes)
	return c
}

// small draws a change of small values and carries it out on the model.
func small(t *rapid.T, what string, model map[string]string) map[string][]byte {
	drawn := rapid.MapOfN(rapid.SampledFrom([]string{"c01", "c02", "c03"}), rapid.StringN(0, 5, 20), 0, 2).Draw(t, what)
	change := map[string][]byte{}
	for k, v := range drawn {
		if v == "" {
			change[k] = nil
			delete(model, k)
			continue
		}
		change[k], model[k] = []byte(v), v
	}
	return change
}

func (m *box) Settle(t *rapid.T) {
	e := rapid.SampledFrom(m.epochs).Draw(t, "epoch")
	from := rapid.Uint64Range(1, e.Head).Draw(t, "from")
	to := rapid.Uint64Range(from, e.Head+1).Draw(t, "to")
	var hash wire.Hash
	var fresh []outbox.Ref
	for ref, l := range m.letters {
		if l.Epoch != e.Epoch {
			continue
		}
		if l.Seq == to {
			hash = l.Hash
		}
		if l.Seq >= from && l.Seq <= to && !m.settled[ref] {
			fresh = append(fresh, ref)
		}
	}
	wrong := rapid.IntRange(0, 9).Draw(t, "wrong hash") == 0
	if wrong {
		hash[0] ^= 1
	}
	n, err := m.b.Settle(t.Context(), e.Epoch, from, to, hash)
	if wrong || to > e.Head {
		if err == nil || n != 0 {
			t.Fatalf("settled %d to %d (head %d, wrong hash %t)", from, to, e.Head, wrong)
		}
		return
	}
	if err != nil || n != len(fresh) {
		t.Fatalf("settle %d to %d: %d, %v; want %d", from, to, n, err, len(fresh))
	}
	for _, ref := range fresh {
		m.settled[ref], m.unwritten[ref] = true, true
	}
}

func (m *box) NewEpoch(t *rapid.T) {
	if len(m.epochs) == 4 {
		return // as many as are told
	}
	if err := m.b.NewEpoch(t.Context(), "the test says so"); err != nil {
		t.Fatal(err)
	}
	m.beginEpoch()
}

// Rest lets what is settled be written by itself.
func (m *box) Rest(*rapid.T) {
	time.Sleep(time.Second)
	synctest.Wait()
	clear(m.unwritten)
}

func (m *box) Reopen(*rapid.T) {
	m.close()
	m.open()
}

// Crash goes on with a copy of the live file. What was settled and not yet written waits again.
func (m *box) Crash(t *rapid.T) {
	image, err := os.ReadFile(m.path)
	if err != nil {
		t.Fatal(err)
	}
	m.close()
	m.life++
	m.path = filepath.Join(m.dir, fmt.Sprint("life", m.life, ".db"))
	if err := os.WriteFile(m.path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	for ref := range m.unwritten {
		delete(m.settled, ref)
	}
	m.open()
}

// Check compares all that can be asked.
func (m *box) Check(t *rapid.T) {
	stats := m.b.Stats()
	for _, lane := range []outbox.Lane{outbox.Alerts, outbox.Normal} {
		got, err := m.b.Waiting(lane, 0, 512)
		if err != nil {
			t.Fatal(err)
		}
		want := m.waiting(lane)
		if !slices.EqualFunc(want, got, alike) {
			t.Fatalf("lane %d (-want +got):\n%s", lane, cmp.Diff(want, got))
		}
		if lane == outbox.Alerts && stats.Alerts != len(want) {
			t.Fatalf("%d alerts counted, want %d", stats.Alerts, len(want))
		}
	}
	if want := len(m.letters) - len(m.settled); stats.Waiting != want || stats.History != len(m.settled) {
		t.Fatalf("stats %+v, want %d waiting, %d settled", stats, want, len(m.settled))
	}
	if diff := cmp.Diff(m.told(), m.b.Epochs()); diff != "" {
		t.Fatalf("epochs (-want +got):\n%s", diff)
	}
	m.checkSmall(t)
	for _, e := range m.epochs {
		letters, gaps, err := m.b.History(e.Epoch, 1, e.Head, 512)
		if err != nil || len(gaps) != 0 || len(letters) != int(e.Head) {
			t.Fatalf("history of %s: %d letters, %v, %v; want %d", e.Epoch, len(letters), gaps, err, e.Head)
		}
	}
}

// alike compares without reflection, which is what the test would spend its time on.
func alike(a, b outbox.Letter) bool {
	return a.Ref == b.Ref && a.Epoch == b.Epoch && a.Seq == b.Seq && a.Kind == b.Kind && a.Hash == b.Hash &&
		a.Urgent == b.Urgent && bytes.Equal(a.Line, b.Line)
}

func (m *box) checkSmall(t *rapid.T) {
	desks, err := m.b.Desks()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for k, v := range desks {
		got[k] = string(v)
	}
	if !maps.Equal(m.desks, got) {
		t.Fatalf("desks %v, want %v", got, m.desks)
	}
	for _, name := range []string{"c01", "c02", "c03"} {
		if got, err := m.b.Note(name); err != nil || string(got) != m.notes[name] {
			t.Fatalf("note %s: %q, %v; want %q", name, got, err, m.notes[name])
		}
	}
}

func (m *box) waiting(lane outbox.Lane) (letters []outbox.Letter) {
	for _, ref := range slices.Sorted(maps.Keys(m.letters)) {
		l := m.letters[ref]
		if !m.settled[ref] && l.Urgent == (lane == outbox.Alerts) {
			letters = append(letters, l)
		}
	}
	return letters
}

func (m *box) told() (told []wire.EpochState) {
	for i, e := range m.epochs {
		e.Settled = e.Head
		for ref, l := range m.letters {
			if l.Epoch == e.Epoch && !m.settled[ref] {
				e.Settled = min(e.Settled, l.Seq-1)
			}
		}
		if e.Settled < e.Head || i == len(m.epochs)-1 {
			told = append(told, e)
		}
	}
	return told
}

// stand lets the drafts' helpers fail the rapid test.
func stand(t *rapid.T) testing.TB { return failing{T: t} }

type failing struct {
	testing.TB
	T *rapid.T
}

func (f failing) Helper()           {}
func (f failing) Fatal(args ...any) { f.T.Fatal(args...) }

// undated is a test that rapid does not ask for its deadline, which a bubble does not know.
type undated struct{ *testing.T }

// TestModel plays random lives of an outbox against a map. In the bubble nothing is written behind
// the test's back: 250 ms pass only when it sleeps.
func TestModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(undated{t}, func(rt *rapid.T) {
			dir, err := os.MkdirTemp(outboxtest.Dir(t), "")
			if err != nil {
				rt.Fatal(err)
			}
			m := &box{
				t: rt, dir: dir, path: filepath.Join(dir, "life0.db"),
				desks: map[string]string{}, notes: map[string]string{}, letters: map[outbox.Ref]outbox.Letter{},
				settled: map[outbox.Ref]bool{}, unwritten: map[outbox.Ref]bool{},
			}
			m.open()
			m.beginEpoch()
			defer os.RemoveAll(dir)
			defer m.b.Close()
			rt.Repeat(rapid.StateMachineActions(m))
			m.close()
			r, err := outbox.Verify(m.path, outboxtest.Key.Public())
			if err != nil || r.Err() != nil || r.Records != len(m.letters) {
				rt.Fatalf("verify: %d records, %v, %v; want %d", r.Records, err, r.Err(), len(m.letters))
			}
		})
	})
}
