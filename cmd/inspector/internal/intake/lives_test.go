package intake_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// TestStuckLedger: while the disk does not come back the intake does not live, and then it does. A
// broker that is away has it live.
func TestStuckLedger(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		wantLives(t, d, true)
		gate := make(chan struct{})
		d.ledger.breaks(func([]ledger.Arrival) error { <-gate; return nil })
		p := newPad(t, d.broker, "pad-1")
		p.born()
		_, evaluation := p.press("ev-1", 5)
		p.send(wire.KindEvaluation, evaluation)
		time.Sleep(time.Second)
		wantLives(t, d, false)
		close(gate)
		synctest.Wait()
		wantLives(t, d, true)
		d.broker.Stop()
		time.Sleep(time.Minute)
		wantLives(t, d, true)
		d.broker.Restart()
	})
}

func wantLives(t *testing.T, d *desk, want bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := d.intake.Lives(ctx); (err == nil) != want {
		t.Errorf("lives: got %v, want %t", err, want)
	}
}
