package link

import "time"

// The reconnect schedule's bounds.
const (
	defaultSpread = time.Second      // when headquarters has not said how far to spread out
	urgentSpread  = 5 * time.Second  // at most so far with an alert waiting
	firstBackoff  = time.Second      // the ceiling of the second try's wait; it doubles with each
	lastBackoff   = 60 * time.Second // up to here
	provenUptime  = 60 * time.Second // a session that lasted this long starts the schedule anew
)

// Patience is how long to wait before connecting again, so that a thousand boxes whose broker comes
// back do not all knock in the same second. The zero value is ready for a first try.
type Patience struct {
	tries int // since the last session that proved itself
}

// Next is the wait before the next try. The first after a loss is uniform in [0, spread), the time
// over which headquarters wants the boxes to return (1 s where it has said nothing: spread <= 0);
// with an alert waiting, in [0, min(spread, 5 s)). Every later one is uniform between 0 and a ceiling
// of 1, 2, 4 … 60 s. rnd returns numbers in [0, 1).
func (p *Patience) Next(spread time.Duration, urgent bool, rnd func() float64) time.Duration {
	ceiling := p.ceiling(spread, urgent)
	p.tries++
	return time.Duration(rnd() * float64(ceiling))
}

func (p *Patience) ceiling(spread time.Duration, urgent bool) time.Duration {
	if p.tries > 0 {
		return min(firstBackoff<<min(p.tries-1, 6), lastBackoff)
	}
	if spread <= 0 {
		spread = defaultSpread
	}
	if urgent {
		spread = min(spread, urgentSpread)
	}
	return spread
}

// Worked tells that a session was up for so long. One that lasted 60 s makes the next try a first
// one again; one that broke sooner does not, or a broker that drops us at once would be knocked at
// without end.
func (p *Patience) Worked(upFor time.Duration) {
	if upFor >= provenUptime {
		p.tries = 0
	}
}
