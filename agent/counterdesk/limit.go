package counterdesk

import (
	"net/netip"
	"sync"
	"time"
)

// What one address may ask: a page looks once a second, and a hall's program has bursts.
const (
	requestsASecond = 10
	requestsAtOnce  = 40
)

// maxKnown bounds how many addresses are remembered: more than the machines of a branch.
const maxKnown = 1024

// limiter counts by address what is asked: a bucket of so many at once, filled again at so many a second.
type limiter struct {
	rate, burst float64

	mu    sync.Mutex
	known map[netip.Addr]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newLimiter(rate, burst float64) *limiter {
	return &limiter{rate: rate, burst: burst, known: map[netip.Addr]bucket{}}
}

// take reports whether one more may pass at the moment now.
func (l *limiter) take(from netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.known[from]
	if !known {
		if len(l.known) >= maxKnown && !l.forget(now) {
			return false
		}
		b = bucket{l.burst, now}
	}
	b = l.filled(b, now)
	passes := b.left >= 1
	if passes {
		b.left--
	}
	l.known[from] = b
	return passes
}

func (l *limiter) filled(b bucket, now time.Time) bucket {
	b.left = min(l.burst, b.left+max(0, now.Sub(b.at).Seconds())*l.rate)
	b.at = now
	return b
}

// forget drops those who have asked for nothing for long, and reports whether there is room again.
func (l *limiter) forget(now time.Time) bool {
	for from, b := range l.known {
		if l.filled(b, now).left >= l.burst {
			delete(l.known, from)
		}
	}
	return len(l.known) < maxKnown
}
