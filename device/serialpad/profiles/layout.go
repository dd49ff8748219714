package profiles

import (
	"fmt"
	"slices"
	"strings"
)

// kind is what a part of a frame is.
type kind int

const (
	fixed    kind = iota // a byte that never differs
	optional             // a byte that may be missing
	length               // LEN, LENH or LENL
	address
	function
	number
	any1
	data
	check
)

// part is one piece of a frame. All but DATA have a size that never differs.
type part struct {
	kind  kind
	word  string // as the layout has it, without the x
	byte  byte   // of a fixed or optional one
	text  bool   // as hexadecimal text
	width int    // bytes on the line
}

// span is a run of parts, both ends included; from above to is none.
type span struct{ from, to int }

func (s span) has(i int) bool { return s.from <= i && i <= s.to }

// layout is how a frame is made up.
type layout struct {
	parts       []part
	counted     span // what LEN counts
	plus        int
	checked     span // what the check covers
	sum         sum
	least, most int // bytes of DATA
	until       int // the byte behind DATA that ends it, or -1 where a length or an escape says
	data        int // index of DATA; -1 where there is none
	sized       bool
	escapes     []escape
}

// escape is a byte that goes over the line as two.
type escape struct{ plain, first, second byte }

// simple are the fields of one byte.
var simple = map[string]kind{
	wordLength: length, wordLengthHigh: length, wordLengthLow: length,
	wordAddress: address, wordFunction: function, wordNumber: number, wordAny: any1,
}

// parts reads a layout's words.
func (c *checker) parts(way, s string) (parts []part) {
	words, err := split(s)
	if err != nil {
		c.fault(way, "%v", err)
	}
	for _, word := range words {
		read := readPart(word)
		if read == nil {
			c.fault(way, "%.20q: write a byte as 68, (FF) for one that may be missing, a text as 'BTN:', or one of LEN LENH LENL ADDR FUNC NUM ANY DATA SUM8 LRC8 XOR8 CRC16LH CRC16HL", word)
			return nil
		}
		parts = append(parts, read...)
	}
	return parts
}

func readPart(word string) []part {
	if b, ok := literal(word); ok {
		var parts []part
		for _, x := range b {
			parts = append(parts, part{kind: fixed, word: word, byte: x, width: 1})
		}
		return parts
	}
	if inner, ok := strings.CutPrefix(word, "("); ok {
		b, err := oneByte(strings.TrimSuffix(inner, ")"))
		if err != nil {
			return nil
		}
		return []part{{kind: optional, word: word, byte: b, width: 1}}
	}
	if word == wordData {
		return []part{{kind: data, word: word}}
	}
	name, text := strings.CutSuffix(word, "x")
	p := part{word: name, text: text, width: 1}
	if k, known := simple[name]; known {
		p.kind = k
	} else if _, known := sums[name]; known {
		p.kind = check
	} else if name == wordCRCLow || name == wordCRCHigh {
		p.kind, p.width = check, 2
	} else {
		return nil
	}
	if text {
		p.width *= 2
	}
	return []part{p}
}

// layout reads and checks a shape. It is nil where something is wrong with it.
func (c *checker) layout(way string, s Shape) *layout {
	before := len(c.faults)
	l := &layout{parts: c.parts(way+"/layout", s.Layout), data: -1, until: -1}
	if len(c.faults) > before {
		return nil
	}
	c.counts(way, l)
	l.bounds(s.Data)
	c.lengthOf(way, l, s.Length)
	c.escapes(way+"/escape", l, s.Escape)
	c.sumOf(way, l, s)
	c.ending(way, l)
	if len(c.faults) == before {
		c.fits(way, l)
	}
	if len(c.faults) > before {
		return nil
	}
	return l
}

func (l *layout) bounds(b Bounds) {
	l.least, l.most = b.Least, b.Most
	if b == (Bounds{}) {
		l.most = 32
	}
	l.data = slices.IndexFunc(l.parts, func(p part) bool { return p.kind == data })
	if l.data < 0 {
		l.least, l.most = 0, 0
	}
}

// counts wants each field once at most, and a beginning that can be told.
func (c *checker) counts(way string, l *layout) {
	way += "/layout"
	seen := map[string]int{}
	for i, p := range l.parts {
		seen[p.word]++
		once := p.kind != fixed && p.kind != optional && p.kind != length
		if once && seen[p.word] > 1 {
			c.fault(way, "%s is here twice: keep one", p.word)
		}
		if p.kind == optional && i != 0 && i != len(l.parts)-2 {
			c.fault(way, "%s: a byte that may be missing is the first one, or the last but one", p.word)
		}
	}
	checks := 0
	for _, p := range l.parts {
		if p.kind == check {
			checks++
		}
	}
	switch {
	case len(l.parts) == 0:
		c.fault(way, "no layout: write one, as 68 LEN ADDR DATA SUM8 16")
	case checks > 1:
		c.fault(way, "two checks: keep one")
	case len(l.parts) > maxParts:
		c.fault(way, "%d parts: %d are the most", len(l.parts), maxParts)
	}
}

// maxParts is how many parts a layout may have; 64 bytes of fixed text are more than any pad was seen to send.
const maxParts = 64

// span finds the parts from the first one so called to the last one so called.
func (l *layout) span(s string) (span, error) {
	from, to, many := strings.Cut(s, "..")
	if !many {
		to = from
	}
	at := span{0, -1}
	at.from = slices.IndexFunc(l.parts, func(p part) bool { return p.word == from })
	for i, p := range l.parts {
		if p.word == to {
			at.to = i
		}
	}
	if at.from < 0 || at.to < at.from {
		return span{0, -1}, fmt.Errorf("%.40q: write the first and the last part of the layout that it means, as ADDR..DATA", s)
	}
	return at, nil
}
