package evaluation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/wire"

	gocmp "github.com/google/go-cmp/cmp"
)

func more(id string) device.Signal {
	return device.Signal{ID: id, Kind: device.More, UI: "switch", At: uptime()}
}

// TestMoreTimeIsBounded: ten times, as WCAG 2.2.1 wants; the eleventh is answered at once, to the pad that
// asked and to no other, with what is left of the window. Nothing of it is on disk.
func TestMoreTimeIsBounded(t *testing.T) {
	bubble(t, dimensions, func(t *testing.T, c *counter) {
		page := newKeypad("page")
		c.opts.Pads = append(c.opts.Pads, page)
		c.open()
		c.pad.seen()
		page.keys <- please("p")
		page.seen()
		for i := range 10 {
			time.Sleep(25 * time.Second)
			page.keys <- more(fmt.Sprint(i))
			want(t, page.seen(), asks(fmt.Sprint(i), wire.Attitude, 1, 3))
		}
		c.pad.seen()
		commits := c.disk.commits
		time.Sleep(25 * time.Second)
		page.keys <- more("eleventh")
		still := asks("eleventh", wire.Attitude, 1, 3)
		still.Window, still.Denied = 5*time.Second, true
		want(t, page.seen(), still)
		still.For, still.Denied = "", false
		want(t, c.pad.seen(), still)
		page.keys <- device.Signal{ID: "o", Kind: device.Other} // the denial was of one signal
		still.For = "o"
		want(t, page.seen(), still)
		if c.disk.commits != commits || c.Tally().Refused[evaluation.ReasonTooMuch] != 1 {
			t.Errorf("%d commits, tally %+v; want none, and one too-much-time", c.disk.commits-commits, c.Tally())
		}
		time.Sleep(5 * time.Second)
		wantEnded(t, c.disk.ended(), "E1 not-rated 0 []")
	})
}

// TestReasonsAreDeniedAtOnce: reasons that are over, or foreign, are not waited for.
func TestReasonsAreDeniedAtOnce(t *testing.T) {
	for name, s := range map[string]evaluation.State{"nobody is asked why": fair(), "not among them": past(asking())} {
		_, effects := evaluation.Next(s, reasoned(9, "weather"))
		want := []evaluation.Effect{evaluation.Refuse{Reason: evaluation.ReasonNotAsked}, evaluation.Deny{For: "s9"}}
		if diff := gocmp.Diff(want, effects); diff != "" {
			t.Errorf("%s: effects (-want +got):\n%s", name, diff)
		}
	}
}

// past is a State right after a press.
func past(s evaluation.State) evaluation.State {
	s, _ = evaluation.Next(s, press(4, 4))
	return s
}

// TestWhyKeepsItsWindow: what a teller's keypad says meanwhile does not make the page think that the
// reasons wait for longer than they do.
func TestWhyKeepsItsWindow(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		c.opts.Rules.Reasons = []string{"waiting", "attitude"}
		c.open()
		c.pad.seen()
		c.pad.keys <- key("a", 2)
		why := device.Show{For: "a", Kind: device.Why, Codes: "waiting attitude", Window: 20 * time.Second}
		want(t, c.pad.seen(), why)
		time.Sleep(13 * time.Second)
		c.pad.keys <- device.Signal{ID: "o", Kind: device.Other}
		why.For, why.Window = "o", 7*time.Second
		want(t, c.pad.seen(), why)
		time.Sleep(7 * time.Second)
		want(t, c.pad.seen(), thank(""))
	})
}

// TestTicketAgainIsForgotten holds that the flag is of this morning's A12, and not of yesterday's: a
// queue's numbers begin anew.
func TestTicketAgainIsForgotten(t *testing.T) {
	for after, flagged := range map[float64]bool{20: true, 4*3600 - 1: true, 4 * 3600: false, 30 * 3600: false} {
		_, finished := walk(fair(), prompt(1, "A12"), press(4, 4), prompt(4+after, "A12"), press(9+after, 4))
		if got := slices.Contains(finished[1].Flags, wire.FlagTicketAgain); got != flagged {
			t.Errorf("asked again after %g s: flagged %t, want %t", after, got, flagged)
		}
	}
	_, finished := walk(fair(), prompt(1, "A12"), press(4, 4), prompt(10000, "A12"), press(10009, 4), prompt(20000, "A12"), press(20009, 4))
	if !slices.Contains(finished[2].Flags, wire.FlagTicketAgain) {
		t.Error("the four hours are not those since the last rating")
	}
}
