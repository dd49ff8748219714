// Package app is headquarters' inspector as one running thing: it wires identity, ledger, intake,
// the built-in broker and the page, watches the deadlines, and takes everything down in order.
//
// New opens and listens, so that whatever is wrong is said at once; Run serves until its context is
// done. It is the only importer of the broker (mochi) beside the tests'.
package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/identity"
	"evalpad/cmd/inspector/internal/intake"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// leaveTime is how long everything together may take to end.
const leaveTime = 4 * time.Second

// LedgerName is the ledger's file in the data folder.
const LedgerName = "ledger.db"

// App is one inspector. New has opened it; Run serves it and closes it, and Close closes one that is
// not run.
type App struct {
	o        Options
	identity *identity.Identity
	ledger   *ledger.Ledger
	intake   *intake.Intake
	relay    *relay // nil with an outside broker
	web      []net.Listener
	qr       net.Listener // nil where it is off
	qrDesk   http.Handler
	addrs    Addrs
	changes  feed
	outgoing outgoing
	watch    watch

	closing sync.Once
	opened  stack
}

// Addrs are where the inspector really listens; "" where it does not.
type Addrs struct {
	Broker string // as mqtt://127.0.0.1:1883; the outside broker's URL where there is one
	Web    string // as http://127.0.0.1:8080
	QR     string // as http://127.0.0.1:8082
	Socket string
}

// Deps is what a board is given.
type Deps struct {
	Ledger *ledger.Ledger
	Clocks casebook.Clocks
	Root   wire.PublicKey // what boxes pin
	Now    func() time.Time
	// Intake is how the way in stands.
	Intake func() intake.Metrics
	// Tell sends a command to one box.
	Tell func(ctx context.Context, device string, c wire.Command) error
	// Changes returns a channel with a token whenever something to show may have changed, and a
	// function that ends it.
	Changes func() (<-chan struct{}, func())
	// Health is nil while deadlines are watched and the way in is open.
	Health func() error
	// Local reports whether a request came over the socket, that is from this machine's
	// administrator.
	Local func(*http.Request) bool
}

// New checks the options, takes the data folder, opens everything in it and listens. It returns
// ErrTaken, wrapped, while another inspector works on that folder.
func New(o Options) (*App, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("new inspector: %w", err)
	}
	a := &App{o: o, outgoing: newOutgoing()}
	if err := a.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("new inspector: %w", err), a.Close())
	}
	return a, nil
}

func (a *App) open() error {
	for _, step := range []func() error{a.openFolder, a.openBroker, a.openIntake, a.openWeb, a.openQR} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Addrs is where the inspector listens.
func (a *App) Addrs() Addrs { return a.addrs }

// Changes returns a channel that has a token whenever something has changed since it was last read,
// and a function that ends it.
func (a *App) Changes() (<-chan struct{}, func()) { return a.changes.subscribe() }

// Metrics is how the way in stands.
func (a *App) Metrics() intake.Metrics { return a.intake.Metrics() }

// DialBroker connects to the built-in broker from within this process, as boxes do in a test.
func (a *App) DialBroker(ctx context.Context) (net.Conn, error) {
	if a.relay == nil {
		return nil, errors.New("dial built-in broker: the broker is an outside one")
	}
	return a.relay.dial(ctx)
}

// Run serves until ctx is done, and returns nil then; or until a part fails. Within 5 s everything is
// closed, in the opposite order of its opening: pages, way in, watch, broker, ledger, lock.
func (a *App) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	err := a.serve(failed)
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-failed:
		}
	}
	return errors.Join(err, a.Close())
}

func (a *App) serve(failed chan<- error) error {
	if a.relay != nil {
		if err := a.relay.serve(); err != nil {
			return fmt.Errorf("built-in broker: %w", err)
		}
		a.opened.push("broker", a.relay.close)
	}
	a.opened.start("watch", failed, a.watchDeadlines)
	a.opened.start("case topics", failed, a.publishCases)
	a.opened.start("intake", failed, a.intake.Run)
	if len(a.web) > 0 {
		a.opened.start("web", failed, func(ctx context.Context) error {
			return serveWeb(ctx, a.o.Board(a.deps()), a.o.Log, a.web...)
		})
	}
	if a.qr != nil {
		a.opened.start("qr", failed, func(ctx context.Context) error { return serveWeb(ctx, a.qrDesk, a.o.Log, a.qr) })
	}
	return nil
}

// Close undoes New. Run does it by itself.
func (a *App) Close() (err error) {
	a.closing.Do(func() {
		late, cancel := context.WithTimeout(context.Background(), leaveTime)
		defer cancel()
		err = a.opened.unwind(late)
	})
	return err
}

func (a *App) deps() Deps {
	return Deps{
		Ledger: a.ledger, Clocks: a.o.Clocks, Root: a.identity.Root(), Now: a.o.Now,
		Intake: a.intake.Metrics, Tell: a.intake.Tell, Changes: a.changes.subscribe,
		Health: a.Health, Local: isLocal,
	}
}
