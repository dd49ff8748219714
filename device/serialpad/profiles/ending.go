package profiles

import (
	"slices"
	"strings"
)

// lengthOf reads what LEN counts.
func (c *checker) lengthOf(way string, l *layout, s Length) {
	l.counted = span{0, -1}
	l.sized = slices.ContainsFunc(l.parts, func(p part) bool { return p.kind == length })
	switch {
	case !l.sized && s != (Length{}):
		c.fault(way+"/length", "the layout has no LEN: remove length, or write LEN where it stands")
		return
	case !l.sized:
		return
	case s.Plus < -16 || s.Plus > 16:
		c.fault(way+"/length/plus", "plus %d: write -16 to 16", s.Plus)
		return
	}
	var err error
	if l.counted, err = l.span(s.Counts); err != nil {
		c.fault(way+"/length/counts", "%v", err)
		return
	}
	l.plus = s.Plus
	if !l.counted.has(l.data) {
		c.fault(way+"/length/counts", "%s does not hold DATA, whose size it must tell", s.Counts)
	}
	c.lengthFirst(way, l)
}

// lengthFirst wants the length before what it counts the size of, and in one or two bytes.
func (c *checker) lengthFirst(way string, l *layout) {
	var words []string
	for i, p := range l.parts {
		if p.kind == length {
			words = append(words, p.word)
			if i > l.data {
				c.fault(way+"/layout", "%s stands behind DATA, whose size it tells", p.word)
			}
		}
	}
	ok := map[string]bool{"LEN": true, "LEN LEN": true, "LENH LENL": true, "LENL LENH": true}
	if all := strings.Join(words, " "); !ok[all] {
		c.fault(way+"/layout", "length %s: write LEN, LEN LEN, LENH LENL or LENL LENH", all)
	}
}

// sumOf reads what the check is and covers.
func (c *checker) sumOf(way string, l *layout, s Shape) {
	l.checked = span{0, -1}
	at := slices.IndexFunc(l.parts, func(p part) bool { return p.kind == check })
	if at < 0 {
		if s.Check != "" || s.Crc != "" {
			c.fault(way+"/check", "the layout has no check: remove this, or write SUM8, LRC8, XOR8, CRC16LH or CRC16HL where it stands")
		}
		return
	}
	var err error
	if l.checked, err = l.span(s.Check); err != nil {
		c.fault(way+"/check", "%v", err)
	} else if l.checked.has(at) {
		c.fault(way+"/check", "%s holds the check itself", s.Check)
	}
	word := l.parts[at].word
	if l.sum.of = sums[word]; l.sum.of != nil {
		return
	}
	l.sum = sum{wide: true, low: word == wordCRCLow, of: crcs[s.Crc]}
	if l.sum.of == nil {
		c.fault(way+"/crc", "crc %.20q: write %s", s.Crc, or(crcs))
	}
}

// escapes reads how bytes are hidden between the first and the last byte of a frame.
func (c *checker) escapes(way string, l *layout, escapes []Escape) {
	if len(escapes) == 0 {
		return
	}
	hidden := map[byte]bool{}
	for _, e := range escapes {
		plain, err := manyBytes(e.Byte)
		as, err2 := manyBytes(e.As)
		if err != nil || err2 != nil || len(plain) != 1 || len(as) != 2 {
			c.fault(way, "escape %.20q as %.20q: write {byte: 7E, as: 7D 02}", e.Byte, e.As)
			return
		}
		l.escapes = append(l.escapes, escape{plain[0], as[0], as[1]})
		hidden[plain[0]] = true
	}
	first, last := l.parts[0], l.parts[len(l.parts)-1]
	switch {
	case len(l.parts) < 3 || first.kind != fixed || last.kind != fixed:
		c.fault(way, "an escaped frame begins and ends with a byte that never differs: write them into the layout")
	case !hidden[first.byte] || !hidden[last.byte] || !hidden[l.escapes[0].first]:
		c.fault(way, "the first and the last byte of the frame, and the escape byte itself, must be escaped too")
	case slices.ContainsFunc(l.escapes, func(e escape) bool { return e.first != l.escapes[0].first || hidden[e.second] }):
		c.fault(way, "every escape begins with the same byte, and its second one is not itself escaped")
	}
}

// ending finds what ends DATA: its fixed size, the length, the escape, or the byte behind it.
func (c *checker) ending(way string, l *layout) {
	if l.data < 0 || l.least == l.most || l.sized || len(l.escapes) > 0 {
		return
	}
	if l.data+1 < len(l.parts) {
		if next := l.parts[l.data+1]; next.kind == fixed || next.kind == optional {
			l.until = int(next.byte)
			c.orByte(way, l)
			return
		}
	}
	c.fault(way+"/layout", "nothing tells where DATA ends: write LEN, a byte that never differs behind DATA, or data: {least: 1, most: 1}")
}

// orByte refuses an ending that may be missing, unless what follows it is sure to be there: see size.
func (c *checker) orByte(way string, l *layout) {
	if l.parts[l.data+1].kind == optional && (l.data+2 >= len(l.parts) || l.parts[l.data+2].kind != fixed) {
		c.fault(way+"/layout", "%s may be missing, and would be all that ends DATA", l.parts[l.data+1].word)
	}
}

// fits wants a frame that the decoder can hold, escaped at its worst.
func (c *checker) fits(way string, l *layout) {
	if l.least < 0 || l.most < l.least || l.most > MaxData {
		c.fault(way+"/data", "%d to %d bytes of data: write bounds from 0 to %d", l.least, l.most, MaxData)
		return
	}
	size := l.widths(span{0, len(l.parts) - 1}) + l.most
	if len(l.escapes) > 0 {
		size *= 2
	}
	if size > maxFrame {
		c.fault(way+"/data", "a frame of up to %d bytes on the line: %d are the most", size, maxFrame)
	}
	if sure := size - l.most + l.least; sure == 0 || sure == 1 && l.parts[0].kind == optional {
		c.fault(way+"/layout", "a frame may have no byte at all: write one that is always there")
	}
}

// widths is how many bytes the parts of a span have on the line, without DATA.
func (l *layout) widths(s span) (n int) {
	for i := s.from; i <= s.to; i++ {
		n += l.parts[i].width
	}
	return n
}
