package evaluation

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"evalpad/device"
	"evalpad/sync/wire"
)

// State is all that one counter remembers. As JSON it is on disk after every signal that was taken.
type State struct {
	Rules  Rules       `json:"-"`
	Teller string      `json:"teller,omitempty"`
	Open   *Unfinished `json:"open,omitempty"` // nil: nobody is asked
	Last   *Accepted   `json:"last,omitempty"`

	Past     *Past       `json:"past,omitempty"`      // what was finished last, while presses may still belong to it
	Idle     []int64     `json:"idle,omitempty"`      // uptimes of the presses at the idle pad, in ms: see Hammer
	Pace     *Pace       `json:"pace,omitempty"`      // of the last evaluations
	TellerAt *wire.Stamp `json:"teller_at,omitempty"` // when the teller was last at work
	Rated    []Rated     `json:"rated,omitempty"`     // tickets that were rated last, so that one that is asked again is known
	Ended    []Ended     `json:"ended,omitempty"`     // tickets that were over last, rated or not
}

// Unfinished is the evaluation that is open. Begun is the moment of its prompt or, without one, of
// its first press; Echo is of the prompt.
type Unfinished struct {
	ID       string     `json:"id"`
	Teller   string     `json:"teller,omitempty"`
	Ticket   string     `json:"ticket,omitempty"`
	Prompted bool       `json:"prompted"`
	PromptBy string     `json:"prompt_by,omitempty"`
	Service  string     `json:"service,omitempty"`
	Echo     string     `json:"echo,omitempty"`
	Again    bool       `json:"again,omitempty"` // the ticket has been rated before
	More     int        `json:"more,omitempty"`  // how often the customer wanted more time
	Begun    wire.Stamp `json:"begun"`
	Answers  []Answer   `json:"answers,omitempty"` // in the order in which they came
}

// Answer is one press.
type Answer struct {
	Dimension wire.Dimension `json:"dimension"`
	Score     wire.Score     `json:"score"`
	UI        string         `json:"ui"`
	At        wire.Stamp     `json:"at"`
}

// ErrState is returned for a state on disk that cannot be read.
var ErrState = errors.New("the state on disk cannot be read")

// ReadState reads what a counter kept; nothing kept is a fresh State. It returns ErrState.
func ReadState(kept []byte, r Rules) (State, error) {
	s := State{Rules: r}
	if len(kept) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(kept, &s); err != nil {
		return State{}, fmt.Errorf("%w: %w", ErrState, err)
	}
	return s, nil
}

// Showing is what the pads are to show in this State. The thank-you, which passes, is not part of it.
func (s State) Showing() device.Show {
	if s.Open == nil && s.Past != nil && s.Past.Why {
		return s.why()
	}
	if s.Open == nil {
		return device.Show{Kind: device.Idle, Dimension: string(s.asked())}
	}
	d := s.asked()
	return device.Show{
		Kind: device.Ask, Dimension: string(d), Window: s.window(),
		Step: slices.Index(s.Rules.Ask, d) + 1, Steps: len(s.Rules.Ask),
	}
}

// window is how long the question that is asked waits.
func (s State) window() time.Duration {
	if s.Open != nil && len(s.Open.Answers) == 0 {
		return cmp.Or(s.Rules.First, s.Rules.Window)
	}
	return s.Rules.Window
}

// show answers a signal, "" for none, with what this State shows.
func (s State) show(signal string) Show {
	show := s.Showing()
	show.For = signal
	return Show{show}
}

// asked is the first question without a score; "" when all have one.
func (s State) asked() wire.Dimension {
	for _, d := range s.Rules.Ask {
		if !s.Open.answered(d) {
			return d
		}
	}
	return ""
}

// answered works on nil as well: when nobody is asked nothing is answered.
func (u *Unfinished) answered(d wire.Dimension) bool {
	return u != nil && slices.ContainsFunc(u.Answers, func(a Answer) bool { return a.Dimension == d })
}

// with is the evaluation with one answer more; u stays as it is.
func (u Unfinished) with(a Answer) *Unfinished {
	u.Answers = append(slices.Clone(u.Answers), a)
	return &u
}
