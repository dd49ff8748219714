package profiles

// reading goes through a buffer by a layout.
type reading struct {
	*layout
	b     []byte
	pos   int
	led   bool // the optional first byte was there
	frame Frame

	size   int  // of DATA, once told
	told   bool // that size is known
	length int  // what LEN says, of which seen bytes are known
	seen   int
	at     [maxParts]uint8 // where each part begins
	check  uint16          // as it stands in the frame
}

// all reads every part. The byte that decides is the last one that counts as read.
func (r *reading) all() verdict {
	for i, p := range r.parts {
		r.at[i] = uint8(r.pos)
		if v := r.part(i, p); v != whole {
			return v
		}
	}
	if r.checked.to >= r.checked.from && r.check != r.sum.of(r.b[r.at[r.checked.from]:r.endOf(r.checked.to)]) {
		return wrongSum
	}
	return whole
}

func (r *reading) endOf(i int) int {
	if i+1 < len(r.parts) {
		return int(r.at[i+1])
	}
	return r.pos
}

func (r *reading) part(i int, p part) verdict {
	switch p.kind {
	case fixed, optional:
		return r.literal(i, p)
	case data:
		return r.data()
	}
	if len(r.b) < r.pos+p.width {
		return unfinished
	}
	v, ok := r.value(p)
	if !ok {
		return noise
	}
	r.pos += p.width
	switch p.kind {
	case length:
		return r.count(p, v)
	case address:
		r.frame.Address = byte(v)
	case function:
		r.frame.Function = byte(v)
	case number:
		r.frame.Number = byte(v)
	case any1:
		r.frame.any = byte(v)
	case check:
		r.check = v
	}
	return whole
}

func (r *reading) literal(i int, p part) verdict {
	switch {
	case r.pos >= len(r.b):
		return unfinished
	case r.b[r.pos] == p.byte:
		r.pos++
		r.led = r.led || p.kind == optional && i == 0
	case p.kind != optional:
		return noise
	}
	return whole
}

// value reads a field of one or two bytes, or of their hexadecimal text.
func (r *reading) value(p part) (v uint16, ok bool) {
	b := r.b[r.pos : r.pos+p.width]
	if p.text {
		for _, c := range b {
			d, ok := hexDigit(c)
			if !ok {
				return 0, false
			}
			v = v<<4 | uint16(d)
		}
	} else {
		for _, c := range b {
			v = v<<8 | uint16(c)
		}
	}
	if p.kind == check && r.sum.wide && r.sum.low {
		v = v<<8 | v>>8
	}
	return v, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// count takes a length, and refuses one that no frame of this layout has before all of it is there.
func (r *reading) count(p part, v uint16) verdict {
	switch {
	case p.word == wordLengthHigh:
		r.length |= int(v) << 8
	case p.word == wordLengthLow:
		r.length |= int(v)
	case r.seen > 0 && r.length != int(v):
		return noise
	default:
		r.length = int(v)
	}
	r.seen++
	if p.word != wordLength && r.seen < 2 {
		return whole
	}
	r.size, r.told = r.length-r.plus-r.widths(r.counted), true
	if r.size < r.least || r.size > r.most {
		return noise
	}
	return whole
}

func (r *reading) data() verdict {
	rest := r.b[r.pos:]
	switch {
	case r.least == r.most:
		r.size = r.least
	case r.until >= 0:
		return r.dataUntil(rest)
	case !r.told || r.size < r.least || r.size > r.most:
		return noise
	}
	if len(rest) < r.size {
		return unfinished
	}
	return r.take(rest[:r.size])
}

// dataUntil looks for the byte that ends DATA; where that one may be missing, the next does.
func (r *reading) dataUntil(rest []byte) verdict {
	next := r.parts[r.layout.data+1]
	for i, c := range rest {
		if c == next.byte || next.kind == optional && c == r.parts[r.layout.data+2].byte {
			if i < r.least {
				return noise
			}
			return r.take(rest[:i])
		}
		if i >= r.most {
			return noise
		}
	}
	return unfinished
}

func (r *reading) take(data []byte) verdict {
	r.frame.setData(data)
	r.pos += len(data)
	return whole
}
