package evaluation

import (
	"maps"
	"time"
)

// Tally counts since the start what a counter's pads sent, so that headquarters sees what was not
// taken. Seen is the sum of the others.
type Tally struct {
	Seen     uint64         // presses, and whatever else was refused
	Accepted uint64         // presses that are on disk
	Repeated uint64         // presses that were on disk before the agent restarted
	Refused  map[string]int // by reason
}

// Tally is the present count.
func (d *Desk) Tally() Tally {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tally
	t.Refused = maps.Clone(t.Refused)
	return t
}

// LastSeen is the uptime at which something was counted last, 0 before the first.
func (d *Desk) LastSeen() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lastSeen
}

// The fates of a press that was not refused; no driver's reason holds a space.
const (
	fateAccepted = "was accepted"
	fateRepeated = "was repeated"
	fateJoined   = "joined" // counted with the refused ones, though its customer was thanked
)

// pressFate is accepted, repeated or the reason why not.
func pressFate(effects []Effect, err error) string {
	if err != nil {
		return ReasonStoreFault
	}
	for _, effect := range effects {
		switch e := effect.(type) {
		case Refuse:
			return e.Reason
		case Repeat:
			return fateRepeated
		case Join:
			return fateJoined
		}
	}
	return fateAccepted
}

func (d *Desk) count(fate string) {
	now := d.opts.Now().Uptime
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lastSeen = now
	d.tally.Seen++
	switch fate {
	case fateAccepted:
		d.tally.Accepted++
	case fateRepeated:
		d.tally.Repeated++
	default:
		d.tally.refuse(fate)
	}
}

// maxReasons bounds what a driver gone wild can make of the map; the rest is counted as other.
const maxReasons = 32

func (t *Tally) refuse(reason string) {
	if t.Refused == nil {
		t.Refused = map[string]int{}
	}
	if _, known := t.Refused[reason]; !known && len(t.Refused) >= maxReasons {
		reason = "other"
	}
	t.Refused[reason]++
}
