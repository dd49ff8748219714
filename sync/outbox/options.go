package outbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"time"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// Options of an outbox. Key and Place are required.
type Options struct {
	Key   seal.Key   // seals every record
	Place wire.Place // where the box stands; the source of every record
	// Max is the size of the file in bytes, allocated when it is made: 1 MiB to 1 GiB, default
	// 128 MiB. An existing file grows to it and never shrinks.
	Max int64
	// History is how long a settled letter is kept, space allowing: days for which the box has run, by
	// its uptime. Default 30 days.
	History time.Duration
	// Stamp tells the time of a letter's storing and of an epoch's opening. The default knows no time.
	Stamp func() wire.Stamp
	// Checker says whether the file at path is sound. A damaged file can end the process that
	// reads it, so the agent runs Check in a child process; the default checks in this one, as
	// well as that can be done. So is the file if the Checker returns ErrNotChecked.
	Checker func(ctx context.Context, path string) error
	// Commit carries out the end of each write transaction. A test makes it fail, or looks at the file
	// at that moment; the default carries it out.
	Commit func(commit func() error) error
	Rand   io.Reader    // names epochs; default crypto/rand
	Log    *slog.Logger // nil discards

	settleWithin time.Duration        // how long a settled letter may stay unwritten
	finish       func(*bolt.Tx) error // ends a write transaction; tests make it fail
}

const (
	minMax          = 1 << 20
	maxMax          = 1 << 30 // a 32-bit box maps at most 2 GiB, and bbolt doubles up to 1
	defaultMax      = 128 << 20
	defaultHistory  = 30 * 24 * time.Hour
	defaultSettling = 250 * time.Millisecond
	checkWithin     = 30 * time.Second
	lockWithin      = 2 * time.Second
)

func (o *Options) validate() error {
	if o.Max == 0 {
		o.Max = defaultMax
	}
	if o.History == 0 {
		o.History = defaultHistory
	}
	if o.Stamp == nil {
		o.Stamp = func() wire.Stamp { return wire.Stamp{Clock: wire.ClockUnset} }
	}
	if o.Checker == nil {
		o.Checker = checkHere
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.settleWithin == 0 {
		o.settleWithin = defaultSettling
	}
	if o.Commit == nil {
		o.Commit = func(commit func() error) error { return commit() }
	}
	if o.finish == nil {
		o.finish = func(tx *bolt.Tx) error { return o.Commit(tx.Commit) }
	}
	o.Log = quiet(o.Log)
	return o.check()
}

func (o *Options) check() error {
	if reflect.ValueOf(o.Key).IsZero() {
		return errors.New("no key to seal with")
	}
	if o.Max < minMax || o.Max > maxMax {
		return fmt.Errorf("max of %d bytes: want 1 MiB to 1 GiB", o.Max)
	}
	if o.History < 0 {
		return fmt.Errorf("history of %s: want a positive duration", o.History)
	}
	return o.Place.Validate()
}
