// Package alert decides which evaluations alert headquarters, and reckons on the pad's own clock
// until when the customer was promised an answer.
//
// The pad's reckoning is for a technician and for a subscriber without an inspector; headquarters
// counts for itself. Which alerts it has not confirmed yet is no state of its own: they are the
// letters that wait in the outbox's lane of alerts.
package alert

import (
	"time"

	"evalpad/sync/wire"
)

// Clocks is how long after a dissatisfied press the bank may take until its investigation begins and
// until its rectification plan is filed. Both run from the press. A clock that is not set is that of
// Promise.
type Clocks struct {
	InvestigateWithin, PlanWithin time.Duration
}

// Promise is what the bank has promised its customers.
var Promise = Clocks{InvestigateWithin: 2 * time.Hour, PlanWithin: 24 * time.Hour}

func (c Clocks) withDefaults() Clocks {
	if c.InvestigateWithin <= 0 {
		c.InvestigateWithin = Promise.InvestigateWithin
	}
	if c.PlanWithin <= 0 {
		c.PlanWithin = Promise.PlanWithin
	}
	return c
}

// For is the alert of an evaluation; false where it is not dissatisfied. Prompted or not, whole or
// half answered, from the customer's first low press on both clocks run; while the box's own clock
// is unset both deadlines are left out.
func For(e wire.Evaluation, clocks Clocks) (wire.Alert, bool) {
	if !e.IsDissatisfied() {
		return wire.Alert{}, false
	}
	a := wire.Alert{Evaluation: e}
	if e.Pressed.Clock != wire.ClockSet || e.Pressed.Wall == nil {
		return a, true
	}
	clocks = clocks.withDefaults()
	a.InvestigateBy = new(wire.At(e.Pressed.Wall.Add(clocks.InvestigateWithin)))
	a.PlanBy = new(wire.At(e.Pressed.Wall.Add(clocks.PlanWithin)))
	return a, true
}
