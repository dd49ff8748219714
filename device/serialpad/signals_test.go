package serialpad_test

import (
	"fmt"
	"testing"

	"evalpad/device"
	"evalpad/device/devicetest"

	"github.com/google/go-cmp/cmp"
)

func TestSignals(t *testing.T) {
	other := func(frame string) device.Signal {
		return device.Signal{Kind: device.Other, Detail: frame, Echo: frame}
	}
	refused := func(reason, frame string) device.Signal {
		return device.Signal{Kind: device.Refused, Reason: reason, Detail: frame}
	}
	keypad := func(kind device.SignalKind, by, ticket, teller string) func(string) device.Signal {
		return func(frame string) device.Signal {
			return device.Signal{Kind: kind, By: by, Ticket: ticket, Teller: teller, Detail: frame, Echo: frame}
		}
	}
	asIs := func(s device.Signal) func(string) device.Signal {
		return func(frame string) device.Signal { s.Detail, s.Echo = frame, frame; return s }
	}
	foreign := func(frame string) device.Signal { return refused(device.ReasonForeign, frame) }
	unmapped := func(frame string) device.Signal { return refused(device.ReasonUnmappedKey, frame) }
	cases := []struct {
		name string
		body []byte
		want func(frame string) device.Signal
	}{
		{"very good", []byte{0x81, 0x11, 3}, asIs(press(5, ""))},
		{"good", []byte{0x81, 0x11, 2}, asIs(press(4, ""))},
		{"average", []byte{0x81, 0x11, 1}, asIs(press(3, ""))},
		{"bad", []byte{0x81, 0x11, 0}, asIs(press(2, ""))},
		{"a key without meaning", []byte{0x81, 0x11, 4}, unmapped},
		{"another one", []byte{0x81, 0x11, 0xFF}, unmapped},
		{"no key", []byte{0x81, 0x11}, foreign},
		{"two keys", []byte{0x81, 0x11, 3, 3}, foreign},
		{"unknown function", []byte{0x81, 0x12, 3}, foreign},
		{"what we send ourselves", []byte{0x81, 0x01, 3}, foreign},
		{"another evaluator", []byte{0x82, 0x11, 3}, foreign},
		{"another keypad", []byte{0x02, 0x01, 0x0B}, foreign},
		{"prompt", []byte{1, 1, 0x0B}, keypad(device.Prompt, "caller keypad", "", "")},
		{"prompt for a ticket", []byte{1, 1, 0, 1, 7, 0x0B}, keypad(device.Prompt, "caller keypad", "017", "")},
		{"prompt for nonsense", []byte{1, 1, 0x0A, 0x0B}, foreign},
		{"cancel", []byte{1, 1, 0x0E}, keypad(device.Cancel, "caller keypad", "", "")},
		{"log in", []byte{1, 1, 1, 2, 0, 3, 0x0F}, keypad(device.TellerIn, "", "", "1203")},
		{"log in, two digits", []byte{1, 1, 0, 7, 0x0F}, keypad(device.TellerIn, "", "", "07")},
		{"log out", []byte{1, 1, 4, 0x0F}, keypad(device.TellerOut, "", "", "")},
		{"pause", []byte{1, 1, 0, 0x0F}, other},
		{"resume", []byte{1, 1, 2, 0x0F}, other},
		{"what programs differ on", []byte{1, 1, 3, 0x0F}, unmapped},
		{"OK alone", []byte{1, 1, 0x0F}, unmapped},
		{"call", []byte{1, 2, 0x0C}, other},
		{"recall", []byte{1, 1, 0x0D}, other},
		{"one-metre line", []byte{1, 1, 0x11}, other},
		{"wait", []byte{1, 1, 0x12}, other},
		{"transfer", []byte{1, 1, 3, 0x13}, other},
		{"a digit alone", []byte{1, 1, 5}, unmapped},
		{"no data", []byte{1, 1}, foreign},
		{"a keypad with an evaluator's function", []byte{1, 0x11, 3}, foreign},
	}
	fake := devicetest.NewFF68(t)
	run := start(t, newPad(t, options(t, fake, "")))
	var thanked []string
	for _, c := range cases {
		line := wire(c.body...)
		if _, err := fake.Write(line); err != nil {
			t.Fatal(err)
		}
		frame := fmt.Sprintf("% X", line)
		want := c.want(frame)
		got := run.next()
		id := got.ID
		got.ID, got.At = "", 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		run.show(device.Show{Kind: device.Thanks, For: id})
		switch {
		case want.Kind == device.Refused: // a refused frame is not thanked even if asked to
		case c.body[0] == 0x81:
			thanked = append(thanked, fmt.Sprintf("% X", wire(0x81, 0x01, c.body[2])))
		default:
			thanked = append(thanked, frame)
		}
	}
	run.wantFrames(fake, thanked...)
}
