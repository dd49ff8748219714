package contact

import (
	"slices"
	"strings"
	"time"

	"evalpad/device"
)

// Board is all the keys of a pad together: only there shows whether two of them came at once. One
// goroutine uses it.
type Board struct {
	names    []string
	scores   []int
	debounce time.Duration
	contacts []contact
}

// NewBoard makes a board of keys that nobody has read yet. A key is its index in names, which are
// for a technician, and in scores, which are as long. Debounce is how long a contact must stand still
// to be a press, at least zero: with zero the second reading that finds it closed is enough.
func NewBoard(names []string, scores []int, debounce time.Duration) *Board {
	return &Board{names: names, scores: scores, debounce: debounce, contacts: make([]contact, len(names))}
}

// Read takes one reading of one key and returns what it decides: presses, refusals, keys stuck and
// free, all without an ID. A press is decided more than 50 ms after it began, so a key must be
// read again after it has moved; what comes later waits for later Readings.
func (b *Board) Read(key int, r Reading) []device.Signal {
	said := b.say(key, r, b.contacts[key].read(r, b.debounce))
	return append(said, b.decide(r.At)...)
}

// Lose forgets a key whose line is gone, but not that it is stuck. A press that was certain already
// is not lost with it.
func (b *Board) Lose(key int) (said []device.Signal) {
	phase := unread
	switch b.contacts[key].phase {
	case closed:
		said = append(said, b.press(key))
	case stuck, unfreed:
		phase = unfreed
	}
	b.contacts[key] = contact{phase: phase}
	return said
}

func (b *Board) say(key int, r Reading, o outcome) []device.Signal {
	name := b.names[key]
	refused := func(reason string) []device.Signal {
		return []device.Signal{{Kind: device.Refused, At: r.At, Reason: reason, Detail: name}}
	}
	held := func(how string) []device.Signal {
		return []device.Signal{{Kind: device.Stuck, At: r.At, Reason: name + " held " + how, Detail: device.ReasonStuckKey}}
	}
	switch o {
	case noise:
		return refused(device.ReasonNoise)
	case bounced:
		return refused(device.ReasonBounce)
	case stuckStart:
		return held("at start")
	case stuckHeld:
		return held("for 10 s")
	case stuckHeldOn:
		return held("for 60 s")
	case freed:
		return []device.Signal{{Kind: device.Free, At: r.At, Reason: name, Detail: device.ReasonStuckKey}}
	}
	return nil
}

// decide makes a press of every certain touch that had the pad to itself. Which one that is shows
// only once nothing that came with it is still bouncing.
func (b *Board) decide(at time.Duration) (said []device.Signal) {
	for key := range b.contacts {
		c := &b.contacts[key]
		if c.phase != closed || at-c.start <= together {
			continue
		}
		switch with := b.with(key); {
		case slices.ContainsFunc(with, func(k int) bool { return b.contacts[k].phase == closing }):
		case len(with) == 0:
			said = append(said, b.press(key))
		default:
			said = append(said, b.refuse(key, with))
		}
	}
	return said
}

// with lists the other keys whose touch began within 50 ms of this one's.
func (b *Board) with(key int) (others []int) {
	for k, c := range b.contacts {
		touched := c.phase == closing || c.phase == closed || c.phase == spent
		if k != key && touched && (c.start-b.contacts[key].start).Abs() <= together {
			others = append(others, k)
		}
	}
	return others
}

func (b *Board) press(key int) device.Signal {
	c := &b.contacts[key]
	c.phase = spent
	return device.Signal{
		Kind: device.Press, At: c.start, Score: b.scores[key], UI: "keys", Detail: b.names[key],
	}
}

func (b *Board) refuse(key int, with []int) device.Signal {
	names := []string{b.names[key]}
	for _, k := range with {
		names = append(names, b.names[k])
		if b.contacts[k].phase == closed {
			b.contacts[k].phase = spent
		}
	}
	b.contacts[key].phase = spent
	return device.Signal{
		Kind: device.Refused, At: b.contacts[key].start, Reason: device.ReasonTwoKeys, Detail: strings.Join(names, " "),
	}
}
