package outbox_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
)

// disk ends transactions as a failing disk would.
type disk struct {
	failing  int  // how many more commits fail
	midway   bool // after the meta page is written; else before anything is
	attempts int
}

func (d *disk) commit(tx *bolt.Tx) error {
	d.attempts++
	if d.failing == 0 {
		return tx.Commit()
	}
	d.failing--
	if d.midway {
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return syscall.EIO
}

func TestFailedCommit(t *testing.T) {
	for _, c := range []struct {
		name    string
		disk    disk
		err     error
		records uint64 // stored by the commit
		faulty  bool   // after it
	}{
		{"nothing written", disk{failing: 1}, outbox.ErrStore, 0, true},
		{"written, the last sync fails", disk{failing: 1, midway: true}, nil, 2, false},
		{"written, and the disk stays bad", disk{failing: 2, midway: true}, outbox.ErrStore, 2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(outboxtest.Dir(t), "outbox.db")
			d := &disk{}
			b := outboxtest.OpenAt(t, path, outboxtest.Options().Finish(d.commit))
			commit(t, b, evaluations(t, "before"))
			before := head(b).Head
			*d = c.disk

			letters, err := b.Commit(t.Context(), dissatisfied(t, "e1"))
			if !errors.Is(err, c.err) || (err == nil) != (len(letters) == 2) {
				t.Errorf("commit: %d letters, %v; want %v", len(letters), err, c.err)
			}
			if got := head(b).Head - before; got != c.records {
				t.Errorf("%d records were stored, want %d", got, c.records)
			}
			if got := b.Fault() != nil; got != c.faulty {
				t.Errorf("fault %v, want one: %t", b.Fault(), c.faulty)
			}
			if got := b.Stats().Faults; got != 1 {
				t.Errorf("%d faults counted, want 1", got)
			}
			commit(t, b, evaluations(t, "after"))
			if b.Fault() != nil {
				t.Errorf("after a good commit the fault is still %v", b.Fault())
			}
			if got, want := len(waiting(t, b, outbox.Normal)), 3+int(c.records)/2; got != want {
				t.Errorf("%d letters wait, want %d", got, want)
			}
		})
	}
}

// TestNoCommitTakesAnothersNumber: a confirmation that failed and is in the file all the same has a
// number, and the next commit must not be told from the file by that number. Else nothing would be
// written and the press be thanked for.
func TestNoCommitTakesAnothersNumber(t *testing.T) {
	d := &disk{}
	b := outboxtest.OpenAt(t, filepath.Join(outboxtest.Dir(t), "outbox.db"), outboxtest.Options().Finish(d.commit))
	*d = disk{failing: 2, midway: true}
	if _, err := b.Commit(t.Context(), dissatisfied(t, "e1")); !errors.Is(err, outbox.ErrStore) || !errors.Is(err, outbox.ErrUnvouched) {
		t.Errorf("commit: %v, want ErrStore and ErrUnvouched", err)
	}
	before := head(b).Head
	*d = disk{failing: 1}
	if letters, err := b.Commit(t.Context(), dissatisfied(t, "e2")); !errors.Is(err, outbox.ErrStore) || errors.Is(err, outbox.ErrUnvouched) {
		t.Errorf("commit of which nothing is written: %d letters, %v; want ErrStore alone", len(letters), err)
	}
	if got := head(b).Head; got != before {
		t.Errorf("head %d, want %d", got, before)
	}
	commit(t, b, evaluations(t, "e3"))
}

// TestSettledStayWaitingWhileTheDiskFails: a flush that fails is tried again.
func TestSettledStayWaitingWhileTheDiskFails(t *testing.T) {
	path := filepath.Join(outboxtest.Dir(t), "outbox.db")
	d := &disk{}
	b := outboxtest.OpenAt(t, path, outboxtest.Options().Slow().Finish(d.commit))
	commit(t, b, dissatisfied(t, "e1"))
	settleAll(t, b)
	d.failing = 1
	if _, err := b.Commit(t.Context(), evaluations(t, "e2")); !errors.Is(err, outbox.ErrStore) {
		t.Errorf("commit: %v, want ErrStore", err)
	}
	if got := b.Stats(); got.Waiting != 0 || got.History != 3 {
		t.Errorf("stats %+v, want none waiting and 3 settled", got)
	}
	if got := head(b).Settled; got != 3 {
		t.Errorf("settled through %d, want 3", got)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = outboxtest.OpenAt(t, path, outboxtest.Options())
	if got := b.Stats().Waiting; got != 0 {
		t.Errorf("%d wait after reopening, want none", got)
	}
}

// TestAFullDiskIsNoFault: bbolt goes on after a write that found no room.
func TestAFullDiskIsNoFault(t *testing.T) {
	full := true
	b := outboxtest.OpenAt(t, filepath.Join(outboxtest.Dir(t), "outbox.db"), outboxtest.Options().Finish(func(tx *bolt.Tx) error {
		if full {
			return &fs.PathError{Op: "write", Path: "outbox.db", Err: syscall.ENOSPC}
		}
		return tx.Commit()
	}))
	if _, err := b.Commit(t.Context(), evaluations(t, "e1")); !errors.Is(err, outbox.ErrFull) || b.Fault() != nil {
		t.Errorf("commit: %v, fault %v; want ErrFull and no fault", err, b.Fault())
	}
	full = false
	commit(t, b, evaluations(t, "e1"))
}
