// Package uplink carries what the outbox has promised to headquarters, and settles it when
// headquarters has said thanks.
//
// A session is: connect, subscribe, birth, headquarters' receipt, a heartbeat that echoes it, then
// the records, alerts first at every free slot. A session that ends is never mended; a fresh one
// sends all that is unreceipted again, and headquarters drops what it has.
package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// Queue is what waits to be sent.
type Queue interface {
	Waiting(lane outbox.Lane, after outbox.Ref, max int) ([]outbox.Letter, error)
	Changed() <-chan struct{}
	Settle(ctx context.Context, epoch wire.Epoch, from, to uint64, head wire.Hash) (int, error)
}

// Chain is the box's own account of its records.
type Chain interface {
	Epochs() []wire.EpochState
	NewEpoch(ctx context.Context, why string) error
	History(epoch wire.Epoch, from, to uint64, max int) ([]outbox.Letter, []outbox.Gap, error)
}

// Notebook keeps small facts across restarts.
type Notebook interface {
	Note(name string) ([]byte, error)
	Commit(ctx context.Context, c outbox.Change) ([]outbox.Letter, error)
}

// Store is the whole of what an outbox is to the pump.
type Store interface {
	Queue
	Chain
	Notebook
}

// SettleOn says whose word empties the outbox.
type SettleOn string

// Receipt is the promise kept to the end. PUBACK is for a headquarters without an inspector: a
// broker says it for what it may then drop, so status and heartbeat say not-guaranteed.
const (
	Receipt SettleOn = "receipt"
	PUBACK  SettleOn = "puback"
)

// Agent is what the pump asks of the box around it.
type Agent interface {
	// Health fills everything of a heartbeat but the status in it.
	Health() wire.Heartbeat
	// Tell seals an event.
	Tell(ctx context.Context, e wire.Event) error
	// Obey carries out a verified command of headquarters that is not about records.
	Obey(ctx context.Context, c wire.Command) error
}

// Options of an uplink. Link, Topics, Place, Key, Store, Agent and Uptime are required.
type Options struct {
	Link   link.Options // ClientID and Will are set for each session
	Topics wire.Topics
	Place  wire.Place
	Key    seal.Key
	Store  Store
	Agent  Agent
	Boot   string
	Uptime func() time.Duration // CLOCK_BOOTTIME
	// Wall is the wall clock, and whether it is known to be set; nil: this machine's, taken for set. It
	// counts for nothing but the broker's certificate.
	Wall     func() (now time.Time, set bool)
	Built    time.Time      // when this program was; the date is never before that
	SettleOn SettleOn       // default Receipt
	Root     wire.PublicKey // headquarters' root, pinned at enrolment; zero: the first receipt's, provisionally
	Version  string
	// Busy is told how long the work that now begins may take, and 0 when the pump waits again; nil:
	// nobody.
	Busy   func(atMost time.Duration)
	Log    *slog.Logger
	Random func() float64 // in [0, 1); default math/rand
}

func (o *Options) validate() error {
	switch {
	case o.Store == nil || o.Agent == nil || o.Uptime == nil:
		return errors.New("new uplink: store, agent and uptime are required")
	case o.SettleOn != "" && o.SettleOn != Receipt && o.SettleOn != PUBACK:
		return fmt.Errorf("new uplink: settle on %q: want receipt or puback", o.SettleOn)
	}
	if err := o.Place.Validate(); err != nil {
		return fmt.Errorf("new uplink: %w", err)
	}
	if o.SettleOn == "" {
		o.SettleOn = Receipt
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wall == nil {
		o.Wall = func() (time.Time, bool) { return time.Now(), true }
	}
	if o.Busy == nil {
		o.Busy = func(time.Duration) {}
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	return nil
}

// Uplink is one box's way to headquarters.
type Uplink struct {
	o        Options
	root     pinnedRoot
	numbers  sessionNumbers
	suspects suspects
	twins    twins
	patience link.Patience
	calendar *calendar
	noted    spreadNote

	mu    sync.Mutex
	state State
}

// New checks the options and reads what earlier sessions have noted.
func New(o Options) (*Uplink, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	u := &Uplink{o: o, state: State{Phase: Connecting, Since: o.Uptime()}}
	if err := u.root.read(o.Store, o.Root); err != nil {
		return nil, fmt.Errorf("new uplink: %w", err)
	}
	if err := u.numbers.read(o.Store); err != nil {
		return nil, fmt.Errorf("new uplink: %w", err)
	}
	if err := u.noted.read(o.Store); err != nil {
		return nil, fmt.Errorf("new uplink: %w", err)
	}
	var err error
	if u.calendar, err = newCalendar(u.o); err != nil {
		return nil, fmt.Errorf("new uplink: %w", err)
	}
	u.state.Root, u.state.Provisional = u.root.key, u.root.provisional
	return u, nil
}

// Run holds one session after the other until ctx is done; it returns nil then.
func (u *Uplink) Run(ctx context.Context) error {
	for away := u.arrive(ctx); away; {
		start := u.o.Uptime()
		err := u.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		u.patience.Worked(u.o.Uptime() - start)
		away = u.lost(ctx, err)
	}
	return nil
}
