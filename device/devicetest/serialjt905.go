package devicetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// JT905 is a pad whose frames are those of the taxi terminals' standard JT/T 905. It repeats a rating
// until the host sends the same rating back. It is safe for use by several goroutines.
//
// Path, Write, Received, Await, Unplug and Replug are its cable's.
type JT905 struct {
	*cable
	face
	vendor   byte
	messages journal[JT905Message]

	mu   sync.Mutex
	next uint32          // the next rating's own number
	sent map[uint32]byte // the rating byte by its number
}

// JT905Message is one frame from the host whose sum is right.
type JT905Message struct {
	Vendor, Function byte // 81 the rating is taken, 02 please rate
	Data             []byte
}

// PlugJT905 plugs in a pad of some vendor at a port of its own and makes link a symbolic link to that
// port. Its ratings are numbered from the time of plugging in, in seconds since 1970.
func PlugJT905(link string, vendor byte) (*JT905, error) {
	pad := &JT905{
		cable: &cable{link: link, cut: jt905Cut}, vendor: vendor,
		next: uint32(time.Now().Unix()), sent: make(map[uint32]byte),
	}
	return pad, plug(pad.cable, pad.hear)
}

// NewJT905 plugs in a pad of vendor 21 for as long as the test runs.
func NewJT905(t testing.TB) *JT905 {
	t.Helper()
	pad, err := PlugJT905(filepath.Join(t.TempDir(), "pad"), 0x21)
	if err != nil {
		t.Fatal(err)
	}
	unplugAfter(t, pad.cable)
	return pad
}

// Press sends a new rating once: 01 satisfied, 02 average, 03 dissatisfied, 04 complaint, 00 none.
func (p *JT905) Press(rating byte) error {
	_, err := p.Write(p.rate(rating))
	return err
}

// PressUntilThanked sends a new rating again and again until the host sends it back, or ctx is done.
func (p *JT905) PressUntilThanked(ctx context.Context, rating byte, every time.Duration) error {
	frame := p.rate(rating)
	return p.untilThanked(ctx, every, frame, func(heard []byte) bool {
		m, ok := jt905Parse(heard)
		return ok && m.Function == 0x81 && bytes.Equal(m.Data, p.data(frame))
	})
}

// Rate sends a rating under a number of the caller's choice, once: the same again is one pad's repeat.
func (p *JT905) Rate(number uint32, rating byte) error {
	_, err := p.Write(p.rating(number, rating))
	return err
}

// Thanks counts the ratings that the host has sent back, each as often as it did.
func (p *JT905) Thanks() int { return p.count(SightThanks) }

// Heard gives the frames that the host has sent so far and whose sum is right.
func (p *JT905) Heard() []JT905Message { return p.messages.list() }

func (p *JT905) rate(rating byte) []byte {
	p.mu.Lock()
	number := p.next
	p.next++
	p.mu.Unlock()
	return p.rating(number, rating)
}

func (p *JT905) rating(number uint32, rating byte) []byte {
	p.mu.Lock()
	p.sent[number] = rating
	p.mu.Unlock()
	return jt905Frame(p.vendor, 0x01, append(binary.BigEndian.AppendUint32(nil, number), rating)...)
}

func (p *JT905) data(frame []byte) []byte {
	m, _ := jt905Parse(frame)
	return m.Data
}

func (p *JT905) hear(frame []byte) {
	m, ok := jt905Parse(frame)
	if !ok {
		return
	}
	p.messages.add(m)
	switch {
	case m.Function == 0x02:
		p.show(SightAsk)
	case m.Function == 0x81 && p.isMine(m):
		p.show(SightThanks)
	}
}

func (p *JT905) isMine(m JT905Message) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(m.Data) != 5 || m.Vendor != p.vendor {
		return false
	}
	rating, sent := p.sent[binary.BigEndian.Uint32(m.Data)]
	return sent && rating == m.Data[4]
}
