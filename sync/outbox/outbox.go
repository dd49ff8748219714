// Package outbox keeps on disk what a box has promised to tell headquarters: sealed records until
// they are receipted, then as history while there is room; and beside them the evaluations that are
// still open and a few small facts.
//
// A Commit that has returned is on disk: bbolt has written its pages, synced, written its meta page
// and synced again. One goroutine writes. What is asked for while it waits for the disk shares the
// next transaction, so 64 callers pay for one; a lone caller never waits for company.
//
// A record is a letter. Its line is stored once and not moved again: whether it waits is told by a
// small key in the bucket of its lane, so that a settled letter costs its share of a few index
// pages and not its own length a second time. The letters that no lane names are the history.
//
// bbolt has no checksum on its data and can panic on a damaged file. Every value here carries a
// CRC-32C of its own that is checked at each read, and a file is checked before it is trusted.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Errors that a caller branches on.
var (
	// ErrFull is returned by Commit when the file, or the disk below it, has no room even after all
	// history is gone. Nothing was stored.
	ErrFull = errors.New("the outbox is full")
	// ErrStore is returned when the disk failed: whatever was asked for must count as not stored.
	ErrStore = errors.New("the store has failed")
	// ErrInUse is returned by Open, List and Verify while another process holds the file.
	ErrInUse = errors.New("the outbox is in use: the agent is running")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("the outbox is closed")
	// ErrRefused is returned by Commit for a Change that can never be stored, such as a record of
	// more than 4,096 bytes.
	ErrRefused = errors.New("the change cannot be stored")
	// ErrDamaged is returned for a value or a file whose bytes are not those that were written.
	ErrDamaged = errors.New("damaged")
	// ErrNotChecked is what a Checker returns that could not find out, as where no process can be
	// started. It says nothing about the file.
	ErrNotChecked = errors.New("the file was not checked")

	// ErrHeadDiffers is returned by Settle when the hash is not that of our own record.
	ErrHeadDiffers = errors.New("the hash is not our own record's")
	// ErrBeyondHead is returned by Settle for a record that this file has never held.
	ErrBeyondHead = errors.New("the record is beyond our own head")
	// ErrUnknownEpoch is returned by Settle for an epoch of which this file holds nothing.
	ErrUnknownEpoch = errors.New("the epoch is not in this outbox")
)

// Outbox is one open file. Its methods may be called from any goroutine.
type Outbox struct {
	path   string
	o      Options
	scribe scribe

	requests chan *request
	kick     chan struct{} // something to flush
	changed  chan struct{}
	closing  chan struct{}
	done     chan struct{}
	close    sync.Once

	dbmu sync.RWMutex // held to replace db; taken after mu where both are needed
	db   *bolt.DB     // nil when the file could not be opened again

	mu        sync.Mutex
	state     state
	settling  map[Ref]bool // settled, not yet written
	suspects  map[Ref]bool // read with a wrong CRC, not yet set aside
	fault     error
	faults    int
	allocated bool
	pruned    time.Time // when history was last looked through; the writer's own
	vouched   bool      // what is read is on the disk; the writer's own
	doubted   uint64    // count of a commit that failed and may be in the file all the same; the writer's own
}

// Open opens the outbox at path, which lies in a folder of its own, and makes it if there is none.
// A damaged file is moved aside to path.damaged-N and what can be read of it is carried into a new
// file under a new epoch. It returns ErrInUse within three seconds while another process holds the
// file.
func Open(path string, o Options) (*Outbox, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	b := &Outbox{
		path: path, o: o, scribe: newScribe(o),
		requests: make(chan *request), kick: make(chan struct{}, 1), changed: make(chan struct{}, 1),
		closing: make(chan struct{}), done: make(chan struct{}),
		settling: map[Ref]bool{}, suspects: map[Ref]bool{},
	}
	if err := b.prepare(); err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	strange := b.state.current().KID != o.Key.KID()
	go b.write()
	if strange {
		if err := b.NewEpoch(context.Background(), "the box has another key"); err != nil {
			return nil, errors.Join(fmt.Errorf("open outbox: %w", err), b.Close())
		}
	}
	return b, nil
}

// Close writes what is settled, waits for the writer and lets the file go. What waits is there at
// the next Open.
func (b *Outbox) Close() error {
	b.close.Do(func() { close(b.closing) })
	<-b.done
	b.dbmu.Lock()
	defer b.dbmu.Unlock()
	if b.db == nil {
		return nil
	}
	err := b.db.Close()
	b.db = nil
	if err != nil {
		return fmt.Errorf("close outbox: %w", err)
	}
	return nil
}

// Changed receives once after letters were added, however many; it is for one reader. A reader
// that then reads Waiting to its end misses none.
func (b *Outbox) Changed() <-chan struct{} { return b.changed }

// Fault is the error of the latest commit, if that failed because of the disk, else nil. While it
// is not nil nobody may be thanked for a press; a supervisor should start the process anew.
func (b *Outbox) Fault() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fault
}

// view runs fn in a read transaction. It is kept short and fn copies what it keeps: a transaction
// held open makes the file grow, and slices of it die with it.
func (b *Outbox) view(fn func(*bolt.Tx) error) error {
	b.dbmu.RLock()
	defer b.dbmu.RUnlock()
	if b.db == nil {
		return b.shut()
	}
	return b.db.View(func(tx *bolt.Tx) error { return guard(func() error { return fn(tx) }) })
}

// errNotOpen is the cause when a file could not be opened again after a fault.
var errNotOpen = errors.New("the file is not open")

func (b *Outbox) shut() error {
	select {
	case <-b.closing:
		return ErrClosed
	default:
		return fmt.Errorf("%w: %w", ErrStore, errNotOpen)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is there already
	}
}

func quiet(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
