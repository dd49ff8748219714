package evaluation

import (
	"maps"
	"slices"
	"time"

	"evalpad/sync/wire"
)

// Past is the evaluation that a press has finished last. For a while whatever is pressed belongs to it:
// a customer who corrects a slip, a child at the idle pad, a hand that hits the same key five times.
type Past struct {
	ID       string                          `json:"id"`
	Teller   string                          `json:"teller,omitempty"`
	Ticket   string                          `json:"ticket,omitempty"`
	Prompted bool                            `json:"prompted"`
	PromptBy string                          `json:"prompt_by,omitempty"`
	Service  string                          `json:"service,omitempty"`
	UI       string                          `json:"ui"`
	At       wire.Stamp                      `json:"at"`                // of the press that finished it
	Low      *wire.Stamp                     `json:"low,omitempty"`     // of the first low press: from it both clocks run, whichever record tells of it
	Given    map[wire.Dimension][]wire.Score `json:"given"`             // what has a record, the first one first
	Presses  []int64                         `json:"presses,omitempty"` // uptimes of the last idle presses, in ms
	Paused   int64                           `json:"paused,omitempty"`  // hammered: presses are joined until this uptime, in ms
	Joined   int                             `json:"joined,omitempty"`  // presses since then without a record of their own
	Why      bool                            `json:"why,omitempty"`     // the customer is being asked for reasons
}

// Hammer is when presses at an idle pad are no longer opinions: so many within a time. They are then
// joined to the last record for as long as the pause.
type Hammer struct {
	Presses int
	Within  time.Duration
	Pause   time.Duration
}

// past makes what is open the past.
func (s State) past(at wire.Stamp, e wire.Evaluation, presses []int64) *Past {
	p := &Past{
		ID: e.Evaluation, Teller: e.Teller, Ticket: e.Ticket, Prompted: e.Prompted, PromptBy: e.PromptBy, Service: e.Service, UI: e.UI,
		At: at, Given: map[wire.Dimension][]wire.Score{}, Presses: presses, Why: len(s.Rules.Reasons) > 0,
	}
	for d, score := range e.Scores {
		p.Given[d] = []wire.Score{score}
	}
	if e.Dissatisfied {
		p.Low = new(e.Pressed)
	}
	return p.paused(s.Rules.Hammer)
}

// joins reports whether a press at an idle pad belongs to the past: within the lock-out, or while the
// pad is being hammered. Uptimes compare within one boot only.
func (s State) joins(at wire.Stamp) bool {
	p := s.Past
	return p != nil && p.At.Boot == at.Boot && (s.lockedOut(at) || at.UptimeMS < p.Paused)
}

func (s State) lockedOut(at wire.Stamp) bool {
	return at.UptimeMS-s.Past.At.UptimeMS < s.Rules.LockOut.Milliseconds()
}

// joined takes a press that belongs to the past. Another key within the lock-out amends it, and so does
// a worse one at any time: both are kept, and a low one alerts. All else is counted. The customer sees
// the same thanks.
func (s State) joined(e Pressed, question wire.Dimension) (State, []Effect) {
	p := s.Past.pressed(e.At, s.Rules.Hammer)
	given := p.Given[question]
	news := !slices.Contains(given, e.Score) && (s.lockedOut(e.At) || len(given) == 0 || e.Score < slices.Min(given))
	if !news {
		p.Joined++
		s.Past, s.Last = p, accepted(e.Heard)
		return s, append([]Effect{Join{}, Keep{}}, s.thanks(e.Signal)...)
	}
	if e.Score.Dissatisfied() && p.Low == nil {
		p.Low = new(e.At)
	}
	amendment := p.amendment(e, question)
	p.Given = maps.Clone(p.Given)
	p.Given[question] = append(slices.Clone(given), e.Score)
	s.Past, s.Last = p, accepted(e.Heard)
	return s, append([]Effect{Finish{amendment}, Keep{}}, s.thanks(e.Signal)...)
}

// pressed is the past with one press more in it.
func (p Past) pressed(at wire.Stamp, h Hammer) *Past {
	p.Presses = recent(append(slices.Clone(p.Presses), at.UptimeMS), h)
	return p.paused(h)
}

// recent are the presses of the last while, no more than tell hammering.
func recent(presses []int64, h Hammer) []int64 {
	if h.Presses == 0 {
		return nil
	}
	last := presses[len(presses)-1]
	presses = slices.DeleteFunc(presses, func(at int64) bool { return last-at >= h.Within.Milliseconds() })
	return presses[max(0, len(presses)-h.Presses):]
}

func (p Past) paused(h Hammer) *Past {
	if h.Presses > 0 && len(p.Presses) >= h.Presses && p.Paused == 0 {
		p.Paused = p.Presses[len(p.Presses)-1] + h.Pause.Milliseconds()
	}
	return &p
}

// amendment is the record of a press that corrects the past. Upwards it says so: what was first pressed
// stands.
func (p Past) amendment(e Pressed, question wire.Dimension) wire.Evaluation {
	a := p.record(e.ID, e.At)
	a.Scores[question] = e.Score
	a.Flags = append(a.Flags, wire.FlagConflict)
	if given := p.Given[question]; len(given) > 0 && e.Score > given[0] {
		a.Flags = append(a.Flags, wire.FlagCorrectedUp)
	}
	return p.sinceLow(a)
}

// sinceLow gives a dissatisfied record the moment of the evaluation's first low press, so that the case
// has the same deadlines whichever of its records comes first.
func (p Past) sinceLow(e wire.Evaluation) wire.Evaluation {
	if e.Dissatisfied = e.IsDissatisfied(); e.Dissatisfied && p.Low != nil {
		e.Pressed = *p.Low
	}
	return e
}

func (p Past) record(id string, at wire.Stamp) wire.Evaluation {
	e := wire.Evaluation{
		Evaluation: id, Amends: p.ID, Teller: p.Teller, Ticket: p.Ticket, Prompted: p.Prompted, PromptBy: p.PromptBy, Service: p.Service,
		Outcome: wire.Rated, Scores: map[wire.Dimension]wire.Score{}, Reasons: []string{}, Flags: []string{},
		UI: p.UI, Pressed: at,
	}
	if !p.Prompted {
		e.Flags = append(e.Flags, wire.FlagUnprompted)
	}
	if p.Paused > 0 {
		e.Flags = append(e.Flags, wire.FlagHammered)
	}
	return e
}

// over ends the past. Where the pad was hammered one record tells how many presses were joined to it.
func (s State) over(at wire.Stamp) (State, []Effect) {
	p := s.Past
	s.Past = nil
	if p == nil || p.Paused == 0 || p.Joined == 0 {
		return s, nil
	}
	e := p.whole(p.ID+"-hammered", at)
	e.Joined = p.Joined
	return s, []Effect{Finish{e}}
}

// whole is a record of the past with the worst that was said in it: which is what counts.
func (p Past) whole(id string, at wire.Stamp) wire.Evaluation {
	e := p.record(id, at)
	for d, given := range p.Given {
		e.Scores[d] = slices.Min(given)
	}
	return p.sinceLow(e)
}
