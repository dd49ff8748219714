package profiles

import "bytes"

// verdict is what the first byte of a buffer turns out to begin.
type verdict int

const (
	noise      verdict = iota // nothing
	unfinished                // what may yet become a frame
	wrongSum                  // a frame in all but its check
	whole                     // a frame
)

// judge looks at what b, which is not empty, begins with, and says how many bytes are done with: all
// of a whole frame, else one. A byte that may be missing goes with the start that it announces: no
// other frame can begin between the two, and a wrong check would be found twice.
func (l *layout) judge(b []byte) (verdict, int, Frame) {
	if len(l.escapes) > 0 {
		return l.judgeEscaped(b)
	}
	r := reading{layout: l, b: b}
	v := r.all()
	switch {
	case v == whole:
		return whole, r.pos, r.frame
	case r.led && r.pos > 1 || r.led && v == unfinished:
		return v, 2, Frame{}
	}
	return v, 1, Frame{}
}

// judgeEscaped undoes the escapes first. A byte that is never escaped but by itself ends the frame,
// so that a start in the middle of one is the start of another.
func (l *layout) judgeEscaped(b []byte) (verdict, int, Frame) {
	start, end := l.parts[0].byte, l.parts[len(l.parts)-1].byte
	if b[0] != start {
		return noise, 1, Frame{}
	}
	at := bytes.IndexByte(b[1:], end) + 1
	if at == 0 {
		if len(b) >= maxFrame {
			return noise, 1, Frame{}
		}
		return unfinished, 1, Frame{}
	}
	var plain [maxFrame]byte
	inside, ok := l.unescape(plain[:0], b[1:at])
	if !ok {
		return noise, 1, Frame{}
	}
	copy(plain[1:], inside)
	n := len(inside) + 2
	plain[0], plain[n-1] = start, end
	r := reading{layout: l, b: plain[:n], size: n - l.widths(span{0, len(l.parts) - 1}), told: true}
	switch v := r.all(); {
	case v == whole && r.pos == n:
		return whole, at + 1, r.frame
	case v == wrongSum:
		return wrongSum, 1, Frame{}
	}
	return noise, 1, Frame{}
}

// unescape appends what b stands for. What cannot be, or is longer than a frame, is not ok.
func (l *layout) unescape(plain, b []byte) (_ []byte, ok bool) {
	for i := 0; i < len(b); i++ {
		x := b[i]
		if x == l.escapes[0].first {
			i++
			if x, ok = l.unhide(b, i); !ok {
				return nil, false
			}
		}
		if len(plain) > maxFrame-3 {
			return nil, false
		}
		plain = append(plain, x)
	}
	return plain, true
}

func (l *layout) unhide(b []byte, i int) (plain byte, ok bool) {
	if i >= len(b) {
		return 0, false
	}
	for _, e := range l.escapes {
		if e.second == b[i] {
			return e.plain, true
		}
	}
	return 0, false
}

// hide appends b as it goes over the line, escaped but for its first and last byte.
func (l *layout) hide(line, b []byte) []byte {
	line = append(line, b[0])
next:
	for _, x := range b[1 : len(b)-1] {
		for _, e := range l.escapes {
			if e.plain == x {
				line = append(line, e.first, e.second)
				continue next
			}
		}
		line = append(line, x)
	}
	return append(line, b[len(b)-1])
}
