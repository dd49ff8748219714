package rulebook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"evalpad/sync/wire"
)

// findings are what is found outside a template.
type findings struct{ sentences []string }

// says notes one: what is in force, and what the template wants.
func (f *findings) says(what, inForce, want string) {
	f.sentences = append(f.sentences, what+" "+inForce+", the template wants "+want)
}

func (f *findings) counter(s Section, c wire.CounterRules) {
	if s.Ask != nil && !slices.ContainsFunc(s.Ask, sameAsked(c.Ask)) {
		f.says("ask", asked(c.Ask), choices(s.Ask))
	}
	within(f, "first", s.First, ms(c.FirstMS))
	within(f, "window", s.Window, ms(c.WindowMS))
	within(f, "lock_out", s.LockOut, ms(c.LockOutMS))
	f.hammer(s.Hammer, c.Hammer)
	f.reasons(s, c)
	f.closing(s.Closing, c.Closing)
	for _, p := range c.Pads {
		if s.Pads != nil && !slices.Contains(s.Pads, p.Pad) {
			f.says("pad", p.Pad, either(s.Pads))
		}
	}
}

func (f *findings) hammer(want *Hammer, in *wire.HammerRule) {
	if want == nil {
		return
	}
	if in == nil {
		in = &wire.HammerRule{}
	}
	within(f, "hammer.presses", want.Presses, in.Presses)
	within(f, "hammer.within", want.Within, ms(in.WithinMS))
	within(f, "hammer.pause", want.Pause, ms(in.PauseMS))
}

func (f *findings) reasons(s Section, c wire.CounterRules) {
	foreign := slices.DeleteFunc(slices.Clone(c.Reasons), func(r string) bool { return slices.Contains(s.Reasons, r) })
	if s.Reasons != nil && len(foreign) > 0 {
		f.says("reasons", strings.Join(foreign, ", "), cmp.Or(either(s.Reasons), "none"))
	}
}

func (f *findings) closing(want *Range[time.Duration], in string) {
	if want == nil {
		return
	}
	at, err := time.Parse("15:04", in)
	since := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	if err != nil || !want.holds(since) {
		f.says("closing", cmp.Or(in, "never"), clock(want.From)+" to "+clock(want.To))
	}
}

func (f *findings) pad(s Section, p wire.PadRules) {
	if p.Pad == wire.PadSerial && s.Profiles != nil {
		f.profile(s.Profiles, p)
	}
	if s.Keys != nil && p.Pad != wire.PadTouch && !maps.Equal(s.Keys, scoresOf(p.Keys)) {
		f.says("keys of "+p.Pad, keyMap(scoresOf(p.Keys)), keyMap(s.Keys))
	}
	if p.Pad == wire.PadGPIO {
		within(f, "debounce", s.Debounce, ms(p.DebounceMS))
	}
}

func (f *findings) profile(want map[string]string, p wire.PadRules) {
	hash, known := want[p.Profile]
	var has string
	if p.ProfileSHA256 != nil {
		has = p.ProfileSHA256.String()
	}
	switch {
	case !known:
		f.says("profile", p.Profile, either(slices.Sorted(maps.Keys(want))))
	case hash != Any && hash != has:
		f.says("profile "+p.Profile+" with sha256", has, hash)
	}
}

func within[T cmp.Ordered](f *findings, what string, want *Range[T], in T) {
	switch {
	case want.holds(in):
	case want.From == want.To:
		f.says(what, fmt.Sprint(in), fmt.Sprint(want.From))
	default:
		f.says(what, fmt.Sprint(in), fmt.Sprintf("%v to %v", want.From, want.To))
	}
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func clock(at time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(at.Hours()), int(at.Minutes())%60)
}

func asked(list []wire.Dimension) string {
	words := make([]string, len(list))
	for i, d := range list {
		words[i] = string(d)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

func choices(lists [][]wire.Dimension) string {
	words := make([]string, len(lists))
	for i, list := range lists {
		words[i] = asked(list)
	}
	return either(words)
}

func either(words []string) string { return strings.Join(words, " or ") }

// keyMap writes a key map the best score first, as {03: 5, 02: 4}.
func keyMap(keys map[string]int) string {
	names := slices.SortedFunc(maps.Keys(keys), func(a, b string) int {
		return cmp.Or(cmp.Compare(keys[b], keys[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s: %d", name, keys[name])
	}
	return "{" + strings.Join(names, ", ") + "}"
}
