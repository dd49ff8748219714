package serialpad

import (
	"fmt"
	"time"

	"evalpad/device"
	"evalpad/device/contact"
	"evalpad/device/serialpad/profiles"
)

// polled is what is known of the keys of a pad that is asked.
type polled struct {
	poll    profiles.Poll
	station *profiles.Station

	heard   time.Duration // when the pad answered last
	known   bool          // it has answered since it was lost
	board   *contact.Board
	numbers []byte // the keys on the board
	count   uint16
}

// missed is why presses between two answers have no score: a register holds the last key alone.
const missed = "missed-press"

func newPolled(poll profiles.Poll, s *profiles.Station) *polled {
	p := &polled{poll: poll, station: s, heard: -1}
	if !poll.Bits() {
		return p
	}
	var names []string
	var scores []int
	for key := range byte(poll.Keys) {
		if score, mapped := s.Score(key); mapped {
			p.numbers = append(p.numbers, key)
			names, scores = append(names, fmt.Sprintf("input %d", key)), append(scores, score)
		}
	}
	p.board = contact.NewBoard(names, scores, 0)
	return p
}

// silent notes that the pad has not answered, and reports whether it has been silent for too long.
func (p *polled) silent(at time.Duration) bool {
	if p.heard < 0 {
		p.heard = at
	}
	return at-p.heard >= silentFor
}

// lose forgets how the keys stood: nobody has seen what was pressed meanwhile.
func (p *polled) lose() (said []device.Signal) {
	p.known = false
	for key := range p.numbers {
		said = append(said, p.board.Lose(key)...)
	}
	return said
}

// read makes signals of an answer.
func (p *polled) read(data []byte, at time.Duration) []device.Signal {
	p.heard = at
	if p.poll.Bits() {
		return p.bits(p.poll.Held(data), at)
	}
	return p.register(data, at)
}

// bits reads every key twice: the module has seen to the bounce, and a round of the line may be longer
// than the finger stays, so that one answer which shows a key held is enough.
func (p *polled) bits(held uint16, at time.Duration) (said []device.Signal) {
	for i, key := range p.numbers {
		r := contact.Reading{At: at, Active: held>>key&1 == 1}
		said = append(said, p.board.Read(i, r)...)
		said = append(said, p.board.Read(i, r)...)
	}
	return said
}

// register compares the count with the last one. The first answer only says where it stands.
func (p *polled) register(data []byte, at time.Duration) (said []device.Signal) {
	key, count, ok := p.poll.Counted(data)
	if !ok {
		return []device.Signal{{Kind: device.Refused, At: at, Reason: device.ReasonUnmappedKey, Detail: fmt.Sprintf("% X", data)}}
	}
	pressed := count - p.count // wraps round with it
	if !p.known {
		pressed = 0
	}
	p.count, p.known = count, true
	if pressed == 0 {
		return nil
	}
	for range min(pressed-1, 16) {
		said = append(said, device.Signal{Kind: device.Refused, At: at, Reason: missed})
	}
	score, mapped := p.station.Score(key)
	if !mapped {
		return append(said, device.Signal{Kind: device.Refused, At: at, Reason: device.ReasonUnmappedKey, Detail: fmt.Sprintf("key %02X", key)})
	}
	return append(said, device.Signal{Kind: device.Press, At: at, Score: score, UI: "keys", Detail: fmt.Sprintf("key %02X", key)})
}
