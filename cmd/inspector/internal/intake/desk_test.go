package intake_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/identity"
	"evalpad/cmd/inspector/internal/intake"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/linktest"
)

// desk is a headquarters without a page: broker, real ledger, real identity and an intake.
type desk struct {
	t      *testing.T
	broker *linktest.Broker
	ledger *fragile
	id     *identity.Identity
	intake *intake.Intake

	stop func()
}

// fragile is the real ledger, which fails on demand.
type fragile struct {
	*ledger.Ledger
	mu   sync.Mutex
	fail func([]ledger.Arrival) error
	took int // calls of Take that came
}

// Take fails where the test says so.
func (f *fragile) Take(ctx context.Context, a []ledger.Arrival) ([]ledger.Fate, error) {
	f.mu.Lock()
	f.took++
	fail := f.fail
	f.mu.Unlock()
	if fail != nil {
		if err := fail(a); err != nil {
			return nil, err
		}
	}
	return f.Ledger.Take(ctx, a)
}

func (f *fragile) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.took
}

func (f *fragile) breaks(fail func([]ledger.Arrival) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

var errDisk = errors.New("no space left on device")

func allOf([]ledger.Arrival) error { return errDisk }

// story runs a test in a bubble, with a desk that is at work.
func story(t *testing.T, tell func(*testing.T, *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		defer d.close()
		d.start()
		tell(t, d)
	})
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	id, err := identity.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), filepath.Join(dir, "ledger.db"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t: t, broker: linktest.NewBroker(t), ledger: &fragile{Ledger: l}, id: id, stop: func() {}}
}

// start begins an intake that knows nothing but the ledger, and waits until it says ready.
func (d *desk) start(change ...func(*intake.Options)) {
	d.t.Helper()
	lo := d.broker.Options("inspector")
	o := intake.Options{
		Link: lo, Topics: topics, Ledger: d.ledger, Identity: d.id, Random: func() float64 { return 0.5 },
		Log: slog.New(slog.NewTextHandler(d.t.Output(), nil)),
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	if d.intake, err = intake.New(o); err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(d.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.intake.Run(ctx) }()
	d.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			d.t.Errorf("run: %v", err)
		}
		d.stop = func() {}
	}
	synctest.Wait()
}

func (d *desk) close() {
	d.t.Helper()
	d.stop()
	d.broker.Stop()
	if err := d.ledger.Close(); err != nil {
		d.t.Errorf("close ledger: %v", err)
	}
}

func (d *desk) cases() []casebook.Case {
	d.t.Helper()
	list, err := d.ledger.Cases(d.t.Context(), ledger.Filter{})
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

func (d *desk) device(name string) ledger.Device {
	d.t.Helper()
	list, err := d.ledger.Devices(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, x := range list {
		if x.Device == name {
			return x
		}
	}
	d.t.Fatalf("device %s is not in the ledger", name)
	return ledger.Device{}
}

// incidents returns how often each kind was raised.
func (d *desk) incidents() map[string]int64 {
	d.t.Helper()
	list, err := d.ledger.Incidents(d.t.Context(), false)
	if err != nil {
		d.t.Fatal(err)
	}
	n := map[string]int64{}
	for _, i := range list {
		n[i.Kind+" "+i.Device] += i.Count
	}
	return n
}

// countAcks begins to count what headquarters acknowledges to the broker. The broker's own count may
// hold its acknowledgements of what p publishes, so the sum is put right by a message that nobody
// hears; published is how many p has sent meanwhile.
func (d *desk) countAcks(p *pad) func(published int) int {
	d.t.Helper()
	synctest.Wait()
	before := d.broker.Acknowledged()
	p.post("elsewhere", []byte("nobody listens"), 1, false)
	synctest.Wait()
	start := d.broker.Acknowledged()
	return func(published int) int {
		synctest.Wait()
		return d.broker.Acknowledged() - start - published*(start-before)
	}
}

// deadReasons returns the reasons of the dead letters, latest first.
func (d *desk) deadReasons() (reasons []string) {
	d.t.Helper()
	list, err := d.ledger.DeadLetters(d.t.Context(), 100)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, l := range list {
		reasons = append(reasons, l.Reason)
	}
	return reasons
}

// settle lets everything that is under way arrive.
func settle() {
	time.Sleep(2 * time.Second)
	synctest.Wait()
}
