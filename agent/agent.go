// Package agent is the program at the counter: desks that hear customers, an outbox that keeps what
// they said, and an uplink that carries it. It wires, supervises and tells how things stand; it
// opens no hardware, so it runs on a laptop and in a bubble as it does on the box.
package agent

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"evalpad/agent/control"
	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/link"
	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/uplink"
	"evalpad/sync/wire"
)

// Names of the files in the data folder.
const (
	KeyFile    = "record.key"
	OutboxFile = "outbox.db"
	SocketFile = "evalpad.sock"
)

// Counter is one window of the branch with the pads that stand at it.
type Counter struct {
	Counter  string
	Business string
	Rules    evaluation.Rules
	Pads     []device.Driver
	QR       string          // address of the page on which customers can rate by phone; "" is none
	PadRules []wire.PadRules // what each makes of a press, to be told to headquarters
}

// Options of an agent. Place, DataDir, Counters, Link.Broker, Topics and Now are required.
type Options struct {
	Place    wire.Place
	DataDir  string
	Counters []Counter
	Outbox   outbox.Options // Key, Place and Stamp are set here
	Link     link.Options
	Topics   wire.Topics
	SettleOn uplink.SettleOn
	Root     wire.PublicKey           // zero until enrolment
	Now      func() evaluation.Moment // the box's clocks
	Version  string
	Built    time.Time // when this program was; zero where that is not known
	Log      *slog.Logger
	// NoSocket leaves the control socket out: a bubble's clock stands still while a socket is waited for.
	NoSocket bool
}

func (o *Options) validate() error {
	switch {
	case o.DataDir == "":
		return errors.New("new agent: no data folder")
	case len(o.Counters) == 0:
		return errors.New("new agent: no counter")
	case o.Now == nil:
		return errors.New("new agent: no clock")
	}
	if err := o.Place.Validate(); err != nil {
		return fmt.Errorf("new agent: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Agent is one box.
type Agent struct {
	o      Options
	key    seal.Key
	store  *outbox.Outbox
	uplink *uplink.Uplink
	door   *control.Door
	desks  []*evaluation.Desk
	pulse  pulse

	mu       sync.Mutex
	degraded map[string]string         // mode by what it is about, as "counter c03" → pad-lost
	tallied  map[string]map[string]int // refused presses already told in a tally, by counter
}

// New opens the key, the outbox and the control socket, and leaves nothing open when it fails.
func New(o Options) (_ *Agent, err error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	a := &Agent{o: o, degraded: map[string]string{}, tallied: map[string]map[string]int{}, pulse: pulse{due: map[string]time.Time{}}}
	if a.key, err = seal.OpenKey(filepath.Join(o.DataDir, KeyFile)); err != nil {
		return nil, err
	}
	if err := a.openDoor(); err != nil {
		return nil, err
	}
	if err := a.open(); err != nil {
		return nil, errors.Join(err, a.shut())
	}
	return a, nil
}

func (a *Agent) openDoor() (err error) {
	if a.o.NoSocket {
		return nil
	}
	a.door, err = control.Open(filepath.Join(a.o.DataDir, SocketFile))
	return err
}

func (a *Agent) open() (err error) {
	o := a.o.Outbox
	o.Key, o.Place, o.Stamp, o.Log = a.key, a.o.Place, a.stamp, a.o.Log
	o.Commit = a.pulse.felt(o.Commit)
	if a.store, err = outbox.Open(filepath.Join(a.o.DataDir, OutboxFile), o); err != nil {
		return err
	}
	if err := a.openDesks(); err != nil {
		return err
	}
	a.uplink, err = uplink.New(uplink.Options{
		Link: a.o.Link, Topics: a.o.Topics, Place: a.o.Place, Key: a.key, Store: a.store, Agent: a,
		Boot: a.o.Now().Boot, Uptime: a.uptime, Wall: a.wall, Built: a.o.Built, SettleOn: a.o.SettleOn, Root: a.o.Root,
		Version: a.o.Version, Busy: a.pulse.of("uplink"), Log: a.o.Log,
	})
	return err
}

func (a *Agent) openDesks() error {
	kept, err := a.store.Desks()
	if err != nil {
		return err
	}
	for _, c := range a.o.Counters {
		desk, err := a.openDesk(c, kept[c.Counter])
		if err != nil {
			return err
		}
		a.desks = append(a.desks, desk)
		delete(kept, c.Counter)
	}
	for counter := range kept { // no longer configured: its record stays until it is
		a.o.Log.Warn("an evaluation is kept for a counter that is not configured", "counter", counter)
	}
	return nil
}

// openDesk goes on without a state that cannot be read: the counter must rate, and says what it lost.
func (a *Agent) openDesk(c Counter, state []byte) (*evaluation.Desk, error) {
	o := evaluation.Options{
		Counter: c.Counter, Business: c.Business, Rules: c.Rules, Pads: c.Pads,
		Store: deskStore{a}, State: state, Now: a.o.Now, NewID: newID, Log: a.o.Log,
		Note:     func(ctx context.Context, s device.Signal) { a.notePad(ctx, c.Counter, s) },
		Degraded: func(err error) { a.dim(c.Counter, StoreFault, err != nil) },
		Busy:     a.pulse.of("desk " + c.Counter),
	}
	if c.QR != "" {
		o.Link = func(evaluation string, at wire.Stamp) string { return a.link(c, evaluation, at) }
	}
	desk, err := evaluation.NewDesk(o)
	if errors.Is(err, evaluation.ErrState) {
		a.o.Log.Error("begin this counter afresh", "counter", c.Counter, "error", err)
		o.State = nil
		return evaluation.NewDesk(o)
	}
	return desk, err
}

// newID is 8 random bytes: unique among all evaluations of all boxes for any practical purpose.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return hex.EncodeToString(b[:])
}

// tallyEvery is how often refused presses are told to headquarters, if there were any.
const tallyEvery = time.Hour

// Run serves the counters until ctx is done: then the desks stop, the farewell is sealed, the
// uplink says offline, and the outbox closes. Every goroutine has ended when it returns.
func (a *Agent) Run(ctx context.Context) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	line, stopLine := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	defer stopLine()
	var desks, rest sync.WaitGroup
	a.start(work)
	for _, d := range a.desks {
		desks.Go(func() { a.complain("desk", d.Run(work)) })
	}
	rest.Go(func() { a.complain("uplink", a.uplink.Run(line)) })
	if a.door != nil {
		rest.Go(func() { a.complain("control socket", a.door.Serve(line, a.answers())) })
	}
	rest.Go(func() { a.tallyLoop(line) })
	rest.Go(func() { a.watchClock(line) })

	<-ctx.Done()
	stopWork()
	desks.Wait()
	a.tally(line)
	a.say(line, wire.Event{Event: wire.EventStop, Version: a.o.Version})
	stopLine()
	rest.Wait()
	return a.shut()
}

func (a *Agent) start(ctx context.Context) {
	a.say(ctx, wire.Event{Event: wire.EventStart, Version: a.o.Version})
	if err := a.tellRules(ctx); err != nil {
		a.o.Log.Error("rules in force not stored", "error", err)
	}
}

func (a *Agent) complain(what string, err error) {
	if err != nil {
		a.o.Log.Error(what+" ended", "error", err)
	}
}

func (a *Agent) tallyLoop(ctx context.Context) {
	tick := time.NewTicker(tallyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.tally(ctx)
		}
	}
}

func (a *Agent) shut() error {
	var errs []error
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.door != nil {
		errs = append(errs, a.door.Close())
	}
	return errors.Join(errs...)
}

func (a *Agent) uptime() time.Duration { return a.o.Now().Uptime }

// wall is the wall clock, and whether it is known to be set.
func (a *Agent) wall() (now time.Time, set bool) {
	m := a.o.Now()
	return m.Wall, m.Clock == wire.ClockSet
}

func (a *Agent) stamp() wire.Stamp {
	now := a.o.Now()
	return now.Stamp(now.Uptime)
}
