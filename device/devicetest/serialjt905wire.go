package devicetest

import "bytes"

// jt905Frame makes the frame 7E 06 VV FF DATA… XX 7E, with what is 7E or 7D inside written as two.
func jt905Frame(vendor, function byte, data ...byte) []byte {
	inside := append([]byte{0x06, vendor, function}, data...)
	inside = append(inside, jt905Sum(inside))
	frame := []byte{0x7E}
	for _, b := range inside {
		switch b {
		case 0x7E:
			frame = append(frame, 0x7D, 0x02)
		case 0x7D:
			frame = append(frame, 0x7D, 0x01)
		default:
			frame = append(frame, b)
		}
	}
	return append(frame, 0x7E)
}

func jt905Sum(inside []byte) (sum byte) {
	for _, b := range inside {
		sum ^= b
	}
	return sum
}

// jt905Parse reads a frame; not ok if it is of another device type, or its sum is wrong.
func jt905Parse(frame []byte) (m JT905Message, ok bool) {
	if len(frame) < 6 {
		return m, false
	}
	inside, ok := jt905Plain(frame[1 : len(frame)-1])
	if !ok || len(inside) < 4 || inside[0] != 0x06 || jt905Sum(inside) != 0 {
		return m, false
	}
	return JT905Message{Vendor: inside[1], Function: inside[2], Data: inside[3 : len(inside)-1]}, true
}

// jt905Plain undoes the escapes; not ok if one of them is unknown.
func jt905Plain(escaped []byte) (plain []byte, ok bool) {
	for i := 0; i < len(escaped); i++ {
		b := escaped[i]
		if b == 0x7D {
			i++
			if i == len(escaped) || escaped[i] != 0x01 && escaped[i] != 0x02 {
				return nil, false
			}
			b = 0x7C + escaped[i]
		}
		plain = append(plain, b)
	}
	return plain, true
}

// jt905Cut takes one frame from the front: from one 7E to the next.
func jt905Cut(sent []byte) (frame, rest []byte) {
	if len(sent) > 0 && sent[0] != 0x7E {
		return junk(sent)
	}
	if len(sent) < 2 {
		return nil, sent
	}
	end := bytes.IndexByte(sent[1:], 0x7E) + 1
	switch end {
	case 0:
		return nil, sent
	case 1:
		return junk(sent) // one frame's end is another's beginning
	}
	return sent[:end+1], sent[end+1:]
}
