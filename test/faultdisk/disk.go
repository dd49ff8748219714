// Package faultdisk is a folder on a disk of which nothing is certain. It is served through FUSE and
// remembers every write, every sync and every change of a name in the order in which the kernel
// asked for them. From that a power cut can be drawn at any moment: what was synced is there, and of
// the rest some is kept, some is lost and some is torn, sector by sector. It can also fail: the n-th
// write or sync with an error of the reader's choice.
//
// What works on the folder must be another process than the one that serves it: a page of a mapped
// file that is waited for stops the whole Go runtime, and with it whoever would serve the page.
package faultdisk

import (
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"evalpad/test/harness"
)

// Witness is the name of a file for the process that works on the folder: it writes there what it has
// been promised. So promises and writes stand in one order, and an image tells what must be in it.
const Witness = "witness"

const witness = 0 // the number of that file, the first of each folder

// Disk is one such folder. It fails as it is told to, but never where the witness writes.
type Disk struct {
	Dir string

	mu      sync.Mutex
	log     []entry
	files   []*file
	trouble Trouble
	met     int // operations of the trouble's kind since it was set
	failed  int // how long the log was when the disk failed first
}

// kept is how long the kernel may remember names and sizes: nobody but it changes them.
var kept = time.Hour

// New serves a folder at dir, which must be there, with the given files in it; nil is none. It is
// taken away when the test ends.
func New(t testing.TB, dir string, files map[string][]byte) *Disk {
	t.Helper()
	harness.NeedRoot(t)
	harness.NeedDevice(t, "/dev/fuse")
	d := &Disk{Dir: dir}
	root := &folder{disk: d, first: files}
	_, err := fs.Mount(dir, root, &fs.Options{
		EntryTimeout: &kept, AttrTimeout: &kept, NegativeTimeout: &kept,
		MountOptions: fuse.MountOptions{DirectMountStrict: true, DisableXAttrs: true, FsName: "faultdisk", MaxWrite: 1 << 20},
	})
	if err != nil {
		t.Fatalf("mount %s: %v", dir, err)
	}
	t.Cleanup(func() { // not by go-fuse, which waits until no process has a copy of the mount either
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
			_ = syscall.Unmount(dir, syscall.MNT_DETACH)
		}
	})
	return d
}

// Trouble makes the disk fail.
type Trouble struct {
	On    Kind
	At    int64 // only operations that touch this byte count; 0: all
	After int   // so many operations of that kind still succeed
	Times int   // how many then fail; 0 is none
	Errno syscall.Errno
}

// SetTrouble makes the disk fail from now on, in place of what was set before; the zero Trouble heals it.
func (d *Disk) SetTrouble(t Trouble) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble, d.met = t, 0
}

// Met says how often the disk has failed since SetTrouble.
func (d *Disk) Met() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return min(max(d.met-d.trouble.After, 0), d.trouble.Times)
}

// FailedAt is how many operations the disk had seen when it failed first since SetTrouble.
func (d *Disk) FailedAt() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// Len is how many operations the disk has seen.
func (d *Disk) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.log)
}

// Count says how many operations of a kind the disk has seen, and how many bytes they wrote; those on
// the witness do not count.
func (d *Disk) Count(k Kind) (operations int, bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.log {
		if e.kind == k && e.file != witness {
			operations, bytes = operations+1, bytes+int64(len(e.data))
		}
	}
	return operations, bytes
}

// do notes an operation, unless it is one that fails. mu is held.
func (d *Disk) do(e entry) syscall.Errno {
	if errno := d.fails(e); errno != 0 {
		if e.kind == Sync {
			d.doubt(e.file)
		}
		return errno
	}
	if e.kind == Write {
		e.data = slices.Clone(e.data)
	}
	d.log = append(d.log, e)
	return 0
}

func (d *Disk) fails(e entry) syscall.Errno {
	elsewhere := d.trouble.At != 0 && (d.trouble.At < e.at || d.trouble.At >= e.at+max(e.size, int64(len(e.data))))
	if e.kind != d.trouble.On || e.file == witness || elsewhere {
		return 0
	}
	d.met++
	n := d.met - d.trouble.After
	if n < 1 || n > d.trouble.Times {
		return 0
	}
	if n == 1 {
		d.failed = len(d.log)
	}
	return d.trouble.Errno
}

// doubt is what a failed sync leaves behind: Linux calls the pages clean, so that no later sync says
// anything about them. They can be read, and may be on the disk or not.
func (d *Disk) doubt(file int) {
	for i := len(d.log) - 1; i >= 0; i-- {
		e := &d.log[i]
		if e.file == file && e.kind == Sync {
			return
		}
		if e.file == file && e.kind == Write {
			e.doubtful = true
		}
	}
}
