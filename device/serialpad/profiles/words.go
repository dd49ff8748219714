package profiles

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The words of a frame's layout. An x behind one of the fields or checks means that it goes over the
// line as hexadecimal text, two characters a byte.
const (
	wordLength     = "LEN"  // what the frame's length counts; twice must agree
	wordLengthHigh = "LENH" // the high byte of a length of two
	wordLengthLow  = "LENL"
	wordAddress    = "ADDR"
	wordFunction   = "FUNC"
	wordNumber     = "NUM"  // of the message
	wordAny        = "ANY"  // a byte that means nothing to us, and comes back in the acknowledgement
	wordData       = "DATA" // the message; as many bytes as the length, the escape or the next byte says
	wordCRCLow     = "CRC16LH"
	wordCRCHigh    = "CRC16HL"
)

// The words of a message's data, besides bytes and texts.
const (
	wordKey      = "KEY"      // one byte; KEYx one hexadecimal digit as text
	wordDigits   = "DIGITS"   // bytes 00 to 09, any number of them; DIGITS:2 two or more; DIGITSx as text
	wordQuestion = "QUESTION" // a byte of the profile's questions
	wordWindow   = "WINDOW"   // said only: seconds that the question waits, one byte; WINDOWx in decimal text
)

// split cuts a layout or pattern into its words. A text in quotes is one word, quotes and all.
func split(s string) (words []string, err error) {
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		end := strings.IndexByte(s, ' ')
		if s[0] == '\'' {
			end = strings.IndexByte(s[1:], '\'')
			if end < 1 {
				return nil, fmt.Errorf("text %.20s does not end: write it as 'BTN:'", s)
			}
			end += 2
		}
		if end < 0 {
			end = len(s)
		}
		words = append(words, s[:end])
		s = s[end:]
	}
	return words, nil
}

// literal gives the bytes of a word that is a byte or a text.
func literal(word string) (bytes []byte, ok bool) {
	if len(word) > 2 && word[0] == '\'' {
		return []byte(word[1 : len(word)-1]), true
	}
	b, err := oneByte(word)
	return []byte{b}, err == nil && len(word) == 2
}

var errByte = errors.New("want a byte in hexadecimal, 00 to FF")

func oneByte(word string) (byte, error) {
	b, err := strconv.ParseUint(word, 16, 8)
	if err != nil || len(word) > 2 {
		return 0, errByte
	}
	return byte(b), nil
}

// manyBytes reads bytes with spaces between them.
func manyBytes(s string) (bytes []byte, err error) {
	for word := range strings.FieldsSeq(s) {
		b, err := oneByte(word)
		if err != nil {
			return nil, fmt.Errorf("%.20q: %w", word, err)
		}
		bytes = append(bytes, b)
	}
	return bytes, nil
}

// Bytes reads bytes as a profile writes them: hexadecimal with spaces, and texts in quotes.
func Bytes(s string) (bytes []byte, err error) {
	words, err := split(s)
	if err != nil {
		return nil, err
	}
	for _, word := range words {
		b, ok := literal(word)
		if !ok {
			return nil, fmt.Errorf("%.20q: %w, or a text as 'K5'", word, errByte)
		}
		bytes = append(bytes, b...)
	}
	return bytes, nil
}
