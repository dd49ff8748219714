package test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/sync/wire"
	"evalpad/test/harness"
)

// BenchmarkCheckOfAFullFile is what the agent's start costs on a file of 128 MiB that is full of
// waiting records: the check in its child. The box must be back within 5 s.
func BenchmarkCheckOfAFullFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "outbox.db")
	records := fillOutbox(b, path)
	evalpad := harness.Built(b, "evalpad")
	var memory int64
	var processor time.Duration
	for b.Loop() {
		check := exec.Command(evalpad, "outbox", "check", path)
		if out, err := check.CombinedOutput(); err != nil {
			b.Fatalf("check: %v: %s", err, out)
		}
		memory = max(memory, maxRSS(check.ProcessState))
		processor += check.ProcessState.UserTime() + check.ProcessState.SystemTime()
	}
	b.ReportMetric(float64(records), "records")
	b.ReportMetric(float64(memory)/(1<<20), "MiB")
	b.ReportMetric(processor.Seconds()*1000/float64(b.N), "cpu-ms/op")
}

// fillOutbox commits until the outbox refuses, and says how many records it took.
func fillOutbox(b *testing.B, path string) (records int) {
	b.Helper()
	o := outboxtest.Options()
	o.Max = 128 << 20
	box, err := outbox.Open(path, o)
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close()
	for {
		var drafts []wire.Draft
		for i := range 50 {
			id := fmt.Sprintf("e%d", records+i)
			drafts = append(drafts, outboxtest.Alert(b, id), outboxtest.Evaluation(b, id, 1))
		}
		letters, err := box.Commit(b.Context(), outbox.Change{Drafts: drafts})
		if errors.Is(err, outbox.ErrFull) {
			return records
		}
		if err != nil {
			b.Fatal(err)
		}
		records += len(letters)
	}
}

// maxRSS is how much memory a process had at most, in bytes: its share of the file's pages too.
func maxRSS(p *os.ProcessState) int64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss << 10
}
