package outbox_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/sync/wire"
)

// fill commits changes until one does not fit, and says how many did.
func fill(t *testing.T, b *outbox.Outbox, c outbox.Change) (n int) {
	t.Helper()
	for ; n < 10_000; n++ {
		if _, err := b.Commit(t.Context(), c); errors.Is(err, outbox.ErrFull) {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("it never gets full")
	return n
}

// TestFull fills a file with what nobody receipts: ordinary evaluations are refused first, then
// dissatisfied ones; open evaluations are stored all the same; a receipt makes room for all.
func TestFull(t *testing.T) {
	b := outboxtest.Open(t)
	four := evaluations(t, "1", "2", "3", "4")
	ordinary := 4 * fill(t, b, four)
	if ordinary < 700 {
		t.Errorf("%d evaluations fill 1 MiB, want at least 700", ordinary)
	}
	urgent := fill(t, b, dissatisfied(t, "urgent"))
	if urgent < 10 {
		t.Errorf("%d dissatisfied evaluations found room after the others, want at least 10", urgent)
	}
	if got := b.Stats(); got.Free > 0.1 || got.Waiting != 1+ordinary+2*urgent {
		t.Errorf("full: %+v, want less than a tenth free and %d waiting", got, 1+ordinary+2*urgent)
	}
	for i := range 50 {
		commit(t, b, outbox.Change{Desks: map[string][]byte{"c03": fmt.Append(nil, "open ", i)}})
	}
	if err := b.Fault(); err != nil {
		t.Errorf("a full file counts as a fault: %v", err)
	}
	if n := settleAll(t, b); n != 1+ordinary+2*urgent {
		t.Errorf("settled %d, want all", n)
	}
	for i := range ordinary / 2 {
		commit(t, b, four)
		if i%3 == 0 {
			settleAll(t, b)
		}
	}
	if got := b.Stats(); got.Free < 0.1 || got.History < 400 {
		t.Errorf("after %d more: %+v, want history kept and a tenth free", 2*ordinary, got)
	}
}

// TestOldestHistoryGoesFirst keeps an old letter waiting while everything after it is settled: the
// settled go, oldest first, and it stays.
func TestOldestHistoryGoesFirst(t *testing.T) {
	b := outboxtest.Open(t)
	epoch := head(b).Epoch
	kept := commit(t, b, dissatisfied(t, "never receipted"))
	ten := evaluations(t, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
	for range 150 {
		l := commit(t, b, ten)[9]
		if _, err := b.Settle(t.Context(), epoch, 4, l.Seq, l.Hash); err != nil {
			t.Fatal(err)
		}
	}
	if got := waiting(t, b, outbox.Alerts); len(got) != 1 || got[0].Ref != kept[0].Ref {
		t.Errorf("waiting alerts %+v, want the one never receipted", got)
	}
	h := head(b)
	letters, gaps, err := b.History(epoch, 1, h.Head, 512)
	if err != nil {
		t.Fatal(err)
	}
	if len(gaps) != 1 || gaps[0].From != 4 {
		t.Errorf("gaps %+v, want one that begins at 4", gaps)
	}
	if len(letters) < 300 || letters[1].Seq != 2 {
		t.Errorf("%d letters left, the second is %d; want at least 300 and record 2", len(letters), letters[1].Seq)
	}
	// A receipt for what has left the history settles nothing and is no error.
	if n, err := b.Settle(t.Context(), epoch, 4, 50, wire.Hash{}); n != 0 || err != nil {
		t.Errorf("receipt for forgotten records: %d, %v; want 0 and no error", n, err)
	}
}

// TestAnEpochWithoutLettersIsForgotten: rows of epochs go with their last letter.
func TestAnEpochWithoutLettersIsForgotten(t *testing.T) {
	b := outboxtest.Open(t)
	old := head(b)
	settleAll(t, b)
	if err := b.NewEpoch(t.Context(), "next"); err != nil {
		t.Fatal(err)
	}
	ten := evaluations(t, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
	for range 150 {
		l := commit(t, b, ten)[9]
		if _, err := b.Settle(t.Context(), l.Epoch, 1, l.Seq, l.Hash); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Settle(t.Context(), old.Epoch, 1, 1, old.Hash); !errors.Is(err, outbox.ErrUnknownEpoch) {
		t.Errorf("settling an epoch of which nothing is left: %v, want ErrUnknownEpoch", err)
	}
}

// TestWhatARecordCosts counts the pages of 400 presses, each receipted before the next: the file
// must hold some 130,000 records in 128 MiB, and a card is not to be worn out.
func TestWhatARecordCosts(t *testing.T) {
	pages, commits := int64(0), int64(0)
	b := outboxtest.OpenAt(t, filepath.Join(outboxtest.Dir(t), "outbox.db"), outboxtest.Options().Slow().Finish(func(tx *bolt.Tx) error {
		err := tx.Commit()
		stats := tx.Stats()
		pages, commits = pages+stats.PageAlloc/4096+1, commits+1 // and the meta page
		return err
	}))
	c := evaluations(t, "e")
	empty := b.Stats().Bytes
	for range 400 {
		l := commit(t, b, c)[0]
		if _, err := b.Settle(t.Context(), l.Epoch, 1, l.Seq, l.Hash); err != nil {
			t.Fatal(err)
		}
	}
	if got := (b.Stats().Bytes - empty) / 400; got > 1150 {
		t.Errorf("a record takes %d bytes of the file, want at most 1,150", got)
	}
	if got := pages * 4096 / 400; got > 16<<10 {
		t.Errorf("a press writes %d bytes, want at most 16 KiB", got)
	}
	if commits > 400 {
		t.Errorf("400 presses took %d commits: settling did not ride along", commits)
	}
}
