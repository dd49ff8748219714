package devicetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// FF68 is a counter's two ff68 pads on one serial line, as they behave on the bench: the customer's
// evaluator pad, and the teller's caller keypad. It is safe for use by several goroutines.
//
// Path, Write, Received, Await, Unplug and Replug are its cable's. What it sends goes out even when
// nobody has the port open; the kernel keeps some 4 KiB of it.
type FF68 struct {
	*cable
	face
	address byte
	stars   journal[int]
}

// PlugFF68 plugs in the pads of a caller address, 1 to 127, at a port of its own, and makes link a
// symbolic link to that port. The link outlives Unplug and Replug, as one in /dev/serial/by-id does.
func PlugFF68(link string, address int) (*FF68, error) {
	pads, err := PlugFF68Bus(link, address)
	if err != nil {
		return nil, err
	}
	return pads[0], nil
}

// PlugFF68Bus plugs in the pads of several counters at one port, as on one pair of RS-485, in the
// order of their caller addresses. What is received is received by all, and one plug pulls them all.
func PlugFF68Bus(link string, addresses ...int) ([]*FF68, error) {
	c := &cable{link: link, cut: ff68Cut}
	if len(addresses) == 0 {
		return nil, errors.New("plug in pads: no address")
	}
	var pads []*FF68
	var hear []func([]byte)
	for _, address := range addresses {
		if address < 1 || address > 127 {
			return nil, fmt.Errorf("plug in pad: address %d: want 1 to 127", address)
		}
		pad := &FF68{cable: c, address: byte(address)}
		pads, hear = append(pads, pad), append(hear, pad.hear)
	}
	return pads, plug(c, hear...)
}

// NewFF68 plugs in the pads of caller address 1 for as long as the test runs.
func NewFF68(t testing.TB) *FF68 {
	t.Helper()
	return NewFF68Bus(t, 1)[0]
}

// NewFF68Bus plugs in the pads of several counters for as long as the test runs.
func NewFF68Bus(t testing.TB, addresses ...int) []*FF68 {
	t.Helper()
	pads, err := PlugFF68Bus(filepath.Join(t.TempDir(), "pad"), addresses...)
	if err != nil {
		t.Fatal(err)
	}
	unplugAfter(t, pads[0].cable)
	return pads
}

// hear shows what a frame makes the evaluator show.
func (p *FF68) hear(frame []byte) {
	switch {
	case p.thanksAny(frame):
		p.show(SightThanks)
	case string(frame) == string(ff68Frame(p.evaluator(), 0x01, 0x0B)):
		p.show(SightAsk)
	}
	for n := range byte(6) {
		if string(frame) == string(ff68Frame(p.evaluator(), 0x02, n)) {
			p.show(SightStars)
			p.stars.add(int(n))
		}
	}
}

// Stars are how many stars the pad was made to light, one time after the other.
func (p *FF68) Stars() []int { return p.stars.list() }

func (p *FF68) evaluator() byte { return p.address + 0x80 }

// Press sends a customer's key once: 03 very good to 00 bad; 04 is on the pad and has no meaning.
func (p *FF68) Press(key byte) error {
	_, err := p.Write(ff68Frame(p.evaluator(), 0x11, key))
	return err
}

// PressUntilThanked sends a customer's key again and again, as a real pad does, until the host
// acknowledges it. A cable that is out meanwhile does not stop it. It returns ctx's error if the
// thank-you never comes.
func (p *FF68) PressUntilThanked(ctx context.Context, key byte, every time.Duration) error {
	return p.untilThanked(ctx, every, ff68Frame(p.evaluator(), 0x11, key), func(frame []byte) bool {
		return p.isThanks(frame, key)
	})
}

// PromptUntilThanked is PressUntilThanked for please-rate on the teller's keypad, which is
// acknowledged by its own frame.
func (p *FF68) PromptUntilThanked(ctx context.Context, every time.Duration) error {
	prompt := ff68Frame(p.address, 0x01, 0x0B)
	return p.untilThanked(ctx, every, prompt, func(frame []byte) bool { return bytes.Equal(frame, prompt) })
}

// isThanks knows both acknowledgements in use: the key's frame with function 01, and the short one.
func (p *FF68) isThanks(frame []byte, key byte) bool {
	return string(frame) == string(ff68Frame(p.evaluator(), 0x01, key)) ||
		string(frame) == string(ff68Frame(p.evaluator(), 0x01)[1:])
}

// thanksAny reports whether the frame is the acknowledgement of any key.
func (p *FF68) thanksAny(frame []byte) bool {
	for key := range byte(5) {
		if p.isThanks(frame, key) {
			return true
		}
	}
	return false
}

// Thanks counts the acknowledgements of customers' keys so far, of either variant.
func (p *FF68) Thanks() int { return p.count(SightThanks) }

// Keypad sends one frame of the teller's keypad: the digits typed, and then the key.
func (p *FF68) Keypad(digits string, key byte) error {
	data := make([]byte, 0, len(digits)+1)
	for _, d := range []byte(digits) {
		data = append(data, d-'0')
	}
	_, err := p.Write(ff68Frame(p.address, 0x01, append(data, key)...))
	return err
}

// Prompt presses please-rate on the teller's keypad.
func (p *FF68) Prompt() error { return p.Keypad("", 0x0B) }

// Cancel presses cancel on the teller's keypad.
func (p *FF68) Cancel() error { return p.Keypad("", 0x0E) }

// Login logs a teller in: the number, two digits or more, and OK.
func (p *FF68) Login(number string) error { return p.Keypad(number, 0x0F) }

// Logout logs the teller out: 4 and OK.
func (p *FF68) Logout() error { return p.Keypad("4", 0x0F) }

// ff68Frame makes the frame FF 68 L L 68 address function data sum 16.
func ff68Frame(address, function byte, data ...byte) []byte {
	length := byte(2 + len(data))
	frame := append([]byte{0xFF, 0x68, length, length, 0x68, address, function}, data...)
	var sum byte
	for _, b := range frame[5:] {
		sum += b
	}
	return append(frame, sum, 0x16)
}

// ff68Cut takes one frame from the front of what a host has sent. It returns nothing while the frame
// is not yet whole.
func ff68Cut(sent []byte) (frame, rest []byte) {
	head := 0
	if len(sent) > 0 && sent[0] == 0xFF {
		head = 1
	}
	switch {
	case len(sent) > head && sent[head] != 0x68:
		return junk(sent)
	case len(sent) < head+4:
		return nil, sent
	}
	size := head + 4 + int(sent[head+1]) + 2
	if len(sent) < size {
		return nil, sent
	}
	return sent[:size], sent[size:]
}
