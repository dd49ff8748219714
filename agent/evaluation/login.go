package evaluation

import (
	"time"

	"evalpad/sync/wire"
)

// loginIdle is how long a log-in lasts at a counter where nothing happens: longer than any lunch.
const loginIdle = 4 * time.Hour

// current is the State at a moment: a log-in that has ended meanwhile is gone, so that nobody answers
// for the customers of whoever comes next.
func (s State) current(at wire.Stamp) State {
	if s.Teller != "" && s.loggedOut(at) {
		s.Teller, s.TellerAt = "", nil
	}
	return s
}

// seen notes that whoever is logged in is at work.
func (s State) seen(at wire.Stamp) State {
	if s.Teller != "" {
		s.TellerAt = &at
	}
	return s
}

func (s State) loggedOut(at wire.Stamp) bool {
	last := s.TellerAt
	if last == nil {
		return false // logged in under an older version of this program
	}
	return last.Boot != at.Boot || at.UptimeMS-last.UptimeMS >= loginIdle.Milliseconds() || s.Rules.closedBetween(*last, at)
}

// closedBetween reports whether the branch has closed between two moments, where the clock can tell.
func (r Rules) closedBetween(from, to wire.Stamp) bool {
	if r.Closing == 0 || from.Wall == nil || to.Wall == nil {
		return false
	}
	zone := r.Zone
	if zone == nil {
		zone = time.Local
	}
	began := from.Wall.In(zone)
	y, m, d := began.Date()
	closing := time.Date(y, m, d, 0, int(r.Closing/time.Minute), 0, 0, zone)
	if !closing.After(began) {
		closing = time.Date(y, m, d+1, 0, int(r.Closing/time.Minute), 0, 0, zone)
	}
	return !to.Wall.Before(closing)
}
