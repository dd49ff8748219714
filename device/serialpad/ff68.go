package serialpad

import "evalpad/device"

// The ff68 profile: a teller's caller keypad and a customer's evaluator pad on one line, 9600 8N1.
//
//	FF 68 L L 68 ADDR FUNC DATA… CS 16
//
// Everything here was observed in two independent counter programs that drive such pads, and comes
// from a trade document's byte table; where the two differ, the comment says so. Neither program
// checks CS. The shape is that of the long frame of IEC 60870-5-1 format class FT1.2, with a
// preamble before it.
const (
	preamble = 0xFF // before each frame; may be missing, as in the short acknowledgement
	start    = 0x68 // opens the frame, and follows the doubled length
	tail     = 0x16 // closes it

	// L counts ADDR, FUNC and DATA. The longest body observed has 8 bytes; the format would allow
	// 255. A longer claim than 32 is no header: 32 leaves a teller's number 29 digits.
	minBody = 2
	maxBody = 32

	headSize = 4 // 68 L L 68
	tailSize = 2 // CS, the sum of ADDR to DATA modulo 256, and 16
	maxFrame = 1 + headSize + maxBody + tailSize

	// An evaluator's address is its caller's and this (01 to 7F makes 81 to FF).
	evaluatorBit = 0x80
)

// Functions.
const (
	funcKey  = 0x11 // evaluator to host: DATA is one key
	funcHost = 0x01 // host to evaluator: an acknowledgement, or a key that the host presses

	// With funcHost: begin to rate. One program never sends it, since its keypad does.
	beginRating = 0x0B
)

// score gives the score of an evaluator's key, 1 to 5. The pads number their keys from bad, 00, to
// very good, 03. Byte tables list a 04 whose meaning none of them says: it is refused, not guessed.
func score(key byte) (int, bool) {
	switch key {
	case 0x03:
		return 5, true
	case 0x02:
		return 4, true
	case 0x01:
		return 3, true
	case 0x00:
		return 2, true
	}
	return 0, false
}

// Keys of the caller keypad: the last byte of DATA, in a frame whose FUNC is not funcKey. The digits
// typed come before it, as the bytes 00 to 09.
const (
	keyPrompt   = 0x0B // please rate
	keyCall     = 0x0C
	keyRecall   = 0x0D
	keyCancel   = 0x0E
	keyOK       = 0x0F // with digits: see okMeans
	keyLine     = 0x11 // "please wait behind the one-metre line"
	keyPause    = 0x12
	keyTransfer = 0x13
)

// okMeans tells what OK does after the digits typed. Two digits and more are a teller's number, in
// the one program that knows log-in on the keypad; so are 4, 0 (pause) and 2 (resume). The other
// program has other meanings for single digits, so the rest is refused.
func okMeans(digits string) (device.SignalKind, bool) {
	switch {
	case len(digits) >= 2:
		return device.TellerIn, true
	case digits == "4":
		return device.TellerOut, true
	case digits == "0", digits == "2":
		return device.Other, true
	}
	return "", false
}

// Acknowledgements of an evaluator's key. They differ between the two programs, and so may the pads.
const (
	ackEcho  = "echo"  // the frame again with FUNC 01, and CS to match: FF 68 03 03 68 81 01 00 82 16
	ackShort = "short" // no preamble and no data: 68 02 02 68 81 01 82 16
)

// thanks gives the acknowledgement of a frame. A keypad's frame is acknowledged by itself.
func thanks(f Frame, ack string) string {
	switch {
	case f.Function() != funcKey:
		return string(f.Append(nil))
	case ack == ackShort:
		return string(makeFrame(f.Address(), funcHost).Append(nil)[1:])
	}
	f.body[1] = funcHost
	return string(f.Append(nil))
}

// pleaseRate makes the evaluator of a caller's address ask for a rating.
func pleaseRate(address byte) string {
	return string(makeFrame(address+evaluatorBit, funcHost, beginRating).Append(nil))
}
