package serialpad

import "evalpad/device"

// meaning is what a frame says to us, at the pads of one caller address: a signal without ID and
// time. What is not ours or not understood is a refusal, whose pad is never thanked.
func meaning(f Frame, address byte) device.Signal {
	var s device.Signal
	switch f.Address() {
	case address + evaluatorBit:
		s = pressed(f)
	case address:
		s = typed(f)
	default:
		s = refused(device.ReasonForeign)
	}
	s.Detail = f.String()
	if s.Kind != device.Refused {
		s.Echo = s.Detail
	}
	return s
}

func refused(reason string) device.Signal {
	return device.Signal{Kind: device.Refused, Reason: reason}
}

// pressed reads a customer's key.
func pressed(f Frame) device.Signal {
	data := f.Data()
	if f.Function() != funcKey || len(data) != 1 {
		return refused(device.ReasonForeign)
	}
	points, ok := score(data[0])
	if !ok {
		return refused(device.ReasonUnmappedKey)
	}
	return device.Signal{Kind: device.Press, Score: points, UI: "keys"}
}

// typed reads a key of the teller's keypad, with the digits typed before it.
func typed(f Frame) device.Signal {
	data := f.Data()
	if f.Function() == funcKey || len(data) == 0 {
		return refused(device.ReasonForeign)
	}
	key := data[len(data)-1]
	digits, ok := number(data[:len(data)-1])
	if !ok {
		return refused(device.ReasonForeign)
	}
	switch key {
	case keyPrompt:
		return device.Signal{Kind: device.Prompt, By: "caller keypad", Ticket: digits}
	case keyCancel:
		return device.Signal{Kind: device.Cancel, By: "caller keypad"}
	case keyOK:
		return confirmed(digits)
	case keyCall, keyRecall, keyLine, keyPause, keyTransfer:
		return device.Signal{Kind: device.Other}
	}
	return refused(device.ReasonUnmappedKey)
}

// confirmed reads OK after digits.
func confirmed(digits string) device.Signal {
	kind, ok := okMeans(digits)
	switch {
	case !ok:
		return refused(device.ReasonUnmappedKey)
	case kind == device.TellerIn:
		return device.Signal{Kind: kind, Teller: digits}
	}
	return device.Signal{Kind: kind}
}

// number writes the digits typed, 00 to 09 each, as text.
func number(typed []byte) (string, bool) {
	digits := make([]byte, len(typed))
	for i, d := range typed {
		if d > 9 {
			return "", false
		}
		digits[i] = '0' + d
	}
	return string(digits), true
}
