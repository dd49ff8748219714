package rates

import (
	"math"

	"evalpad/sync/wire"
)

// Counts are the numbers behind the rates, and the rates where there are enough of them.
type Counts struct {
	Rated          int `json:"rated"`            // rated or partial, with a score
	Dissatisfied   int `json:"dissatisfied"`     // 不满意: 2 or less in any dimension
	Satisfied      int `json:"satisfied"`        // 满意: every score asked is 4 or more
	FairlyOrBetter int `json:"fairly_or_better"` // 基本满意以上: every score asked is 3 or more
	NotRated       int `json:"not_rated"`        // silence: in no numerator

	DissatisfiedRate   *Rate    `json:"dissatisfied_rate,omitempty"` // of the rated ones, as the next two
	SatisfiedRate      *Rate    `json:"satisfied_rate,omitempty"`
	FairlyOrBetterRate *Rate    `json:"fairly_or_better_rate,omitempty"`
	Score              *float64 `json:"score,omitempty"` // 得分: the mean of all scores, times 20

	scores, sum int
}

// fewest is up to how many a share is no more than chance: then there is the count, and no percentage.
const fewest = 30

// Rate is a share with its 95 % interval (Wilson's), all in percent.
type Rate struct {
	Of      int     `json:"of"`
	Percent float64 `json:"percent"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
}

// RateOf is the share k of n; nil where n is 30 or fewer.
func RateOf(k, n int) *Rate {
	if n <= fewest {
		return nil
	}
	low, high := wilson(k, n)
	return &Rate{n, percent(float64(k) / float64(n)), percent(low), percent(high)}
}

// percent keeps three decimals: a rate of 0.5 % is told from one of 0.505 %.
func percent(share float64) float64 { return math.Round(share*1e5) / 1e3 }

// wilson is the score interval of Edwin B. Wilson (1927), which stays within 0 and 1 and says something
// where k is 0 too.
func wilson(k, n int) (low, high float64) {
	const z = 1.959964 // 95 %, both sides
	p, m := float64(k)/float64(n), float64(n)
	middle, wide := p+z*z/(2*m), z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, (middle-wide)/(1+z*z/m)), min(1, (middle+wide)/(1+z*z/m))
}

func (c *Counts) add(e Evaluation) {
	if !e.IsRated() {
		c.NotRated++
		return
	}
	c.Rated++
	for _, rule := range []struct {
		n     *int
		holds bool
	}{{&c.Dissatisfied, e.IsDissatisfied()}, {&c.Satisfied, e.AtLeast(4)}, {&c.FairlyOrBetter, e.AtLeast(3)}} {
		if rule.holds {
			*rule.n++
		}
	}
	for _, s := range e.Scores {
		c.scores, c.sum = c.scores+1, c.sum+int(s)
	}
}

// reckoned is the counts with their rates.
func (c Counts) reckoned() Counts {
	c.DissatisfiedRate, c.SatisfiedRate = RateOf(c.Dissatisfied, c.Rated), RateOf(c.Satisfied, c.Rated)
	c.FairlyOrBetterRate = RateOf(c.FairlyOrBetter, c.Rated)
	if c.Rated > fewest {
		c.Score = new(math.Round(float64(c.sum)/float64(c.scores)*20*100) / 100)
	}
	return c
}

// Tally is how many presses a box has refused by some moment, by reason; of all its counters where
// Counter is "".
type Tally struct {
	Device, Region, Branch, Counter string
	At                              wire.Instant
	Refused                         map[string]int
}

// harmless are the reasons that cost nobody a rating: a press that belongs to one already kept, whose
// customer was thanked, and words of the teller's side.
var harmless = []string{"joined", "ticket-done", "too-long", "bad-service", "too-much-time"}
