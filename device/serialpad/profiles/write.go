package profiles

// append appends a frame as it goes over the line, with its length and its check. Bare leaves out the
// first byte where that may be missing.
func (l *layout) append(line []byte, f Frame, bare bool) []byte {
	var at [maxParts + 1]int
	raw := make([]byte, 0, maxFrame)
	for i, p := range l.parts {
		at[i] = len(raw)
		if !(bare && i == 0 && p.kind == optional) {
			raw = l.appendPart(raw, p, f, &at)
		}
		at[i+1] = len(raw)
	}
	if len(l.escapes) > 0 {
		return l.hide(line, raw)
	}
	return append(line, raw...)
}

func (l *layout) appendPart(raw []byte, p part, f Frame, at *[maxParts + 1]int) []byte {
	switch p.kind {
	case fixed, optional:
		return append(raw, p.byte)
	case length:
		return l.appendValue(raw, p, l.lengthFor(p, f))
	case address:
		return l.appendValue(raw, p, uint16(f.Address))
	case function:
		return l.appendValue(raw, p, uint16(f.Function))
	case number:
		return l.appendValue(raw, p, uint16(f.Number))
	case any1:
		return l.appendValue(raw, p, uint16(f.any))
	case check:
		v := l.sum.of(raw[at[l.checked.from]:at[l.checked.to+1]])
		if l.sum.wide && l.sum.low {
			v = v<<8 | v>>8
		}
		return l.appendValue(raw, p, v)
	}
	return append(raw, f.Data()...)
}

func (l *layout) lengthFor(p part, f Frame) uint16 {
	n := uint16(l.widths(l.counted) + int(f.n) + l.plus)
	if p.word == wordLengthHigh {
		return n >> 8
	}
	return n & 0xFF
}

const hexDigits = "0123456789ABCDEF"

// appendValue appends a field of one or two bytes, high byte first, or their hexadecimal text.
func (l *layout) appendValue(raw []byte, p part, v uint16) []byte {
	if p.text {
		for i := p.width - 1; i >= 0; i-- {
			raw = append(raw, hexDigits[v>>(4*i)&0xF])
		}
		return raw
	}
	if p.width == 2 {
		raw = append(raw, byte(v>>8))
	}
	return append(raw, byte(v))
}
