package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// Records is where verified records are kept. Take is one transaction: all arrivals or none.
type Records interface {
	Take(ctx context.Context, arrivals []ledger.Arrival) ([]ledger.Fate, error)
	Held(ctx context.Context, device string, epoch wire.Epoch) (ledger.Holding, error)
	// Beyond and Contradicts hold what a box says of its records against those that it has sent.
	Beyond(ctx context.Context, device string, epoch wire.Epoch, head uint64, by time.Time) (uint64, error)
	Contradicts(ctx context.Context, device string, epoch wire.Epoch, seq uint64, told wire.Hash) (there, contradicts bool, err error)
}

// Keys knows the public keys of devices. Key returns ledger.ErrUnknownKey for one never introduced.
type Keys interface {
	Key(ctx context.Context, device string, kid wire.KID) (wire.PublicKey, ledger.KeyStanding, error)
	Introduce(ctx context.Context, place wire.Place, key wire.PublicKey, now time.Time) (ledger.KeyStanding, error)
}

// Presences is what is known of boxes besides their records.
type Presences interface {
	Report(ctx context.Context, r ledger.Report) error
	Anchors(ctx context.Context, device, boot string) (casebook.Anchors, error)
	KeepAnchors(ctx context.Context, device, boot string, a casebook.Anchors) error
	Boots(ctx context.Context, device string) (map[string]casebook.Anchors, error)
}

// Complaints is where what went wrong is written down.
type Complaints interface {
	DeadLetter(ctx context.Context, topic string, payload []byte, reason string, now time.Time) error
	Incident(ctx context.Context, kind, device, evidence string, now time.Time) error
}

// Roster counts: how many devices there are, and headquarters' own sessions.
type Roster interface {
	CountDevices(ctx context.Context) (int, error)
	NextSession(ctx context.Context) (uint64, error)
}

// Ledger is the whole of what a ledger is to the intake.
type Ledger interface {
	Records
	Keys
	Presences
	Complaints
	Roster
}

// Fault is an error of the ledger. It ends the session: nothing more is acknowledged, nothing is
// receipted, and what is open comes again.
type Fault struct {
	Op  string
	Err error
}

func (f *Fault) Error() string { return fmt.Sprintf("ledger fault: %s: %v", f.Op, f.Err) }

func (f *Fault) Unwrap() error { return f.Err }

// faulty makes a Fault of an error of the ledger; a nil err stays nil.
func faulty(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Fault{op, err}
}

func isFault(err error) bool {
	_, ok := errors.AsType[*Fault](err)
	return ok
}
