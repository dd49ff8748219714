package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/agent"
	"evalpad/cmd/internal/config"
	"evalpad/device/devicetest"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// questioned is a counter with a keypad that has a star a question, at a real agent.
type questioned struct {
	*devicetest.FF68
	t *testing.T
}

// asked waits until the pad has lit those stars one time after the other, and its customer has seen them.
func (q questioned) asked(stars ...int) {
	q.t.Helper()
	for until := time.Now().Add(10 * time.Second); !cmp.Equal(q.Stars(), stars); <-time.After(5 * time.Millisecond) {
		if time.Now().After(until) {
			q.t.Fatalf("stars %v, want %v", q.Stars(), stars)
		}
	}
	time.Sleep(450 * time.Millisecond)
}

// press presses a key until it is thanked.
func (q questioned) press(key byte) {
	q.t.Helper()
	ctx, cancel := context.WithTimeout(q.t.Context(), 10*time.Second)
	defer cancel()
	if err := q.PressUntilThanked(ctx, key, 300*time.Millisecond); err != nil {
		q.t.Fatal(err)
	}
}

// TestThreeQuestionsOnAKeypad: on a keypad whose stars tell which question is asked, three presses are one
// evaluation of three scores; silence in the middle is half of one; and each press is thanked by itself.
func TestThreeQuestionsOnAKeypad(t *testing.T) {
	t.Parallel()
	walks, silent := questioned{devicetest.NewFF68(t), t}, questioned{devicetest.NewFF68(t), t}
	data := startAgent(t, fmt.Sprintf(`counters:
  - {counter: c01, ask: [attitude, efficiency, compliance], window: 15s, pad: {serial: {port: %s, profile: ff68, asks: stars}}}
  - {counter: c02, ask: [attitude, efficiency, compliance], window: 15s, pad: {serial: {port: %s, profile: ff68, asks: stars}}}
`, walks.Path(), silent.Path()))
	walks.asked(0)
	silent.asked(0)
	for _, pad := range []questioned{walks, silent} {
		if err := pad.Prompt(); err != nil {
			t.Fatal(err)
		}
	}
	walks.asked(0, 1)
	silent.asked(0, 1)
	walks.press(0x03)
	walks.asked(0, 1, 2)
	walks.press(0x00)
	silent.press(0x02)
	walks.asked(0, 1, 2, 3)
	silent.asked(0, 1, 2)
	walks.press(0x03)
	walks.asked(0, 1, 2, 3, 0, 0) // thanked, and at rest
	time.Sleep(15 * time.Second)  // nobody answers the second question
	silent.asked(0, 1, 2, 0)
	for pad, thanks := range map[questioned]int{walks: 3, silent: 1} {
		if n := pad.Thanks(); n != thanks {
			t.Errorf("%d thanks, want %d, one a press", n, thanks)
		}
	}
	want := map[string]string{
		"c01": "rated map[attitude:5 compliance:5 efficiency:2] dissatisfied true",
		"c02": "partial map[attitude:4] dissatisfied false",
	}
	if diff := cmp.Diff(want, evaluations(t, data())); diff != "" {
		t.Errorf("evaluations by counter (-want +got):\n%s", diff)
	}
}

// startAgent runs the agent of a configuration until stop, which gives its data folder.
func startAgent(t *testing.T, counters string) (stop func() string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "box-") // short: a socket's path has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "evalpad.yaml")
	text := "device: p\ndata_dir: box\nheadquarters: {broker: mqtt://127.0.0.1:1}\nscreen: {listen: \"\"}\n" + counters
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	pad, err := config.ReadPad(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(context.Background())
	left := make(chan error, 1)
	go func() { left <- run(ctx, pad, slog.New(slog.NewTextHandler(t.Output(), nil))) }()
	t.Cleanup(leave)
	return func() string {
		leave()
		if err := <-left; err != nil {
			t.Errorf("the agent left with %v", err)
		}
		return pad.DataDir
	}
}

// evaluations are those in an outbox, by counter; each counter has one.
func evaluations(t *testing.T, data string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for item, err := range outbox.List(filepath.Join(data, agent.OutboxFile)) {
		if err != nil {
			t.Fatal(err)
		}
		r, err := wire.ParseRecord(item.Line)
		if err != nil {
			t.Fatal(err)
		}
		if r.Kind != wire.KindEvaluation {
			continue
		}
		e, err := r.Evaluation()
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := got[e.Counter]; twice {
			t.Errorf("counter %s has two evaluations", e.Counter)
		}
		got[e.Counter] = fmt.Sprintf("%s %v dissatisfied %t", e.Outcome, e.Scores, e.Dissatisfied)
	}
	return got
}
