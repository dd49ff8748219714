package intake

import (
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

func (d *day) cases() []casebook.Case {
	d.t.Helper()
	list, err := d.ledger.Cases(d.t.Context(), ledger.Filter{All: true, Device: d.place.Device})
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

// look holds each case to what it promised when it was first seen.
func (d *day) look() {
	for _, c := range d.cases() {
		if was, seen := d.promise[c.Evaluation]; seen && was != c.Promise() {
			d.t.Errorf("%s: the promise was %+v, and is %+v", c.Evaluation, was, c.Promise())
		}
		d.promise[c.Evaluation] = c.Promise()
	}
}

// check compares the ledger with the truth.
func (d *day) check(how map[string]int) {
	cases := d.cases()
	if len(cases) != len(d.pressed) {
		d.t.Errorf("%d cases of %d dissatisfied presses", len(cases), len(d.pressed))
	}
	for _, c := range cases {
		d.checkCase(c)
		switch off := errorOf(c); {
		case off <= 2*time.Second:
			how[secondly]++
		case off <= 15*time.Minute:
			how[nearly]++
		case off <= 24*time.Hour:
			how[uncertain]++
		default:
			how[blindly]++
		}
	}
	held, err := d.ledger.Held(d.t.Context(), d.place.Device, d.epoch)
	if err != nil || held.Through != d.seq || held.Head != d.head {
		d.t.Errorf("the chain in the ledger: through %d, %v; want %d", held.Through, err, d.seq)
	}
}

func errorOf(c casebook.Case) time.Duration {
	return time.Duration(c.RatedAtErrorMS) * time.Millisecond
}

func (d *day) checkCase(c casebook.Case) {
	truth, off := d.pressed[c.Evaluation], errorOf(c)
	if wrong := c.RatedAt.Sub(truth).Abs(); wrong > off {
		d.t.Errorf("%s: pressed at %v, off by %v: %s", c.Evaluation, truth, wrong, c.History[0].Words)
	}
	if received := wire.At(d.arrived[c.Evaluation]); !c.ReceivedAt.Equal(received.Time) || c.RatedAt.After(received.Time) {
		d.t.Errorf("%s: received at %v, rated_at %v: want received at %v, and rated before", c.Evaluation, c.ReceivedAt, c.RatedAt, received)
	}
	if c.TimeUncertain != (off > 15*time.Minute) || c.Late != (c.ReceivedAt.Sub(c.RatedAt.Time) > 15*time.Minute) {
		d.t.Errorf("%s: late %t, time_uncertain %t: %s", c.Evaluation, c.Late, c.TimeUncertain, c.History[0].Words)
	}
	from := c.RatedAt.Time
	if c.TimeUncertain {
		from = d.earliest(c, truth)
	}
	for name, by := range map[string]struct {
		got, from time.Time
		after     time.Duration
	}{
		"investigate_by":      {c.InvestigateBy.Time, from, 2 * time.Hour},
		"plan_by":             {c.PlanBy.Time, from, 24 * time.Hour},
		"desk_investigate_by": {c.DeskInvestigateBy.Time, c.ReceivedAt.Time, 2 * time.Hour},
		"desk_plan_by":        {c.DeskPlanBy.Time, c.ReceivedAt.Time, 24 * time.Hour},
	} {
		if got := by.got.Sub(by.from); got != by.after {
			d.t.Errorf("%s: %s is %v after, want exactly %v", c.Evaluation, name, got, by.after)
		}
	}
}

// earliest is the bound from which an uncertain case counts: the error before rated_at, to the
// millisecond, and never after the press.
func (d *day) earliest(c casebook.Case, truth time.Time) time.Time {
	from := c.InvestigateBy.Add(-2 * time.Hour)
	if gap := c.RatedAt.Sub(from) - errorOf(c); gap.Abs() > time.Millisecond || from.After(truth) {
		d.t.Errorf("%s: pressed at %v, its clock runs from %v: %s", c.Evaluation, truth, from, c.History[0].Words)
	}
	return from
}
