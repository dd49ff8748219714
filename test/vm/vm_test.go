package vm

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestArchive holds what is packed to the form "newc", byte for byte.
func TestArchive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "odd")
	if err := os.WriteFile(file, []byte("five!"), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	a := archive{w: &b}
	a.folder("d")
	a.program("d/odd", file)
	a.device("tty", 5, 1)
	if err := a.end(); err != nil {
		t.Fatal(err)
	}
	const zero, one = "00000000", "00000001"
	want := strings.Join([]string{
		"070701" + one + "000041ED" + zero + zero + one + zero + zero + zero + zero + zero + zero + "00000002" + zero + "d\x00",
		"070701" + "00000002" + "000081ED" + zero + zero + one + zero + "00000005" + zero + zero + zero + zero + "00000006" + zero + "d/odd\x00", "five!\x00\x00\x00",
		"070701" + "00000003" + "00002180" + zero + zero + one + zero + zero + zero + zero + "00000005" + one + "00000004" + zero + "tty\x00" + "\x00\x00",
		"070701" + "00000004" + zero + zero + zero + one + zero + zero + zero + zero + zero + zero + "0000000B" + zero + "TRAILER!!!\x00" + "\x00\x00\x00",
	}, "")
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestArchiveWithoutItsFile(t *testing.T) {
	a := archive{w: new(bytes.Buffer)}
	a.program("init", filepath.Join(t.TempDir(), "none"))
	a.folder("dev")
	if err := a.end(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("packing a file that is not there: %v, want that it is not there", err)
	}
}

// TestPressIsAPress: whatever the seed, there is one rest in the closed position, and all bouncing is
// shorter than the driver's shortest press.
func TestPressIsAPress(t *testing.T) {
	rapid.Check(t, func(c *rapid.T) {
		steps := Press(rand.New(rand.NewPCG(rapid.Uint64().Draw(c, "seed"), 1)))
		var rests int
		var before, after time.Duration
		for _, s := range steps {
			switch {
			case s.Closed && s.For >= 100*time.Millisecond:
				rests++
			case rests == 0:
				before += s.For
			default:
				after += s.For
			}
		}
		if last := steps[len(steps)-1]; rests != 1 || before > maxBounce || after > maxBounce || last.Closed {
			c.Fatalf("%s: %d rests, bounces for %s and %s", Words(steps), rests, before, after)
		}
	})
}

func TestOffset(t *testing.T) {
	if got := []int{Offset("GPIO17"), Offset("GPIO25"), Offset("GPIO4")}; !cmp.Equal(got, []int{0, 5, -1}) {
		t.Errorf("offsets %v", got)
	}
}
