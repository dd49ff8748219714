package intake

import (
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// mailroom is what the intake knows of the boxes. It outlives the sessions; one goroutine owns it.
// Boxes are in it only once a signature has verified, so strangers do not grow it.
type mailroom struct {
	o       *Options
	gauge   *gauge
	boxes   map[string]*box // by device
	owing   map[string]bool // devices that are owed a receipt
	waiting waiting
	chases  map[chased]*chase
	granted int // sum of the windows granted to boxes that are ready
	online  int // how many those are

	refusals map[wire.Hash]int // records that the ledger refused while it took others
}

func newMailroom(o *Options, g *gauge) *mailroom {
	return &mailroom{
		o: o, gauge: g,
		boxes:    map[string]*box{},
		owing:    map[string]bool{},
		waiting:  newWaiting(),
		chases:   map[chased]*chase{},
		refusals: map[wire.Hash]int{},
	}
}

// Bounds of what is remembered of one box.
const (
	bootsKept     = 8  // boots whose anchors are in memory
	keysKept      = 16 // keys looked up lately
	keyFresh      = 10 * time.Second
	newKeysAnHour = 16
	silentAfter   = 3 * time.Minute // three heartbeats
)

// box is one device as headquarters has last heard it.
type box struct {
	place wire.Place // of its own topic that it last used
	keys  map[wire.KID]known
	boots map[string]*anchored

	birth    *wire.Status // the last one believed, nil before the first
	standing ledger.KeyStanding
	state    wire.Presence
	heard    time.Time // last live, correctly signed word
	uptime   time.Duration
	uptimeAt time.Time // when it had that uptime; zero while no live word has come
	order    uint64    // number of the last command

	receipts pace
	window   int // granted and counted in the mailroom's sum

	newKeys     int
	newKeysFrom time.Time

	accounts map[wire.Epoch]*account // what its heartbeats have told
}

// known is a key as the ledger had it a moment ago.
type known struct {
	key      wire.PublicKey
	standing ledger.KeyStanding
	until    time.Time
}

// anchored is what one boot's uptimes are known to mean. The first key that names a boot owns it:
// another one could only make the reckoning wrong.
type anchored struct {
	anchors casebook.Anchors
	kid     wire.KID // "" while only the ledger has told of it
	used    time.Time
	kept    time.Time // last written to the ledger
}

// box finds a device's box, or makes room for one at that place.
func (m *mailroom) box(place wire.Place) *box {
	b := m.boxes[place.Device]
	if b == nil {
		b = &box{place: place, keys: map[wire.KID]known{}, boots: map[string]*anchored{}}
		m.boxes[place.Device] = b
	}
	return b
}

// session is the box's own session number, 0 before its first birth.
func (b *box) session() uint64 {
	if b.birth == nil {
		return 0
	}
	return b.birth.Session
}

// remember keeps a key that was just looked up.
func (b *box) remember(kid wire.KID, k known) {
	if len(b.keys) >= keysKept {
		clear(b.keys)
	}
	b.keys[kid] = k
}

// mayIntroduce counts a new key, and is false for one too many: a box has one key, and a stranger
// with a key mill must not fill the ledger.
func (b *box) mayIntroduce(now time.Time) bool {
	if now.Sub(b.newKeysFrom) > time.Hour {
		b.newKeys, b.newKeysFrom = 0, now
	}
	b.newKeys++
	return b.newKeys <= newKeysAnHour
}

// mayTakeOver reports whether a birth under key becomes the box's own. A key that no person has
// confirmed does not push aside a living box with the known one: its birth is answered, no more.
func (b *box) mayTakeOver(key wire.PublicKey, standing ledger.KeyStanding, now time.Time) bool {
	return standing != ledger.Unconfirmed ||
		b.birth == nil || b.birth.Key == key || b.standing == ledger.Unconfirmed ||
		b.state != wire.Ready || now.Sub(b.heard) > silentAfter
}

// believes reports whether a lost or disconnected speaks of the life that was last born: same key,
// same session, and an epoch in common. A will is composed at connect, so it does not know an epoch
// that was opened since.
func (b *box) believes(s wire.Status) bool {
	if b.birth == nil {
		return true
	}
	if b.birth.Key != s.Key || b.birth.Session != s.Session {
		return false
	}
	for _, e := range b.birth.Epochs {
		for _, o := range s.Epochs {
			if e.Epoch == o.Epoch {
				return true
			}
		}
	}
	return len(b.birth.Epochs) == 0 && len(s.Epochs) == 0
}

// uptimeNow is what the box's uptime should be by now.
func (b *box) uptimeNow(now time.Time) time.Duration {
	return b.uptime + max(now.Sub(b.uptimeAt), 0)
}

// present enters a box's new state and keeps the counts of who is online.
func (m *mailroom) present(b *box, state wire.Presence) {
	was, is := b.state == wire.Ready, state == wire.Ready
	b.state = state
	switch {
	case is && !was:
		m.online++
	case was && !is:
		m.online--
		m.granted -= b.window
		b.window = 0
	}
	m.gauge.note(func(x *Metrics) { x.Online = m.online })
}
