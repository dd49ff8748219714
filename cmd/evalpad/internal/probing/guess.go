package probing

import (
	"slices"
	"time"

	"evalpad/device"
	"evalpad/device/serialpad/profiles"
)

// Rates are the rates of lines in bits a second, the likeliest first.
var Rates = []int{9600, 19200, 115200, 4800, 38400, 57600, 2400, 1200}

// Chunk is what one read of the line gave.
type Chunk struct {
	At    time.Duration
	Bytes []byte
}

// Burst is what came until the line fell silent.
type Burst []Chunk

func (b Burst) size() (n int) {
	for _, c := range b {
		n += len(c.Bytes)
	}
	return n
}

// Finding is a press as a profile understands it.
type Finding struct {
	Ear   *Ear
	Press Heard
}

// Profile is the name of the profile.
func (f Finding) Profile() string { return f.Ear.protocol.Name() }

// Sure reports whether a right check proves it; else only that nothing speaks against it.
func (f Finding) Sure() bool { return f.Ear.protocol.Checked() }

// Likely reports whether an unchecked press looks like one at the right rate. Heard at a lower rate than
// was sent, the last bits of a byte are those of a line at rest, which are ones; and a byte of zeros is a
// line that was pulled.
func (f Finding) Likely() bool {
	return f.Sure() || f.Press.Len > 1 || f.Press.Key > 0 && f.Press.Key < 0x80
}

// Crowd listens to a line with the ears of many profiles at once.
type Crowd struct{ ears []*Ear }

// NewCrowd makes a crowd for a line that is set in some way: of the profiles whose parity, bits and stop
// bits are those. Pads that are asked say nothing to it.
func NewCrowd(all []*profiles.Protocol, way profiles.Line) *Crowd {
	c := &Crowd{}
	for _, p := range all {
		usual := p.Line()
		usual.Baud = way.Baud
		if p.Poll() == nil && usual == way {
			c.ears = append(c.ears, NewEar(p, way.Baud))
		}
	}
	return c
}

// settling is long enough for a decoder to give up what is half heard, at any rate.
const settling = time.Second

// Hear gives every profile in which a burst is a customer's press. A right check decides: where there is
// one, profiles without are not told; of several frames the last counts, since those before it may be a
// key that was sent again. Without a check the burst must be one frame and nothing else.
func (c *Crowd) Hear(b Burst) []Finding {
	var sure, weak []Finding
	for _, e := range c.ears {
		heard := e.all(b)
		at := len(heard) - 1
		for at >= 0 && heard[at].Kind != device.Press {
			at--
		}
		switch {
		case at < 0:
		case e.protocol.Checked():
			sure = append(sure, Finding{e, heard[at]})
		case len(heard) == 1 && heard[0].Len == b.size():
			weak = append(weak, Finding{e, heard[at]})
		}
	}
	if len(sure) > 0 {
		return sure
	}
	return weak
}

// Others gives what is no press, as each profile that understands a part of it says: for the view.
func (c *Crowd) Others(b Burst) (all []Finding) {
	for _, e := range c.ears {
		for _, h := range e.all(b) {
			if e.protocol.Checked() && h.Reason != device.ReasonNoise {
				all = append(all, Finding{e, h})
			}
		}
	}
	return all
}

func (e *Ear) all(b Burst) (heard []Heard) {
	var last time.Duration
	for _, chunk := range b {
		heard = append(heard, e.Feed(chunk.Bytes, chunk.At)...)
		last = chunk.At
	}
	return append(heard, e.Quiet(last+settling)...)
}

// Both keeps what is found in both of two bursts of the same key, as of the second.
func Both(first, second []Finding) (left []Finding) {
	return kept(first, second, func(a, b Heard) bool { return a.Key == b.Key && a.Address == b.Address })
}

// Still keeps what goes on to be found, as of the second burst, whatever the key.
func Still(first, second []Finding) (left []Finding) {
	return kept(first, second, func(a, b Heard) bool { return a.Address == b.Address })
}

func kept(first, second []Finding, same func(a, b Heard) bool) (left []Finding) {
	for _, f := range second {
		if slices.ContainsFunc(first, func(g Finding) bool { return g.Profile() == f.Profile() && same(g.Press, f.Press) }) {
			left = append(left, f)
		}
	}
	return left
}

// Special reports whether a profile of the findings says more than that any byte is a key: it would
// have refused most bytes.
func Special(all []Finding) bool {
	return slices.ContainsFunc(all, func(f Finding) bool { return f.Sure() || !takesAny(f) })
}

// takesAny reports whether the profile takes a byte that no pad sends as a key.
func takesAny(f Finding) bool {
	e := NewEar(f.Ear.protocol, f.Ear.protocol.Line().Baud)
	heard := e.all(Burst{{Bytes: []byte{0xEE}}})
	return len(heard) == 1 && heard[0].Kind == device.Press
}
