package outbox

import (
	"errors"
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// ErrUnvouched is returned by Commit, beside ErrStore, for a change that is in the file although the
// disk has not said that it will stay there. Nobody may be thanked for it, and it must not be asked
// for once more: it is numbered and will be sent.
var ErrUnvouched = errors.New("the change is in the file, and the disk does not vouch for it")

// reopen finds out what a failed commit has left behind. It may have stored everything: an error of
// the last sync leaves the new meta page in place. So the file is opened anew and its count of
// commits compared. If the plan is there, one more commit must succeed: its syncs carry what the
// failed one could not vouch for, and the letters are kept and reported as stored. A failed sync is
// never simply tried again: Linux calls the pages clean and the second try lies.
func (b *Outbox) reopen(p *plan, cause error) error {
	b.o.Log.Error("a commit has failed; the outbox is opened again", "error", cause)
	b.setFault(cause)
	found, err := b.openAgain()
	if err != nil {
		b.setFault(err)
		return fmt.Errorf("%w: %w, and then: %w", ErrStore, cause, err)
	}
	there := found.Commits == p.state.Commits
	if there && b.confirm(&found) == nil {
		found.Commits++
		p.state = found
		return nil // publish follows
	}
	b.mu.Lock()
	b.state = found
	if there {
		b.carried(p)
	}
	b.reckonSettled("")
	b.mu.Unlock()
	if there {
		b.doubted = found.Commits + 1
		return fmt.Errorf("%w: %w: %w", ErrStore, ErrUnvouched, cause)
	}
	if found.Commits < p.before {
		return fmt.Errorf("%w: %w, and the file is back at an earlier commit", ErrStore, cause)
	}
	return fmt.Errorf("%w: %w", ErrStore, cause)
}

func (b *Outbox) setFault(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = err
	b.faults++
}

// openAgain waits for readers, closes the file, opens it and reads its state.
func (b *Outbox) openAgain() (found state, err error) {
	b.dbmu.Lock()
	defer b.dbmu.Unlock()
	if b.db != nil {
		if err := guard(b.db.Close); err != nil {
			b.o.Log.Error("the failed file does not close", "error", err)
		}
	}
	b.db, b.vouched = nil, false
	db, err := openBolt(b.path, b.o.Max)
	if err != nil {
		return found, err
	}
	err = db.View(func(tx *bolt.Tx) error {
		return guard(func() (err error) { found, err = load(tx); return err })
	})
	if err != nil {
		return found, fmt.Errorf("%w, closed with %v", err, db.Close())
	}
	b.db = db
	return found, nil
}

// confirm writes the state once more, changed only in its count.
func (b *Outbox) confirm(found *state) error {
	next := found.clone()
	next.Commits++
	return b.update(next.save)
}

// guard turns a panic of bbolt, or a page that cannot be read, into an error.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	return fn()
}
