package outbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// allocStep is by how much bbolt believes it must grow a file at a time. It counts one step more
// than it needs against MaxSize, so MaxSize is one step more than the file.
const allocStep = 1 << 20

// openBolt opens the file for writing. bbolt would wait for ever for another process; it waits two
// seconds. The whole file is mapped at once: bbolt maps anew only when no reader is about, and a
// reader that writes would wait for itself.
func openBolt(path string, size int64) (*bolt.DB, error) {
	db, err := tryOpen(path, &bolt.Options{
		Timeout:         lockWithin,
		FreelistType:    bolt.FreelistMapType,
		NoFreelistSync:  true, // else every commit writes the whole list of free pages
		PageSize:        4096, // a kernel with pages of 16 KiB would write four times as much
		InitialMmapSize: int(size),
		MaxSize:         int(size) + allocStep,
	})
	if err != nil {
		return nil, err
	}
	db.AllocSize = allocStep
	return db, nil
}

// openReadOnly opens the file beside other readers, while no agent runs.
func openReadOnly(path string) (*bolt.DB, error) {
	return tryOpen(path, &bolt.Options{ReadOnly: true, Timeout: lockWithin, FreelistType: bolt.FreelistMapType})
}

// tryOpen survives a file on which bbolt panics, and closes what bbolt then leaves open and locked.
func tryOpen(path string, o *bolt.Options) (db *bolt.DB, err error) {
	var opened *os.File
	o.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		f, err := os.OpenFile(name, flag, mode)
		opened = f
		return f, err
	}
	err = guard(func() (err error) {
		db, err = bolt.Open(path, 0o600, o)
		return err
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, ErrInUse
	case errors.Is(err, ErrDamaged) && opened != nil:
		opened.Close()
	}
	return db, err
}

// awaitLock waits until no other process writes the file.
func awaitLock(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for deadline := time.Now().Add(lockWithin); ; time.Sleep(50 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err // nil, and the lock goes with the file
		}
		if time.Now().After(deadline) {
			return ErrInUse
		}
	}
}

// allocate gives the file its whole place on the disk and syncs it, so that a disk which others fill
// takes no press from the box. Where the disk is too full or its file system cannot, allocated is
// false and the outbox works all the same.
func allocate(path string, size int64) (allocated bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	allocated = syscall.Fallocate(int(f.Fd()), 0, 0, size) == nil
	return allocated, errors.Join(f.Sync(), f.Close())
}

// makeFile makes a new file at path, in place of a damaged one if there is a wreck. It is filled
// under another name and synced before it takes its own: power that fails while bbolt makes a file
// can leave one that does not open. So a file at path is never empty unless it is damaged, and
// always has an epoch.
func (b *Outbox) makeFile(lost *wreck, why string) error {
	tmp := b.path + ".tmp"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := b.fill(tmp, lost, why); err != nil {
		return fmt.Errorf("make %s: %w", tmp, err)
	}
	if _, err := allocate(tmp, b.o.Max); err != nil {
		return err
	}
	if lost != nil && lost.path == b.path {
		if err := moveAside(b.path); err != nil {
			return err
		}
	}
	if err := os.Rename(tmp, b.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(b.path))
}

// fill writes what a new file begins with: what was salvaged, and an epoch.
func (b *Outbox) fill(tmp string, lost *wreck, why string) error {
	db, err := openBolt(tmp, b.o.Max)
	if err != nil {
		return err
	}
	db.NoSync = true // nobody has been thanked for it: it is synced whole before it takes its name
	st := newState()
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && lost != nil {
		err = lost.pour(db, &st, b.o.Max)
	}
	if err == nil {
		err = b.begin(db, &st, why)
	}
	return errors.Join(err, db.Close())
}

// begin opens the new file's epoch.
func (b *Outbox) begin(db *bolt.DB, st *state, why string) error {
	l, err := b.scribe.open(st, why)
	if err != nil {
		return err
	}
	st.touched = 0
	at := momentOf(b.o.Stamp())
	st.Boot, st.Uptime = at.boot, at.uptime // a file made in mid-boot counts from now
	st.live(&at)
	return db.Update(func(tx *bolt.Tx) error {
		if err := store(tx, []Letter{l}, at, st); err != nil {
			return err
		}
		return st.save(tx)
	})
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
