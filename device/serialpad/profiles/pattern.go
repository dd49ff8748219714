package profiles

import (
	"bytes"
	"strconv"
	"strings"
)

// piece is one word of the pattern of a message's data.
type piece struct {
	word  string // "" for fixed bytes; else KEY, DIGITS, QUESTION or ANY
	bytes []byte
	text  bool
	least int // digits
}

// pattern is what the data of a message looks like.
type pattern []piece

// found is what a pattern has taken out of a message.
type found struct {
	key      byte
	digits   []byte // as they went over the line
	text     bool   // digits are text
	question byte
}

// pattern reads a rule's data. At most one word of it has no fixed size.
func (c *checker) pattern(way, s string) (p pattern) {
	words, err := split(s)
	if err != nil {
		c.fault(way, "%v", err)
		return nil
	}
	loose := 0
	for _, word := range words {
		next, ok := readPiece(word)
		if !ok {
			c.fault(way, "%.20q: write a byte as 0B, a text as 'K', or one of KEY KEYx DIGITS DIGITS:2 DIGITSx QUESTION ANY", word)
			return nil
		}
		if next.word == wordDigits {
			loose++
		}
		p = append(p, next)
	}
	if loose > 1 {
		c.fault(way, "DIGITS twice: nothing tells where the first ones end")
	}
	return p
}

func readPiece(word string) (piece, bool) {
	if b, ok := literal(word); ok {
		return piece{bytes: b}, true
	}
	name, least, many := strings.Cut(word, ":")
	p := piece{}
	if many {
		n, err := strconv.Atoi(least)
		if err != nil || n < 0 || n > MaxData || !strings.HasPrefix(name, wordDigits) {
			return piece{}, false
		}
		p.least = n
	}
	p.word, p.text = strings.CutSuffix(name, "x")
	switch name {
	case wordKey, wordKey + "x", wordDigits, wordDigits + "x", wordQuestion, wordAny:
		return p, true
	}
	return piece{}, false
}

// size is how many bytes a piece takes; digits take what the others leave.
func (p piece) size() int {
	switch p.word {
	case "":
		return len(p.bytes)
	case wordDigits:
		return 0
	}
	return 1
}

// match reports whether data looks like the pattern, and takes out what it names.
func (p pattern) match(data []byte) (f found, ok bool) {
	left := len(data)
	for _, piece := range p {
		left -= piece.size()
	}
	for _, piece := range p {
		n := piece.size()
		if piece.word == wordDigits {
			n, left = left, 0
			if n < piece.least {
				return found{}, false
			}
		}
		if n < 0 || n > len(data) || !piece.take(&f, data[:n]) {
			return found{}, false
		}
		data = data[n:]
	}
	return f, len(data) == 0
}

func (p piece) take(f *found, b []byte) bool {
	switch p.word {
	case "":
		return bytes.Equal(p.bytes, b)
	case wordKey:
		f.key = b[0]
		if p.text {
			digit, ok := hexDigit(b[0])
			f.key = digit
			return ok
		}
	case wordQuestion:
		f.question = b[0]
	case wordDigits:
		f.digits, f.text = b, p.text
		return areDigits(b, p.text)
	}
	return true
}

func areDigits(b []byte, text bool) bool {
	for _, c := range b {
		if text && (c < '0' || c > '9') || !text && c > 9 {
			return false
		}
	}
	return true
}

// number writes the digits as text.
func (f found) number() string {
	b := bytes.Clone(f.digits)
	for i := range b {
		if !f.text {
			b[i] += '0'
		}
	}
	return string(b)
}
