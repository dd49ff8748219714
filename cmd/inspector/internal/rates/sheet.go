package rates

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"evalpad/sync/wire"
)

// Period is from a moment to another one, which is no longer in it.
type Period struct {
	From wire.Instant `json:"from"`
	To   wire.Instant `json:"to"`
}

// Validate says why nothing can be counted.
func (p Period) Validate() error {
	if !p.From.Before(p.To.Time) {
		return fmt.Errorf("period from %s to %s: it is over before it begins", p.From.Format(time.RFC3339), p.To.Format(time.RFC3339))
	}
	return nil
}

func (p Period) holds(at wire.Instant) bool { return !at.Before(p.From.Time) && at.Before(p.To.Time) }

// TallyEvery is how long a tally can reach back.
const TallyEvery = time.Hour

// touches reports whether a tally told at a moment can be of a press within the period.
func (p Period) touches(at wire.Instant) bool {
	return !at.Before(p.From.Time) && at.Add(-TallyEvery).Before(p.To.Time)
}

// Group is what a line of a report is about; what it is not about is "".
type Group struct {
	Region   string `json:"region,omitempty"`
	Branch   string `json:"branch,omitempty"`
	Counter  string `json:"counter,omitempty"`
	Teller   string `json:"teller,omitempty"`
	Business string `json:"business,omitempty"`
}

// groupings are what a report can be by.
var groupings = map[string]func(Group) Group{
	"counter":  func(g Group) Group { return Group{Region: g.Region, Branch: g.Branch, Counter: g.Counter} },
	"branch":   func(g Group) Group { return Group{Region: g.Region, Branch: g.Branch} },
	"region":   func(g Group) Group { return Group{Region: g.Region} },
	"teller":   func(g Group) Group { return Group{Region: g.Region, Branch: g.Branch, Teller: g.Teller} },
	"business": func(g Group) Group { return Group{Business: g.Business} },
	"bank":     func(Group) Group { return Group{} },
}

// Groupings names them, sorted.
func Groupings() []string { return slices.Sorted(maps.Keys(groupings)) }

// Line is one line of a report. The counts are of those who were prompted.
type Line struct {
	Group
	Counts
	Prompted        int            `json:"prompted"`
	NotPrompted     int            `json:"not_prompted"`            // transactions whose customer was never asked
	Participation   *Rate          `json:"participation,omitempty"` // 参评率: the rated ones of ParticipationOf
	ParticipationOf string         `json:"participation_of"`        // transactions, where the counter's program tells of those not asked; else prompts
	Unprompted      Counts         `json:"unprompted"`              // apart: pressed though nobody had asked
	Phone           Counts         `json:"phone"`                   // apart: said on a phone by the pad's code, whatever was pressed besides
	Flags           map[string]int `json:"flags"`                   // evaluations that carry each, prompted or not
	Biased          bool           `json:"biased"`                  // presses were refused meanwhile, so that some customers are not in it
	Refused         map[string]int `json:"refused"`                 // presses, by reason

	counters map[counterOf]bool
}

// counterOf names one counter of one box.
type counterOf struct{ device, counter string }

// Sheet counts evaluations by group, one after the other.
type Sheet struct {
	period Period
	by     func(Group) Group
	lines  map[Group]*Line
}

// NewSheet counts what lies within a period by one of the Groupings.
func NewSheet(p Period, by string) (*Sheet, error) {
	group, known := groupings[by]
	if !known {
		return nil, fmt.Errorf("report by %.20q: want %s", by, strings.Join(Groupings(), ", "))
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return &Sheet{p, group, map[Group]*Line{}}, nil
}

// Add counts one evaluation, if its first press lies within the period.
func (s *Sheet) Add(e Evaluation) {
	if !s.period.holds(e.RatedAt) {
		return
	}
	l := s.line(Group{e.Region, e.Branch, e.Counter, e.Teller, e.Business})
	l.counters[counterOf{e.Device, e.Counter}] = true
	for _, f := range e.Flags {
		l.Flags[f]++
	}
	switch {
	case e.Source == SourcePhone:
		l.Phone.add(e)
	case e.Outcome == wire.NotPrompted:
		l.NotPrompted++
	case e.IsUnprompted():
		l.Unprompted.add(e)
	default:
		l.Prompted++
		l.Counts.add(e)
	}
}

func (s *Sheet) line(of Group) *Line {
	of = s.by(of)
	if s.lines[of] == nil {
		s.lines[of] = &Line{Group: of, Flags: map[string]int{}, Refused: map[string]int{}, counters: map[counterOf]bool{}}
	}
	return s.lines[of]
}

// Refuse marks the lines that a tally bears on. Call it when all evaluations are added: a counter that
// refused and kept nothing gets a line too.
func (s *Sheet) Refuse(t Tally) {
	lost := maps.Clone(t.Refused)
	maps.DeleteFunc(lost, func(reason string, n int) bool { return n <= 0 || slices.Contains(harmless, reason) })
	if len(lost) == 0 || !s.period.touches(t.At) {
		return
	}
	hit := false
	for _, l := range s.lines {
		if l.isOf(t) {
			hit = true
			l.refused(lost)
		}
	}
	if !hit {
		l := s.line(Group{Region: t.Region, Branch: t.Branch, Counter: t.Counter})
		l.counters[counterOf{t.Device, t.Counter}] = true
		l.refused(lost)
	}
}

func (l *Line) isOf(t Tally) bool {
	if t.Counter != "" {
		return l.counters[counterOf{t.Device, t.Counter}]
	}
	for of := range l.counters {
		if of.device == t.Device {
			return true
		}
	}
	return false
}

func (l *Line) refused(lost map[string]int) {
	l.Biased = true
	for reason, n := range lost {
		l.Refused[reason] += n
	}
}

// Lines are what was counted, with the rates, in the order of their groups.
func (s *Sheet) Lines() []Line {
	lines := []Line{}
	for _, l := range s.lines {
		done := *l
		done.Counts, done.Unprompted, done.Phone = l.Counts.reckoned(), l.Unprompted.reckoned(), l.Phone.reckoned()
		asked := l.Prompted + l.NotPrompted
		done.Participation, done.ParticipationOf = RateOf(l.Rated, asked), "prompts"
		if l.NotPrompted > 0 {
			done.ParticipationOf = "transactions"
		}
		lines = append(lines, done)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Branch, b.Branch), cmp.Compare(a.Counter, b.Counter),
			cmp.Compare(a.Teller, b.Teller), cmp.Compare(a.Business, b.Business))
	})
	return lines
}
