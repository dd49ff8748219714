package power

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/test/faultdisk"
	"evalpad/test/harness"
)

// What a press may cost a card in bytes, and what cards are assumed to bear: 8 GB of cells, each of
// which can be erased 1,000 times (cheap ones; industrial ones bear 3,000 and more). A card can only
// erase large blocks, so that small writes at random cost it ten times what it is told to write.
const (
	pressBytesMax = 32 << 10
	cardBytes     = 8e9
	cardCycles    = 1000
	cardAmplifies = 10
	pressesADay   = 500
	yearsAtLeast  = 25.0

	wearPresses     = 8
	settledWithin   = 5 * time.Second
	commitsOfAPress = 2 // the evaluation with its alert; later that they are settled
	syncsOfACommit  = 2
)

// years is how long a card lives: what it bears over what a day writes. Nothing is written while
// nobody presses.
func years(pressBytes float64) float64 {
	return cardBytes * cardCycles / cardAmplifies / (pressBytes * pressesADay * 365)
}

// TestWear measures what a press costs the card, settling included: as the outbox writes it, and at
// the block device below ext4, whose journal adds a little now and then. Every evaluation here is
// dissatisfied, which is the dearest: two records.
func TestWear(t *testing.T) {
	bare := faultdisk.New(t, t.TempDir(), nil)
	own := pressBytes(t, bare, bare.Dir, func() int64 { _, n := bare.Count(faultdisk.Write); return n })
	d := faultdisk.New(t, t.TempDir(), map[string][]byte{"card": faultdisk.Ext4(t, cardSize)})
	card := faultdisk.Mount(t, filepath.Join(d.Dir, "card"))
	device := pressBytes(t, d, card.Dir, func() int64 { return writtenBy(t, card.Device) })
	t.Logf("a dissatisfied press writes %.0f bytes, %.0f at the block device: a card of %.0f GB and %d cycles lives %.0f years at %d a day",
		own, device, cardBytes/1e9, cardCycles, years(device), pressesADay)
	if own == 0 || own > pressBytesMax {
		t.Errorf("a press writes %.0f bytes, want some and at most %d", own, pressBytesMax)
	}
	if got := years(device); got < yearsAtLeast {
		t.Errorf("a card lives %.1f years, want %.0f", got, yearsAtLeast)
	}
}

// pressBytes is the mean of what some presses in dir have written to d, each with its settling.
func pressBytes(t *testing.T, d *faultdisk.Disk, dir string, written func() int64) float64 {
	t.Helper()
	c := startCounter(t, dir)
	press := func() {
		before, _ := d.Count(faultdisk.Sync)
		c.press(t)
		harness.Eventually(t, settledWithin, "the settling to be written", func() bool {
			n, _ := d.Count(faultdisk.Sync)
			return n >= before+commitsOfAPress*syncsOfACommit
		})
	}
	press() // the first writes what belongs to the file's making
	before := written()
	for range wearPresses {
		press()
	}
	return float64(written()-before) / wearPresses
}

// writtenBy is how many bytes a block device was given to write, as the kernel counts.
func writtenBy(t *testing.T, device string) (bytes int64) {
	t.Helper()
	fields := strings.Fields(read(t, filepath.Join("/sys/block", device, "stat")))
	if _, err := fmt.Sscan(fields[6], &bytes); err != nil { // the seventh: sectors written
		t.Fatal(err)
	}
	return bytes * 512 // whatever the device's own sectors are
}

// counter is a process that presses when it is told to.
type counter struct {
	in  io.Writer
	out *bufio.Scanner
}

func startCounter(t *testing.T, dir string) counter {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = job{Do: "serve", Dir: dir}.environment()
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the counter ended with %v", err)
		}
	})
	return counter{in, bufio.NewScanner(out)}
}

func (c counter) press(t *testing.T) {
	t.Helper()
	if _, err := fmt.Fprintln(c.in, "press"); err != nil || !c.out.Scan() || c.out.Text() != "thanked" {
		t.Fatalf("press: %v, %q", err, c.out.Text())
	}
}

// serve is the process: a press is committed and thanked, and its receipt comes at once.
func serve(dir string, in io.Reader, out io.Writer) error {
	b, err := outbox.Open(filepath.Join(dir, "outbox.db"), outboxtest.Options())
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for step := 1; lines.Scan(); step += 6 { // each of these is dissatisfied
		letters, err := b.Commit(context.Background(), changeOf("c03", step))
		if err != nil {
			return err
		}
		last := letters[len(letters)-1]
		if _, err := b.Settle(context.Background(), last.Epoch, 1, last.Seq, last.Hash); err != nil {
			return err
		}
		fmt.Fprintln(out, "thanked")
	}
	return b.Close()
}
