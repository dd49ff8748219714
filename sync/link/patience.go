package link

import "time"

// The reconnect schedule's bounds.
const (
	defaultSpread = time.Second      // when headquarters has not said how far to spread out
	urgentSpread  = 5 * time.Second  // at most so far with an alert waiting, at every try
	lastBackoff   = 60 * time.Second // the ceilings double up to here, or to twice the spread
	provenUptime  = 60 * time.Second // a session that lasted this long starts the schedule anew
)

// Patience is how long to wait before connecting again, so that a thousand boxes whose broker comes
// back do not all knock in the same second. The zero value is ready for a first try.
type Patience struct {
	tries int // since the last session that proved itself
}

// Next is the wait before the next try, uniform in [0, ceiling). The first two ceilings are spread,
// the time over which headquarters wants the boxes to return (1 s where it has said nothing: spread
// <= 0); then they double, to 60 s or twice the spread. So whenever the broker comes back, no more
// boxes knock in a second than headquarters can welcome. With an alert waiting no ceiling is above
// 5 s. rnd returns numbers in [0, 1).
func (p *Patience) Next(spread time.Duration, urgent bool, rnd func() float64) time.Duration {
	ceiling := p.ceiling(spread)
	if urgent {
		ceiling = min(ceiling, urgentSpread)
	}
	p.tries++
	return time.Duration(rnd() * float64(ceiling))
}

func (p *Patience) ceiling(spread time.Duration) time.Duration {
	if spread <= 0 {
		spread = defaultSpread
	}
	doubled := spread << min(max(p.tries-1, 0), 6)
	return min(doubled, max(lastBackoff, 2*spread))
}

// Worked tells that a session was up for so long. One that lasted 60 s makes the next try a first
// one again; one that broke sooner does not, or a broker that drops us at once would be knocked at
// without end.
func (p *Patience) Worked(upFor time.Duration) {
	if upFor >= provenUptime {
		p.tries = 0
	}
}
