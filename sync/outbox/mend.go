package outbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// prepare brings a sound file to path and opens it.
func (b *Outbox) prepare() error {
	switch _, err := os.Stat(b.path); {
	case errors.Is(err, fs.ErrNotExist):
		if err := b.makeFirst(); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		if err := b.mend(); err != nil {
			return err
		}
	}
	return b.openSound()
}

// makeFirst makes the file where there is none. Where files cannot have two names, power that fails
// while a damaged one is replaced leaves that one aside and nothing in its place; then it is salvaged
// now. If somebody took the outbox away instead, headquarters drops what it has.
func (b *Outbox) makeFirst() error {
	numbers, err := damagedNumbers(b.path)
	if err != nil {
		return err
	}
	if len(numbers) == 0 {
		return b.makeFile(nil, "a new outbox")
	}
	aside := damagedName(b.path, numbers[len(numbers)-1])
	lost, err := salvage(aside, b.scribe.public)
	if err != nil {
		return fmt.Errorf("salvage: %w", err)
	}
	b.o.Log.Warn("there is no outbox, but a damaged one beside its place", "salvaged", aside, "letters", len(lost.found))
	return b.makeFile(lost, "there was no outbox, but a damaged one beside its place")
}

// mend replaces the file if it is damaged.
func (b *Outbox) mend() error {
	if err := awaitLock(b.path); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkWithin)
	defer cancel()
	err := b.o.Checker(ctx, b.path)
	if errors.Is(err, ErrNotChecked) {
		b.o.Log.Warn("the outbox is checked by the agent itself", "reason", err)
		err = checkHere(ctx, b.path)
	}
	if err == nil || beside(err) {
		return err
	}
	return b.replace(err)
}

// beside reports whether an error is about the moment and not about the file's bytes.
func beside(err error) bool {
	for _, e := range []error{ErrInUse, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.EROFS, fs.ErrPermission} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// replace moves the damaged file aside, once what can be read of it is in a new one.
func (b *Outbox) replace(damage error) error {
	b.o.Log.Error("the outbox is damaged; it is moved aside and a new epoch begins", "error", damage)
	lost, err := salvage(b.path, b.scribe.public)
	if err != nil {
		return fmt.Errorf("salvage: %w", err)
	}
	why := strings.ToValidUTF8(fmt.Sprintf("the outbox was damaged: %.300s", damage), "?")
	if err := b.makeFile(lost, why); err != nil {
		return err
	}
	b.o.Log.Warn("salvaged from the damaged outbox", "letters", len(lost.found), "desks", len(lost.desks), "notes", len(lost.notes))
	return nil
}

// openSound opens the file that has been checked. Where it fails all the same, the file is replaced,
// once.
func (b *Outbox) openSound() error {
	st, err := b.openAgain()
	if beside(err) {
		return err
	}
	if err != nil {
		if err := b.replace(err); err != nil {
			return err
		}
		if st, err = b.openAgain(); err != nil {
			return err
		}
	}
	b.state = st
	if b.allocated, err = allocate(b.path, b.o.Max); err != nil {
		return errors.Join(err, b.db.Close())
	}
	if !b.allocated {
		b.o.Log.Warn("the outbox has no place of its own on the disk", "bytes", b.o.Max)
	}
	return nil
}

// asideKept is how many damaged files are kept. A fourth takes the place of the oldest, whose
// letters were salvaged when it was moved.
const asideKept = 3

// moveAside gives the file at path a second name, path.damaged-N. The first is taken over by a
// rename, so that at no moment there is no file at path.
func moveAside(path string) error {
	numbers, err := damagedNumbers(path)
	if err != nil {
		return err
	}
	next := 1
	if len(numbers) > 0 {
		next = numbers[len(numbers)-1] + 1
	}
	if err := os.Link(path, damagedName(path, next)); err != nil {
		if err := os.Rename(path, damagedName(path, next)); err != nil { // no hard links here
			return err
		}
	}
	for len(numbers) >= asideKept {
		if err := os.Remove(damagedName(path, numbers[0])); err != nil {
			return err
		}
		numbers = numbers[1:]
	}
	return syncDir(filepath.Dir(path))
}

func damagedName(path string, n int) string { return path + ".damaged-" + strconv.Itoa(n) }

// damagedNumbers lists what was moved aside before, oldest first.
func damagedNumbers(path string) (numbers []int, err error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+".damaged-")
		if n, err := strconv.Atoi(text); ok && err == nil && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
