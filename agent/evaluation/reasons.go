package evaluation

import (
	"slices"
	"strings"
	"time"

	"evalpad/device"
	"evalpad/sync/wire"
)

// whyWindow is how long reasons are waited for; the step is optional, and the same after every rating.
const whyWindow = 20 * time.Second

// mostReasons is how many reasons a customer can give.
const mostReasons = 3

// thanks answers a press that is safe. It is the same for every score: the counter never shows the
// teller a bad one.
func (s State) thanks(signal string) []Effect {
	if s.Past != nil && s.Past.Why {
		return []Effect{Arm{whyWindow}, s.show(signal)}
	}
	return []Effect{Arm{s.Rules.Thanks}, Show{device.Show{For: signal, Kind: device.Thanks, Code: s.code()}}}
}

func (s State) code() string {
	if s.Past == nil {
		return ""
	}
	return wire.Code(s.Past.ID)
}

// why is what the pads show while reasons are asked for.
func (s State) why() device.Show {
	return device.Show{Kind: device.Why, Codes: strings.Join(s.Rules.Reasons, " "), Code: s.code(), Window: whyWindow}
}

// reasoned takes why the customer has rated so. Reasons belong to the rating as a record of their own:
// the rating itself has long been sealed, and its alert sent.
func (s State) reasoned(e Reasoned) (State, []Effect) {
	foreign := func(code string) bool { return !slices.Contains(s.Rules.Reasons, code) }
	if s.Past == nil || !s.Past.Why || len(e.Codes) > mostReasons || slices.ContainsFunc(e.Codes, foreign) {
		return s.denied(ReasonNotAsked, e.Signal)
	}
	past := *s.Past
	past.Why = false
	s.Past = &past
	effects := []Effect{Keep{}}
	if len(e.Codes) > 0 {
		told := past.whole(e.ID, e.At)
		told.Reasons = slices.Compact(slices.Sorted(slices.Values(e.Codes)))
		effects = []Effect{Finish{told}, Keep{}}
	}
	return s, append(effects, s.thanks(e.Signal)...)
}
