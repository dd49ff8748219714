package serialpad_test

import (
	"encoding/hex"
	"strings"
	"testing"
)

// raw reads "FF 68 …"; it must be hexadecimal.
func raw(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("bytes %q: %v", text, err)
	}
	return b
}

const (
	bad  = "FF 68 03 03 68 81 11 00 92 16"
	best = "FF 68 03 03 68 81 11 03 95 16"
)

// wire makes a frame's bytes, preamble first, for any body; it shares nothing with the decoder.
func wire(body ...byte) []byte {
	n := byte(len(body))
	frame := append([]byte{0xFF, 0x68, n, n, 0x68}, body...)
	var sum int
	for _, b := range body {
		sum += int(b)
	}
	return append(frame, byte(sum%256), 0x16)
}
