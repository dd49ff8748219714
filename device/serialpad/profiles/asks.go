package profiles

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"evalpad/device"
)

// way is how a pad tells which question is asked: by dimension, the names of what is said.
type way map[string][]string

// noQuestion stands beside the dimensions for what ends a question.
const noQuestion = "none"

// dimensions are those that a counter can ask.
var dimensions = []string{"overall", "attitude", "efficiency", "compliance"}

// asked reads the ways. What tells a question is said also while a pad waits for its thanks, and so must
// not look like them.
func (c *checker) asked(p *Protocol) {
	p.asks = map[string]way{}
	for _, name := range slices.Sorted(maps.Keys(p.profile.Asks)) {
		at := "asks/" + name
		if !levelName.MatchString(name) {
			c.fault(at, "%.20q: write a name of a-z, 0-9 and hyphens, as stars", name)
		}
		p.asks[name] = p.profile.Asks[name]
		for _, question := range slices.Sorted(maps.Keys(p.asks[name])) {
			if question != noQuestion && !slices.Contains(dimensions, question) {
				c.fault(at+"/"+question, "%.20q: write %s or %s", question, strings.Join(dimensions, ", "), noQuestion)
			}
			for _, said := range p.asks[name][question] {
				c.tells(fmt.Sprintf("%s/%s", at, question), p, said)
			}
		}
	}
}

func (c *checker) tells(at string, p *Protocol, name string) {
	s, known := p.says[name]
	switch {
	case !known:
		c.fault(at, "%.20q is not said above: write one of %s", name, or(p.says))
	case slices.ContainsFunc(p.thanks, func(t change) bool { return t.fn != nil && *t.fn == s.fn }):
		c.fault(at, "%.20q has the FUNC of a thank-you, for which a pad would take it: it cannot tell a question", name)
	}
}

// Asks names the ways in which some pads of the make can tell which question is asked, sorted.
func (p *Protocol) Asks() []string { return slices.Sorted(maps.Keys(p.asks)) }

// Tells are the dimensions of which a pad can tell that they are asked: in one of Asks or, where that is
// "", by what every pad of the make is told.
func (p *Protocol) Tells(asks string) (told []string) {
	if asks == "" {
		if slices.ContainsFunc(p.profile.Shows.Ask, func(name string) bool { return p.says[name].question }) {
			return slices.Sorted(maps.Keys(p.questions))
		}
		return nil
	}
	for _, d := range dimensions {
		if len(p.asks[asks][d]) > 0 {
			told = append(told, d)
		}
	}
	return told
}

// Telling is the same station, whose pad tells which question is asked in one of Asks; "" is none.
func (s *Station) Telling(asks string) (*Station, error) {
	if _, known := s.p.asks[asks]; !known && asks != "" {
		return nil, fmt.Errorf("asks %.40q: profile %s knows %s", asks, s.p.Name(), orNone(s.p.Asks()))
	}
	telling := *s
	telling.asks = asks
	return &telling, nil
}

// Tell gives the frames that tell which question is asked, and before all other shows those that end it.
// None of them looks like a thank-you.
func (s *Station) Tell(show device.ShowKind, q Question) []string {
	if show != device.Ask {
		return s.say(s.p.asks[s.asks][noQuestion], q)
	}
	names, told := s.p.asks[s.asks][q.Dimension]
	if !told {
		names = s.p.asks[s.asks][noQuestion]
	}
	return s.say(names, q)
}

// Tells reports whether the pad tells that a dimension is asked.
func (s *Station) Tells(dimension string) bool { return slices.Contains(s.p.Tells(s.asks), dimension) }
