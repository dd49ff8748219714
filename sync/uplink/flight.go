package uplink

import (
	"time"

	"evalpad/sync/link"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// Windows, in letters. The broker's are ours to choose (a stock one takes far more); the receipt
// window is granted by headquarters so that no broker's queue overflows.
const (
	ackWindow         = 64
	ackWindowAlerts   = 8 // besides
	firstWindow       = 16
	alertWindow       = 32 // besides, unreceipted
	minGrant          = 4
	maxGrant          = 256
	receiptPatience   = 15 * time.Second
	receiptPatienceTo = 2 * time.Minute
)

// flight is everything sent in this session that somebody still owes us a word for: the broker its
// PUBACK, headquarters its receipt.
type flight struct {
	unacked []sending // in the order sent: PUBACKs come in that order (MQTT-4.6.0-2)
	bytes   int
	alerts  int // alerts among the unacked
	meter   meter

	receipts bool // false when PUBACK settles: then nothing below counts
	owed     []owing
	owes     [2]int // how many of them are normal letters, how many alerts
	granted  int
}

type sending struct {
	letter   outbox.Letter
	delivery *link.Delivery
	at       time.Duration
	ahead    int // bytes in flight when it left, itself included
}

type owing struct {
	letter outbox.Letter
	since  time.Duration // uptime at which it was first sent in this session
	due    time.Duration // uptime at which it is sent again
	wait   time.Duration
}

// room reports whether one more letter of size bytes may leave now.
func (f *flight) room(urgent bool, size int) bool {
	if f.bytes > 0 && f.bytes+size > f.meter.cap() {
		return false
	}
	if urgent {
		return len(f.unacked) < ackWindow+ackWindowAlerts && (!f.receipts || f.owes[1] < alertWindow)
	}
	return len(f.unacked)-f.alerts < ackWindow && (!f.receipts || f.owes[0] < f.granted)
}

// sent takes note of a letter that has left; again is true for one that headquarters owes already.
func (f *flight) sent(l outbox.Letter, d *link.Delivery, now time.Duration, again bool) {
	f.bytes += len(l.Line)
	f.unacked = append(f.unacked, sending{l, d, now, f.bytes})
	if l.Urgent {
		f.alerts++
	}
	if f.receipts && !again {
		f.owed = append(f.owed, owing{l, now, now + receiptPatience, receiptPatience})
		f.owes[index(l.Urgent)]++
	}
}

// acked takes the oldest sending off; the broker has it.
func (f *flight) acked(now time.Duration) outbox.Letter {
	s := f.unacked[0]
	f.unacked = f.unacked[1:]
	f.bytes -= len(s.letter.Line)
	if s.letter.Urgent {
		f.alerts--
	}
	f.meter.acked(s.ahead, now-s.at)
	return s.letter
}

// receipted strikes out what a receipt names.
func (f *flight) receipted(epoch wire.Epoch, from, to uint64) {
	kept := f.owed[:0]
	for _, o := range f.owed {
		if o.letter.Epoch != epoch || o.letter.Seq < from || o.letter.Seq > to {
			kept = append(kept, o)
			continue
		}
		f.owes[index(o.letter.Urgent)]--
	}
	clear(f.owed[len(kept):])
	f.owed = kept
}

// due is the first letter that headquarters has owed a word on for too long: a broker may have
// acknowledged and dropped it. Each time it is sent again it is waited for twice as long.
func (f *flight) due(now time.Duration) (outbox.Letter, bool) {
	for i := range f.owed {
		if o := &f.owed[i]; o.due <= now {
			o.wait = min(2*o.wait, receiptPatienceTo)
			o.due = now + o.wait
			return o.letter, true
		}
	}
	return outbox.Letter{}, false
}

// oldest is when the letter that headquarters has owed a word on for longest was first sent.
func (f *flight) oldest() time.Duration {
	if len(f.owed) == 0 {
		return 0
	}
	return f.owed[0].since // they are kept in the order sent
}

// forget strikes out everything that headquarters owes: it will be sent anew.
func (f *flight) forget() { f.owed, f.owes = nil, [2]int{} }

func index(urgent bool) int {
	if urgent {
		return 1
	}
	return 0
}
