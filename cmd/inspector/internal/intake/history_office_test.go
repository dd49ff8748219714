package intake

import (
	"path/filepath"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/identity"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/link"
	"evalpad/sync/linktest"
	"evalpad/sync/wire"
)

// office is headquarters, whose clock is the history's.
type office struct {
	t      *testing.T
	broker *linktest.Broker
	id     *identity.Identity
	ledger *ledger.Ledger
	now    time.Time
	intake *Intake
	*session
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, broker: linktest.NewBroker(t), now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	dir := t.TempDir()
	var err error
	if o.id, err = identity.Open(dir); err != nil {
		t.Fatal(err)
	}
	o.ledger, err = ledger.Open(t.Context(), filepath.Join(dir, "ledger.db"), ledger.Options{Now: func() time.Time { return o.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		o.session.close()
		if err := o.ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	o.open()
	return o
}

// open begins an intake that knows nothing but the ledger.
func (o *office) open() {
	o.t.Helper()
	to := o.broker.Options("inspector") // its time is the machine's, and nobody here hears what it says
	to.KeepAlive, to.PingTimeout, to.WriteTimeout = time.Hour, time.Hour, time.Hour
	var err error
	o.intake, err = New(Options{
		Link: to, Topics: "evalpad/v1", Ledger: o.ledger, Identity: o.id,
		Now: func() time.Time { return o.now },
	})
	if err != nil {
		o.t.Fatal(err)
	}
	if o.session, err = o.intake.open(o.t.Context(), 1); err != nil {
		o.t.Fatal(err)
	}
}

// hand gives the session a message, and has it taken at once.
func (o *office) hand(t *testing.T, p wire.Place, k wire.Kind, payload []byte, retained bool) {
	t.Helper()
	from := o.session.rest
	if k == wire.KindAlert {
		from = o.session.alerts
	}
	m := link.Incoming{Topic: o.o.Topics.Of(p, k), Payload: payload, Retained: retained, Ack: func() {}}
	if err := o.session.hear(t.Context(), m, true, from); err != nil {
		t.Fatal(err)
	}
	if err := o.session.take(t.Context()); err != nil {
		t.Fatal(err)
	}
}
