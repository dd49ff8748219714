package uplink

import (
	"time"

	"evalpad/sync/outbox"
)

// A record that kills three sessions is parked and tried again hourly, so that the rest goes on.
const (
	strikesToPark = 3
	parkedFor     = time.Hour
)

// suspects remembers the letters on which sessions have ended. From its second strike on a letter
// travels alone: then a session that ends can be blamed on nothing else.
type suspects struct {
	strikes map[outbox.Ref]int
	until   map[outbox.Ref]time.Duration // parked until this uptime
}

// strike reports whether this is the one that parks the letter.
func (s *suspects) strike(l outbox.Letter, now time.Duration) bool {
	if s.strikes == nil {
		s.strikes, s.until = map[outbox.Ref]int{}, map[outbox.Ref]time.Duration{}
	}
	s.strikes[l.Ref]++
	if s.strikes[l.Ref] < strikesToPark {
		return false
	}
	s.until[l.Ref] = now + parkedFor
	s.strikes[l.Ref] = strikesToPark - 1
	return true
}

// innocent clears a letter that a broker has taken.
func (s *suspects) innocent(l outbox.Letter) {
	delete(s.strikes, l.Ref)
	delete(s.until, l.Ref)
}

func (s *suspects) parked(l outbox.Letter) bool {
	_, ok := s.until[l.Ref]
	return ok
}

// release lets go of what has been parked for an hour, and reports whether there was any.
func (s *suspects) release(now time.Duration) (any bool) {
	for ref, until := range s.until {
		if now >= until {
			delete(s.until, ref)
			any = true
		}
	}
	return any
}

func (s *suspects) count() int { return len(s.until) }

func (s *suspects) isSuspect(l outbox.Letter) bool { return s.strikes[l.Ref] >= strikesToPark-1 }

// travelling reports whether a suspect is in flight.
func (s *suspects) travelling(unacked []sending) bool {
	return len(unacked) > 0 && s.isSuspect(unacked[len(unacked)-1].letter)
}

// mayLeave holds a suspect back until nothing else is in flight.
func (s *suspects) mayLeave(l outbox.Letter, unacked []sending) bool {
	return !s.isSuspect(l) || len(unacked) == 0
}
