package evaluation

import (
	"slices"

	"evalpad/sync/wire"
)

// prompted opens an evaluation. One that is open ends as what it was, unless this is its own prompt
// once more; then only the window starts anew, because the teller reminds a customer who is still
// there. One that a restart has ended is opened again under another id, for the same reason: the
// customer has not been asked in vain.
func (s State) prompted(e Prompted) (State, []Effect) {
	switch {
	case len(e.By) > maxText || len(e.Ticket) > maxText:
		return s.refused(ReasonTooLong)
	case !slices.Contains(services, e.Service):
		return s.refused(ReasonBadService)
	case e.Once && s.Open != nil && e.Ticket != "" && e.Ticket == s.Open.Ticket:
		return s, []Effect{Again{e.Signal}}
	case e.Once && s.isDone(e.Ticket, e.At):
		return s.refused(ReasonTicketDone)
	case s.Open.isOf(e):
		return s, []Effect{Arm{s.window()}, s.show(e.Signal)}
	}
	s, finished := s.current(e.At).closed(e.At, wire.FlagReprompted)
	s, before := s.over(e.At)
	finished = append(before, finished...)
	s.Idle = nil
	s = s.seen(e.At)
	s.Open = &Unfinished{
		ID: e.ID, Teller: s.Teller, Ticket: e.Ticket, Again: s.wasRated(e.Ticket, e.At),
		Prompted: true, PromptBy: e.By, Service: e.Service, Echo: e.Echo, Begun: e.At,
	}
	s.Last = nil
	return s, append(finished, Keep{}, Arm{s.window()}, s.show(e.Signal))
}

// mostMore is how often a customer can have more time for an evaluation: as often as WCAG 2.2 (2.2.1,
// Timing Adjustable) wants at least.
const mostMore = 10

// more starts the window of the question anew.
func (s State) more(e More) (State, []Effect) {
	switch {
	case s.Open == nil:
		return s, []Effect{Again{e.Signal}}
	case s.Open.More >= mostMore:
		return s.denied(ReasonTooMuch, e.Signal)
	}
	open := *s.Open
	open.More++
	s.Open = &open
	return s, []Effect{Keep{}, Arm{s.window()}, s.show(e.Signal)}
}

// isOf reports whether e is the very prompt that opened u and nothing was pressed since: the same
// frame, or the same ticket from wherever.
func (u *Unfinished) isOf(e Prompted) bool {
	if u == nil || !u.Prompted || len(u.Answers) > 0 || e.Ticket != u.Ticket {
		return false
	}
	return e.Ticket != "" || e.Echo != "" && e.Echo == u.Echo
}

// cancelled ends what is open as what it was, under a flag: taking the prompt back must not be a
// quiet way around a coming bad score.
func (s State) cancelled(e Cancelled) (State, []Effect) {
	if s.Open == nil {
		return s.forgotten(e.Heard)
	}
	s, finished := s.closed(e.At, wire.FlagCancelled)
	s.Last = nil
	return s, append(finished, Keep{}, Disarm{}, s.show(e.Signal))
}

// named changes who is logged in. What is open stays with the teller under whom it began.
func (s State) named(teller string, h Heard) (State, []Effect) {
	switch {
	case len(teller) > maxText:
		return s.refused(ReasonTooLong)
	case teller == s.Teller:
		return s.seen(h.At).forgotten(h)
	}
	s.Teller, s.Last, s.TellerAt = teller, nil, nil
	return s.seen(h.At), []Effect{Keep{}, Again{h.Signal}}
}

// forgotten answers a signal that changes nothing, except that whatever came before it is no longer
// the last one.
func (s State) forgotten(h Heard) (State, []Effect) {
	if s.Last == nil {
		return s, []Effect{Again{h.Signal}}
	}
	s.Last = nil
	return s, []Effect{Keep{}, Again{h.Signal}}
}

// refused leaves everything as it is and puts right a pad that shows something else.
func (s State) refused(reason string) (State, []Effect) {
	return s, []Effect{Refuse{reason}, Again{}}
}

// denied is refused where whoever signalled waits for an answer. A press is never denied: to a pad that
// repeats itself every answer is its thanks.
func (s State) denied(reason, signal string) (State, []Effect) {
	return s, []Effect{Refuse{reason}, Deny{signal}}
}
