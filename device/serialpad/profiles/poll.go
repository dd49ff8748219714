package profiles

import (
	"cmp"
	"fmt"
	"math/bits"
	"time"
)

// What a polled pad's keys are read from (Modbus Application Protocol V1.1b3, §6.1 to 6.4).
const (
	Coils            = "coils"             // function 01: bit n is key n, 1 while it is held
	DiscreteInputs   = "discrete-inputs"   // function 02: as coils
	HoldingRegisters = "holding-registers" // function 03: two registers, the last key and how many presses there have been
	InputRegisters   = "input-registers"   // function 04: as holding-registers
)

// Poll is how a pad that never speaks by itself is asked for its keys.
type Poll struct {
	Reads string // one of the four above
	First int    // the first bit or register
	Keys  int    // of bits: how many
	Every time.Duration
}

// Bits reports whether each key is a bit of its own; else a register tells the last key.
func (p Poll) Bits() bool { return p.Reads == Coils || p.Reads == DiscreteInputs }

func (c *checker) modbus(p *Protocol) {
	m := p.profile.Modbus
	poll := Poll{Reads: m.Reads, First: m.First, Keys: m.Keys, Every: cmp.Or(m.Every, 50*time.Millisecond)}
	switch poll.Reads {
	case Coils, DiscreteInputs:
		if m.Keys < 1 || m.Keys > 16 {
			c.fault("modbus/keys", "keys %d: write how many inputs are keys, 1 to 16", m.Keys)
		}
	case HoldingRegisters, InputRegisters:
		if m.Keys != 0 {
			c.fault("modbus/keys", "a register tells which key it was: remove keys")
		}
	default:
		c.fault("modbus/reads", "reads %.20q: write %s, %s, %s or %s", m.Reads, DiscreteInputs, Coils, HoldingRegisters, InputRegisters)
	}
	if m.First < 0 || m.First > 65535-16 {
		c.fault("modbus/first", "first %d: write 0 to %d", m.First, 65535-16)
	}
	if poll.Every < 20*time.Millisecond || poll.Every > time.Second {
		c.fault("modbus/every", "every %v: write 20ms to 1s", poll.Every)
	}
	if a := p.profile.Address; a.First < 1 || a.Last > 247 || a.Last < a.First {
		c.fault("address", "addresses %d to %d: write first and last, 1 to 247", a.First, a.Last)
	}
	if p.profile.Frame.Layout != "" || len(p.profile.Hears) > 0 || len(p.profile.Thanks) > 0 || len(p.profile.Says) > 0 {
		c.fault("modbus", "a pad that is asked sends nothing else: remove frame, hears, thanks and says")
	}
	p.poll = &poll
	p.in = c.layout("frame", replies)
}

// replies is the layout of a reply (Modbus over Serial Line V1.02, §2.5.1): LEN counts the bytes that were asked for.
var replies = Shape{
	Layout: "ADDR FUNC LEN DATA CRC16LH", Length: Length{Counts: "DATA"}, Data: Bounds{1, 4},
	Check: "ADDR..DATA", Crc: "modbus",
}

// Function is the Modbus function of what is read.
func (p Poll) Function() byte {
	return map[string]byte{Coils: 1, DiscreteInputs: 2, HoldingRegisters: 3, InputRegisters: 4}[p.Reads]
}

// Request asks the pad at an address for its keys.
func (p Poll) Request(address int) []byte {
	n := 2 // registers
	if p.Bits() {
		n = p.Keys
	}
	b := []byte{byte(address), p.Function(), byte(p.First >> 8), byte(p.First), 0, byte(n)}
	crc := crcs["modbus"](b)
	return append(b, byte(crc), byte(crc>>8))
}

// Replies reports whether a frame answers a request to that address: it has the bytes that were asked for.
func (p Poll) Replies(f Frame, address int) bool {
	want := 4
	if p.Bits() {
		want = (p.Keys + 7) / 8
	}
	return int(f.Address) == address && f.Function == p.Function() && int(f.n) == want
}

// Held tells which keys the data of a reply show as held, key 0 in the lowest bit.
func (p Poll) Held(data []byte) (keys uint16) {
	for i, b := range data[:min(len(data), 2)] {
		keys |= uint16(b) << (8 * i)
	}
	return keys & (1<<p.Keys - 1)
}

// Counted tells the last key and how many presses there have been; not ok where it is no key.
func (p Poll) Counted(data []byte) (key byte, count uint16, ok bool) {
	if len(data) != 4 || data[0] != 0 {
		return 0, 0, false
	}
	return data[1], uint16(data[2])<<8 | uint16(data[3]), true
}

// Score is the score of a key that a polled pad tells.
func (s *Station) Score(key byte) (score int, ok bool) {
	return int(s.scores[key]), s.scores[key] != 0
}

// vectorPoll reads a reply: the lowest key that is held, or the last one that was counted.
func (c *checker) vectorPoll(way string, s *Station, v Vector, b []byte) {
	means := "nothing"
	kind, size, f := s.p.in.judge(b)
	switch {
	case kind != whole || size != len(b):
		means = "noise"
	case f.Address != s.address || f.Function != s.p.poll.Function():
		means = "foreign"
	case s.p.poll.Bits():
		if held := s.p.poll.Held(f.Data()); held != 0 {
			means = fmt.Sprintf("key %02X", bits.TrailingZeros16(held))
		}
	default:
		if key, count, ok := s.p.poll.Counted(f.Data()); ok {
			means = fmt.Sprintf("key %02X count %d", key, count)
		}
	}
	if means != v.Means {
		c.fault(way+"/means", "% X means %q here, not %.60q", b, means, v.Means)
	}
}
