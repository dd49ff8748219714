package evaluation

import (
	"math"
	"slices"

	"evalpad/sync/wire"
)

// Pace is what a counter remembers of its last evaluations, within one boot, to flag what no row of
// customers does. A flag drops nothing: a person looks.
type Pace struct {
	Boot      string  `json:"boot"`
	Rated     []int64 `json:"rated,omitempty"`     // uptimes of the evaluations of the last ten minutes, in ms
	Latencies []int64 `json:"latencies,omitempty"` // of the satisfied ones in a row, from prompt to press, in ms
}

// The figures behind the flags.
const (
	tooFastMS = 1000 // nobody has read a question in a second

	// More than one evaluation in 20 s for ten minutes: no counter serves that fast.
	burstMS = 10 * 60 * 1000
	burstOf = 30

	// Ten satisfied ones in a row, each within two seconds of the prompt or all equally fast: one finger.
	runOf     = 10
	runFastMS = 2000
	runSpread = 0.15 // standard deviation of the latencies, as a share of their mean
)

// paced is the State with one evaluation more, which a press at the given moment has finished, and the
// flags that it deserves.
func (s State) paced(e wire.Evaluation, at wire.Stamp) (State, []string) {
	var p Pace
	if s.Pace != nil && s.Pace.Boot == at.Boot {
		p = *s.Pace
	}
	p.Boot = at.Boot
	p.Rated = append(slices.Clone(p.Rated), at.UptimeMS)
	p.Rated = slices.DeleteFunc(p.Rated, func(t int64) bool { return at.UptimeMS-t > burstMS })
	p.Rated = p.Rated[max(0, len(p.Rated)-burstOf-1):]
	if e.Prompted && isSatisfied(e) {
		p.Latencies = append(slices.Clone(p.Latencies), e.LatencyMS)
		p.Latencies = p.Latencies[max(0, len(p.Latencies)-runOf):]
	} else {
		p.Latencies = nil
	}
	s.Pace = &p
	return s, p.flags(e)
}

func (p Pace) flags(e wire.Evaluation) (flags []string) {
	if e.Prompted && e.LatencyMS < tooFastMS {
		flags = append(flags, wire.FlagTooFast)
	}
	if len(p.Rated) > burstOf {
		flags = append(flags, wire.FlagBurst)
	}
	if p.oneFinger() {
		flags = append(flags, wire.FlagSelfPress)
	}
	return flags
}

func isSatisfied(e wire.Evaluation) bool {
	for _, score := range e.Scores {
		if score < 4 {
			return false
		}
	}
	return len(e.Scores) > 0
}

// oneFinger reports whether a whole run of satisfied evaluations came too fast, or too evenly.
func (p Pace) oneFinger() bool {
	if len(p.Latencies) < runOf {
		return false
	}
	if slices.Max(p.Latencies) < runFastMS {
		return true
	}
	var sum, squares float64
	for _, l := range p.Latencies {
		sum += float64(l)
	}
	mean := sum / runOf
	for _, l := range p.Latencies {
		squares += (float64(l) - mean) * (float64(l) - mean)
	}
	return math.Sqrt(squares/runOf) < runSpread*mean
}
