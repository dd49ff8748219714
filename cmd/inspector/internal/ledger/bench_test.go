package ledger_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"evalpad/cmd/inspector/internal/ledger"
)

// BenchmarkTake takes evaluations in batches; the promise is 8,000 records a second on two cores,
// each batch on disk.
func BenchmarkTake(b *testing.B) {
	for _, size := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			l := open(b, filepath.Join(b.TempDir(), "ledger.db"), ledger.Options{})
			box := newBox(b)
			for b.Loop() {
				b.StopTimer()
				batch := box.plain(size, nine)
				b.StartTimer()
				take(b, l, batch...)
			}
			b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
