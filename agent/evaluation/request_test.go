package evaluation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/wire"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestPromptOnce(t *testing.T) {
	bubble(t, dimensions, func(t *testing.T, c *counter) {
		prompt := func(ticket string, wanted error) {
			t.Helper()
			if err := c.PromptOnce(t.Context(), "counter program", ticket, "priority"); !errors.Is(err, wanted) {
				t.Errorf("prompt %s: got %v, want %v", ticket, err, wanted)
			}
		}
		prompt("A12", nil)
		c.pad.keys <- key("a", 2)
		synctest.Wait()
		prompt("A12", nil) // said again: one of three answers is there already, and stays
		c.pad.keys <- key("b", 4)
		c.pad.keys <- key("c", 4)
		ended := c.disk.ended()
		wantEnded(t, ended, "E1 rated 3 [too-fast]")
		if e := ended[0]; e.Service != "priority" || e.PromptBy != "counter program" || e.Ticket != "A12" {
			t.Errorf("service %q, by %q, ticket %q", e.Service, e.PromptBy, e.Ticket)
		}
		prompt("A12", evaluation.ErrTicketDone)
		prompt("A13", nil)
		time.Sleep(31 * time.Second)
		prompt("A13", evaluation.ErrTicketDone) // in silence, and the answer is the same
		prompt("A14", nil)
		if err := c.Cancel(t.Context()); err != nil {
			t.Error(err)
		}
		prompt("A14", nil) // taken back is not done
		if err := c.PromptOnce(t.Context(), "x", "A15", "elderly"); !errors.Is(err, evaluation.ErrRefused) || errors.Is(err, evaluation.ErrTicketDone) {
			t.Errorf("got %v, want a class of the queue only", err)
		}
	})
}

// TestTheAnswerDoesNotTellARating asks for a ticket again after each way in which a customer can have
// answered, and after silence.
func TestTheAnswerDoesNotTellARating(t *testing.T) {
	for _, given := range [][]int{{1}, {5}, {}} {
		bubble(t, overall, func(t *testing.T, c *counter) {
			_ = c.PromptOnce(t.Context(), "counter program", "A12", "")
			for i, score := range given {
				c.pad.keys <- key(fmt.Sprint(i), score)
			}
			time.Sleep(31 * time.Second)
			again := c.PromptOnce(t.Context(), "counter program", "A12", "")
			unasked := c.Unasked(t.Context(), "counter program", "A12")
			if !errors.Is(again, evaluation.ErrTicketDone) || !errors.Is(unasked, evaluation.ErrTicketDone) {
				t.Errorf("after %v: got %v and %v, want ErrTicketDone both times", given, again, unasked)
			}
		})
	}
}

func TestUnaskedIsOneRecord(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		if err := c.TellerIn(t.Context(), "1007"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := c.Unasked(t.Context(), "counter program", "A12"); err != nil {
				t.Fatal(err)
			}
		}
		ended := c.disk.ended()
		wantEnded(t, ended, "E1 not-prompted 0 []")
		if len(ended) != 1 {
			t.Fatal("three words of one transaction, and not one record")
		}
		if e := ended[0]; e.Teller != "1007" || e.Ticket != "A12" || e.PromptBy != "counter program" || e.Prompted {
			t.Errorf("got %+v", e)
		}
		c.open() // a restart
		if err := c.Unasked(t.Context(), "counter program", "A12"); err != nil {
			t.Error(err)
		}
		wantEnded(t, c.disk.ended())
		if err := c.PromptOnce(t.Context(), "counter program", "A12", ""); !errors.Is(err, evaluation.ErrTicketDone) {
			t.Errorf("got %v, want ErrTicketDone after a restart, too", err)
		}
	})
}

func TestStanding(t *testing.T) {
	bubble(t, overall, func(t *testing.T, c *counter) {
		stands := func() evaluation.Standing {
			t.Helper()
			s, err := c.Standing(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		if s := stands(); s.Asking != nil || s.Lost || s.Fault || s.Teller != "" {
			t.Errorf("at rest: %+v", s)
		}
		_ = c.TellerIn(t.Context(), "1007")
		_ = c.PromptOnce(t.Context(), "counter program", "A12", "")
		time.Sleep(7 * time.Second)
		if s := stands(); s.Asking == nil || s.Now.UptimeMS-s.Asking.UptimeMS != 7000 || s.Teller != "1007" {
			t.Errorf("asking for seven seconds: %+v", s)
		}
		if err := c.TellerOut(t.Context()); err != nil || stands().Teller != "" {
			t.Errorf("logged out: %v, %+v", err, stands())
		}
		c.pad.keys <- device.Signal{Kind: device.Lost}
		synctest.Wait()
		if s := stands(); s.Asking != nil || !s.Lost {
			t.Errorf("without a pad: %+v", s)
		}
		if err := c.PromptOnce(t.Context(), "counter program", "A13", ""); !errors.Is(err, evaluation.ErrPadLost) {
			t.Errorf("got %v, want ErrPadLost", err)
		}
		wantEnded(t, c.disk.ended(), "E1 not-rated 0 [pad-lost]")
		c.pad.keys <- device.Signal{Kind: device.Back}
		synctest.Wait()
		full := errors.New("disk full")
		c.disk.breakWith(full)
		if err := c.PromptOnce(t.Context(), "counter program", "A13", ""); !errors.Is(err, full) {
			t.Errorf("got %v, want the store's error", err)
		}
		if s := stands(); !s.Fault || s.Asking != nil {
			t.Errorf("nothing can be kept: %+v", s)
		}
		c.disk.breakWith(nil)
		c.stop()
		if _, err := c.Standing(t.Context()); !errors.Is(err, evaluation.ErrStopped) {
			t.Errorf("got %v, want ErrStopped", err)
		}
	})
}

// TestLookIsLeftInTime holds that a caller who goes away early shares nothing with the desk, which looks
// for a second at its clock.
func TestLookIsLeftInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, overall...)
		now, slow := c.opts.Now, atomic.Bool{}
		c.opts.Now = func() evaluation.Moment {
			if slow.Load() {
				time.Sleep(time.Second)
			}
			return now()
		}
		c.open()
		slow.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if s, err := c.Standing(ctx); !errors.Is(err, context.DeadlineExceeded) || s != (evaluation.Standing{}) {
			t.Errorf("got %+v, %v", s, err)
		}
		time.Sleep(2 * time.Second)
		slow.Store(false)
		if s, err := c.Standing(t.Context()); err != nil || s.Now.UptimeMS == 0 {
			t.Errorf("later: got %+v, %v", s, err)
		}
		c.stop()
	})
}

// TestTicketsAreBounded holds that a program cannot make a counter's memory grow.
func TestTicketsAreBounded(t *testing.T) {
	s := one()
	for i := range 500 {
		s, _ = evaluation.Next(s, once(float64(2*i+1), fmt.Sprintf("%064d", i)))
		s, _ = evaluation.Next(s, press(float64(2*i+2), 4))
	}
	if len(s.Ended) != 64 || len(s.Rated) != 64 {
		t.Errorf("%d ended and %d rated tickets are remembered, want 64", len(s.Ended), len(s.Rated))
	}
	if last := s.Ended[63]; last.Ticket != fmt.Sprintf("%064d", 499) || last.How != "asked" {
		t.Errorf("last: %+v", last)
	}
}

// TestTomorrowsTicketIsAnother holds that a queue whose numbers begin anew is not told that its customers
// were asked, and that a reboot in between forgets nothing where the clock can tell.
func TestTomorrowsTicketIsAnother(t *testing.T) {
	rated, _ := walk(one(), once(1, "A12"), press(2, 5))
	told, _ := walk(one(), unasked(1, "A12"))
	wall := func(boot string, uptime int64, after time.Duration) wire.Stamp {
		w := wire.At(time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC).Add(after))
		return wire.Stamp{Boot: boot, UptimeMS: uptime, Clock: wire.ClockSet, Wall: &w}
	}
	over, _ := evaluation.Next(one(), evaluation.Unasked{Heard: evaluation.Heard{At: wall("b1", 1000, 0)}, Ticket: "A12", ID: "E1"})
	blind := wire.Stamp{Boot: "b2", UptimeMS: 1000, Clock: wire.ClockUnset}
	for _, c := range []struct {
		name string
		from evaluation.State
		at   wire.Stamp
		done bool
	}{
		{"rated, four hours less a second later", rated, at(4*3600 + 1), true},
		{"rated, four hours later", rated, at(4*3600 + 2), false},
		{"unasked, four hours later", told, at(4*3600 + 1), false},
		{"another boot, ten minutes later", over, wall("b2", 1000, 10*time.Minute), true},
		{"another boot, the next day", over, wall("b2", 1000, 22*time.Hour), false},
		{"another boot, the clock went back", over, wall("b2", 1000, -time.Hour), false},
		{"another boot, no clock", over, blind, false},
	} {
		_, effects := evaluation.Next(c.from, evaluation.Prompted{Heard: evaluation.Heard{At: c.at}, Ticket: "A12", ID: "E9", Once: true})
		if has[evaluation.Refuse](effects) != c.done {
			t.Errorf("%s: prompted: %+v, want done %t", c.name, effects, c.done)
		}
		_, effects = evaluation.Next(c.from, evaluation.Unasked{Heard: evaluation.Heard{At: c.at}, Ticket: "A12", ID: "E9"})
		if has[evaluation.Finish](effects) == c.done {
			t.Errorf("%s: unasked: %+v, want done %t", c.name, effects, c.done)
		}
	}
}

// TestAmendmentKeepsTheService holds that a correction counts in the class of its customer.
func TestAmendmentKeepsTheService(t *testing.T) {
	_, finished := walk(fair(), once(1, "A12"), press(4, 4), press(6, 1))
	var services []string
	for _, e := range finished {
		services = append(services, e.Service+" "+strings.Join(e.Flags, " "))
	}
	if diff := gocmp.Diff([]string{"priority ", "priority " + wire.FlagConflict}, services); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
