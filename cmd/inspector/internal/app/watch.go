package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/intake"
)

// watch remembers how looking at the deadlines went.
type watch struct {
	mu   sync.Mutex
	last time.Time // the last look that succeeded
	err  error     // of the last look
}

func (w *watch) looked(now time.Time, err error) (changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed = (err == nil) != (w.err == nil)
	if w.err = err; err == nil {
		w.last = now
	}
	return changed
}

func (w *watch) state() (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last, w.err
}

// watchDeadlines has every deadline that has come written down, each PollEvery. The ledger decides
// by absolute times, so a look that is late or fails is made up for by the next.
func (a *App) watchDeadlines(ctx context.Context) error {
	tick := time.NewTicker(a.o.PollEvery)
	defer tick.Stop()
	for {
		a.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (a *App) look(ctx context.Context) {
	now := a.o.Now()
	_, err := a.ledger.Poll(ctx, now)
	if ctx.Err() != nil {
		return
	}
	if !a.watch.looked(now, err) {
		return
	}
	a.changes.tell()
	if err != nil {
		a.o.Log.Error("deadlines are not watched", "error", err)
		return
	}
	a.o.Log.Info("deadlines are watched again")
}

// Lives is nil if the way in comes back from its work before ctx is done. A broker that is away is no
// work.
func (a *App) Lives(ctx context.Context) error { return a.intake.Lives(ctx) }

// blindAfter is how long deadlines may go unwatched before Health says so.
const blindAfter = 10 * time.Second

// Health says what a person must look after: deadlines that nobody watches, a ledger that refuses, a
// broker that is away. It is nil while all is well.
func (a *App) Health() error {
	last, err := a.watch.state()
	switch since := a.o.Now().Sub(last); {
	case err != nil && since > blindAfter:
		return fmt.Errorf("deadlines have not been watched for %v: %w", since.Round(time.Second), err)
	case since > blindAfter:
		return fmt.Errorf("deadlines have not been watched for %v", since.Round(time.Second))
	}
	if m := a.intake.Metrics(); len(m.Degraded) > 0 {
		return fmt.Errorf("%v: %s", m.Degraded, m.LastError)
	}
	return nil
}

// outgoing holds changed cases on their way to the case topics. The ledger's writers put them in
// and must not wait.
type outgoing chan []casebook.Case

// outgoingSize is how many changes may wait; more are left out, and said in the log: the ledger
// keeps cases, the topic only tells of them.
const outgoingSize = 1024

func newOutgoing() outgoing { return make(outgoing, outgoingSize) }

// casesChanged is what the ledger calls after a commit.
func (a *App) casesChanged(changed []casebook.Case) {
	select {
	case a.outgoing <- changed:
	default:
		a.o.Log.Warn("case topics fall behind, changes are left out", "cases", len(changed))
	}
	a.changes.tell()
}

// publishCases carries changed cases to their topics.
func (a *App) publishCases(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case changed := <-a.outgoing:
			err := a.intake.Cases(ctx, changed)
			if err != nil && !errors.Is(err, intake.ErrOffline) && ctx.Err() == nil {
				a.o.Log.Warn("case not published", "error", err)
			}
		}
	}
}
