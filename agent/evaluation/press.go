package evaluation

import (
	"cmp"
	"slices"

	"evalpad/sync/wire"
)

// pressed takes a score for the question that the pad was showing, or else for the one that is
// asked. Without a prompt it opens an evaluation by itself: the prompt is in the teller's hand, the
// press is the customer's. The last score wanted closes the evaluation.
func (s State) pressed(e Pressed) (State, []Effect) {
	if s.isRepeat(e.Heard) {
		return s, append([]Effect{Repeat{}}, s.thanks(e.Signal)...)
	}
	s = s.current(e.At)
	question := cmp.Or(e.Dimension, s.asked())
	if reason := s.refusal(e.Score, question); reason != "" {
		return s.refused(reason)
	}
	if s.Open == nil && s.joins(e.At) {
		return s.joined(e, question)
	}
	s, before := s.opened(e)
	s.Open = s.Open.with(Answer{question, e.Score, s.ui(e.UI), e.At})
	s.Last = accepted(e.Heard)
	if s.asked() != "" {
		return s, append(before, Keep{}, Arm{s.window()}, s.show(e.Signal))
	}
	s, finished := s.closed(e.At)
	return s, append(append(append(before, finished...), Keep{}), s.thanks(e.Signal)...)
}

// refusal says why a press is not taken, "" if it is. A late answer to an earlier question is taken
// as long as that question has no score.
func (s State) refusal(score wire.Score, question wire.Dimension) string {
	switch {
	case !score.Valid():
		return ReasonBadScore
	case !slices.Contains(s.Rules.Ask, question):
		return ReasonNotAsked
	case s.Open.answered(question):
		return ReasonAnswered
	}
	return ""
}

// opened sees to it that an evaluation is open for the press: the one that is, or one of its own.
func (s State) opened(e Pressed) (State, []Effect) {
	if s.Open != nil {
		return s, nil
	}
	var presses []int64
	if s.Past != nil && s.Past.At.Boot == e.At.Boot {
		presses = slices.Clone(s.Past.Presses)
	}
	s, before := s.over(e.At)
	s.Idle = recent(append(presses, e.At.UptimeMS), s.Rules.Hammer)
	s.Open = &Unfinished{ID: e.ID, Teller: s.Teller, Begun: e.At}
	return s, before
}

// ui is how the pad asked; a pad that does not say, or says what no record may, asks as its counter does.
func (s State) ui(told string) string {
	if slices.Contains(uis, told) {
		return told
	}
	return s.Rules.UI
}
