package devicetest

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
)

// lineFrame makes the line $AA,NN,BODY*CCCC with its end.
func lineFrame(address, number byte, body string) []byte {
	inside := fmt.Sprintf("%02X,%02X,%s", address, number, body)
	return fmt.Appendf(nil, "$%s*%04X\r\n", inside, lineCRC(inside))
}

// lineCRC is CRC-16/CCITT-FALSE: polynomial 1021, register FFFF at the start, nothing reflected.
func lineCRC(inside string) (crc uint16) {
	crc = 0xFFFF
	for _, b := range []byte(inside) {
		for bit := range 8 {
			in := b<<bit&0x80 != 0
			out := crc&0x8000 != 0
			crc <<= 1
			if in != out {
				crc ^= 0x1021
			}
		}
	}
	return crc
}

// lineShape is strict: what is not exactly so, a pad passes over.
var lineShape = regexp.MustCompile(`^\$(([0-9A-F]{2}),([0-9A-F]{2}),([ -#%-)+-~]{1,32}))\*([0-9A-F]{4})\r\n$`)

// lineParse reads a line; not ok if its shape or its sum is wrong.
func lineParse(line []byte) (m LineMessage, ok bool) {
	found := lineShape.FindSubmatch(line)
	if found == nil || fmt.Sprintf("%04X", lineCRC(string(found[1]))) != string(found[5]) {
		return m, false
	}
	address, _ := strconv.ParseUint(string(found[2]), 16, 8) // two hexadecimal digits: see lineShape
	number, _ := strconv.ParseUint(string(found[3]), 16, 8)
	return LineMessage{Address: byte(address), Number: byte(number), Body: string(found[4])}, true
}

// lineCut takes one line from the front, whatever is in it.
func lineCut(sent []byte) (frame, rest []byte) {
	end := bytes.IndexByte(sent, '\n') + 1
	if end == 0 {
		return nil, sent
	}
	return sent[:end], sent[end:]
}
