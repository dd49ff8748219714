package evaluation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/wire"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestDeskWalksAnEvaluation(t *testing.T) {
	bubble(t, dimensions, func(t *testing.T, c *counter) {
		c.pad.keys <- please("p")
		want(t, c.pad.seen(), asks("p", wire.Attitude, 1, 3))
		time.Sleep(2 * time.Second)
		c.pad.keys <- key("a", 5)
		want(t, c.pad.seen(), asks("a", wire.Efficiency, 2, 3))
		time.Sleep(2 * time.Second)
		c.pad.keys <- key("b", 1)
		want(t, c.pad.seen(), asks("b", wire.Compliance, 3, 3))
		pressedAt := time.Now()
		time.Sleep(2 * time.Second)
		c.pad.keys <- key("c", 4)
		want(t, c.pad.seen(), thank("c"))

		wall := wire.At(pressedAt)
		if diff := gocmp.Diff([]wire.Evaluation{{
			Evaluation: "E1", Counter: "c03", Business: "credit", Outcome: wire.Rated, Prompted: true, PromptBy: "caller keypad",
			Scores:       map[wire.Dimension]wire.Score{wire.Attitude: 5, wire.Efficiency: 1, wire.Compliance: 4},
			Dissatisfied: true, Reasons: []string{}, Flags: []string{}, UI: "keys", LatencyMS: 2000,
			Pressed: wire.Stamp{Boot: "boot-1", UptimeMS: 104_000, Wall: &wall, Clock: wire.ClockSet},
		}}, c.disk.ended()); diff != "" {
			t.Errorf("finished (-want +got):\n%s", diff)
		}
		if c.disk.commits != 4 {
			t.Errorf("got %d commits, want one a signal: 4", c.disk.commits)
		}
		time.Sleep(2999 * time.Millisecond)
		want(t, c.pad.seen())
		time.Sleep(time.Millisecond)
		want(t, c.pad.seen(), c.idle(""))
		if got := c.Tally(); got.Accepted != 3 || got.Seen != 3 {
			t.Errorf("tally %+v, want 3 seen, 3 accepted", got)
		}
	})
}

func TestDeskWindow(t *testing.T) {
	bubble(t, dimensions, func(t *testing.T, c *counter) {
		c.pad.keys <- please("p")
		want(t, c.pad.seen(), asks("p", wire.Attitude, 1, 3))
		time.Sleep(29_999 * time.Millisecond)
		wantEnded(t, c.disk.ended())
		c.pad.keys <- key("a", 4) // starts the window anew
		want(t, c.pad.seen(), asks("a", wire.Efficiency, 2, 3))
		time.Sleep(29_999 * time.Millisecond)
		wantEnded(t, c.disk.ended())
		want(t, c.pad.seen())
		time.Sleep(time.Millisecond)
		wantEnded(t, c.disk.ended(), "E1 partial 1 []")
		want(t, c.pad.seen(), c.idle(""))
	})
}

func TestDeskSilence(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		c.pad.keys <- please("p")
		want(t, c.pad.seen(), asks("p", wire.Overall, 1, 1))
		time.Sleep(29_999 * time.Millisecond)
		wantEnded(t, c.disk.ended())
		time.Sleep(time.Millisecond)
		ended := c.disk.ended()
		wantEnded(t, ended, "E1 not-rated 0 []")
		if got := ended[0].Pressed.UptimeMS; got != 130_000 {
			t.Errorf("stamp %d ms, want the window's end: 130000", got)
		}
	})
}

// TestPressBeatsTheWindow presses just before the window ends while the disk keeps the desk busy
// until just after: the press came first, so it counts.
func TestPressBeatsTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 { // the runtime chooses at random between what is ready
			c := newCounter(t, dimensions...)
			slow := &slowDisk{disk: c.disk}
			c.opts.Store = slow
			c.open()
			c.pad.keys <- please("p")
			synctest.Wait()
			time.Sleep(29_900 * time.Millisecond)
			slow.takes = 200 * time.Millisecond
			c.pad.keys <- device.Signal{ID: "t", Kind: device.TellerIn, Teller: "1007", At: uptime()}
			time.Sleep(50 * time.Millisecond)
			c.pad.keys <- key("a", 2)
			time.Sleep(time.Second)
			wantEnded(t, c.disk.ended())
			c.stop()
		}
	})
}

func TestPadLost(t *testing.T) {
	bubble(t, dimensions, func(t *testing.T, c *counter) {
		c.pad.keys <- please("p")
		c.pad.keys <- key("a", 2)
		c.pad.keys <- device.Signal{Kind: device.Lost, Reason: "unplugged"}
		wantEnded(t, c.disk.ended(), "E1 partial 1 [pad-lost too-fast]")
		c.pad.keys <- device.Signal{Kind: device.Back}
		c.pad.keys <- device.Signal{Kind: device.Stuck, Reason: "stuck-key", Detail: "GPIO17"}
		c.pad.keys <- device.Signal{Kind: device.Free, Reason: "GPIO17"}
		shown := c.pad.seen()
		want(t, shown[len(shown)-1:], c.idle(""))
		var kinds []string
		for _, n := range c.notes {
			kinds = append(kinds, string(n.Kind)+" "+n.Detail)
		}
		if diff := gocmp.Diff([]string{"lost keypad", "back keypad", "stuck GPIO17", "free keypad"}, kinds); diff != "" {
			t.Errorf("noted (-want +got):\n%s", diff)
		}
	})
}

func TestTwoPads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, dimensions...)
		page := newKeypad("page")
		c.opts.Pads = append(c.opts.Pads, page)
		c.open()
		want(t, c.pad.seen(), c.idle(""))
		want(t, page.seen(), c.idle(""))

		c.pad.keys <- please("1")
		want(t, c.pad.seen(), asks("1", wire.Attitude, 1, 3))
		want(t, page.seen(), asks("", wire.Attitude, 1, 3))
		page.keys <- key("1", 2) // the same id as the keypad's
		want(t, c.pad.seen(), asks("", wire.Efficiency, 2, 3))
		want(t, page.seen(), asks("1", wire.Efficiency, 2, 3))

		page.keys <- device.Signal{Kind: device.Lost}
		wantEnded(t, c.disk.ended()) // the customer can still answer on the keypad
		c.pad.keys <- device.Signal{Kind: device.Lost}
		wantEnded(t, c.disk.ended(), "E1 partial 1 [pad-lost too-fast]")
		c.stop()
	})
}

// TestDriverGivesUp keeps the other pad working and gives the first one another chance.
func TestDriverGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, overall...)
		page := newKeypad("page")
		c.opts.Pads = []device.Driver{page, c.pad}
		c.open()
		page.end <- errors.New("listen: address in use")
		synctest.Wait()
		if len(c.notes) != 1 || c.notes[0].Kind != device.Lost || c.notes[0].Detail != "listen: address in use" {
			t.Errorf("noted %+v, want one lost pad", c.notes)
		}
		c.pad.seen()
		c.pad.keys <- key("a", 3)
		want(t, c.pad.seen(), thank("a"))
		time.Sleep(5 * time.Second)
		page.seen()
		page.keys <- key("b", 3)
		want(t, page.seen(), thank("b"))
		if page.runs != 2 {
			t.Errorf("driver ran %d times, want 2", page.runs)
		}
		c.stop()
	})
}

// TestDeafPad holds that a driver which breaks its promise to listen does not stop the counter.
func TestDeafPad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, overall...)
		deaf := newKeypad("deaf")
		deaf.deaf = true
		c.opts.Pads = []device.Driver{deaf, c.pad}
		c.open()
		c.pad.keys <- key("a", 3)
		time.Sleep(5 * time.Second)
		shown := c.pad.seen()
		if len(shown) < 2 || shown[1] != thank("a") {
			t.Errorf("shown %+v, want the thank-you", shown)
		}
		c.stop()
	})
}

func TestOtherSignals(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		c.pad.keys <- please("p")
		want(t, c.pad.seen(), asks("p", wire.Overall, 1, 1))
		time.Sleep(12 * time.Second)
		c.pad.keys <- device.Signal{ID: "o", Kind: device.Other}
		still := asks("o", wire.Overall, 1, 1)
		still.Window = 18 * time.Second
		want(t, c.pad.seen(), still)
		c.pad.keys <- device.Signal{ID: "r", Kind: device.Refused, Reason: device.ReasonBadSum}
		c.pad.keys <- device.Signal{ID: "x", Kind: "smoke"}
		want(t, c.pad.seen())
		c.pad.keys <- device.Signal{ID: "9", Kind: device.Press, Score: 9}
		still.For = ""
		want(t, c.pad.seen(), still)
		c.pad.keys <- device.Signal{ID: "c", Kind: device.Cancel}
		want(t, c.pad.seen(), c.idle("c"))
		wantEnded(t, c.disk.ended(), "E1 not-rated 0 [cancelled]")
		if diff := gocmp.Diff(evaluation.Tally{Seen: 3, Refused: map[string]int{
			device.ReasonBadSum: 1, evaluation.ReasonUnknown: 1, evaluation.ReasonBadScore: 1,
		}}, c.Tally()); diff != "" {
			t.Errorf("tally (-want +got):\n%s", diff)
		}
	})
}

func TestReasonsAreBounded(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		for i := range 100 {
			c.pad.keys <- device.Signal{Kind: device.Refused, Reason: fmt.Sprint("noise-", i)}
			synctest.Wait()
		}
		if got := c.Tally(); len(got.Refused) != 33 || got.Refused["other"] != 68 {
			t.Errorf("got %d reasons, %d other; want 32 and other", len(got.Refused), got.Refused["other"])
		}
	})
}

func TestPromptByHeadquarters(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		if err := c.Prompt(t.Context(), "headquarters", "A12"); err != nil {
			t.Fatal(err)
		}
		want(t, c.pad.seen(), asks("", wire.Overall, 1, 1))
		c.pad.keys <- key("a", 4)
		ended := c.disk.ended()
		wantEnded(t, ended, "E1 rated 1 [too-fast]")
		if ended[0].Ticket != "A12" || ended[0].PromptBy != "headquarters" {
			t.Errorf("ticket %q by %q, want A12 by headquarters", ended[0].Ticket, ended[0].PromptBy)
		}
		if err := c.Prompt(t.Context(), "headquarters", strings.Repeat("A", 65)); !errors.Is(err, evaluation.ErrRefused) {
			t.Errorf("got %v, want ErrRefused", err)
		}
		full := errors.New("disk full")
		c.disk.breakWith(full)
		if err := c.Prompt(t.Context(), "headquarters", "A13"); !errors.Is(err, full) {
			t.Errorf("got %v, want the store's error", err)
		}
		c.disk.breakWith(nil)
		c.stop()
		if err := c.Prompt(t.Context(), "headquarters", "A14"); !errors.Is(err, evaluation.ErrStopped) {
			t.Errorf("got %v, want ErrStopped", err)
		}
	})
}

func TestPromptBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, overall...)
		desk, err := evaluation.NewDesk(c.opts)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := desk.Prompt(ctx, "headquarters", ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the caller's deadline", err)
		}
	})
}

func TestNewDeskRefuses(t *testing.T) {
	for wanted, change := range map[string]func(*evaluation.Options){
		"counter:":   func(o *evaluation.Options) { o.Counter = "C 3" },
		"business":   func(o *evaluation.Options) { o.Business = strings.Repeat("b", 65) },
		"no pad":     func(o *evaluation.Options) { o.Pads = nil },
		"store":      func(o *evaluation.Options) { o.Store = nil },
		"ask:":       func(o *evaluation.Options) { o.Rules.Ask = nil },
		"retry -1s":  func(o *evaluation.Options) { o.Retry = -time.Second },
		"window 1s":  func(o *evaluation.Options) { o.Rules.Window = time.Second },
		"cannot be ": func(o *evaluation.Options) { o.State = []byte("{") },
	} {
		c := newCounter(t, overall...)
		change(&c.opts)
		_, err := evaluation.NewDesk(c.opts)
		if err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("got %v, want an error with %q", err, wanted)
		}
	}
}

func TestRunOnce(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		if err := c.Run(t.Context()); err == nil {
			t.Error("a desk ran twice")
		}
	})
}
