package profiles

import (
	"fmt"
	"time"

	"evalpad/device"
)

// Heard is one thing made of the bytes of a line: a whole frame, or a run of bytes that are none.
type Heard struct {
	Reason string        // "" for a frame; else device.ReasonNoise or device.ReasonBadSum
	At     time.Duration // when its last byte arrived
	Frame  Frame         // the frame, if it is one
	Len    int           // how many bytes of the line it covers; each is in one Heard

	scrap [scrapSize]byte // the first bytes
}

// scrapSize is how much of a run is kept for a technician.
const scrapSize = 40

// String writes the bytes in hexadecimal; of a long run only the first.
func (h Heard) String() string {
	if h.Len > len(h.scrap) {
		return fmt.Sprintf("% X … (%d bytes)", h.scrap[:], h.Len)
	}
	return fmt.Sprintf("% X", h.scrap[:h.Len])
}

// maxRun is the longest run of noise told as one: a line at the wrong speed is told of once a second.
const maxRun = 1024

// Decoder makes frames of a line's bytes, which come in pieces of any size, with noise between them.
// Make one with Protocol.Decoder.
//
// Where bytes are no frame it drops one of them and looks again at the next, never the whole frame
// that a header claimed: noise that looks like a header must not swallow the press behind it.
// What it makes of the bytes does not depend on how they were cut. It holds less than two frames.
//
// A run of noise is told once it ends: at a frame, at the next wrong sum, in a silence, or after
// maxRun bytes. A wrong sum, and what of the frame follows it, is one run of its own.
type Decoder struct {
	layout *layout
	gap    time.Duration // a silence that no frame survives
	last   time.Duration // when the last byte arrived
	buf    [2 * maxFrame]byte
	n      int
	run    Heard // refused and not yet told; Len 0 if none
}

// Decoder makes a decoder for a line of the given speed in bits a second: five characters of silence,
// and never less than 50 ms, end a frame.
func (p *Protocol) Decoder(baud int) *Decoder {
	const bitsPerCharacter = 10 // 8N1
	five := 5 * bitsPerCharacter * time.Second / time.Duration(max(baud, 1))
	return &Decoder{layout: p.in, gap: max(50*time.Millisecond, five)}
}

// Feed takes bytes that arrived at the given time and appends what they complete to heard. It does
// not allocate beyond that.
func (d *Decoder) Feed(heard []Heard, chunk []byte, at time.Duration) []Heard {
	d.last = at
	for len(chunk) > 0 {
		took := copy(d.buf[d.n:], chunk)
		d.n += took
		chunk = chunk[took:]
		heard = d.scan(heard, false)
	}
	return heard
}

// Quiet is told that nothing was on the line at the given time. If it has been silent for long
// enough, what is held can no longer become a frame: the false header goes, and a frame behind it
// comes to light.
//
// That the line was silent must come from the line itself (a read that waited and found nothing).
// The time between two chunks proves nothing: they may have waited together for a busy processor.
func (d *Decoder) Quiet(heard []Heard, at time.Duration) []Heard {
	if d.n == 0 && d.run.Len == 0 || at-d.last < d.gap {
		return heard
	}
	return d.tell(d.scan(heard, true))
}

// scan goes through the buffer as far as it can be judged; to its end if the line is silent.
func (d *Decoder) scan(heard []Heard, silent bool) []Heard {
	pos := 0
	for pos < d.n {
		verdict, size, frame := d.layout.judge(d.buf[pos:d.n])
		if verdict == unfinished && !silent {
			break
		}
		bytes := d.buf[pos : pos+min(size, d.n-pos)]
		switch verdict {
		case whole:
			h := Heard{At: d.last, Frame: frame, Len: len(bytes)}
			copy(h.scrap[:], bytes)
			heard = append(d.tell(heard), h)
		case wrongSum:
			heard = d.refuse(d.tell(heard), device.ReasonBadSum, bytes)
		default:
			heard = d.refuse(heard, device.ReasonNoise, bytes)
		}
		pos += len(bytes)
	}
	d.n = copy(d.buf[:], d.buf[pos:d.n])
	return heard
}

// refuse adds bytes to the run of those that are no frame. The first of a run give it its reason.
func (d *Decoder) refuse(heard []Heard, reason string, bytes []byte) []Heard {
	if d.run.Len == 0 {
		d.run.Reason = reason
	}
	if d.run.Len < len(d.run.scrap) {
		copy(d.run.scrap[d.run.Len:], bytes)
	}
	d.run.Len += len(bytes)
	d.run.At = d.last
	if d.run.Len >= maxRun {
		return d.tell(heard)
	}
	return heard
}

// tell ends the run.
func (d *Decoder) tell(heard []Heard) []Heard {
	if d.run.Len == 0 {
		return heard
	}
	heard = append(heard, d.run)
	d.run = Heard{}
	return heard
}
