package power

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"evalpad/sync/outboxtest"
	"evalpad/test/faultdisk"
	"evalpad/test/trial"
)

// inspection opens what cuts have left, one image after the other, and keeps count.
type inspection struct {
	t       *testing.T
	apart   bool
	reader  *reader
	dir     string
	tried   int
	broken  int
	aside   int
	slowest time.Duration
}

func newInspection(t *testing.T, apart bool) *inspection {
	return &inspection{t: t, apart: apart, reader: newReader(t, apart), dir: outboxtest.Dir(t)}
}

const complaintsShown = 5 // a mutant would fill the screen

// open lays the image and returns what the box finds in it.
func (i *inspection) open(im faultdisk.Image) found {
	i.t.Helper()
	dir, err := os.MkdirTemp(i.dir, "")
	if err != nil {
		i.t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	im.Lay(i.t, dir)
	return i.read(dir)
}

func (i *inspection) read(dir string) found {
	f, alive := i.reader.read(dir)
	if !alive {
		i.reader = newReader(i.t, i.apart)
	}
	i.tried++
	i.slowest = max(i.slowest, f.Took)
	if f.Aside {
		i.aside++
	}
	return f
}

// want complains about every promise that the box has broken.
func (i *inspection) want(p promises, f found, format string, words ...any) {
	i.t.Helper()
	complaints := p.broken(f)
	if len(complaints) == 0 {
		return
	}
	if i.broken++; i.broken <= complaintsShown {
		i.t.Errorf(format+": %d broken promises, the first: %s", append(words, len(complaints), complaints[0])...)
	}
}

func (i *inspection) report(fault, injected, planted string) {
	i.t.Helper()
	i.t.Logf("%d images, of which %d were damaged and salvaged", i.tried, i.aside)
	trial.Report(i.t, trial.Trial{
		Fault: fault, Injected: injected, Tried: i.tried, Lost: i.broken, Recovery: i.slowest, Planted: planted,
	})
}

// TestPowerCut cuts the power at any moment of a working day. Whatever was acknowledged before is
// there, whole and in its chain; a desk and its records are of one moment; nothing is damaged.
func TestPowerCut(t *testing.T) {
	i := newInspection(t, false)
	for _, seed := range trial.Seeds(t, trial.Times(3, 10)) {
		d := faultdisk.New(t, t.TempDir(), nil)
		mustRunCounters(t, d, job{Presses: 40, Seed: seed})
		rnd := rand.New(rand.NewPCG(seed, 0))
		for range trial.Times(100, 250) {
			n, draw := rnd.IntN(d.Len()+1), rnd.Uint64()
			im := d.Cut(n, draw)
			i.want(promisesOf(im.Witness), i.open(im), "seed %d, cut after %d operations", seed, n)
		}
	}
	if i.aside > 0 {
		t.Errorf("%d images were damaged: bbolt promises that a power cut damages none", i.aside)
	}
	i.report("power cut; what was not synced is kept, lost or torn", "the writes below the outbox, replayed up to any moment", "no-fsync")
}

// TestPowerCutWhileTheFileIsMade cuts at every moment of a box's first minute.
func TestPowerCutWhileTheFileIsMade(t *testing.T) {
	i := newInspection(t, false)
	d := faultdisk.New(t, t.TempDir(), nil)
	mustRunCounters(t, d, job{Presses: 1})
	for _, seed := range trial.Seeds(t, trial.Times(3, 20)) {
		for n := range d.Len() + 1 {
			im := d.Cut(n, seed)
			i.want(promisesOf(im.Witness), i.open(im), "seed %d, cut after %d operations", seed, n)
		}
	}
	if i.aside > 0 {
		t.Errorf("%d images were damaged: a file has its name only when it is whole", i.aside)
	}
	i.report("power cut while the outbox is made", "the writes below the outbox, replayed up to each moment", "file-made-in-place")
}

// TestPowerCutWhileSalvaging cuts at the moments of a start on a damaged file: it is read, moved aside
// and replaced, and the counters go on. The first cut may be followed by a second start.
func TestPowerCutWhileSalvaging(t *testing.T) {
	for name, c := range map[string]struct {
		trouble faultdisk.Trouble
		every   int // so many operations lie between the cuts of make test
		planted string
	}{
		"with a second name": {every: 4, planted: "rename-without-sync"},
		"no second names":    {every: 1, trouble: faultdisk.Trouble{On: faultdisk.Link, Times: 1000, Errno: syscall.EPERM}, planted: "wreck-forgotten"},
	} {
		t.Run(name, func(t *testing.T) {
			damaged, witness := damagedOutbox(t)
			d := faultdisk.New(t, t.TempDir(), map[string][]byte{"outbox.db": damaged})
			start := d.Len()
			d.SetTrouble(c.trouble)
			mustRunCounters(t, d, job{Presses: 2, From: 2 * damagedPresses})
			i := newInspection(t, false)
			for _, seed := range trial.Seeds(t, trial.Times(2, 8)) {
				every := trial.Times(c.every, 1)
				for n := start + int(seed%uint64(every)); n <= d.Len(); n += every {
					im := d.Cut(n, seed)
					i.want(promisesOf(witness+im.Witness), i.open(im), "seed %d, cut after %d operations", seed, n)
				}
			}
			i.report("power cut while a damaged outbox is salvaged, "+name, "the writes below the outbox, replayed up to each moment", c.planted)
		})
	}
}

const damagedPresses = 20

// damagedOutbox is a file of which every page of letters has lost its header, and what was promised
// before: all of it can be salvaged.
func damagedOutbox(t *testing.T) (image []byte, promised string) {
	t.Helper()
	image, promised = soundOutbox(t)
	for _, at := range letterPages(image) {
		copy(image[at:], bytes.Repeat([]byte{0xa5}, 16))
	}
	return image, promised
}

// soundOutbox is a file after some presses, and what was promised.
func soundOutbox(t *testing.T) (image []byte, promised string) {
	t.Helper()
	dir := outboxtest.Dir(t)
	j := job{Dir: dir, Witness: filepath.Join(dir, "promised"), Presses: damagedPresses, Close: true}
	if err := os.WriteFile(j.Witness, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if words, err := runCounters(t, j); err != nil {
		t.Fatalf("press: %v\n%s", err, words)
	}
	return []byte(read(t, filepath.Join(dir, "outbox.db"))), read(t, j.Witness)
}

// letterPages lists where the pages lie that hold letters.
func letterPages(image []byte) (pages []int) {
	const page = 4096
	for at := 0; at+page <= len(image); at += page {
		if bytes.Contains(image[at:at+page], []byte(`{"specversion"`)) {
			pages = append(pages, at)
		}
	}
	return pages
}

// TestACardThatLies: what a card has called synced is lost. No promise can be kept then, but the box
// is back: it opens what there is or moves it aside, and takes the next press. A letter whose bytes are
// lost is named, and nothing else is wrong with the file.
func TestACardThatLies(t *testing.T) {
	i := newInspection(t, true)
	for _, seed := range trial.Seeds(t, trial.Times(2, 10)) {
		d := faultdisk.New(t, t.TempDir(), nil)
		mustRunCounters(t, d, job{Presses: 40, Seed: seed})
		rnd := rand.New(rand.NewPCG(seed, 0))
		for range trial.Times(25, 100) {
			n, draw := rnd.IntN(d.Len()+1), rnd.Uint64()
			f := i.open(d.Lie(n, 40, draw))
			if f.Err != "" || slices.ContainsFunc(f.Faults, isNoLetterLost) {
				t.Errorf("seed %d, cut after %d operations: %s %q", seed, n, f.Err, f.Faults)
			}
		}
	}
	i.report("a card that had not written what it called synced: the box must be back", "up to 40 synced writes dropped", "")
	if i.slowest > backWithin {
		t.Errorf("a box was back after %s, want within %s", i.slowest, backWithin)
	}
}

func isNoLetterLost(fault string) bool {
	return !strings.Contains(fault, "not those that were written")
}

// backWithin is how soon a box with a damaged file takes presses again.
const backWithin = 5 * time.Second
