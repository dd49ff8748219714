package intake

import (
	"slices"
	"sync"
	"time"
)

// Degraded modes that the intake names.
const (
	LedgerFault = "ledger-fault" // the ledger refuses: nothing is thanked
	BrokerLost  = "broker-lost"  // no session with the broker
)

// Metrics is how things stand, and what has been counted since the inspector began.
type Metrics struct {
	AlertsUp, RestUp bool   // the two sessions
	Session          uint64 // headquarters' own
	Online           int    // boxes whose last believed word is ready

	Received    uint64 // messages of any kind
	Stored      uint64
	Duplicates  uint64
	Forks       uint64
	Unreadable  uint64 // verified, kept raw
	DeadLetters uint64
	Receipts    uint64

	Held        int    // records that wait for their key
	HeldDropped uint64 // held no longer, for want of room; their box sends them again

	LastRecord  time.Time
	LastError   string
	LastErrorAt time.Time
	Degraded    []string
}

// gauge is where the mailroom counts and everybody reads.
type gauge struct {
	mu sync.Mutex
	m  Metrics
}

func (g *gauge) note(change func(*Metrics)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.m)
}

func (g *gauge) snapshot() Metrics {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.m
	m.Degraded = slices.Clone(m.Degraded)
	return m
}

func (g *gauge) up(number uint64) {
	g.note(func(m *Metrics) {
		m.AlertsUp, m.RestUp, m.Session = true, true, number
		m.Degraded = without(m.Degraded, BrokerLost)
	})
}

// lost tells why the session ended. A ledger that fails is not a broker that is away.
func (g *gauge) lost(err error, now time.Time) {
	g.note(func(m *Metrics) {
		mode := BrokerLost
		if isFault(err) {
			mode = LedgerFault
		}
		m.AlertsUp, m.RestUp = false, false
		m.LastError, m.LastErrorAt = err.Error(), now
		m.Degraded = append(without(m.Degraded, mode), mode)
	})
}

// recovered is called when the ledger has taken a batch again.
func (g *gauge) recovered() {
	g.note(func(m *Metrics) { m.Degraded = without(m.Degraded, LedgerFault) })
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return n == name })
}
