package casebook

import (
	"maps"
	"slices"
	"strings"
	"time"

	"evalpad/sync/wire"
)

// Amend takes in another record of the same evaluation: the worst score of each dimension counts,
// reasons and flags add up. It reports whether that changed anything; the evaluation record behind
// an alert changes nothing. No state and no deadline moves, whatever it says.
func (c *Case) Amend(e wire.Evaluation, now time.Time) bool {
	worse := c.worsen(e.Scores)
	reasons, flags, whose := add(&c.Reasons, e.Reasons), add(&c.Flags, e.Flags), c.complete(e)
	if !worse && !reasons && !flags && !whose {
		return false
	}
	words := "scores " + wordsOf(c.Scores)
	if len(c.Flags) > 0 {
		words += "; flags " + strings.Join(c.Flags, ", ")
	}
	c.note(Entry{At: wire.At(now), What: Amended, Words: words})
	return true
}

// complete fills in what a case from a phone could not know: the box's own record brings it.
func (c *Case) complete(e wire.Evaluation) (changed bool) {
	for _, part := range []struct {
		to   *string
		from string
	}{{&c.Business, e.Business}, {&c.Teller, e.Teller}} {
		if *part.to == "" && part.from != "" {
			*part.to, changed = part.from, true
		}
	}
	return changed
}

func (c *Case) worsen(scores map[wire.Dimension]wire.Score) (changed bool) {
	c.Scores = maps.Clone(c.Scores)
	for d, s := range scores {
		if had, ok := c.Scores[d]; !ok || s < had {
			c.Scores[d], changed = s, true
		}
	}
	return changed
}

func add(list *[]string, more []string) (changed bool) {
	for _, s := range more {
		if !slices.Contains(*list, s) {
			*list, changed = append(slices.Clip(*list), s), true
		}
	}
	return changed
}

// Confirm takes the mark of an unconfirmed key away, on a person's word.
func (c *Case) Confirm(by string, now time.Time) {
	c.Flags = slices.DeleteFunc(slices.Clone(c.Flags), func(f string) bool { return f == FlagKeyUnconfirmed })
	c.note(Entry{At: wire.At(now), By: by, What: Confirmed})
}
