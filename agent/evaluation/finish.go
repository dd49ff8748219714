package evaluation

import (
	"slices"
	"time"

	"evalpad/sync/wire"
)

// closed ends the open evaluation, if there is one, as what it was; flags tell why it ended.
func (s State) closed(end wire.Stamp, flags ...string) (State, []Effect) {
	if s.Open == nil {
		return s, nil
	}
	e := s.Open.evaluation(end, flags)
	e.Outcome = s.outcome()
	if e.UI == "" {
		e.UI = s.Rules.UI
	}
	if last := len(s.Open.Answers); last > 0 {
		at := s.Open.Answers[last-1].At
		var paced []string
		s, paced = s.paced(e, at)
		e.Flags = append(e.Flags, paced...)
		s = s.seen(at).rated(e.Ticket, at)
		if e.Outcome == wire.Rated {
			s.Past = s.past(at, e, s.Idle)
		}
	}
	s = s.ended(e.Ticket, howCut(flags), end)
	if s.Open.Again {
		e.Flags = append(e.Flags, wire.FlagTicketAgain)
	}
	s.Open = nil
	return s, []Effect{Finish{e}}
}

// outcome is what the open evaluation is so far. Silence is never satisfied; half an answer counts.
func (s State) outcome() wire.Outcome {
	switch {
	case len(s.Open.Answers) == 0:
		return wire.NotRated
	case s.asked() != "":
		return wire.Partial
	}
	return wire.Rated
}

// elapsed is the end of a question's window or, when nobody is asked, of the thank-you. More than
// two seconds were listened through since the last press, so that a frame heard from now on is a
// press of its own.
func (s State) elapsed(e Elapsed) (State, []Effect) {
	if s.Open == nil {
		return s.rested(e)
	}
	s, finished := s.closed(e.At)
	s.Last = nil
	return s, append(finished, Keep{}, Disarm{}, s.show(""))
}

// rested is the end of the thank-you, and then of the pause of a pad that was hammered.
func (s State) rested(e Elapsed) (State, []Effect) {
	if p := s.Past; p != nil && p.Why {
		past := *p
		past.Why = false
		s.Past = &past
		return s, append([]Effect{Keep{}}, s.thanks("")...)
	}
	if p := s.Past; p != nil && p.Paused > 0 {
		if left := p.Paused - e.At.UptimeMS; left > 0 && p.At.Boot == e.At.Boot {
			return s, []Effect{Arm{time.Duration(left) * time.Millisecond}, s.show("")}
		}
		s, finished := s.over(e.At)
		return s, append(finished, Keep{}, s.show(""))
	}
	return s, []Effect{s.show("")}
}

// padLost ends what is open: nobody can answer it any more.
func (s State) padLost(e PadLost) (State, []Effect) {
	if s.Open == nil {
		return s, nil
	}
	s, finished := s.closed(e.At, wire.FlagPadLost)
	return s, append(finished, Keep{}, Disarm{}, s.show(""))
}

// restarted ends what was open when the agent or the power went. Without a press its stamp is that
// of the prompt, the last that is known of it: the start may be days later and in another boot.
func (s State) restarted(e Restarted) (State, []Effect) {
	s.Last = s.Last.back(e.At)
	nothing := s.Open == nil && s.Teller == "" && s.Past == nil && s.Idle == nil
	s.Teller, s.TellerAt, s.Idle = "", nil, nil
	s, before := s.over(e.At)
	switch {
	case nothing:
		return s, []Effect{s.show("")}
	case s.Open == nil:
		return s, append(before, Keep{}, s.show(""))
	}
	s, finished := s.closed(s.Open.Begun, wire.FlagRestart)
	return s, append(append(before, finished...), Keep{}, Disarm{}, s.show(""))
}

// evaluation writes down what was said; end is its stamp if nothing was.
func (u Unfinished) evaluation(end wire.Stamp, flags []string) wire.Evaluation {
	e := wire.Evaluation{
		Evaluation: u.ID, Teller: u.Teller, Ticket: u.Ticket,
		Prompted: u.Prompted, PromptBy: u.PromptBy, Service: u.Service,
		Scores: map[wire.Dimension]wire.Score{}, Reasons: []string{}, Flags: []string{},
		Pressed: end,
	}
	for _, a := range u.Answers {
		e.Scores[a.Dimension], e.UI = a.Score, a.UI
	}
	if len(u.Answers) > 0 {
		e.Pressed, e.LatencyMS = u.stamp(), u.latency()
	}
	if !u.Prompted {
		e.Flags = append(e.Flags, wire.FlagUnprompted)
	}
	e.Flags = append(e.Flags, flags...)
	e.Dissatisfied = e.IsDissatisfied()
	return e
}

// stamp is of the first low press, from which both clocks run, or else of the last press.
func (u Unfinished) stamp() wire.Stamp {
	low := slices.IndexFunc(u.Answers, func(a Answer) bool { return a.Score.Dissatisfied() })
	if low >= 0 {
		return u.Answers[low].At
	}
	return u.Answers[len(u.Answers)-1].At
}

// latency is from the prompt to the first press, in milliseconds; 0 without a prompt. Two pads'
// signals may overtake each other, so that a press can be older than its prompt.
func (u Unfinished) latency() int64 {
	if !u.Prompted {
		return 0
	}
	return max(0, u.Answers[0].At.UptimeMS-u.Begun.UptimeMS)
}
