package serialpad

import "fmt"

// Frame is a whole frame whose sum is right: its address, function and data. Frames are equal if
// they say the same, with or without a preamble. The zero Frame is none.
type Frame struct {
	n    uint8 // bytes of body: minBody to maxBody
	body [maxBody]byte
}

// makeFrame makes a frame of at most maxBody bytes of address, function and data.
func makeFrame(body ...byte) Frame {
	f := Frame{n: uint8(len(body))}
	copy(f.body[:], body)
	return f
}

// Address is the sender's address: 01 to 7F a caller keypad, from 80 on an evaluator pad.
func (f Frame) Address() byte { return f.body[0] }

// Function is the frame's function byte.
func (f Frame) Function() byte { return f.body[1] }

// Data gives the bytes after the function, none to 30.
func (f Frame) Data() []byte { return f.body[minBody:max(f.n, minBody)] }

// Append appends the frame's bytes as they go over the line, preamble first.
func (f Frame) Append(b []byte) []byte {
	body := f.body[:f.n]
	b = append(b, preamble, start, f.n, f.n, start)
	b = append(b, body...)
	return append(b, sum(body), tail)
}

// String writes the frame's bytes, preamble first, as FF 68 03 03 68 81 11 00 92 16.
func (f Frame) String() string { return fmt.Sprintf("% X", f.Append(nil)) }

// sum is the check byte over a body.
func sum(body []byte) byte {
	var s byte
	for _, b := range body {
		s += b
	}
	return s
}
