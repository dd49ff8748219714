package outbox

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	bolt "go.etcd.io/bbolt"
)

// Check says whether the file at path is sound: its pages, its buckets, its state. A letter with a
// wrong CRC is no fault of the file; it is set aside when it is read. ErrNotChecked comes first in
// the words of an error that is about the moment, as of a file that is in use.
//
// A damaged file can end the process that reads it, even here: bbolt looks for free pages in a
// goroutine of its own. Run Check in a child process with a deadline, through Options.Checker.
func Check(path string) error {
	err := checkHere(context.Background(), path)
	if err == nil {
		err = inspect(path, checkPages)
	}
	if beside(err) {
		return fmt.Errorf("%w: %w", ErrNotChecked, err)
	}
	return err
}

func checkPages(tx *bolt.Tx) (err error) {
	for fault := range tx.Check() { // to the end: it stands still when nobody listens
		err = errors.Join(err, fault)
	}
	return err
}

// checkHere walks every key of the file, which touches the pages that bbolt will touch, in this
// goroutine, where a panic can be caught.
func checkHere(ctx context.Context, path string) error {
	return inspect(path, func(tx *bolt.Tx) error {
		if err := noLoop(tx, buckets...); err != nil {
			return err
		}
		st, err := load(tx)
		if err != nil {
			return err
		}
		err = tx.ForEach(func(name []byte, in *bolt.Bucket) error {
			if !inOrder(in) {
				return fmt.Errorf("%w: keys of bucket %q are out of order", ErrDamaged, name)
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		return cmp.Or(checkRows(tx, st), checkLetters(tx, st))
	})
}

func inOrder(in *bolt.Bucket) bool {
	c := in.Cursor()
	var last []byte
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		if last != nil && bytes.Compare(k, last) <= 0 {
			return false
		}
		last = k
	}
	return true
}

// checkRows and checkLetters look whether the pages are of one moment. A card that has lost some of what
// it called synced can leave a tree that is whole and in which an old page stands for a new one.
func checkRows(tx *bolt.Tx, st state) error {
	for i, r := range st.rows {
		next := st.Next - 1
		if i+1 < len(st.rows) {
			next = st.rows[i+1].Base
		}
		if r.ref(r.Head) != next {
			return fmt.Errorf("%w: epoch %s ends with letter %d, and what follows begins after %d", ErrDamaged, r.Epoch, r.ref(r.Head), next)
		}
		last, _, err := decode(r.ref(r.Head), shelfOf(tx).get(r.ref(r.Head)))
		if err == nil && (last.Epoch != r.Epoch || last.Hash != r.Hash) {
			return fmt.Errorf("%w: the last record of epoch %s is another than the file tells of", ErrDamaged, r.Epoch)
		}
	}
	return nil
}

func checkLetters(tx *bolt.Tx, st state) error {
	n, last := 0, Ref(0)
	for ref := range shelfOf(tx).between(1, math.MaxUint64) {
		if ref <= last {
			return fmt.Errorf("%w: letter %d is there twice", ErrDamaged, ref)
		}
		n, last = n+1, ref
	}
	if n != st.Kept || last >= st.Next {
		return fmt.Errorf("%w: %d letters are there up to number %d; %d were kept, below %d", ErrDamaged, n, last, st.Kept, st.Next)
	}
	for _, lane := range inLanes {
		if ref := missing(tx, lane); ref != 0 {
			return fmt.Errorf("%w: letter %d waits to be sent and is not there", ErrDamaged, ref)
		}
	}
	return nil
}

// missing is the first letter that a lane names and that is not there; 0 is none.
func missing(tx *bolt.Tx, lane []byte) Ref {
	next, stop := iter.Pull(keys(tx.Bucket(lane)))
	defer stop()
	waits, more := next()
	for ref := range shelfOf(tx).between(1, math.MaxUint64) {
		if more && waits < ref {
			break
		}
		if more && waits == ref {
			waits, more = next()
		}
	}
	if !more {
		return 0
	}
	return waits
}

// inspect runs fn on a file that nobody writes.
func inspect(path string, fn func(*bolt.Tx) error) error {
	db, err := openReadOnly(path)
	if err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	err = db.View(func(tx *bolt.Tx) error { return guard(func() error { return fn(tx) }) })
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	return nil
}
