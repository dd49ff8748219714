package outbox_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/sync/wire"
)

func TestSettleRules(t *testing.T) {
	b := outboxtest.Open(t)
	var letters []outbox.Letter
	for i := range 5 {
		letters = append(letters, commit(t, b, evaluations(t, fmt.Sprint("e", i)))...)
	}
	alert := commit(t, b, dissatisfied(t, "e5"))
	epoch, through3, through5 := head(b).Epoch, letters[1].Hash, letters[3].Hash
	for _, c := range []struct {
		name     string
		epoch    wire.Epoch
		from, to uint64
		head     wire.Hash
		settled  int
		err      error
		waiting  int
		through  uint64
	}{
		{"another epoch", "0123456789abcdef", 1, 3, through3, 0, outbox.ErrUnknownEpoch, 8, 0},
		{"another head", epoch, 1, 3, through5, 0, outbox.ErrHeadDiffers, 8, 0},
		{"beyond our head", epoch, 1, 9, alert[1].Hash, 0, outbox.ErrBeyondHead, 8, 0},
		{"nothing yet", epoch, 1, 0, wire.Hash{}, 0, nil, 8, 0},
		{"a run ahead", epoch, 7, 7, alert[0].Hash, 1, nil, 7, 0},
		{"through 3", epoch, 1, 3, through3, 3, nil, 4, 3},
		{"the same again", epoch, 1, 3, through3, 0, nil, 4, 3},
		{"settled, another head", epoch, 1, 3, through5, 0, outbox.ErrHeadDiffers, 4, 3},
		{"less than before", epoch, 1, 2, letters[0].Hash, 0, nil, 4, 3},
		{"through 5", epoch, 1, 5, through5, 2, nil, 2, 5},
		{"through the head", epoch, 1, 8, alert[1].Hash, 2, nil, 0, 8},
	} {
		n, err := b.Settle(t.Context(), c.epoch, c.from, c.to, c.head)
		if n != c.settled || !errors.Is(err, c.err) {
			t.Errorf("%s: settled %d, %v; want %d, %v", c.name, n, err, c.settled, c.err)
		}
		if got := len(waiting(t, b, outbox.Normal)) + len(waiting(t, b, outbox.Alerts)); got != c.waiting {
			t.Errorf("%s: %d letters wait, want %d", c.name, got, c.waiting)
		}
		if got := b.Stats(); got.Waiting != c.waiting || got.History != 8-c.waiting {
			t.Errorf("%s: stats tell of %d waiting and %d in history, want %d and %d",
				c.name, got.Waiting, got.History, c.waiting, 8-c.waiting)
		}
		if got := head(b).Settled; got != c.through {
			t.Errorf("%s: settled through %d, want %d", c.name, got, c.through)
		}
	}
}

// TestSettlingIsWrittenLate settles without a commit: nothing is written until 250 ms are over, and
// a file copied before that has the letters waiting.
func TestSettlingIsWrittenLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(outboxtest.Dir(t), "outbox.db")
		b := outboxtest.OpenAt(t, path, outboxtest.Options())
		commit(t, b, dissatisfied(t, "e1"))
		settleAll(t, b)
		time.Sleep(249 * time.Millisecond)
		synctest.Wait()
		if got := len(waiting(t, copyOf(t, path), outbox.Alerts)); got != 1 {
			t.Errorf("after 249 ms %d alerts wait on disk, want 1 still", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := len(waiting(t, copyOf(t, path), outbox.Alerts)); got != 0 {
			t.Errorf("after 250 ms %d alerts wait on disk, want 0", got)
		}
	})
}

func TestSettlingRidesWithACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(outboxtest.Dir(t), "outbox.db")
		b := outboxtest.OpenAt(t, path, outboxtest.Options().Slow())
		commit(t, b, dissatisfied(t, "e1"))
		settleAll(t, b)
		commit(t, b, outbox.Change{Notes: map[string][]byte{"n": {1}}})
		if got := len(waiting(t, copyOf(t, path), outbox.Alerts)); got != 0 {
			t.Errorf("after the next commit %d alerts wait on disk, want 0", got)
		}
	})
}

func TestManySettledAreWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(outboxtest.Dir(t), "outbox.db")
		b := outboxtest.OpenAt(t, path, outboxtest.Options().Slow())
		for range 254 {
			commit(t, b, evaluations(t, "e"))
		}
		settleAll(t, b) // 255 with the epoch's first
		synctest.Wait()
		if got := len(waiting(t, copyOf(t, path), outbox.Normal)); got != 255 {
			t.Errorf("%d wait on disk after 255 were settled, want all", got)
		}
		l := commit(t, b, evaluations(t, "e"))[0]
		for range 255 {
			l = commit(t, b, evaluations(t, "e"))[0]
		}
		if _, err := b.Settle(t.Context(), l.Epoch, 1, l.Seq, l.Hash); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := len(waiting(t, copyOf(t, path), outbox.Normal)); got != 0 {
			t.Errorf("%d wait on disk after 256 were settled, want none", got)
		}
	})
}

func TestCloseWritesWhatIsSettled(t *testing.T) {
	path := filepath.Join(outboxtest.Dir(t), "outbox.db")
	b := outboxtest.OpenAt(t, path, outboxtest.Options().Slow())
	commit(t, b, dissatisfied(t, "e1"))
	settleAll(t, b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = outboxtest.OpenAt(t, path, outboxtest.Options())
	if s := b.Stats(); s.Waiting != 0 || s.History != 3 || head(b).Settled != 3 {
		t.Errorf("after reopening: %+v, settled %d; want all 3 settled", s, head(b).Settled)
	}
}

func TestHistory(t *testing.T) {
	b := outboxtest.Open(t)
	for i := range 9 {
		commit(t, b, evaluations(t, fmt.Sprint("e", i)))
	}
	h := head(b)
	third, _, err := b.History(h.Epoch, 3, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Settle(t.Context(), h.Epoch, 1, 3, third[0].Hash); err != nil {
		t.Fatal(err)
	}
	beyond := []outbox.Gap{{From: 11, To: 12, Why: "beyond the head of this epoch"}}
	for _, c := range []struct {
		name     string
		epoch    wire.Epoch
		from, to uint64
		max      int
		want     []uint64
		gaps     []outbox.Gap
	}{
		{"settled and waiting alike", h.Epoch, 2, 5, 512, []uint64{2, 3, 4, 5}, nil},
		{"no further than max", h.Epoch, 2, 12, 2, []uint64{2, 3}, nil},
		{"beyond the head", h.Epoch, 10, 12, 512, []uint64{10}, beyond},
		{"all beyond", h.Epoch, 1<<64 - 2, 1<<64 - 1, 512, nil, []outbox.Gap{{From: 1<<64 - 2, To: 1<<64 - 1, Why: "beyond the head of this epoch"}}},
		{"unknown", "0123456789abcdef", 1, 4, 512, nil, []outbox.Gap{{From: 1, To: 4, Why: "nothing of this epoch is left"}}},
		{"backwards", h.Epoch, 5, 4, 512, nil, nil},
	} {
		letters, gaps, err := b.History(c.epoch, c.from, c.to, c.max)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []uint64
		for _, l := range letters {
			got = append(got, l.Seq)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: records (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.gaps, gaps); diff != "" {
			t.Errorf("%s: gaps (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestHistoryAges: what counts is for how long the box has run. Its wall clock may lie by centuries, and
// lets nothing go.
func TestHistoryAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := outboxtest.Options()
		wall := time.Unix(0, 0)
		o.Stamp = func() wire.Stamp {
			s := outboxtest.Stamp()
			s.Wall = new(wire.At(wall))
			return s
		}
		b := outboxtest.OpenAt(t, filepath.Join(outboxtest.Dir(t), "outbox.db"), o)
		commit(t, b, evaluations(t, "old"))
		settleAll(t, b)
		wall = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
		time.Sleep(29 * 24 * time.Hour)
		commit(t, b, evaluations(t, "young"))
		settleAll(t, b)
		time.Sleep(time.Hour)
		if got := b.Stats().History; got != 3 {
			t.Errorf("after 29 days %d letters in history, want 3", got)
		}
		time.Sleep(24 * time.Hour)
		settleAfter := commit(t, b, evaluations(t, "wakes the writer"))[0]
		if _, err := b.Settle(t.Context(), settleAfter.Epoch, settleAfter.Seq, settleAfter.Seq, settleAfter.Hash); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := b.Stats().History; got != 2 {
			t.Errorf("after 30 days %d letters in history, want the 2 young ones", got)
		}
	})
}

// TestHistoryCountsBootsByTheirUptime: of the time between two boots nobody knows, and a new file in
// mid-boot is not as old as the boot.
func TestHistoryCountsBootsByTheirUptime(t *testing.T) {
	path := filepath.Join(outboxtest.Dir(t), "outbox.db")
	boot, uptime := "first", 25*24*time.Hour
	o := outboxtest.Options()
	o.Stamp = func() wire.Stamp {
		return wire.Stamp{Boot: boot, UptimeMS: uptime.Milliseconds(), Clock: wire.ClockUnset}
	}
	for _, step := range []struct {
		boot   string
		uptime time.Duration
		left   int
	}{
		{"first", 40 * 24 * time.Hour, 1},  // made and settled on day 25: 15 days ago
		{"second", 14 * 24 * time.Hour, 1}, // 29 days
		{"third", 2 * 24 * time.Hour, 0},   // 31 days
	} {
		b := outboxtest.OpenAt(t, path, o)
		settleAll(t, b)
		boot, uptime = step.boot, step.uptime
		l := commit(t, b, evaluations(t, step.boot))[0]
		if _, err := b.Settle(t.Context(), l.Epoch, l.Seq, l.Seq, l.Hash); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil { // flushes, and looks what is too old
			t.Fatal(err)
		}
		if got := firstRecords(t, path, o); got != step.left {
			t.Errorf("%s, up for %s: record 1 is there %d times, want %d", step.boot, step.uptime, got, step.left)
		}
	}
}

// firstRecords is 1 while the first record of the file is there.
func firstRecords(t *testing.T, path string, o outbox.Options) int {
	t.Helper()
	b := outboxtest.OpenAt(t, path, o)
	defer b.Close()
	found, _, err := b.History(head(b).Epoch, 1, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func TestOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := outboxtest.Open(t)
		settleAll(t, b)
		if got := b.Stats().Oldest; got != 0 {
			t.Errorf("nothing waits: oldest %s", got)
		}
		commit(t, b, dissatisfied(t, "e1"))
		time.Sleep(90 * time.Minute)
		commit(t, b, dissatisfied(t, "e2"))
		if got := b.Stats().Oldest; got != 90*time.Minute {
			t.Errorf("oldest %s, want 1h30m", got)
		}
	})
}
