package evaluation

import (
	"slices"
	"time"

	"evalpad/sync/wire"
)

// services are the classes of a queue: never age, never disability.
var services = []string{"", "ordinary", "priority"}

// mostTickets is how many tickets a counter remembers as done: a day of a busy one.
const mostTickets = 64

// ticketHolds is how long a ticket that is over stays so. A program says things twice within minutes,
// and a queue's numbers begin anew each morning.
const ticketHolds = 4 * time.Hour

// Ended is a ticket that is over at a counter, and how. It says nothing of whether its customer has
// rated: whoever asks for a ticket again must not learn that from the answer.
type Ended struct {
	Ticket string     `json:"ticket"`
	How    string     `json:"how"`
	At     wire.Stamp `json:"at"`
}

// How a ticket came to its end.
const (
	endedAsked   = "asked"   // to the end of the window, the last key or the next prompt
	endedCut     = "cut"     // taken back, or the pad or the power went: it may be asked again
	endedUnasked = "unasked" // nobody asked
)

// ended remembers how a ticket ended, in place of how it ended before.
func (s State) ended(ticket, how string, at wire.Stamp) State {
	if ticket == "" {
		return s
	}
	s.Ended = slices.DeleteFunc(slices.Clone(s.Ended), func(e Ended) bool { return e.Ticket == ticket })
	s.Ended = append(s.Ended, Ended{ticket, how, at})
	s.Ended = s.Ended[max(0, len(s.Ended)-mostTickets):]
	return s
}

// howEnded is "" for a ticket that is not over, or not any more, at a moment.
func (s State) howEnded(ticket string, at wire.Stamp) string {
	for _, e := range s.Ended {
		if e.Ticket == ticket && holds(e.At, at) {
			return e.How
		}
	}
	return ""
}

// holds reports whether what was known of a ticket since then is so still. It compares uptimes within
// one boot, and walls over the end of one where both are known.
func holds(since, at wire.Stamp) bool {
	if since.Boot == at.Boot {
		return at.UptimeMS-since.UptimeMS < ticketHolds.Milliseconds()
	}
	if since.Wall == nil || at.Wall == nil {
		return false
	}
	passed := at.Wall.Sub(since.Wall.Time)
	return passed >= 0 && passed < ticketHolds
}

// isDone reports whether a ticket is not to be asked again.
func (s State) isDone(ticket string, at wire.Stamp) bool {
	how := s.howEnded(ticket, at)
	return how == endedAsked || how == endedUnasked
}

// howCut tells by its flags how an evaluation ended for its ticket.
func howCut(flags []string) string {
	for _, cut := range []string{wire.FlagCancelled, wire.FlagPadLost, wire.FlagRestart} {
		if slices.Contains(flags, cut) {
			return endedCut
		}
	}
	return endedAsked
}

// Rated is a ticket that has had its evaluation. It never leaves the box.
type Rated struct {
	Ticket string     `json:"ticket"`
	At     wire.Stamp `json:"at"` // of the last one
}

// rated remembers a ticket as rated.
func (s State) rated(ticket string, at wire.Stamp) State {
	if ticket == "" {
		return s
	}
	s.Rated = slices.DeleteFunc(slices.Clone(s.Rated), func(r Rated) bool { return r.Ticket == ticket })
	s.Rated = append(s.Rated, Rated{ticket, at})
	s.Rated = s.Rated[max(0, len(s.Rated)-mostTickets):]
	return s
}

// wasRated reports whether a ticket that is asked had its evaluation before: today's A12 and not
// yesterday's.
func (s State) wasRated(ticket string, at wire.Stamp) bool {
	return ticket != "" && slices.ContainsFunc(s.Rated, func(r Rated) bool { return r.Ticket == ticket && holds(r.At, at) })
}

// unasked records a transaction whose customer was not asked, once however often it is told.
func (s State) unasked(e Unasked) (State, []Effect) {
	s = s.current(e.At)
	open := s.Open != nil && e.Ticket != "" && s.Open.Ticket == e.Ticket
	switch how := s.howEnded(e.Ticket, e.At); {
	case len(e.Ticket) > maxText || len(e.By) > maxText:
		return s.refused(ReasonTooLong)
	case how == endedUnasked && !open:
		return s, []Effect{Again{e.Signal}}
	case how != "" || open:
		return s.refused(ReasonTicketDone)
	}
	s = s.seen(e.At).rated(e.Ticket, e.At).ended(e.Ticket, endedUnasked, e.At)
	return s, []Effect{Finish{wire.Evaluation{
		Evaluation: e.ID, Teller: s.Teller, Ticket: e.Ticket, Outcome: wire.NotPrompted, PromptBy: e.By, UI: s.Rules.UI,
		Scores: map[wire.Dimension]wire.Score{}, Reasons: []string{}, Flags: []string{}, Pressed: e.At,
	}}, Keep{}, Again{e.Signal}}
}
