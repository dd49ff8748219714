package outbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
)

// appendSynced is the floor of everything durable on this machine: 4 KiB at the end of a growing
// file, then fdatasync. It returns the median.
func appendSynced(b *testing.B, n int) time.Duration {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	return median(n, func() {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	})
}

func median(n int, fn func()) time.Duration {
	took := make([]time.Duration, n)
	for i := range took {
		start := time.Now()
		fn()
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[n/2]
}

func open(b *testing.B) *outbox.Outbox {
	o := outboxtest.Options()
	o.Max = 64 << 20
	return outboxtest.OpenAt(b, filepath.Join(b.TempDir(), "outbox.db"), o)
}

// BenchmarkAppend4KAndFdatasync is the floor by itself.
func BenchmarkAppend4KAndFdatasync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	for b.Loop() {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit is one press: an evaluation is sealed and stored, and the one before is settled.
// floors is its median over the median of an append and fdatasync measured just before and after;
// bbolt syncs twice a commit, so 2 is what a perfect one would cost.
func BenchmarkCommit(b *testing.B) {
	box, c := open(b), evaluations(b, "e")
	floor := appendSynced(b, 200)
	before := written(b)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		letters, err := box.Commit(b.Context(), c)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
		if _, err := box.Settle(b.Context(), letters[0].Epoch, 1, letters[0].Seq, letters[0].Hash); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(written(b)-before)/float64(len(took)), "written-B/op")
	floor = (floor + appendSynced(b, 200)) / 2
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
	b.ReportMetric(float64(took[len(took)/2])/float64(floor), "floors")
}

// BenchmarkGroupCommit64 is 64 counters pressing at once: time by the press.
func BenchmarkGroupCommit64(b *testing.B) {
	box, c := open(b), evaluations(b, "e")
	floor := appendSynced(b, 200)
	presses := make(chan struct{})
	var counters sync.WaitGroup
	for range 64 {
		counters.Go(func() {
			for range presses {
				letters, err := box.Commit(b.Context(), c)
				if err != nil {
					b.Error(err)
					return
				}
				if _, err := box.Settle(b.Context(), letters[0].Epoch, letters[0].Seq, letters[0].Seq, letters[0].Hash); err != nil {
					b.Error(err)
				}
			}
		})
	}
	start, n := time.Now(), 0
	for b.Loop() {
		presses <- struct{}{}
		n++
	}
	close(presses)
	counters.Wait()
	each := time.Since(start) / time.Duration(max(n, 1))
	floor = (floor + appendSynced(b, 200)) / 2
	b.ReportMetric(float64(each)/float64(floor), "floors")
}

// written is how many bytes this process has written: pages and meta pages, as bbolt hands them over.
func written(b *testing.B) (bytes int64) {
	b.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if n, err := fmt.Sscanf(line, "wchar: %d", &bytes); n == 1 && err == nil {
			return bytes
		}
	}
	b.Fatal("no wchar in /proc/self/io")
	return 0
}
