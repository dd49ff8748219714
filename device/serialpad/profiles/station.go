package profiles

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"evalpad/device"
)

// Station is the pads of one counter on a line: its address, its keys, and how it is thanked. Make
// one with Protocol.Station. It has no state, and is safe for use by several goroutines.
type Station struct {
	p       *Protocol
	address byte
	scores  [256]int8
	thanks  int
	asks    string // how the pad tells which question is asked; "" is as all of the make do
}

// Station makes the pads of a counter. The address must be one of Addresses, and 0 where there are
// none; keys replace the profile's map if there are any; ack names a variant of the thank-you, "" for
// the first.
func (p *Protocol) Station(address int, keys map[byte]int, ack string) (*Station, error) {
	s := &Station{p: p, address: byte(address)}
	first, last := p.Addresses()
	if len(keys) == 0 {
		keys = p.keys
	}
	switch {
	case address < first || address > last:
		return nil, fmt.Errorf("address %d: profile %s wants %d to %d", address, p.Name(), first, last)
	case len(keys) == 0:
		return nil, fmt.Errorf("profile %s does not say which key is best: want keys, each with its score", p.Name())
	case ack != "" && !slices.Contains(p.Acks(), ack):
		return nil, fmt.Errorf("acknowledgement %.40q: profile %s knows %s", ack, p.Name(), orNone(p.Acks()))
	}
	for key, score := range keys {
		if score < 1 || score > 5 {
			return nil, errors.New("a score is 1 to 5")
		}
		s.scores[key] = int8(score)
	}
	s.thanks = max(0, slices.Index(p.Acks(), ack))
	return s, nil
}

func orNone(names []string) string { return cmp.Or(strings.Join(names, " and "), "none") }

// Address is the counter's address, 0 where the profile knows none.
func (s *Station) Address() int { return int(s.address) }

// Owns reports whether a frame is of this counter's pads.
func (s *Station) Owns(f Frame) bool {
	_, mine := s.role(f)
	return mine
}

// role is what the sender's address is above the counter's.
func (s *Station) role(f Frame) (plus byte, mine bool) {
	if len(s.p.roles) == 0 {
		return 0, f.Address == s.address || s.p.profile.Address.Last == 0
	}
	for _, plus := range s.p.roles {
		if f.Address == s.address+plus {
			return plus, true
		}
	}
	return 0, false
}

// Meaning is what a frame says: a signal without ID and time, and the acknowledgement that answers it
// once it is safe, "" for none. What is not ours or not understood is a refusal.
func (s *Station) Meaning(f Frame) (signal device.Signal, ack string) {
	role, mine := s.role(f)
	if !mine {
		return s.refuse(f, device.ReasonForeign), ""
	}
	for i := range s.p.rules {
		r := &s.p.rules[i]
		in, fits := r.fits(&f, role)
		if !fits {
			continue
		}
		signal = s.signal(r.means, in)
		signal.Detail = s.p.Text(f)
		if signal.Kind == device.Refused {
			return signal, ""
		}
		if r.ack != "" {
			signal.Echo = signal.Detail
		}
		return signal, s.acknowledge(f, r.ack)
	}
	return s.refuse(f, device.ReasonForeign), ""
}

func (s *Station) refuse(f Frame, reason string) device.Signal {
	return device.Signal{Kind: device.Refused, Reason: reason, Detail: s.p.Text(f)}
}

func (s *Station) acknowledge(f Frame, how string) string {
	switch how {
	case ackSame:
		return string(s.p.out.append(nil, f, false))
	case ackThanks:
		return s.p.acknowledge(f, s.p.thanks[s.thanks])
	}
	return ""
}

// Refusal tells the pad that a frame of its own is understood and not taken; "" where it is not told.
func (s *Station) Refusal(f Frame) string {
	if _, mine := s.role(f); !mine || s.p.refusal == nil {
		return ""
	}
	return s.p.acknowledge(f, *s.p.refusal)
}

// callerKeypad is who prompts when a teller's key does.
const callerKeypad = "caller keypad"

func (s *Station) signal(means string, in found) device.Signal {
	switch kind := device.SignalKind(means); kind {
	case device.Press:
		return s.press(in)
	case device.Prompt:
		return device.Signal{Kind: kind, By: callerKeypad, Ticket: in.number()}
	case device.Cancel:
		return device.Signal{Kind: kind, By: callerKeypad}
	case device.TellerIn:
		return device.Signal{Kind: kind, Teller: in.number()}
	case device.TellerOut, device.Other:
		return device.Signal{Kind: kind}
	case meansHello:
		return device.Signal{Kind: device.Other}
	}
	return device.Signal{Kind: device.Refused, Reason: device.ReasonUnmappedKey}
}

func (s *Station) press(in found) device.Signal {
	score := s.scores[in.key]
	dimension, known := s.p.dimension(in.question)
	if score == 0 || !known {
		return device.Signal{Kind: device.Refused, Reason: device.ReasonUnmappedKey}
	}
	return device.Signal{Kind: device.Press, Score: int(score), Dimension: dimension, UI: "keys"}
}

// dimension is the question that a code means; "" where the message has none.
func (p *Protocol) dimension(code byte) (string, bool) {
	if code == 0 {
		return "", true
	}
	for _, dimension := range slices.Sorted(maps.Keys(p.questions)) {
		if p.questions[dimension] == code {
			return dimension, true
		}
	}
	return "", false
}

// Key is the key of a frame that is a press, whatever its map says of it.
func (s *Station) Key(f Frame) (key byte, ok bool) {
	role, mine := s.role(f)
	for i := range s.p.rules {
		if in, fits := s.p.rules[i].fits(&f, role); fits && mine {
			return in.key, s.p.rules[i].means == meansPress
		}
	}
	return 0, false
}

// IsHello reports whether a frame says that its pad has been without power, and so has forgotten what
// it sent.
func (s *Station) IsHello(f Frame) bool {
	role, mine := s.role(f)
	for i := range s.p.rules {
		if _, fits := s.p.rules[i].fits(&f, role); fits && mine {
			return s.p.rules[i].means == meansHello
		}
	}
	return false
}

// Speak gives the frames for something to be shown. The thank-you names no question and no score.
func (s *Station) Speak(show device.ShowKind, q Question) (frames []string) {
	shows := s.p.profile.Shows
	names := map[device.ShowKind][]string{
		device.Ask: shows.Ask, device.Thanks: shows.Thanks, device.Idle: shows.Idle, device.Fault: shows.Fault, Open: shows.Open,
	}
	return s.say(names[show], q)
}

// Say gives the frame of one of Says.
func (s *Station) Say(name string, q Question) string { return s.p.speak(name, s.address, q) }

// Open is a show of this package alone: the port has been opened.
const Open device.ShowKind = "open"

func (s *Station) say(names []string, q Question) (frames []string) {
	for _, name := range names {
		frames = append(frames, s.p.speak(name, s.address, q))
	}
	return frames
}
