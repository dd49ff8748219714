package power

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"evalpad/test/faultdisk"
	"evalpad/test/trial"
)

// sweepPresses at each counter are few: every operation of them fails once.
const sweepPresses = 3

// TestFailingDisk has each operation of the outbox's short life fail, once or from then on, and then
// cuts the power. A press was refused, or it is there.
func TestFailingDisk(t *testing.T) {
	for _, c := range []struct {
		name    string
		trouble faultdisk.Trouble
		planted string
	}{
		{"a write fails", faultdisk.Trouble{On: faultdisk.Write, Times: 1, Errno: syscall.EIO}, ""},
		{"writes fail from then on", faultdisk.Trouble{On: faultdisk.Write, Times: 1 << 30, Errno: syscall.EIO}, ""},
		{"the disk is full from then on", faultdisk.Trouble{On: faultdisk.Write, Times: 1 << 30, Errno: syscall.ENOSPC}, ""},
		{"a sync fails", faultdisk.Trouble{On: faultdisk.Sync, Times: 1, Errno: syscall.EIO}, "failed-sync-believed"},
		{"syncs fail from then on", faultdisk.Trouble{On: faultdisk.Sync, Times: 1 << 30, Errno: syscall.EIO}, "meta-not-vouched-for"},
		{"a sync of the folder fails", faultdisk.Trouble{On: faultdisk.SyncDir, Times: 1, Errno: syscall.EIO}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := newInspection(t, false)
			total := countOf(t, c.trouble.On)
			every := trial.Times(max(total/8, 1), 1)
			if c.trouble.On == faultdisk.Sync {
				every = 1 // the one failure after which what can be read need not be there
			}
			for _, seed := range trial.Seeds(t, trial.Times(1, 4)) {
				for c.trouble.After = int(seed % uint64(every)); c.trouble.After < total; c.trouble.After += every {
					i.fail(c.trouble, seed)
				}
			}
			i.report(c.name+", then the power", "the n-th operation of a FUSE file, every n", c.planted)
		})
	}
}

// countOf is how many operations of a kind the presses take.
func countOf(t *testing.T, k faultdisk.Kind) int {
	t.Helper()
	d := faultdisk.New(t, t.TempDir(), nil)
	mustRunCounters(t, d, job{Presses: sweepPresses})
	n, _ := d.Count(k)
	return n
}

// cutsAfter is how many operations after a failure are looked at one by one: a commit is seven or eight.
const cutsAfter = 12

func (i *inspection) fail(trouble faultdisk.Trouble, seed uint64) {
	i.t.Helper()
	d := faultdisk.New(i.t, i.t.TempDir(), nil)
	d.SetTrouble(trouble)
	words, err := runCounters(i.t, job{Dir: d.Dir, Witness: filepath.Join(d.Dir, faultdisk.Witness), Presses: sweepPresses, Seed: seed})
	if err != nil && !strings.HasPrefix(words, "open outbox: ") {
		i.t.Errorf("after %d: the counters ended with %v: %.500s", trouble.After, err, words)
	}
	if d.Met() == 0 {
		return // the counters shared more transactions this time
	}
	last := promisesOf(d.Cut(d.Len(), seed).Witness)
	if trouble.Times == 1 && last.refused > len(counters) {
		i.t.Errorf("after %d: one failure, and %d steps were refused, want no more than shared its transaction", trouble.After, last.refused)
	}
	for n := d.FailedAt(); n <= min(d.FailedAt()+cutsAfter, d.Len()); n += trial.Times(2, 1) {
		im := d.Cut(n, seed)
		i.want(promisesOf(im.Witness), i.open(im), "seed %d, %q after %d, cut after %d operations", seed, trouble.On, trouble.After, n)
	}
	im := d.Cut(d.Len(), seed)
	i.want(promisesOf(im.Witness), i.open(im), "seed %d, %q after %d, cut at the end", seed, trouble.On, trouble.After)
}

// lettersOfAPage are no more than this.
const lettersOfAPage = 6

// TestABadSector: one page of the file cannot be read any more. It is moved aside, and at most the
// letters of that page are missing from the new one; the desks and all other letters are there.
func TestABadSector(t *testing.T) {
	i := newInspection(t, false)
	image, promised := soundOutbox(t)
	pages := letterPages(image)
	lost := 0
	for n := 0; n < len(pages); n += trial.Times(max(len(pages)/6, 1), 1) {
		d := faultdisk.New(t, t.TempDir(), map[string][]byte{"outbox.db": image})
		d.SetTrouble(faultdisk.Trouble{On: faultdisk.Read, At: int64(pages[n]) + 1, Times: 1 << 30, Errno: syscall.EIO})
		mustRunCounters(t, d, job{Presses: 1, From: 2 * damagedPresses})
		im := d.Cut(d.Len(), 1)
		p, f := promisesOf(promised+im.Witness), i.open(im)
		missing := p.missing(f)
		if f.Err != "" || missing > lettersOfAPage || f.Desks[counters[0]] == "" {
			t.Errorf("page at %d: %s, %d of %d records are missing, desks %q", pages[n], f.Err, missing, len(p.letters), f.Desks)
		}
		lost += missing
	}
	t.Logf("%d starts on a file with a bad sector, %d salvaged; %d letters were on it and nowhere else", i.tried, i.aside, lost)
	if i.aside == 0 {
		t.Error("no file was found damaged: the rig is too gentle")
	}
}
