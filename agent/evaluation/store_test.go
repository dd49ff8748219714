package evaluation_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/wire"

	gocmp "github.com/google/go-cmp/cmp"
)

type slowDisk struct {
	*disk
	takes time.Duration
}

func (s *slowDisk) Commit(ctx context.Context, counter string, state []byte, finished []wire.Evaluation) error {
	time.Sleep(s.takes)
	return s.disk.Commit(ctx, counter, state, finished)
}

// TestThanksAfterCommit looks at the pad while the disk is still at work.
func TestThanksAfterCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, overall...)
		slow := &slowDisk{disk: c.disk, takes: time.Second}
		c.opts.Store = slow
		c.open()
		c.pad.seen()
		c.pad.keys <- key("a", 5)
		time.Sleep(999 * time.Millisecond)
		want(t, c.pad.seen())
		time.Sleep(time.Millisecond)
		want(t, c.pad.seen(), thank("a"))
		c.stop()
	})
}

func TestStoreFailsAPress(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		c.disk.breakWith(errors.New("disk full"))
		c.pad.keys <- key("a", 1)
		want(t, c.pad.seen(), fault(""))
		c.pad.keys <- key("b", 1)
		want(t, c.pad.seen(), fault(""))
		c.pad.keys <- device.Signal{ID: "o", Kind: device.Other}
		want(t, c.pad.seen(), fault("o"))
		if len(c.degraded) != 1 || c.degraded[0] == nil {
			t.Errorf("degraded told %v, want the fault once", c.degraded)
		}
		if n := strings.Count(c.logged.String(), "presses cannot be kept"); n != 1 {
			t.Errorf("logged %d times, want once:\n%s", n, &c.logged)
		}
		c.disk.breakWith(nil)
		c.pad.keys <- key("c", 1) // the pad sends the same frame again, as it was not answered
		want(t, c.pad.seen(), thank("c"))
		wantEnded(t, c.disk.ended(), "E3 rated 1 [unprompted]")
		if len(c.degraded) != 2 || c.degraded[1] != nil {
			t.Errorf("degraded told %v, want nil at last", c.degraded)
		}
		got := c.Tally()
		if diff := gocmp.Diff(evaluation.Tally{Seen: 3, Accepted: 1, Refused: map[string]int{evaluation.ReasonStoreFault: 2}}, got); diff != "" {
			t.Errorf("tally (-want +got):\n%s", diff)
		}
	})
}

func TestStoreHealsByItself(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		c.pad.keys <- please("p")
		want(t, c.pad.seen(), asks("p", wire.Overall, 1, 1))
		c.disk.breakWith(errors.New("disk full"))
		time.Sleep(10 * time.Second)
		c.pad.keys <- key("a", 1)
		want(t, c.pad.seen(), fault(""))
		time.Sleep(5 * time.Second)
		want(t, c.pad.seen(), fault(""))
		c.disk.breakWith(nil)
		time.Sleep(5 * time.Second)
		still := asks("", wire.Overall, 1, 1)
		still.Window = 10 * time.Second
		want(t, c.pad.seen(), still)
		c.pad.keys <- key("b", 1)
		want(t, c.pad.seen(), thank("b"))
		wantEnded(t, c.disk.ended(), "E1 rated 1 []")
	})
}

func TestStoreFailsTheWindowsEnd(t *testing.T) {
	bubble(t, dimensions, func(t *testing.T, c *counter) {
		c.pad.keys <- please("p")
		c.pad.keys <- key("a", 1)
		want(t, c.pad.seen(), asks("p", wire.Attitude, 1, 3), asks("a", wire.Efficiency, 2, 3))
		c.disk.breakWith(errors.New("disk full"))
		time.Sleep(31 * time.Second)
		want(t, c.pad.seen(), fault(""))
		wantEnded(t, c.disk.ended())
		c.disk.breakWith(nil)
		time.Sleep(5 * time.Second)
		wantEnded(t, c.disk.ended(), "E1 partial 1 [too-fast]")
		shown := c.pad.seen()
		want(t, shown[len(shown)-1:], c.idle(""))
	})
}

func TestRestartWithOneOpen(t *testing.T) {
	bubble(t, dimensions, func(t *testing.T, c *counter) {
		c.pad.keys <- please("p")
		c.pad.keys <- key("a", 2)
		want(t, c.pad.seen(), asks("p", wire.Attitude, 1, 3), asks("a", wire.Efficiency, 2, 3))
		c.stop()
		wantEnded(t, c.disk.ended())
		time.Sleep(10 * time.Second)
		c.open()
		wantEnded(t, c.disk.ended(), "E1 partial 1 [restart too-fast]")
		want(t, c.pad.seen(), c.idle(""))
		c.open()
		wantEnded(t, c.disk.ended())
	})
}

func TestSamePressAfterRestart(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		c.pad.keys <- key("a", 1)
		c.pad.seen()
		wantEnded(t, c.disk.ended(), "E1 rated 1 [unprompted]")
		c.stop() // as if it had been killed before the pad was thanked
		time.Sleep(8 * time.Second)
		c.open()
		c.pad.seen()
		commits := c.disk.commits
		time.Sleep(1900 * time.Millisecond)
		c.pad.keys <- key("a2", 1)
		want(t, c.pad.seen(), thank("a2"))
		wantEnded(t, c.disk.ended())
		if c.disk.commits != commits {
			t.Errorf("the repeat was committed %d times", c.disk.commits-commits)
		}
		if got := c.Tally(); got.Repeated != 1 || got.Accepted != 0 {
			t.Errorf("tally %+v, want 1 repeated", got)
		}
		time.Sleep(time.Second)
		c.pad.keys <- key("a3", 1) // the next customer's
		c.pad.seen()
		wantEnded(t, c.disk.ended(), "E3 rated 1 [unprompted]")
	})
}

// TestSamePressWhileTheDiskFails thanks for what is on disk, and for nothing else.
func TestSamePressWhileTheDiskFails(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		c.pad.keys <- key("a", 1)
		c.pad.seen()
		c.open()
		c.pad.seen()
		c.disk.breakWith(errors.New("disk full"))
		c.pad.keys <- device.Signal{ID: "t", Kind: device.TellerIn, Teller: "1007"}
		want(t, c.pad.seen(), fault(""))
		c.pad.keys <- key("a2", 1)
		want(t, c.pad.seen(), thank("a2"))
		time.Sleep(3 * time.Second)
		want(t, c.pad.seen(), fault(""))
		c.pad.keys <- key("b", 1)
		want(t, c.pad.seen(), fault(""))
	})
}

// TestRestartWhileTheDiskFails holds everything back until what was open is closed.
func TestRestartWhileTheDiskFails(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		c.pad.keys <- please("p")
		c.pad.seen()
		c.stop()
		c.disk.breakWith(errors.New("disk full"))
		c.open()
		want(t, c.pad.seen(), fault(""))
		c.pad.keys <- key("a", 1)
		want(t, c.pad.seen(), fault(""))
		c.disk.breakWith(nil)
		c.pad.keys <- key("b", 1)
		want(t, c.pad.seen(), c.idle(""), thank("b"))
		wantEnded(t, c.disk.ended(), "E1 not-rated 0 [restart]", "E3 rated 1 [unprompted]")
		time.Sleep(time.Minute)
		wantEnded(t, c.disk.ended())
	})
}

// TestFarewellFinishesThePress stops the desk while the disk is at work.
func TestFarewellFinishesThePress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, overall...)
		c.opts.Store = &carefulDisk{slowDisk{disk: c.disk, takes: time.Second}}
		c.open()
		c.pad.keys <- key("a", 1)
		time.Sleep(500 * time.Millisecond)
		c.stop()
		wantEnded(t, c.disk.ended(), "E1 rated 1 [unprompted]")
	})
}

// carefulDisk gives up when its context does.
type carefulDisk struct{ slowDisk }

func (s *carefulDisk) Commit(ctx context.Context, counter string, state []byte, finished []wire.Evaluation) error {
	time.Sleep(s.takes)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.disk.Commit(ctx, counter, state, finished)
}
