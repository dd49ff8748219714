package evaluation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"evalpad/device"
	"evalpad/sync/wire"
)

// Store puts on disk what a counter has promised. When Commit returns nil, state and all finished
// evaluations survive a power cut; when it does not, none of them may count. An empty finished is
// usual; a state is always given.
type Store interface {
	Commit(ctx context.Context, counter string, state []byte, finished []wire.Evaluation) error
}

// Options is what a Desk needs. Counter, Business, Rules.Ask, Pads, Store, Now and NewID are
// required.
type Options struct {
	Counter  string          // as c03
	Business string          // a code of the bank's own list
	Rules    Rules           // what is asked, and how long it waits
	Pads     []device.Driver // several may stand at one counter, as a keypad and a touch page
	Store    Store           // keeps what is promised
	State    []byte          // what the Store last took for this counter; nil at the first start
	Now      func() Moment   // the box's clocks
	NewID    func() string   // an id for an evaluation, 1 to 64 characters, never twice

	// Note is told of every Lost, Back, Stuck and Free, in order, while the desk waits; nil: nobody.
	Note func(context.Context, device.Signal)
	// Degraded is told the error when presses can no longer be kept, and nil when they can again;
	// nil: nobody.
	Degraded func(error)
	// Link is where the customer of an evaluation, begun or finished at that moment, can rate on a phone;
	// "" is nowhere. It is asked at each prompt and each thank-you; nil: nowhere ever.
	Link func(evaluation string, at wire.Stamp) string
	// Busy is told how long the work that now begins may take, and 0 when the desk waits again; nil:
	// nobody.
	Busy func(atMost time.Duration)
	// Retry is how long a failed commit, or a driver that gave up, waits for its next try. Default 5 s.
	Retry time.Duration
	Log   *slog.Logger // nil: discard
}

// Desk runs one counter by the rules of Next.
type Desk struct {
	opts     Options
	log      *slog.Logger
	state    State         // what is on disk
	came     *wire.Stamp   // when the agent came up, until the State has been told
	showing  device.Show   // what the pads show
	until    time.Duration // uptime at which the timer ends
	degraded bool          // the last commit failed

	pads    []*pad
	heard   chan heard
	asked   chan request
	window  *time.Timer // what Arm starts
	retry   *time.Timer // runs while degraded
	ran     atomic.Bool
	stopped chan struct{}

	mu       sync.Mutex
	tally    Tally
	lastSeen time.Duration
}

// NewDesk checks the options and reads the State. It returns ErrState if that cannot be read; the
// caller may go on without it.
func NewDesk(opts Options) (*Desk, error) {
	opts.Rules = opts.Rules.withDefaults()
	opts.Retry = cmp.Or(opts.Retry, 5*time.Second)
	if opts.Busy == nil {
		opts.Busy = func(time.Duration) {}
	}
	if err := opts.validate(); err != nil {
		return nil, fmt.Errorf("new desk %.40q: %w", opts.Counter, err)
	}
	state, err := ReadState(opts.State, opts.Rules)
	if err != nil {
		return nil, fmt.Errorf("new desk %s: %w", opts.Counter, err)
	}
	d := &Desk{
		opts: opts, state: state,
		log:   cmp.Or(opts.Log, slog.New(slog.DiscardHandler)).With("counter", opts.Counter),
		heard: make(chan heard), asked: make(chan request), stopped: make(chan struct{}),
	}
	for i, driver := range opts.Pads {
		d.pads = append(d.pads, newPad(i, driver, d.log, opts.Retry))
	}
	return d, nil
}

// Rules are those in force, defaults filled in.
func (d *Desk) Rules() Rules { return d.opts.Rules }

func (o Options) validate() error {
	switch {
	case !wire.ValidLevel(o.Counter):
		return errors.New("counter: want 1 to 40 of a-z, 0-9 and hyphen")
	case len(o.Business) > maxText:
		return fmt.Errorf("business %.40q: want at most %d bytes", o.Business, maxText)
	case len(o.Pads) == 0:
		return errors.New("no pad")
	case o.Store == nil || o.Now == nil || o.NewID == nil:
		return errors.New("store, clock and ids are needed")
	case o.Retry < 0:
		return fmt.Errorf("retry %s: want more than 0", o.Retry)
	}
	return o.Rules.Validate()
}

// Run serves the counter until ctx is done and then returns nil; what is open stays on disk for the
// next start. It runs the pads and waits for them. It may be called once.
func (d *Desk) Run(ctx context.Context) error {
	if !d.ran.CompareAndSwap(false, true) {
		return fmt.Errorf("run desk %s: it has run already", d.opts.Counter)
	}
	ctx, stop := context.WithCancel(ctx)
	var pads sync.WaitGroup
	defer pads.Wait()
	defer close(d.stopped)
	defer stop()
	for _, p := range d.pads {
		pads.Go(func() { p.run(ctx, d.heard) })
		pads.Go(func() { p.listen(ctx, d.heard) })
	}
	d.window, d.retry = stoppedTimer(), stoppedTimer()
	d.opts.Busy(workTime)
	defer d.window.Stop()
	defer d.retry.Stop()
	d.come(ctx)
	d.serve(ctx)
	return nil
}

func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// come finds what was left on disk.
func (d *Desk) come(ctx context.Context) {
	if d.opts.State == nil {
		d.show(ctx, d.state.Showing())
		return
	}
	now := d.opts.Now()
	d.came = new(now.Stamp(now.Uptime))
	_ = d.settle(ctx) // degrades by itself, and is tried again before anything else
}

// workTime is how long the desk may honestly be at one thing: a commit on a slow card, and a show
// that a pad or two leave lying.
const workTime = 5 * time.Second

func (d *Desk) serve(ctx context.Context) {
	defer d.opts.Busy(0)
	for {
		d.opts.Busy(0)
		work := d.next(ctx)
		if work == nil {
			return
		}
		d.opts.Busy(workTime)
		work()
	}
}

// next waits for something to do; nil when ctx is done.
func (d *Desk) next(ctx context.Context) (work func()) {
	select {
	case h := <-d.heard:
		return func() { d.take(ctx, h) }
	case r := <-d.asked:
		return func() { r.done <- r.work(ctx) }
	case <-d.window.C:
		return func() { d.elapse(ctx) }
	case <-d.retry.C:
		return func() { d.heal(ctx) }
	case <-ctx.Done():
		return nil
	}
}

// elapse is the end of the window, unless a press came first and only its handling is late: each
// pad can have one signal waiting.
func (d *Desk) elapse(ctx context.Context) {
	until := d.until
	for range d.pads {
		select {
		case h := <-d.heard:
			d.take(ctx, h)
		default:
		}
		if d.until != until {
			return // armed anew or disarmed
		}
	}
	now := d.opts.Now()
	if _, err := d.apply(ctx, Elapsed{At: now.Stamp(now.Uptime)}); err != nil {
		d.window.Reset(d.opts.Retry)
	}
}
