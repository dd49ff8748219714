package devicetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Line is one pad that speaks the line protocol of firmware-notes/pads/line.md: every message has a
// number, and is repeated under it until the host answers. It is safe for use by several goroutines.
//
// Path, Write, Received, Await, Unplug and Replug are its cable's, which it may share with others.
type Line struct {
	*cable
	face
	address  byte
	messages journal[LineMessage]
	turn     chan struct{} // taken by the message that waits for its answer: nothing newer goes out

	mu     sync.Mutex
	number byte   // of the last message
	body   string // its body; "" before the first one
}

// LineMessage is one message of the line protocol.
type LineMessage struct {
	Address, Number byte
	Body            string
}

// PlugLine plugs in pads of these addresses, 1 to 127, at one port, and makes link a symbolic link to
// it. What is received is received by all, and one plug pulls them all. None of them has said hello:
// see PowerUp.
func PlugLine(link string, addresses ...int) ([]*Line, error) {
	if len(addresses) == 0 {
		return nil, errors.New("plug in pads: no address")
	}
	c := &cable{link: link, cut: lineCut}
	var pads []*Line
	var hear []func([]byte)
	for _, address := range addresses {
		if address < 1 || address > 127 {
			return nil, fmt.Errorf("plug in pad: address %d: want 1 to 127", address)
		}
		pad := &Line{cable: c, address: byte(address), turn: make(chan struct{}, 1)}
		pads, hear = append(pads, pad), append(hear, pad.hear)
	}
	return pads, plug(c, hear...)
}

// NewLine plugs in a pad of address 1 for as long as the test runs.
func NewLine(t testing.TB) *Line {
	t.Helper()
	return NewLineBus(t, 1)[0]
}

// NewLineBus plugs in pads of these addresses at one port for as long as the test runs.
func NewLineBus(t testing.TB, addresses ...int) []*Line {
	t.Helper()
	pads, err := PlugLine(filepath.Join(t.TempDir(), "pad"), addresses...)
	if err != nil {
		t.Fatal(err)
	}
	unplugAfter(t, pads[0].cable)
	return pads
}

// Say sends a new message once, under the next number. The number after FF is 01.
func (p *Line) Say(body string) error {
	_, err := p.Write(p.next(body))
	return err
}

// Again sends the last message once more, under the number that it has.
func (p *Line) Again() error {
	p.mu.Lock()
	frame := lineFrame(p.address, p.number, p.body)
	p.mu.Unlock()
	_, err := p.Write(frame)
	return err
}

// PowerUp makes the pad one that has just been given power: it says hello under 00, once, and its
// next message has the number 01.
func (p *Line) PowerUp() error {
	_, err := p.Write(p.hello())
	return err
}

// SayUntilAnswered sends a new message, and again under its number after each wait, until the host
// answers that number or ctx is done. It waits for its turn: while a message is not answered, the pad
// sends none that is newer.
func (p *Line) SayUntilAnswered(ctx context.Context, body string, every time.Duration) error {
	return p.untilAnswered(ctx, every, func() []byte { return p.next(body) })
}

// PowerUpUntilAnswered is PowerUp, repeated as a pad does it.
func (p *Line) PowerUpUntilAnswered(ctx context.Context, every time.Duration) error {
	return p.untilAnswered(ctx, every, p.hello)
}

func (p *Line) untilAnswered(ctx context.Context, every time.Duration, message func() []byte) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return fmt.Errorf("the message before was never answered: %w", ctx.Err())
	}
	frame := message()
	sent, _ := lineParse(frame)
	return p.untilThanked(ctx, every, frame, func(heard []byte) bool {
		m, ok := lineParse(heard)
		return ok && m.Address == sent.Address && m.Number == sent.Number && (m.Body == "A" || m.Body == "N")
	})
}

// Press sends a customer's key once: 5 best, 1 worst.
func (p *Line) Press(score int) error { return p.Say(fmt.Sprintf("K%d", score)) }

// PressUntilThanked is Press, repeated until the host answers.
func (p *Line) PressUntilThanked(ctx context.Context, score int, every time.Duration) error {
	return p.SayUntilAnswered(ctx, fmt.Sprintf("K%d", score), every)
}

// Thanks counts the answers that made the pad show its thank-you.
func (p *Line) Thanks() int { return p.count(SightThanks) }

// Heard gives the messages of the host to this pad so far.
func (p *Line) Heard() []LineMessage { return p.messages.list() }

func (p *Line) next(body string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number++
	if p.number == 0 {
		p.number = 1
	}
	p.body = body
	return lineFrame(p.address, p.number, p.body)
}

func (p *Line) hello() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number, p.body = 0, "H"
	return lineFrame(p.address, p.number, p.body)
}

func (p *Line) hear(frame []byte) {
	m, ok := lineParse(frame)
	if !ok || m.Address != p.address {
		return
	}
	p.messages.add(m)
	switch {
	case m.Body == "A" && p.waitsAsKey(m.Number):
		p.show(SightThanks)
	case m.Body == "N":
		p.show(SightRefused)
	case m.Body[0] == 'Q' && m.Number == 0:
		p.show(SightAsk)
	case m.Body == "I" && m.Number == 0:
		p.show(SightIdle)
	case m.Body == "F" && m.Number == 0:
		p.show(SightFault)
	case m.Body == "B" && m.Number == 0:
		p.show(SightBeep)
	}
}

// waitsAsKey reports whether the last message is a customer's key of this number.
func (p *Line) waitsAsKey(number byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.number == number && p.body != "" && p.body[0] == 'K'
}
