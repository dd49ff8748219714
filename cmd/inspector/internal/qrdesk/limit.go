package qrdesk

import (
	"sync"
	"time"
)

// What the front end may ask: far more than the customers of a great bank scan.
const (
	requestsASecond = 50
	requestsAtOnce  = 200
)

// limiter is a bucket of so many at once, filled again at so many a second.
type limiter struct {
	rate, burst float64

	mu   sync.Mutex
	left float64
	at   time.Time
}

func newLimiter(rate, burst float64) *limiter { return &limiter{rate: rate, burst: burst, left: burst} }

// take reports whether one more may pass at the moment now.
func (l *limiter) take(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = min(l.burst, l.left+max(0, now.Sub(l.at).Seconds())*l.rate)
	l.at = now
	if l.left < 1 {
		return false
	}
	l.left--
	return true
}
