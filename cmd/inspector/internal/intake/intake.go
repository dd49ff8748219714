// Package intake takes what boxes send into headquarters' ledger and thanks them for it.
//
// Nothing is thanked before it is committed: a record is verified, taken in a batch, acknowledged to
// the broker, and then receipted with a signed word on how far the ledger has come. Whatever cannot
// be verified goes to the dead letters with its reason and blocks nothing behind it.
//
// Headquarters holds two clean sessions, one for alerts and one for the rest, so that an alert never
// queues behind a backlog. Nothing is kept in the broker: what passes while headquarters is away
// comes again, because each return shows a new session number and boxes then send all that is
// unreceipted. All state belongs to one goroutine, the mailroom's.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// Signer signs in headquarters' name.
type Signer interface {
	Mandate() wire.Mandate
	Sign(tag seal.Tag, message any) ([]byte, error)
}

// Options of an intake. Link.Broker, Topics, Ledger and Identity are required.
type Options struct {
	Link     link.Options // Broker, TLS, Dial and ClientID count; the intake sets the rest
	Topics   wire.Topics
	Ledger   Ledger
	Identity Signer
	// QueueBudget bounds the sum of windows granted, in records: half of what the broker queues for
	// one subscriber. Default 500, half of a stock mosquitto's queue.
	QueueBudget int
	// Changed is called after every change that a page would show; it must not block.
	Changed func()
	Now     func() time.Time // default time.Now
	Log     *slog.Logger     // nil discards
	Random  func() float64   // in [0, 1), for the wait before a return; default math/rand
}

func (o *Options) validate() error {
	switch {
	case o.Ledger == nil || o.Identity == nil:
		return errors.New("new intake: ledger and identity are required")
	case o.Topics == "":
		return errors.New("new intake: a topic root is required")
	case o.QueueBudget < 0:
		return fmt.Errorf("new intake: queue budget %d: want 0 or more", o.QueueBudget)
	}
	if o.QueueBudget == 0 {
		o.QueueBudget = 500
	}
	if o.Link.ClientID == "" {
		o.Link.ClientID = "inspector-1"
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Intake is headquarters' one way in.
type Intake struct {
	o       Options
	mail    *mailroom
	gauge   gauge
	current atomic.Pointer[session] // nil while there is none
}

// New checks the options. It connects nothing; Run does.
func New(o Options) (*Intake, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	in := &Intake{o: o}
	in.mail = newMailroom(&in.o, &in.gauge)
	return in, nil
}

// longestAbsence bounds the wait between two tries: headquarters is one client, and every alert
// waits for it.
const longestAbsence = 5 * time.Second

// Run holds one session after the other until ctx is done; then it takes what has arrived, says
// disconnected and returns nil.
func (in *Intake) Run(ctx context.Context) error {
	var patience link.Patience
	for {
		start := time.Now()
		err := in.attend(ctx)
		if ctx.Err() != nil {
			if err != nil && !errors.Is(err, context.Canceled) {
				in.o.Log.Warn("left without a farewell", "error", err)
			}
			return nil
		}
		patience.Worked(time.Since(start))
		wait := min(patience.Next(time.Second, true, in.o.Random), longestAbsence)
		in.gauge.lost(err, in.o.Now())
		in.o.Log.Warn("no session with the broker", "error", err, "next_try_in", wait.Round(time.Millisecond))
		if !sleep(ctx, wait) {
			return nil
		}
	}
}

// attend is one session from its number to its end. The mailroom keeps what it knows of the boxes;
// what lay open in the last session comes again from them.
func (in *Intake) attend(ctx context.Context) error {
	number, err := in.o.Ledger.NextSession(ctx)
	if err != nil {
		return faulty("number the session", err)
	}
	s, err := in.open(ctx, number)
	if err != nil {
		return err
	}
	in.current.Store(s)
	defer in.current.Store(nil)
	defer s.close()
	return s.serve(ctx)
}

// ErrOffline is returned by Cases and Tell while there is no session with the broker.
var ErrOffline = errors.New("no session with the broker")

// Cases publishes what has changed in cases, for the branches' own tools. It returns ErrOffline when
// the broker is away: the ledger, not the broker, is where cases are kept.
func (in *Intake) Cases(ctx context.Context, changed []casebook.Case) error {
	if len(changed) == 0 {
		return nil
	}
	return in.ask(ctx, func(s *session) error { return s.publishCases(changed) })
}

// ErrUnknownBox is returned by Tell for a device that has not been heard since the inspector began.
var ErrUnknownBox = errors.New("the device has not been heard yet")

// Tell sends a command to one device, numbered, signed, and good for ten minutes of its session.
// Command and its arguments are the caller's; the rest is filled in.
func (in *Intake) Tell(ctx context.Context, device string, c wire.Command) error {
	return in.ask(ctx, func(s *session) error {
		b := s.mail.boxes[device]
		if b == nil || b.uptimeAt.IsZero() {
			return fmt.Errorf("tell %s: %w", device, ErrUnknownBox)
		}
		return s.tell(b, c)
	})
}

// ask has the session's goroutine do something, and waits for it.
func (in *Intake) ask(ctx context.Context, do func(*session) error) error {
	s := in.current.Load()
	if s == nil {
		return ErrOffline
	}
	done := make(chan error, 1)
	select {
	case s.asks <- func() { done <- do(s) }:
		return <-done
	case <-s.gone:
		return ErrOffline
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Lives is nil if the session's goroutine comes back from its work before ctx is done, or if there is
// no session.
func (in *Intake) Lives(ctx context.Context) error {
	err := in.ask(ctx, func(*session) error { return nil })
	if err != nil && !errors.Is(err, ErrOffline) {
		return fmt.Errorf("the intake does not come back from its work: %w", err)
	}
	return nil
}

// Metrics is a snapshot for the page.
func (in *Intake) Metrics() Metrics { return in.gauge.snapshot() }

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
