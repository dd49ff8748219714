package evaluation

import (
	"time"

	"evalpad/sync/wire"
)

// Accepted is the last press that was taken, if its pad sends again what is not answered.
// While the agent runs, its driver knows such a repeat; after a restart only this does.
type Accepted struct {
	Echo string      `json:"echo"`
	At   wire.Stamp  `json:"at"`
	Back *wire.Stamp `json:"back,omitempty"` // when the agent listened again; nil until it restarts
}

// A frame heard again within repeatWithin of listening is the same press; an agent that was away
// for longer than awayAtMost does not guess.
const (
	repeatWithin = 2 * time.Second
	awayAtMost   = 60 * time.Second
)

func accepted(h Heard) *Accepted {
	if h.Echo == "" {
		return nil
	}
	return &Accepted{Echo: h.Echo, At: h.At}
}

// back is the same with the moment at which the agent listened again; nil stays nil.
func (a *Accepted) back(at wire.Stamp) *Accepted {
	if a == nil {
		return nil
	}
	return &Accepted{Echo: a.Echo, At: a.At, Back: &at}
}

// isRepeat reports whether h was taken before the agent restarted and its pad merely had no answer
// yet. Uptimes compare within one boot only, and a power cut takes the pad's memory with it.
func (s State) isRepeat(h Heard) bool {
	l := s.Last
	if l == nil || l.Back == nil || h.Echo == "" || h.Echo != l.Echo {
		return false
	}
	return within(repeatWithin, l.At, h.At) ||
		within(awayAtMost, l.At, *l.Back) && within(repeatWithin, *l.Back, h.At)
}

// within reports whether b came no more than d after a, in the same boot.
func within(d time.Duration, a, b wire.Stamp) bool {
	return a.Boot == b.Boot && b.UptimeMS-a.UptimeMS <= d.Milliseconds()
}
