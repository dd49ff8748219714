package agent

import (
	"context"
	"fmt"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// rulesOf is what headquarters is told of a counter: everything that bends a rating there.
func rulesOf(c Counter, in evaluation.Rules) wire.CounterRules {
	told := wire.CounterRules{
		Counter: c.Counter, Business: c.Business, Ask: append([]wire.Dimension{}, in.Ask...),
		FirstMS: in.First.Milliseconds(), WindowMS: in.Window.Milliseconds(), LockOutMS: in.LockOut.Milliseconds(),
		Reasons: append([]string{}, in.Reasons...), Closing: timeOfDay(in.Closing),
		Pads: append([]wire.PadRules{}, c.PadRules...),
	}
	if h := in.Hammer; h.Presses > 0 {
		told.Hammer = &wire.HammerRule{Presses: h.Presses, WithinMS: h.Within.Milliseconds(), PauseMS: h.Pause.Milliseconds()}
	}
	return told
}

// timeOfDay writes a time from midnight as 17:30; "" for never.
func timeOfDay(at time.Duration) string {
	if at == 0 {
		return ""
	}
	return fmt.Sprintf("%02d:%02d", int(at.Hours()), int(at.Minutes())%60)
}

// parts are the rules of all counters in one event if it fits into a record, else one event a counter.
func parts(all []wire.CounterRules, fits func(wire.RulesInForce) bool) []wire.RulesInForce {
	if whole := (wire.RulesInForce{Part: 1, Parts: 1, Counters: all}); fits(whole) {
		return []wire.RulesInForce{whole}
	}
	var list []wire.RulesInForce
	for i := range all {
		list = append(list, wire.RulesInForce{Part: i + 1, Parts: len(all), Counters: all[i : i+1]})
	}
	return list
}

// tellRules seals by which rules the counters ask, all in one commit, so that their numbers are in
// unbroken order.
func (a *Agent) tellRules(ctx context.Context) error {
	var all []wire.CounterRules
	for i, c := range a.o.Counters {
		all = append(all, rulesOf(c, a.desks[i].Rules()))
	}
	at := a.stamp()
	draft := func(r wire.RulesInForce) (wire.Draft, error) {
		return a.draft(wire.Event{Event: wire.EventRules, Rules: &r}, at)
	}
	var change outbox.Change
	for _, r := range parts(all, func(r wire.RulesInForce) bool { return a.fits(draft(r)) }) {
		d, err := draft(r)
		if err != nil {
			return err
		}
		change.Drafts = append(change.Drafts, d)
	}
	_, err := a.store.Commit(ctx, change)
	return err
}

func (a *Agent) fits(d wire.Draft, err error) bool {
	if err != nil {
		return false
	}
	n, err := d.LineAtMost(a.o.Place)
	return err == nil && n <= wire.MaxRecord
}
