package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"evalpad/device"
)

// hand presses keys by itself once its driver runs: what a person's presses make of a wired pad.
type hand []device.Signal

func (hand) String() string { return "gpio keys GPIO17=5 GPIO27=1" }

func (h hand) Run(ctx context.Context, in chan<- device.Signal, _ <-chan device.Show) error {
	for _, s := range h {
		select {
		case in <- s:
		case <-ctx.Done():
			return nil
		}
	}
	<-ctx.Done()
	return nil
}

func key(line string, score int) device.Signal {
	return device.Signal{Kind: device.Press, Score: score, Detail: line}
}

func wiredProbe(t *testing.T, out *bytes.Buffer, lines chan string) *probe {
	p := &probe{out: out, lines: lines, began: time.Now()}
	p.outline.DataDir, p.wish.counter = t.TempDir(), "c04"
	return p
}

// Every key is shown back with its line; a crossed wire and two keys at once are said, and the proof is kept.
func TestWiredKeysAreProved(t *testing.T) {
	var out bytes.Buffer
	p := wiredProbe(t, &out, nil)
	pad := hand{key("GPIO27", 1), {Kind: device.Refused, Reason: device.ReasonTwoKeys, Detail: "GPIO17 GPIO27"}, key("GPIO17", 5), key("GPIO27", 1)}
	if err := p.proveWired(t.Context(), map[string]int{"GPIO17": 5, "GPIO27": 1}, pad); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Press: 5 very satisfied (非常满意)\n  ✗ GPIO27 is 1 very dissatisfied (非常不满意)\n  ✗ refused two-keys GPIO17 GPIO27\n  ✓ GPIO17  5 very satisfied",
		"Press: 1 very dissatisfied (非常不满意)\n  ✓ GPIO27  1", "All 2 keys are proved.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the screen lacks %q:\n%s", want, out.String())
		}
	}
	kept, err := filepath.Glob(filepath.Join(p.outline.DataDir, probeFolder, "*-c04.txt"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %q, %v", kept, err)
	}
	text, err := os.ReadFile(kept[0])
	if err != nil || !strings.Contains(string(text), "key       GPIO27  1 very dissatisfied") || !strings.Contains(string(text), "wrong     2 presses") {
		t.Errorf("the record says, %v:\n%s", err, text)
	}
}

// A key that is not pressed is not proved, and nothing is kept.
func TestWiredKeysNotProved(t *testing.T) {
	lines := make(chan string, 1)
	lines <- ""
	var out bytes.Buffer
	p := wiredProbe(t, &out, lines)
	err := p.proveWired(t.Context(), map[string]int{"GPIO17": 5}, hand{})
	if err == nil || !strings.Contains(err.Error(), "the key 5 very satisfied") {
		t.Errorf("ended with %v", err)
	}
	var wrong hand
	for range mostWrong {
		wrong = append(wrong, key("GPIO27", 1))
	}
	err = wiredProbe(t, &out, nil).proveWired(t.Context(), map[string]int{"GPIO17": 5}, wrong)
	if err == nil || !strings.Contains(err.Error(), "10 wrong presses") {
		t.Errorf("ended with %v", err)
	}
	if _, err := os.Stat(filepath.Join(p.outline.DataDir, probeFolder)); err == nil {
		t.Error("a proof that failed was kept")
	}
}
