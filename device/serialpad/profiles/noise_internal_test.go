package profiles

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// everyProtocol are the shipped ones that make frames, and those of makes that only testdata knows: a
// profile alone must do for them.
func everyProtocol(t testing.TB) (all []*Protocol) {
	t.Helper()
	shipped, _ := filepath.Glob("*.yaml")
	strangers, _ := filepath.Glob("testdata/strangers/*.yaml")
	if len(shipped) < 7 || len(strangers) < 5 {
		t.Fatalf("%d shipped profiles, %d strangers", len(shipped), len(strangers))
	}
	for _, file := range append(shipped, strangers...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var p Profile
		if err := yaml.Unmarshal(text, &p); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		made, err := Compile(p)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, made)
	}
	return all
}

// bare reports whether every byte is a frame: then noise is a key, and nobody can tell.
func bare(l *layout) bool { return len(l.parts) == 1 }

// TestEveryProtocolLosesNothing sends 20,000 frames of each, a quarter of them behind noise that knows
// the protocol's headers, split and joined at random. What a short check lets through by accident is
// looked for beforehand and its noise thrown anew, so that what is heard must be what was sent.
func TestEveryProtocolLosesNothing(t *testing.T) {
	for _, p := range everyProtocol(t) {
		t.Run(p.Name(), func(t *testing.T) {
			const frames = 20_000
			dice := rand.New(rand.NewPCG(20261125, uint64(len(p.Name()))))
			scene, sent := p.scene(dice, frames)
			accidents := p.settle(dice, scene)
			var got []Frame
			noise := 0
			for _, h := range p.decodeAll(bytes.Join(scene, nil), func() int { return 1 + dice.IntN(24) }) {
				if h.Reason == "" {
					got = append(got, h.Frame)
				} else {
					noise += h.Len
				}
			}
			t.Logf("%d frames, %d bytes of noise, %d accidents thrown anew", len(got), noise, accidents)
			if !slices.Equal(sent, got) {
				at := 0
				for at < min(len(sent), len(got)) && sent[at] == got[at] {
					at++
				}
				t.Errorf("%d sent, %d heard; the %dth differs", len(sent), len(got), at)
			}
			if noise < 10_000 && !bare(p.in) {
				t.Errorf("only %d bytes of noise: the scene tries nothing", noise)
			}
		})
	}
}

func (p *Protocol) decodeAll(line []byte, size func() int) (heard []Heard) {
	d := p.Decoder(9600)
	for len(line) > 0 {
		n := min(size(), len(line))
		heard = d.Feed(heard, line[:n], 0)
		line = line[n:]
	}
	return d.Quiet(heard, time.Second)
}

// scene makes pieces of line, noise and frames by turns. Every even piece is noise, most of it empty.
func (p *Protocol) scene(dice *rand.Rand, frames int) (pieces [][]byte, sent []Frame) {
	for range frames {
		pieces = append(pieces, nil)
		if dice.IntN(4) == 0 && !bare(p.in) {
			pieces[len(pieces)-1] = p.someNoise(dice)
		}
		f := p.someFrame(dice)
		sent = append(sent, f)
		pieces = append(pieces, p.in.append(nil, f, dice.IntN(10) == 0))
	}
	return pieces, sent
}

func (p *Protocol) someFrame(dice *rand.Rand) (f Frame) {
	has := func(k kind, to *byte) {
		if p.in.hasPart(k) {
			*to = byte(dice.IntN(256))
		}
	}
	has(address, &f.Address)
	has(function, &f.Function)
	has(number, &f.Number)
	has(any1, &f.any)
	data := make([]byte, p.in.least+dice.IntN(min(p.in.most, 12)-p.in.least+1))
	for i := range data {
		data[i] = byte(dice.IntN(256))
		if p.in.until >= 0 { // what ends the data cannot be in it
			data[i] = "0123456789KPXLO,"[dice.IntN(16)]
		}
	}
	f.setData(data)
	return f
}

// someNoise is random bytes, and often a torn frame behind them: its first bytes, or those of one whose
// check is wrong.
func (p *Protocol) someNoise(dice *rand.Rand) []byte {
	noise := make([]byte, 1+dice.IntN(12))
	for i := range noise {
		noise[i] = byte(dice.IntN(256))
	}
	torn := p.in.append(nil, p.someFrame(dice), false)
	switch dice.IntN(3) {
	case 0:
		return append(noise, torn[:dice.IntN(len(torn))]...)
	case 1:
		torn[len(torn)/2] ^= 1 << dice.IntN(8)
		return append(noise, torn...)
	}
	return noise
}

// settle throws noise anew until nothing that begins in noise is a frame, or holds back the next one.
func (p *Protocol) settle(dice *rand.Rand, pieces [][]byte) (accidents int) {
	if bare(p.in) {
		return 0
	}
	for {
		again := accidents
		line, at := bytes.Join(pieces, nil), 0
		for i, piece := range pieces {
			if i%2 == 0 && p.accident(line[at:], len(piece)) {
				pieces[i] = p.someNoise(dice)
				accidents++
			}
			at += len(piece)
		}
		if accidents == again {
			return accidents
		}
	}
}

func (p *Protocol) accident(line []byte, noise int) bool {
	for j := range noise {
		b := line[j:min(len(line), j+maxFrame)]
		if v, size, _ := p.in.judge(b); v == whole && p.crosses(b[:size], noise-j) {
			return true
		}
	}
	return false
}

// crosses reports whether a frame that begins in noise is more than the next one behind a byte that
// may be missing.
func (p *Protocol) crosses(frame []byte, noise int) bool {
	first := p.in.parts[0]
	return noise > 1 || first.kind != optional || frame[0] != first.byte
}

// A frame of any protocol is the same after it has been written and read.
func TestEveryFrameSurvivesItsLine(t *testing.T) {
	for _, p := range everyProtocol(t) {
		dice := rand.New(rand.NewPCG(1, 2))
		for range 2000 {
			f := p.someFrame(dice)
			line := p.in.append(nil, f, false)
			v, size, got := p.in.judge(line)
			if v != whole || size != len(line) || got != f {
				t.Fatalf("%s: % X is read as %v (%d bytes) %+v, want %+v", p.Name(), line, v, size, got, f)
			}
		}
	}
}

// A bit that flips is never a frame, where there is a check. A flip of an escape can be: 7D 01 with one
// becomes 7C 01, whose XOR is the same. Only the length of the data tells that, as jt905's rule does.
func TestEveryCheckSeesAFlippedBit(t *testing.T) {
	for _, p := range everyProtocol(t) {
		if !p.in.hasPart(check) || len(p.in.escapes) > 0 {
			continue
		}
		dice := rand.New(rand.NewPCG(3, 4))
		for range 500 {
			f := p.someFrame(dice)
			line := p.in.append(nil, f, false)
			i := dice.IntN(len(line))
			line[i] ^= 1 << dice.IntN(8)
			for _, h := range p.decodeAll(line, func() int { return len(line) }) {
				if h.Reason == "" && h.Frame != f {
					t.Fatalf("%s: % X with bit flipped at %d is heard as %+v", p.Name(), line, i, h.Frame)
				}
			}
		}
	}
}

func BenchmarkEveryDecoder(b *testing.B) {
	for _, p := range everyProtocol(b) {
		b.Run(p.Name(), func(b *testing.B) {
			dice := rand.New(rand.NewPCG(5, 6))
			pieces, _ := p.scene(dice, 100)
			line := bytes.Join(pieces, nil)
			d := p.Decoder(9600)
			var heard []Heard
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				heard = d.Feed(heard[:0], line, 0)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*100), "ns/frame")
		})
	}
}

// FuzzCompile: no profile, however odd, makes Compile or what it makes panic.
func FuzzCompile(f *testing.F) {
	files, _ := filepath.Glob("*.yaml")
	strangers, _ := filepath.Glob("testdata/strangers/*.yaml")
	for _, file := range append(files, strangers...) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), []byte(strings.Repeat("\xFF\x68\x03\x03\x68\x7E", 3)))
	}
	f.Fuzz(func(t *testing.T, text string, line []byte) {
		var p Profile
		if len(text) > 1<<14 || yaml.Unmarshal([]byte(text), &p) != nil {
			return
		}
		made, err := Compile(p)
		if err != nil || made.in == nil {
			return
		}
		first, _ := made.Addresses()
		s, err := made.Station(first, made.vectorKeys(), "")
		if err != nil {
			return
		}
		for _, h := range made.decodeAll(line, func() int { return 3 }) {
			if h.Reason == "" && made.poll == nil {
				_, _ = s.Meaning(h.Frame)
			}
		}
		for _, show := range []string{"ask", "idle", "fault", "thanks", "open"} {
			for _, name := range made.profile.Shows.byName()[show] {
				_ = made.speak(name, 1, Question{})
			}
		}
	})
}
