package probing

import (
	"math/bits"

	"evalpad/device"
	"evalpad/device/serialpad/profiles"
)

// polled makes presses of what pads that are asked answer, each address for itself.
type polled struct {
	poll profiles.Poll
	last map[int]state
}

// state is what a pad answered last.
type state struct {
	held  uint16
	count uint16
}

func newPolled(poll profiles.Poll) *polled { return &polled{poll, map[int]state{}} }

// read compares an answer with the last one of its address; the first only says where it stands. An
// answer without a press is of kind Other.
func (p *polled) read(said Heard, f profiles.Frame) []Heard {
	if !p.poll.Replies(f, int(f.Address)) {
		said.Reason = device.ReasonForeign
		return []Heard{said}
	}
	said.Address, said.Kind = int(f.Address), device.Other
	before, known := p.last[said.Address]
	now, keys := p.keys(before, f.Data())
	p.last[said.Address] = now
	if !known || len(keys) == 0 {
		return []Heard{said}
	}
	var all []Heard
	for _, key := range keys {
		said.Kind, said.Key = device.Press, key
		all = append(all, said)
	}
	return all
}

// keys are those that have gone down since.
func (p *polled) keys(before state, data []byte) (now state, keys []byte) {
	if p.poll.Bits() {
		now.held = p.poll.Held(data)
		for down := now.held &^ before.held; down != 0; down &= down - 1 {
			keys = append(keys, byte(bits.TrailingZeros16(down)))
		}
		return now, keys
	}
	key, count, ok := p.poll.Counted(data)
	if !ok {
		return before, nil
	}
	now.count = count
	if count != before.count {
		keys = append(keys, key)
	}
	return now, keys
}
