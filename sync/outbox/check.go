package outbox

import (
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Check says whether the file at path is sound: its pages, its buckets, its state. A letter with a
// wrong CRC is no fault of the file; it is set aside when it is read.
//
// A damaged file can end the process that reads it, even here: bbolt looks for free pages in a
// goroutine of its own. Run Check in a child process with a deadline, through Options.Checker.
func Check(path string) error {
	if err := checkHere(context.Background(), path); err != nil {
		return err
	}
	return inspect(path, func(tx *bolt.Tx) (err error) {
		for fault := range tx.Check() { // to the end: it stands still when nobody listens
			err = errors.Join(err, fault)
		}
		return err
	})
}

// checkHere walks every key of the file, which touches the pages that bbolt will touch, in this
// goroutine, where a panic can be caught.
func checkHere(ctx context.Context, path string) error {
	return inspect(path, func(tx *bolt.Tx) error {
		if _, err := load(tx); err != nil {
			return err
		}
		return tx.ForEach(func(name []byte, in *bolt.Bucket) error {
			c := in.Cursor()
			var last []byte
			for k, _ := c.First(); k != nil; k, _ = c.Next() {
				if last != nil && string(k) <= string(last) {
					return fmt.Errorf("%w: keys of bucket %q are out of order", ErrDamaged, name)
				}
				last = k
			}
			return ctx.Err()
		})
	})
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
