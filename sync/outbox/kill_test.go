package outbox_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
)

// Set in the environment, these make the test binary another process.
const (
	childPath  = "OUTBOX_TEST_CHILD" // one that writes until it is killed
	childCheck = "OUTBOX_TEST_CHECK" // one that checks a file
)

// TestMain lets the test binary be the process that is killed, or that checks.
func TestMain(m *testing.M) {
	if path := os.Getenv(childCheck); path != "" {
		if err := outbox.Check(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if path := os.Getenv(childPath); path != "" {
		fmt.Fprintln(os.Stderr, press(path, os.Getenv("OUTBOX_TEST_ROUND")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// press commits and settles as fast as it can, and says on standard output what has been
// acknowledged. It ends only with an error.
func press(path, round string) error {
	b, err := outbox.Open(path, outboxtest.Options())
	if err != nil {
		return err
	}
	var mu sync.Mutex
	failed := make(chan error)
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s.%d.%d", round, w, i)
				letters, err := b.Commit(context.Background(), change(id))
				if err == nil {
					mu.Lock()
					fmt.Println(letters[0].Epoch, letters[0].Seq, id)
					mu.Unlock()
					_, err = b.Settle(context.Background(), letters[0].Epoch, letters[0].Seq, letters[0].Seq, letters[0].Hash)
				}
				if err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

func change(id string) outbox.Change {
	t := &testing.B{} // only to fail with, which it does not
	c := dissatisfied(t, id)
	c.Notes = map[string][]byte{"last": []byte(id)}
	return c
}

// TestKilled kills a writing process twenty times over one file. Whatever it had acknowledged is
// there, the alert with its evaluation, and the chain holds.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	total := 0
	for round := range 20 {
		acked := killOne(t, path, fmt.Sprint(round), time.Duration(30+rand.IntN(120))*time.Millisecond)
		total += len(acked)
		mustHold(t, path, acked)
	}
	if total < 100 {
		t.Errorf("%d commits were acknowledged in 20 rounds: too few to mean anything", total)
	}
	t.Logf("%d commits acknowledged, none lost", total)
	outboxtest.MustBeSound(t, path, outboxtest.Key)
}

// killOne lets a child write until some time after its first acknowledgement, kills it, and returns
// the acknowledgements that came out whole.
func killOne(t *testing.T, path, round string, after time.Duration) (acked []string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childPath+"="+path, "OUTBOX_TEST_ROUND="+round)
	child.Stderr = t.Output()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(acked) == 0 {
			time.AfterFunc(after, func() { child.Process.Kill() })
		}
		acked = append(acked, strings.TrimSpace(line))
	}
	child.Wait() // killed
	return acked
}

func mustHold(t *testing.T, path string, acked []string) {
	t.Helper()
	held := map[string]string{}
	for it, err := range outbox.List(path) {
		if err != nil {
			t.Fatal(err)
		}
		held[fmt.Sprint(it.Epoch, " ", it.Seq)] = string(it.Line)
	}
	for _, line := range acked {
		var epoch, id string
		var seq uint64
		if _, err := fmt.Sscan(line, &epoch, &seq, &id); err != nil {
			t.Fatal(err)
		}
		for _, n := range []uint64{seq, seq + 1} {
			if !strings.Contains(held[fmt.Sprint(epoch, " ", n)], `"evaluation":"`+id+`"`) {
				t.Errorf("acknowledged and not there: record %d, %s", n, id)
			}
		}
	}
	r, err := outbox.Verify(path, outboxtest.Key.Public())
	if err != nil || r.Err() != nil {
		t.Errorf("verify: %v, %v", err, r.Err())
	}
}
