package devicetest

import (
	"fmt"
	"path/filepath"
	"testing"
)

// PJ06 is a retail evaluator pad: it sends one raw byte a key, once, and takes frames whose length is
// told and whose sum is not. It is safe for use by several goroutines.
//
// Path, Write, Received, Await, Unplug and Replug are its cable's.
type PJ06 struct {
	*cable
	face
	commands journal[PJ06Command]
}

// PJ06Command is one frame from the host.
type PJ06Command struct {
	Command byte // 13 time-out, 15 stars, 1F welcome, 20 please rate
	Data    []byte
}

// PlugPJ06 plugs in a pad at a port of its own and makes link a symbolic link to that port.
func PlugPJ06(link string) (*PJ06, error) {
	pad := &PJ06{cable: &cable{link: link, cut: pj06Cut}}
	return pad, plug(pad.cable, pad.hear)
}

// NewPJ06 plugs in a pad for as long as the test runs.
func NewPJ06(t testing.TB) *PJ06 {
	t.Helper()
	pad, err := PlugPJ06(filepath.Join(t.TempDir(), "pad"))
	if err != nil {
		t.Fatal(err)
	}
	unplugAfter(t, pad.cable)
	return pad
}

// Press sends a key, 1 to 6. The pad sends it once, and does not want to know what became of it.
func (p *PJ06) Press(key byte) error {
	if key < 1 || key > 6 {
		return fmt.Errorf("press key %02X: the pad has 01 to 06", key)
	}
	_, err := p.Write([]byte{key})
	return err
}

// Heard gives the whole frames that the host has sent so far. What is none is in Received only.
func (p *PJ06) Heard() []PJ06Command { return p.commands.list() }

func (p *PJ06) hear(frame []byte) {
	if len(frame) < 5 {
		return
	}
	p.commands.add(PJ06Command{Command: frame[3], Data: frame[4 : len(frame)-1]})
	switch frame[3] {
	case 0x15:
		p.show(SightStars)
	case 0x1F:
		p.show(SightWelcome)
	case 0x20:
		p.show(SightAsk)
	}
}

// pj06Frame makes the frame 55 AA LEN CMD DATA… 1A.
func pj06Frame(command byte, data ...byte) []byte {
	frame := append([]byte{0x55, 0xAA, byte(1 + len(data)), command}, data...)
	return append(frame, 0x1A)
}

// pj06Cut takes one frame from the front: LEN counts CMD and DATA, and 1A must stand where it ends.
func pj06Cut(sent []byte) (frame, rest []byte) {
	for i, want := range []byte{0x55, 0xAA} {
		if len(sent) > i && sent[i] != want {
			return junk(sent)
		}
	}
	if len(sent) < 3 {
		return nil, sent
	}
	size := 3 + int(sent[2]) + 1
	switch {
	case sent[2] == 0:
		return junk(sent)
	case len(sent) < size:
		return nil, sent
	case sent[size-1] != 0x1A:
		return junk(sent)
	}
	return sent[:size], sent[size:]
}
