package uplink

import (
	"time"

	"evalpad/sync/wire"
)

// Phase is how far the way to headquarters is open.
type Phase string

// The phases, from shut to open.
const (
	Connecting Phase = "connecting"               // no broker yet
	Waiting    Phase = "waiting-for-headquarters" // a broker, and no receipt yet
	Flowing    Phase = "flowing"
)

// Degraded modes that the uplink names.
const (
	Offline            = "offline"
	HeadquartersSilent = "headquarters-silent" // the broker takes, headquarters does not thank
	NotGuaranteed      = "not-guaranteed"      // settled on PUBACK
	ParkedRecords      = "parked-records"
	TwinSeen           = "twin"
)

// State is what status shows of the uplink.
type State struct {
	Phase       Phase
	Since       time.Duration // uptime at which the phase began
	Session     uint64
	Broker      string
	Trouble     string // why the last session ended
	Receipted   bool   // headquarters has thanked in this session
	LastReceipt time.Duration
	Window      int // granted by headquarters
	Root        wire.PublicKey
	Provisional bool          // the root was taken from the first receipt and waits for enrolment
	Owed        int           // letters sent that headquarters has not thanked for
	OwedSince   time.Duration // uptime at which the oldest of them was first sent
	Parked      int
	Twin        bool // another box used this name since the start
	Degraded    []string
}

// State returns a copy of how things stand.
func (u *Uplink) State() State {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.state
	s.Broker = u.o.Link.Broker
	s.Degraded = u.degraded()
	return s
}

func (u *Uplink) degraded() (names []string) {
	s := u.state
	if s.Phase == Connecting {
		names = append(names, Offline)
	}
	if u.o.SettleOn == PUBACK {
		names = append(names, NotGuaranteed)
	} else if s.silent(u.o.Uptime()) {
		names = append(names, HeadquartersSilent)
	}
	if s.Parked > 0 {
		names = append(names, ParkedRecords)
	}
	if s.Twin {
		names = append(names, TwinSeen)
	}
	return names
}

// silentAfter is how long a broker may take without headquarters thanking before it is said aloud: a
// record was sent twice by then.
const silentAfter = 30 * time.Second

// silent reports whether the broker takes and headquarters does not thank: for our birth, or for any
// one record, whatever else it thanks for.
func (s State) silent(now time.Duration) bool {
	switch s.Phase {
	case Waiting:
		return now-s.Since > silentAfter
	case Flowing:
		return s.Owed > 0 && now-s.OwedSince > silentAfter
	}
	return false
}

func (u *Uplink) note(change func(*State)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	change(&u.state)
}
