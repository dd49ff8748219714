package power

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"evalpad/sync/outboxtest"
	"evalpad/test/faultdisk"
	"evalpad/test/trial"
)

// cardSize is that of the small card under the file system: room for the outbox and ext4's journal.
const cardSize = 16 << 20

// TestPowerCutUnderExt4 cuts below a real file system: ext4 on a loop device on a disk that remembers
// every sector. Its own journal is cut with the rest.
func TestPowerCutUnderExt4(t *testing.T) {
	i := newInspection(t, false)
	for _, seed := range trial.Seeds(t, trial.Times(2, 4)) {
		d := faultdisk.New(t, t.TempDir(), map[string][]byte{"card": faultdisk.Ext4(t, cardSize)})
		start := d.Len()
		card := faultdisk.Mount(t, filepath.Join(d.Dir, "card"))
		j := job{Dir: card.Dir, Witness: filepath.Join(d.Dir, faultdisk.Witness), Presses: 40, Seed: seed}
		if words, err := runCounters(t, j); err != nil {
			t.Fatalf("press: %v\n%s", err, words)
		}
		end := d.Len()
		card.Unmount(t)
		rnd := rand.New(rand.NewPCG(seed, 0))
		for range trial.Times(10, 30) {
			n, draw := start+rnd.IntN(end-start+1), rnd.Uint64()
			im := d.Cut(n, draw)
			i.want(promisesOf(im.Witness), i.openCard(im), "seed %d, cut after %d operations", seed, n)
		}
	}
	if i.aside > 0 {
		t.Errorf("%d images were damaged: bbolt promises that a power cut damages none", i.aside)
	}
	i.report("power cut under ext4", "sectors and flushes below a loop device, replayed up to any moment", "no-fsync-under-ext4")
}

// openCard puts the card into a box and returns what that finds.
func (i *inspection) openCard(im faultdisk.Image) found {
	i.t.Helper()
	dir, err := os.MkdirTemp(i.dir, "")
	if err != nil {
		i.t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	im.Lay(i.t, dir)
	card := faultdisk.Mount(i.t, filepath.Join(dir, "card"))
	defer card.Unmount(i.t)
	return i.read(card.Dir)
}

// TestTheCardGoesReadOnly: the card takes no more writes in the middle of the day, and the kernel
// makes ext4 read-only. Presses are refused aloud; what was thanked is there in the next box.
func TestTheCardGoesReadOnly(t *testing.T) {
	i := newInspection(t, false)
	for _, seed := range trial.Seeds(t, trial.Times(2, 10)) {
		d := faultdisk.New(t, t.TempDir(), map[string][]byte{"card": faultdisk.Ext4(t, cardSize)})
		card := faultdisk.Mount(t, filepath.Join(d.Dir, "card"))
		after := 100 + int(seed%200)
		d.SetTrouble(faultdisk.Trouble{On: faultdisk.Write, After: after, Times: 1 << 30, Errno: syscall.EIO})
		j := job{Dir: card.Dir, Witness: filepath.Join(d.Dir, faultdisk.Witness), Presses: 40, Seed: seed}
		words, err := runCounters(t, j)
		if err != nil {
			t.Fatalf("press: %v\n%s", err, words)
		}
		end := d.Len()
		card.Unmount(t)
		im := d.Cut(end, seed)
		p := promisesOf(im.Witness)
		if d.Met() == 0 || p.refused == 0 {
			t.Errorf("seed %d: the card failed %d times and %d steps were refused: the rig is too gentle", seed, d.Met(), p.refused)
		}
		i.want(p, i.openCard(im), "seed %d", seed)
	}
	i.report("a card that takes no more writes under ext4", "EIO from the n-th write on", "")
}

// TestFullDisk: others fill the disk. Where the outbox has its place nothing is refused; where the disk
// was too small for that, presses are refused aloud, and taken again when there is room.
func TestFullDisk(t *testing.T) {
	for name, c := range map[string]struct {
		size    string // of the tmpfs; the outbox takes 1 MiB
		refused bool
	}{
		"preallocated": {"2m", false},
		"no room":      {"300k", true},
	} {
		t.Run(name, func(t *testing.T) {
			i, dir := newInspection(t, false), faultdisk.Tmpfs(t, c.size)
			witness := filepath.Join(outboxtest.Dir(t), "witness")
			if err := os.WriteFile(witness, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			others, j := filepath.Join(dir, "others"), job{Dir: dir, Witness: witness, Presses: 40, Close: true}
			run := func(full bool) (refused int) {
				if _ = os.Remove(others); full {
					_ = os.WriteFile(others, make([]byte, 4<<20), 0o600) // as much as there is room for
				}
				before := promisesOf(read(t, witness)).refused
				if words, err := runCounters(t, j); err != nil {
					t.Fatalf("press: %v\n%s", err, words)
				}
				j.From += 2 * j.Presses
				return promisesOf(read(t, witness)).refused - before
			}
			j.Presses = 2
			run(false)
			j.Presses = 60
			if got := run(true); (got > 0) != c.refused {
				t.Errorf("with the disk full %d steps were refused, want some: %t", got, c.refused)
			}
			_ = os.Remove(others)
			j.Presses = 2
			if got := run(false); name == "preallocated" && got != 0 {
				t.Errorf("with room again %d steps were refused", got)
			}
			i.want(promisesOf(read(t, witness)), i.read(dir), "%s", name)
			i.report("others fill the disk, "+name, "a full tmpfs", "")
		})
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAReadOnlyDiskIsNoDamage: a box that starts on a disk that has gone read-only says so and leaves
// its file alone. Once the disk takes writes again everything is there.
func TestAReadOnlyDiskIsNoDamage(t *testing.T) {
	i, dir := newInspection(t, false), faultdisk.Tmpfs(t, "4m")
	image, promised := soundOutbox(t)
	witness := filepath.Join(outboxtest.Dir(t), "witness")
	for path, data := range map[string][]byte{filepath.Join(dir, "outbox.db"): image, witness: nil} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	faultdisk.SetReadOnly(t, dir, true)
	words, err := runCounters(t, job{Dir: dir, Witness: witness, Presses: 1})
	if err == nil || !strings.Contains(words, "read-only file system") || strings.Contains(words, "damaged") {
		t.Errorf("start: %v, %q; want it refused because the disk is read-only", err, words)
	}
	faultdisk.SetReadOnly(t, dir, false)
	f := i.read(dir)
	if i.want(promisesOf(promised), f, "writable again"); f.Aside {
		t.Error("the file was moved aside")
	}
}
