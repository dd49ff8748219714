// Package evaluation knows how one counter asks its customers to rate, and loses no press doing so.
//
// The rules are one pure function: Next takes the counter's State and an Event and says what the
// State becomes and what is to be done. It knows no clock, no disk, no channel and no chance, so
// testdata/transitions.golden, which a test prints from it, is the whole truth about the rules.
// A Desk runs one counter by them: it hears the pads, owns the timers, and shows nothing before what
// it thanks for is on disk.
//
// A finished evaluation is handed on as it is; when it alerts, how it is sealed and how it travels
// are decided elsewhere.
package evaluation

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"evalpad/sync/wire"
)

// Next says what becomes of a counter when something happens there, and what is to be done about
// it, in this order: every Finish and Keep goes to disk in one commit, and only when that is done
// come the new State, the timer and the pads. If the commit fails the old State stands. Every pair
// of State and Event is defined, and s itself is never changed.
func Next(s State, e Event) (State, []Effect) {
	switch e := e.(type) {
	case Prompted:
		return s.prompted(e)
	case Pressed:
		return s.pressed(e)
	case Cancelled:
		return s.cancelled(e)
	case TellerIn:
		return s.named(e.Teller, e.Heard)
	case TellerOut:
		return s.named("", e.Heard)
	case More:
		return s.more(e)
	case Reasoned:
		return s.reasoned(e)
	case Unasked:
		return s.unasked(e)
	case Elapsed:
		return s.elapsed(e)
	case PadLost:
		return s.padLost(e)
	case Restarted:
		return s.restarted(e)
	}
	return s, nil
}

// Rules is what a counter asks and how long it waits. They come from the configuration, never from
// disk.
type Rules struct {
	Ask    []wire.Dimension // one score each, in this order
	Window time.Duration    // how long a question waits; each press starts it anew. 15 s to 120 s, default 30 s
	First  time.Duration    // how long the first one waits, which has to be noticed: 15 s to 120 s, default Window
	Thanks time.Duration    // how long the thank-you stays. 1 s to 10 s, default 3 s
	UI     string           // what an evaluation without a press was asked on: keys (default), normal, large, voice or switch

	// Reasons are the codes among which a customer may say why, after every rating; none: nobody is asked.
	Reasons []string

	LockOut time.Duration  // presses this soon after a finished evaluation belong to it: 0 (off) to 10 s
	Hammer  Hammer         // the zero Hammer is off; up to 60 s each
	Closing time.Duration  // when the branch closes, from midnight, which ends a log-in; 0 is never
	Zone    *time.Location // of Closing; nil is the system's
}

// uis are the ways in which a pad can ask.
var uis = []string{"keys", "normal", "large", "voice", "switch"}

func (r Rules) withDefaults() Rules {
	r.Window = cmp.Or(r.Window, 30*time.Second)
	r.First = cmp.Or(r.First, r.Window)
	r.Thanks = cmp.Or(r.Thanks, 3*time.Second)
	r.UI = cmp.Or(r.UI, "keys")
	return r
}

// Validate says which rule cannot be kept.
func (r Rules) Validate() error {
	if len(r.Ask) == 0 {
		return errors.New("ask: want at least one dimension")
	}
	for i, d := range r.Ask {
		if !d.Known() {
			return fmt.Errorf("ask %.20q: want overall, attitude, efficiency or compliance", d)
		}
		if slices.Contains(r.Ask[:i], d) {
			return fmt.Errorf("ask %s: it is asked twice", d)
		}
	}
	switch {
	case r.Window < 15*time.Second || r.Window > 120*time.Second:
		return fmt.Errorf("window %s: want 15s to 120s", r.Window)
	case r.First != 0 && (r.First < 15*time.Second || r.First > 120*time.Second):
		return fmt.Errorf("first window %s: want 15s to 120s", r.First)
	case r.LockOut < 0 || r.LockOut > 10*time.Second:
		return fmt.Errorf("lock-out %s: want 0s to 10s", r.LockOut)
	case r.Hammer != (Hammer{}) && (r.Hammer.Presses < 2 || r.Hammer.Presses > 100 || r.Hammer.Within <= 0 || r.Hammer.Within > time.Minute || r.Hammer.Pause <= 0 || r.Hammer.Pause > time.Minute):
		return fmt.Errorf("hammer %+v: want 2 to 100 presses, within and pause up to 60s", r.Hammer)
	case r.Closing < 0 || r.Closing >= 24*time.Hour:
		return fmt.Errorf("closing %s: want a time of day", r.Closing)
	case r.Thanks < time.Second || r.Thanks > 10*time.Second:
		return fmt.Errorf("thanks %s: want 1s to 10s", r.Thanks)
	case !slices.Contains(uis, r.UI):
		return fmt.Errorf("ui %.20q: want keys, normal, large, voice or switch", r.UI)
	}
	return nil
}
