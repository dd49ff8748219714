package outbox_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/sync/wire"
)

// gate lets a test gather requests while the writer is at the disk.
type gate struct {
	shut    bool
	opened  chan struct{}
	commits int
	full    int // the commit that finds no room
}

func (g *gate) finish(tx *bolt.Tx) error {
	if g.commits++; g.shut {
		g.shut = false
		<-g.opened
	}
	if g.commits == g.full {
		return &fs.PathError{Op: "write", Path: "outbox.db", Err: syscall.ENOSPC}
	}
	return tx.Commit()
}

// together hands all changes to the writer while it is busy, so that they share its next
// transaction, and returns their errors and the number of commits that it took.
func together(t *testing.T, g *gate, changes []outbox.Change) (b *outbox.Outbox, errs []error, commits int) {
	t.Helper()
	g.opened = make(chan struct{})
	b = outboxtest.OpenAt(t, filepath.Join(outboxtest.Dir(t), "outbox.db"), outboxtest.Options().Finish(g.finish))
	g.shut = true
	busy := make(chan error, 1)
	go func() {
		_, err := b.Commit(t.Context(), outbox.Change{Notes: map[string][]byte{"busy": {1}}})
		busy <- err
	}()
	synctest.Wait()
	errs = make([]error, len(changes))
	var callers sync.WaitGroup
	for i, c := range changes {
		callers.Go(func() { _, errs[i] = b.Commit(t.Context(), c) })
	}
	synctest.Wait()
	close(g.opened)
	callers.Wait()
	if err := <-busy; err != nil {
		t.Fatal(err)
	}
	return b, errs, g.commits - 1
}

func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, errs, commits := together(t, &gate{}, slices.Repeat([]outbox.Change{evaluations(t, "e")}, 64))
		if err := errors.Join(errs...); err != nil || commits != 1 {
			t.Errorf("64 callers took %d commits, %v; want 1", commits, err)
		}
		if got := len(waiting(t, b, outbox.Normal)); got != 1+64 {
			t.Errorf("%d letters wait, want %d", got, 1+64)
		}
	})
}

// TestAGroupThatDoesNotFit is tried one by one, so that what does fit is kept.
func TestAGroupThatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, errs, commits := together(t, &gate{full: 2}, slices.Repeat([]outbox.Change{evaluations(t, "e")}, 8))
		if err := errors.Join(errs...); err != nil || commits != 1+8 {
			t.Errorf("8 callers took %d commits, %v; want one together and 8 alone", commits, err)
		}
		if got := head(b).Head; got != 1+8 || b.Fault() != nil {
			t.Errorf("head %d, fault %v; want %d and none", got, b.Fault(), 1+8)
		}
	})
}

// TestRefusedDraftHarmsNobody: a bad change between good ones leaves no trace, no number skipped.
func TestRefusedDraftHarmsNobody(t *testing.T) {
	good := outboxtest.Evaluation(t, "good", 4)
	long, broken, status := good, good, good
	long.Subject = "counter/" + strings.Repeat("x", wire.MaxRecord)
	broken.Data = []byte(`{"half":`)
	status.Kind = wire.KindStatus
	for name, bad := range map[string]wire.Draft{"long": long, "broken": broken, "status": status} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				changes := slices.Repeat([]outbox.Change{evaluations(t, "e")}, 9)
				changes[4] = outbox.Change{Drafts: []wire.Draft{good, bad}, Notes: map[string][]byte{"bad": {1}}}
				b, errs, commits := together(t, &gate{}, changes)
				if !errors.Is(errs[4], outbox.ErrRefused) {
					t.Errorf("the bad one: %v, want ErrRefused", errs[4])
				}
				if errs[4] = nil; errors.Join(errs...) != nil || commits != 1 {
					t.Errorf("its neighbours: %v in %d commits, want no error in one", errors.Join(errs...), commits)
				}
				if note, _ := b.Note("bad"); note != nil {
					t.Error("a refused change left its note")
				}
				if got := head(b).Head; got != 1+8 {
					t.Errorf("head %d, want %d: the good ones alone", got, 1+8)
				}
			})
		})
	}
}
