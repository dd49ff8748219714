package uplink

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"evalpad/sync/outbox"
)

// absence is the time between two sessions, and before the first.

// arrive waits before the first try of a boot, as before the first after a loss: a city whose power
// is back must not knock in one second. A new box tries at once, and so does an agent that was only
// started anew.
func (u *Uplink) arrive(ctx context.Context) bool {
	if u.noted.Seconds == 0 || u.noted.Boot == u.o.Boot {
		return true
	}
	wait := u.next()
	u.o.Log.Info("first session since the box was started", "try_in", wait.Round(time.Millisecond))
	u.note(func(s *State) {
		s.Trouble = fmt.Sprintf("the box has just been started; it connects within %s, so that not all boxes do at once", wait.Round(time.Second))
	})
	return u.stayAway(ctx, wait)
}

// lost says why there is no session, and stays away for a while: longer for a twin.
func (u *Uplink) lost(ctx context.Context, why error) bool {
	twin := u.twins.backOff()
	wait := twinPause
	if !twin {
		wait = u.next()
	}
	u.note(func(s *State) {
		s.Phase, s.Since, s.Receipted = Connecting, u.o.Uptime(), false
		if why != nil {
			s.Trouble = why.Error()
		}
	})
	u.o.Log.Warn("no session with headquarters", "error", why, "next_try_in", wait.Round(time.Millisecond))
	if twin {
		return sleep(ctx, wait)
	}
	return u.stayAway(ctx, wait)
}

func (u *Uplink) next() time.Duration {
	return u.patience.Next(u.spread(), u.urgent(), u.o.Random)
}

// urgent reports whether an alert waits.
func (u *Uplink) urgent() bool {
	alerts, err := u.o.Store.Waiting(outbox.Alerts, 0, 1)
	return err == nil && len(alerts) > 0
}

// maxUrgentWait is how long a box stays away at most once an alert waits: the wait that it drew
// without one can be many minutes.
const maxUrgentWait = 5 * time.Second

// stayAway waits; an alert that comes up meanwhile shortens what is left of it.
func (u *Uplink) stayAway(ctx context.Context, wait time.Duration) bool {
	end := time.Now().Add(wait)
	t := time.NewTimer(wait)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
			return true
		case <-u.o.Store.Changed():
			if left := time.Until(end); left > maxUrgentWait && u.urgent() {
				end = time.Now().Add(time.Duration(u.o.Random() * float64(maxUrgentWait)))
				t.Reset(time.Until(end))
			}
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// spreadNote is over how many seconds the boxes return after a common outage, as headquarters has
// last told it, and in which boot it did.
type spreadNote struct {
	Seconds float64 `json:"seconds"`
	Boot    string  `json:"boot"`
}

func (n *spreadNote) read(book Notebook) error {
	b, err := book.Note(noteSpread)
	if err != nil || len(b) == 0 {
		return err
	}
	if err := json.Unmarshal(b, n); err != nil {
		return fmt.Errorf("read the spread: %w", err)
	}
	return nil
}

// near reports whether a note of o would say nothing new: another tenth of the bank's boxes is not
// worth a commit on each card.
func (n spreadNote) near(o spreadNote) bool {
	return n.Boot == o.Boot && math.Abs(n.Seconds-o.Seconds) <= n.Seconds/10
}

// spread is that time; zero where headquarters has never told it.
func (u *Uplink) spread() time.Duration {
	return time.Duration(u.noted.Seconds * float64(time.Second))
}

// Bounds of a spread, in seconds: a mistake at headquarters keeps no box away for longer.
const minSpread, maxSpread = 1, 3600

// noteSpread keeps what headquarters says of the spread, across restarts and power cuts.
func (s *session) noteSpread(ctx context.Context, seconds float64) error {
	told := spreadNote{Seconds: min(max(seconds, minSpread), maxSpread), Boot: s.o.Boot}
	if s.noted.near(told) {
		return nil
	}
	b, err := json.Marshal(told)
	if err != nil {
		return err
	}
	if _, err := s.o.Store.Commit(ctx, outbox.Change{Notes: map[string][]byte{noteSpread: b}}); err != nil {
		return fmt.Errorf("note the spread: %w", err)
	}
	s.noted = told
	return nil
}
