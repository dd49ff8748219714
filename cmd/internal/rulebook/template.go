// Package rulebook knows a bank's template: by which rules its counters may ask, so that one that was
// bent in a branch's configuration is seen. It is pure; package config reads a template from its file.
package rulebook

import (
	"cmp"
	"slices"
	"time"

	"evalpad/sync/wire"
)

// Template is what a bank wants of its counters. For each rule the counter's business goes before the
// kinds of its pads, and these before what holds for every counter. A rule that none of them names is
// not compared.
type Template struct {
	Every    Section
	Business map[string]Section // by code of the bank's own list
	Pads     map[string]Section // by kind: serial, gpio, usb, touch
}

// Section is what is allowed; nil is not compared.
type Section struct {
	Ask      [][]wire.Dimension // what may be asked, in that order
	First    *Range[time.Duration]
	Window   *Range[time.Duration]
	LockOut  *Range[time.Duration]
	Hammer   *Hammer
	Reasons  []string              // codes that may be offered; empty and not nil: none
	Closing  *Range[time.Duration] // from midnight
	Pads     []string              // kinds that may stand there
	Profiles map[string]string     // of serial pads, with the SHA-256 of the file in hexadecimal, or Any
	Keys     map[string]int        // key → score, of every keypad
	Debounce *Range[time.Duration]
}

// Any is a profile's hash that is not compared.
const Any = "any"

// Hammer is what is allowed of that rule; where it is off, all three are 0.
type Hammer struct {
	Presses       *Range[int]
	Within, Pause *Range[time.Duration]
}

// Range is from a value to another one, both allowed.
type Range[T cmp.Ordered] struct{ From, To T }

func (r *Range[T]) holds(v T) bool { return r == nil || r.From <= v && v <= r.To }

// over is what holds of s where before says nothing better.
func (s Section) over(before Section) Section {
	h := merged(s.Hammer, before.Hammer)
	if s.Hammer != nil && before.Hammer != nil {
		h = &Hammer{merged(s.Hammer.Presses, before.Hammer.Presses), merged(s.Hammer.Within, before.Hammer.Within), merged(s.Hammer.Pause, before.Hammer.Pause)}
	}
	if s.Ask == nil {
		s.Ask = before.Ask
	}
	if s.Reasons == nil {
		s.Reasons = before.Reasons
	}
	if s.Pads == nil {
		s.Pads = before.Pads
	}
	if s.Profiles == nil {
		s.Profiles = before.Profiles
	}
	if s.Keys == nil {
		s.Keys = before.Keys
	}
	return Section{
		Ask: s.Ask, First: merged(s.First, before.First), Window: merged(s.Window, before.Window), LockOut: merged(s.LockOut, before.LockOut),
		Hammer: h, Reasons: s.Reasons, Closing: merged(s.Closing, before.Closing), Pads: s.Pads, Profiles: s.Profiles, Keys: s.Keys,
		Debounce: merged(s.Debounce, before.Debounce),
	}
}

func merged[T any](first, second *T) *T {
	if first != nil {
		return first
	}
	return second
}

// of is what is wanted of a counter with pads of these kinds.
func (t Template) of(business string, kinds ...string) Section {
	s := t.Every
	for _, kind := range kinds {
		s = t.Pads[kind].over(s)
	}
	return t.Business[business].over(s)
}

// Outside says, a sentence each, where a counter's rules lie outside the template: what is in force,
// and what is wanted.
func (t Template) Outside(c wire.CounterRules) []string {
	var kinds []string
	for _, p := range c.Pads {
		kinds = append(kinds, p.Pad)
	}
	found := findings{}
	found.counter(t.of(c.Business, kinds...), c)
	for _, p := range c.Pads {
		found.pad(t.of(c.Business, p.Pad), p)
	}
	return found.sentences
}

func scoresOf(keys map[string]wire.Score) map[string]int {
	scores := map[string]int{}
	for key, score := range keys {
		scores[key] = int(score)
	}
	return scores
}

func sameAsked(in []wire.Dimension) func([]wire.Dimension) bool {
	return func(allowed []wire.Dimension) bool { return slices.Equal(in, allowed) }
}
