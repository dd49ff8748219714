package power

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/sync/wire"
	"evalpad/test/faultdisk"
)

// counters press side by side on one box.
var counters = []string{"c03", "c04"}

// runCounters has customers press in another process until it ends, and returns its error and words.
func runCounters(t *testing.T, j job) (words string, err error) {
	t.Helper()
	j.Do = "press"
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = j.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mustRunCounters is runCounters on a disk that must not fail.
func mustRunCounters(t *testing.T, d *faultdisk.Disk, j job) {
	t.Helper()
	j.Dir, j.Witness = d.Dir, filepath.Join(d.Dir, faultdisk.Witness)
	if words, err := runCounters(t, j); err != nil {
		t.Fatalf("press: %v\n%s", err, words)
	}
}

// press is the process: it does with the outbox what the agent's desks and uplink do, and writes down
// what it is told. A press makes two steps: 2i its first key opens an evaluation, 2i+1 it is finished.
func press(j job) error {
	file, err := os.OpenFile(j.Witness, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	w := &witness{file: file}
	b, err := outbox.Open(filepath.Join(j.Dir, "outbox.db"), outboxtest.Options())
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for i, counter := range counters {
		all.Go(func() { w.serve(b, counter, j, rand.New(rand.NewPCG(j.Seed, uint64(i)))) })
	}
	all.Wait()
	if j.Close {
		return errors.Join(w.err, b.Close())
	}
	return w.err
}

// witness writes one line of one or more promises at a time.
type witness struct {
	file *os.File
	mu   sync.Mutex
	err  error
}

func (w *witness) say(format string, words ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := fmt.Fprintf(w.file, format+"\n", words...)
	w.err = errors.Join(w.err, err)
}

func (w *witness) serve(b *outbox.Outbox, counter string, j job, rnd *rand.Rand) {
	for step := j.From; step < j.From+2*j.Presses; step++ {
		w.say("try %s %d", counter, step)
		letters, err := b.Commit(context.Background(), changeOf(counter, step))
		if err != nil {
			w.say("refused %s %d %v", counter, step, err)
			continue
		}
		var told strings.Builder
		fmt.Fprintf(&told, "desk %s %d", counter, step)
		for _, l := range letters {
			fmt.Fprintf(&told, "\ntold %s %d %s", l.Epoch, l.Seq, l.Hash)
		}
		w.say("%s", &told)
		if len(letters) > 0 && rnd.IntN(4) == 0 {
			w.settle(b, letters[0])
		}
	}
}

// settle says so first: what is settled may be on disk before Settle returns.
func (w *witness) settle(b *outbox.Outbox, through outbox.Letter) {
	w.say("settle %s %d", through.Epoch, through.Seq)
	if _, err := b.Settle(context.Background(), through.Epoch, 1, through.Seq, through.Hash); err != nil {
		w.say("refused settling %v", err)
	}
}

// changeOf is what a desk commits at a step: its own state, and with a finished evaluation the records
// of it. Every third is dissatisfied.
func changeOf(counter string, step int) outbox.Change {
	c := outbox.Change{Desks: map[string][]byte{counter: fmt.Appendf(nil, "%d %s", step, strings.Repeat("state ", 40))}}
	if step%2 == 0 {
		return c
	}
	t, id := &testing.B{}, idOf(counter, step) // only to fail with, which it does not
	if dissatisfied(step) {
		c.Drafts = []wire.Draft{outboxtest.Alert(t, id), outboxtest.Evaluation(t, id, 1)}
	} else {
		c.Drafts = []wire.Draft{outboxtest.Evaluation(t, id, 4)}
	}
	return c
}

func idOf(counter string, step int) string { return fmt.Sprintf("%s.%d", counter, step) }

func dissatisfied(step int) bool { return step/2%3 == 0 }
