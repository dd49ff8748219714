package app_test

import (
	"maps"
	"slices"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

// watched is what an auditor with a notebook knows of the cases: what each promised when it was first
// seen, and how far people have brought it.
type watched map[string]*caseSeen

type caseSeen struct {
	promise  casebook.Promise
	state    casebook.State
	breaches map[casebook.Deadline]wire.Instant
}

// look compares every case with the notebook: nothing promised has moved, nothing but a person has
// moved a case, no breach has gone.
func (w *watched) look(s *simulation) {
	if *w == nil {
		*w = watched{}
	}
	if s.hq.life == nil {
		return
	}
	present := map[string]bool{}
	for _, c := range s.hq.cases() {
		present[c.ID] = true
		seen := (*w)[c.ID]
		if seen == nil {
			seen = &caseSeen{c.Promise(), casebook.StateOpen, map[casebook.Deadline]wire.Instant{}}
			(*w)[c.ID] = seen
		}
		seen.compare(s, c)
	}
	for id := range *w {
		if !present[id] {
			s.t.Errorf("I4: case %s was there and has gone", id)
		}
	}
}

func (seen *caseSeen) compare(s *simulation, c casebook.Case) {
	if c.Promise() != seen.promise {
		s.t.Errorf("I4: case %s promised %+v and now %+v", c.ID, seen.promise, c.Promise())
	}
	if c.State != seen.state {
		s.t.Errorf("I4: case %s is %s, but people have brought it to %s", c.ID, c.State, seen.state)
	}
	now := breachesOf(c)
	for d, at := range seen.breaches {
		if now[d] != at {
			s.t.Errorf("I4: the breach of %s of case %s was dated %v and now %v", d, c.ID, at, now[d])
		}
	}
	seen.breaches = now
}

// breachesOf lists the breaches of a case's own deadlines.
func breachesOf(c casebook.Case) map[casebook.Deadline]wire.Instant {
	list := map[casebook.Deadline]wire.Instant{}
	for d, at := range map[casebook.Deadline]*wire.Instant{
		casebook.DeadlineInvestigate: c.InvestigateBreachedAt, casebook.DeadlinePlan: c.PlanBreachedAt,
		casebook.DeadlineDeskInvestigate: c.DeskInvestigateBreachedAt, casebook.DeadlineDeskPlan: c.DeskPlanBreachedAt,
	} {
		if at != nil {
			list[d] = *at
		}
	}
	return list
}

// restored tears out of the notebook what an older copy of the ledger cannot know.
func (w *watched) restored(s *simulation) {
	*w = watched{}
	for _, c := range s.hq.cases() {
		(*w)[c.ID] = &caseSeen{c.Promise(), c.State, breachesOf(c)}
	}
}

// work has a person do the next step on one of the cases, and reports whether there was one to do.
func (w *watched) work(s *simulation, choice int) bool {
	if s.hq.life == nil {
		return false
	}
	w.look(s)
	ids := slices.Sorted(maps.Keys(*w))
	if len(ids) == 0 {
		return false
	}
	id := ids[choice%len(ids)]
	c, err := s.hq.life.app.Ledger().Change(s.t.Context(), id, func(c *casebook.Case) error {
		now := time.Now()
		switch c.State {
		case casebook.StateOpen:
			return c.Start("Wang", casebook.StepTellerAsked, "", now)
		case casebook.StateInvestigating:
			return c.FilePlan("Wang", casebook.Plan{Cause: "long wait", Text: "a second counter", Owner: "Li", Due: wire.At(now)}, now)
		case casebook.StatePlanned:
			return c.Finish("Li", "done", now)
		case casebook.StateDone:
			return c.Verify("Zhao", "seen", now)
		case casebook.StateVerified:
			return c.Close("Wang", "closed", now)
		}
		return nil
	})
	if err != nil {
		s.t.Errorf("case %s: %v", id, err)
		return false
	}
	(*w)[id].state, (*w)[id].breaches = c.State, breachesOf(c)
	return true
}
