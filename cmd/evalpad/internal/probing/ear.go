// Package probing finds out what pad is at the end of a line: which profile makes sense of its bytes,
// at what rate and address, and which of its keys is which. It also keeps what was heard as a fixture
// that can be played again.
//
// Bytes and the time of their arrival come in, and findings come out; nothing here knows a port, a
// person or a clock.
package probing

import (
	"fmt"
	"time"

	"evalpad/device"
	"evalpad/device/serialpad/profiles"
)

// Heard is one thing that a pad said, as one profile understands it.
type Heard struct {
	At      time.Duration
	Kind    device.SignalKind // Press for any customer's key, mapped or not
	Key     byte              // of a press
	Address int               // of the counter, 0 where the profile knows none
	Frame   profiles.Frame    // zero where it is none, and for pads that are asked
	Reason  string            // of a refusal
	Bytes   string            // hexadecimal
	Len     int               // how many bytes of the line it covers
}

// String says it for a technician, as "press 03 at address 1".
func (h Heard) String() string {
	words := string(h.Kind)
	switch {
	case h.Kind == device.Press:
		words += fmt.Sprintf(" %02X", h.Key)
	case h.Reason != "":
		words = h.Reason
	}
	if h.Address > 0 {
		words += fmt.Sprintf(" at address %d", h.Address)
	}
	return words
}

// Ear listens to a line as one profile would at one rate, for a counter of any address. Make one with
// NewEar.
type Ear struct {
	protocol *profiles.Protocol
	stations []*profiles.Station
	decoder  *profiles.Decoder
	keys     *polled // of a pad that is asked
	heard    []profiles.Heard
}

// NewEar makes an ear for a line of so many bits a second.
func NewEar(p *profiles.Protocol, baud int) *Ear {
	e := &Ear{protocol: p, decoder: p.Decoder(baud)}
	if poll := p.Poll(); poll != nil {
		e.keys = newPolled(*poll)
		return e
	}
	first, last := p.Addresses()
	for address := first; address <= last; address++ {
		if s, err := p.Station(address, anyKey(), ""); err == nil {
			e.stations = append(e.stations, s)
		}
	}
	return e
}

// anyKey makes every key count, so that a key that nobody has mapped yet is heard.
func anyKey() map[byte]int {
	all := map[byte]int{}
	for key := range 256 {
		all[byte(key)] = 3
	}
	return all
}

// Protocol is what the ear understands.
func (e *Ear) Protocol() *profiles.Protocol { return e.protocol }

// Feed takes bytes that arrived at the given time.
func (e *Ear) Feed(chunk []byte, at time.Duration) []Heard {
	e.heard = e.decoder.Feed(e.heard[:0], chunk, at)
	return e.understand()
}

// Quiet is told that nothing was on the line at the given time.
func (e *Ear) Quiet(at time.Duration) []Heard {
	e.heard = e.decoder.Quiet(e.heard[:0], at)
	return e.understand()
}

func (e *Ear) understand() (all []Heard) {
	for _, h := range e.heard {
		said := Heard{At: h.At, Kind: device.Refused, Reason: h.Reason, Bytes: h.String(), Len: h.Len}
		switch {
		case h.Reason != "":
			all = append(all, said)
		case e.keys != nil:
			all = append(all, e.keys.read(said, h.Frame)...)
		default:
			all = append(all, e.meaning(said, h.Frame))
		}
	}
	return all
}

// meaning finds whose frame it is and what it says.
func (e *Ear) meaning(said Heard, f profiles.Frame) Heard {
	said.Frame = f
	for _, s := range e.stations {
		if !s.Owns(f) {
			continue
		}
		said.Address = s.Address()
		if key, ok := s.Key(f); ok {
			said.Kind, said.Key = device.Press, key
			return said
		}
		signal, _ := s.Meaning(f)
		said.Kind, said.Reason = signal.Kind, signal.Reason
		return said
	}
	said.Reason = device.ReasonForeign
	return said
}

// Thanks gives the acknowledgement of a press in one of the profile's variants; "" where it has none.
func (e *Ear) Thanks(h Heard, variant string) string {
	s, err := e.protocol.Station(h.Address, anyKey(), variant)
	if err != nil || len(e.protocol.Acks()) == 0 {
		return ""
	}
	_, ack := s.Meaning(h.Frame)
	return ack
}

// Please gives the frames with which the host makes a pad ask; none where it cannot.
func Please(p *profiles.Protocol, address int, window time.Duration) []string {
	first, _ := p.Addresses()
	s, err := p.Station(max(address, first), anyKey(), "")
	if err != nil || p.Poll() != nil {
		return nil
	}
	return s.Speak(device.Ask, profiles.Question{Dimension: "overall", Window: window})
}
