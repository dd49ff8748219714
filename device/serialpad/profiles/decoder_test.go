package profiles_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/serialpad/profiles"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// raw reads "FF 68 …"; it must be hexadecimal.
func raw(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("bytes %q: %v", text, err)
	}
	return b
}

// wire makes a frame's bytes, preamble first, for any body; it shares nothing with the decoder.
func wire(body ...byte) []byte {
	n := byte(len(body))
	frame := append([]byte{0xFF, 0x68, n, n, 0x68}, body...)
	var sum int
	for _, b := range body {
		sum += int(b)
	}
	return append(frame, byte(sum%256), 0x16)
}

// words writes what was heard: a frame as itself, anything else after its reason.
func words(heard []profiles.Heard) []string {
	var all []string
	for _, h := range heard {
		if h.Reason == "" {
			all = append(all, ff68().Text(h.Frame))
		} else {
			all = append(all, h.Reason+" "+h.String())
		}
	}
	return all
}

var ff68 = sync.OnceValue(func() *profiles.Protocol {
	text, err := profiles.Shipped.ReadFile("ff68.yaml")
	if err != nil {
		panic(err)
	}
	var p profiles.Profile
	if err := yaml.Unmarshal(text, &p); err != nil {
		panic(err)
	}
	made, err := profiles.Compile(p)
	if err != nil {
		panic(err)
	}
	return made
})

const (
	bad  = "FF 68 03 03 68 81 11 00 92 16"
	best = "FF 68 03 03 68 81 11 03 95 16"
)

func TestDecoder(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes string
		want  []string
	}{
		{"one frame", bad, []string{bad}},
		{"no preamble", bad[3:], []string{bad}},
		{"two preambles", "FF " + bad, []string{"noise FF", bad}},
		{"joined", bad + best + bad, []string{bad, best, bad}},
		{"joined, no preambles", bad[3:] + best[3:], []string{bad, best}},
		{"noise is told as one", "00 11 22 " + bad + " 33 44", []string{"noise 00 11 22", bad, "noise 33 44"}},
		{"false header before a frame", "68 10 10 68 " + bad, []string{"noise 68 10 10 68", bad}},
		{"false header that fits the frame", "68 09 09 68 " + bad + bad, []string{"noise 68 09 09 68", bad, bad}},
		{"header in a header", "FF 68 03 03 " + bad, []string{"noise FF 68 03 03", bad}},
		{"start doubled", "FF 68 " + bad[3:], []string{"noise FF 68", bad}},
		{"torn, then whole", bad[:17] + bad, []string{"noise " + bad[:17], bad}},
		{"tail lost", bad[:26] + " " + bad, []string{"noise " + bad[:26], bad}},
		{"two lengths that differ", "FF 68 03 04 68 81 11 00 92 16", []string{"noise FF 68 03 04 68 81 11 00 92 16"}},
		{"length 0", "FF 68 00 00 68 00 16", []string{"noise FF 68 00 00 68 00 16"}},
		{"length 1", "FF 68 01 01 68 81 81 16", []string{"noise FF 68 01 01 68 81 81 16"}},
		{"length 2", "68 02 02 68 81 01 82 16", []string{"FF 68 02 02 68 81 01 82 16"}},
		{"length 255 swallows nothing", "FF 68 FF FF 68 " + bad, []string{"noise FF 68 FF FF 68", bad}},
		{"wrong sum", "FF 68 03 03 68 81 11 00 93 16", []string{"bad-checksum FF 68 03 03 68 81 11 00 93 16"}},
		{"wrong sum, no preamble", "68 03 03 68 81 11 00 93 16", []string{"bad-checksum 68 03 03 68 81 11 00 93 16"}},
		{
			"wrong sums are told apart", "00 FF 68 03 03 68 81 11 00 93 16 FF 68 03 03 68 81 11 00 94 16 " + bad,
			[]string{
				"noise 00", "bad-checksum FF 68 03 03 68 81 11 00 93 16",
				"bad-checksum FF 68 03 03 68 81 11 00 94 16", bad,
			},
		},
		{"sum is the preamble", "FF 68 03 03 68 EB 11 03 FF 16" + bad, []string{"FF 68 03 03 68 EB 11 03 FF 16", bad}},
		{"sum is the tail", "FF 68 04 04 68 01 01 09 0B 16 16" + bad, []string{"FF 68 04 04 68 01 01 09 0B 16 16", bad}},
		{"sum is the start", "FF 68 03 03 68 54 11 03 68 16" + bad, []string{"FF 68 03 03 68 54 11 03 68 16", bad}},
		{
			"a frame within a frame is data",
			"FF 68 0C 0C 68 05 01 FF 68 03 03 68 81 11 00 92 16 15 16",
			[]string{"FF 68 0C 0C 68 05 01 FF 68 03 03 68 81 11 00 92 16 15 16"},
		},
		{"silence", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, 7, 1000} {
				if diff := cmp.Diff(c.want, words(decode(raw(t, c.bytes), every(size)))); diff != "" {
					t.Errorf("in chunks of %d (-want +got):\n%s", size, diff)
				}
			}
		})
	}
}

// every cuts into chunks of one size.
func every(size int) func() int { return func() int { return size } }

// decode feeds a whole line in chunks, with a silence at the end.
func decode(line []byte, size func() int) []profiles.Heard {
	d := ff68().Decoder(9600)
	var heard []profiles.Heard
	for len(line) > 0 {
		n := min(max(size(), 1), len(line))
		heard = d.Feed(heard, line[:n], 0)
		line = line[n:]
	}
	return d.Quiet(heard, time.Second)
}

func TestDecoderTellsWhenAFrameEnded(t *testing.T) {
	d := ff68().Decoder(9600)
	heard := d.Feed(nil, raw(t, bad[:14]), 7*time.Millisecond)
	heard = d.Feed(heard, raw(t, bad[14:]), 9*time.Millisecond)
	heard = d.Feed(heard, raw(t, "68 1F 1F 68"+best), 20*time.Millisecond)
	heard = d.Quiet(heard, 120*time.Millisecond) // the frame behind the false header comes to light late
	var got []time.Duration
	for _, h := range heard {
		got = append(got, h.At)
	}
	want := []time.Duration{9 * time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

func TestDecoderSilence(t *testing.T) {
	half, rest := bad[:14], bad[14:]
	for _, c := range []struct {
		name  string
		baud  int
		quiet time.Duration
		want  []string
	}{
		{"a pause of 49 ms belongs to the frame", 9600, 49 * time.Millisecond, []string{bad}},
		{"one of 50 ms ends it", 9600, 50 * time.Millisecond, []string{"noise " + half, "noise " + strings.TrimSpace(rest)}},
		{"a slow line has longer pauses", 300, 160 * time.Millisecond, []string{bad}},
		{"a fast one no shorter ones", 115200, 49 * time.Millisecond, []string{bad}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := ff68().Decoder(c.baud)
			heard := d.Feed(nil, raw(t, half), time.Hour)
			heard = d.Quiet(heard, time.Hour+c.quiet)
			heard = d.Feed(heard, raw(t, rest), 2*time.Hour) // late by the clock, with no silence seen
			heard = d.Quiet(heard, 3*time.Hour)
			if diff := cmp.Diff(c.want, words(heard)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecoderTellsOfEndlessNoise(t *testing.T) {
	d := ff68().Decoder(9600)
	heard := d.Feed(nil, make([]byte, 10_000), 0)
	if len(heard) != 9 || heard[0].Len != 1024 {
		t.Fatalf("10,000 bytes of noise made %d runs, want 9 of 1024 bytes", len(heard))
	}
	want := "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" +
		" 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 … (1024 bytes)"
	if got := heard[0].String(); got != want {
		t.Errorf("the run is written %q, want %q", got, want)
	}
}

// TestDecoderLosesNothing sends 20,000 frames, a quarter of them behind noise with false headers in
// it, split and joined at random. An eight-bit sum lets one false frame in 256 through where the
// tail fits as well; such an accident is looked for by another algorithm, and its noise thrown anew,
// so that what is heard must be exactly what was sent.
func TestDecoderLosesNothing(t *testing.T) {
	dice := rand.New(rand.NewPCG(20241223, 7))
	pieces, sent := scene(dice, 20_000)
	accidents := settle(dice, pieces)
	heard := decode(bytes.Join(pieces, nil), func() int { return 1 + dice.IntN(24) })

	var got []string
	noise := 0
	for _, h := range heard {
		if h.Reason == "" {
			got = append(got, ff68().Text(h.Frame))
		} else {
			noise += h.Len
		}
	}
	t.Logf("%d frames, %d bytes of noise, %d accidents of the sum thrown anew", len(got), noise, accidents)
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("frames lost (-) and invented (+):\n%.2000s", diff)
	}
	if noise < 10_000 {
		t.Errorf("only %d bytes of noise: the scene tries nothing", noise)
	}
}

// scene makes pieces of line, noise and frames by turns, and tells the frames sent. Every even
// piece is noise, most of it empty.
func scene(dice *rand.Rand, frames int) (pieces [][]byte, sent []string) {
	for range frames {
		pieces = append(pieces, nil)
		if dice.IntN(4) == 0 {
			pieces[len(pieces)-1] = someNoise(dice)
		}
		frame := someFrame(dice)
		sent = append(sent, fmt.Sprintf("% X", frame))
		if dice.IntN(10) == 0 {
			frame = frame[1:] // the preamble may be missing
		}
		pieces = append(pieces, frame)
	}
	return pieces, sent
}

func someFrame(dice *rand.Rand) []byte {
	if dice.IntN(5) > 0 {
		return wire(0x81, 0x11, byte(dice.IntN(5)))
	}
	body := []byte{1, 1}
	for range dice.IntN(9) {
		body = append(body, byte(dice.IntN(10)))
	}
	return wire(append(body, 0x0B)...)
}

func someNoise(dice *rand.Rand) []byte {
	noise := make([]byte, 1+dice.IntN(12))
	for i := range noise {
		noise[i] = byte(dice.IntN(256))
	}
	length := byte(2 + dice.IntN(31))
	switch dice.IntN(5) {
	case 0:
		return append(noise, 0x68, length, length, 0x68)
	case 1:
		return append(noise, 0xFF, 0x68, length, length, 0x68, 0x81, 0x11)
	case 2:
		return append(noise, 0xFF, 0x68, length)
	case 3:
		return append(noise, 0xFF)
	}
	return noise
}

// settle throws noise anew until no window of the line that begins in noise is a frame.
func settle(dice *rand.Rand, pieces [][]byte) (accidents int) {
	for {
		again := accidents
		line := bytes.Join(pieces, nil)
		at := 0
		for i, piece := range pieces {
			for j := range piece {
				if i%2 == 0 && looksWhole(line[at+j:]) {
					pieces[i] = someNoise(dice)
					accidents++
					break
				}
			}
			at += len(piece)
		}
		if accidents == again {
			return accidents
		}
	}
}

// looksWhole tries every length rather than believing one.
func looksWhole(line []byte) bool {
	for n := 2; n <= 32 && n+6 <= len(line); n++ {
		if bytes.Equal(line[:n+6], wire(line[4 : 4+n]...)[1:]) {
			return true
		}
	}
	return false
}

func TestDecoderBufferIsReused(t *testing.T) {
	line := bytes.Repeat(append(raw(t, bad), 0x68, 0x07), 100)
	d := ff68().Decoder(9600)
	heard := make([]profiles.Heard, 0, 300)
	allocs := testing.AllocsPerRun(10, func() { heard = d.Feed(heard[:0], line, 0) })
	if allocs != 0 {
		t.Errorf("100 frames with noise between them allocated %v times, want 0", allocs)
	}
}

func BenchmarkDecoder(b *testing.B) {
	line := bytes.Repeat(raw(b, bad), 100)
	d := ff68().Decoder(9600)
	var heard []profiles.Heard
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		heard = d.Feed(heard[:0], line, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(heard)), "ns/frame")
}

// FuzzDecoder says four things of any line: how it is cut changes nothing; every byte is told of
// exactly once; what is called a frame stands on the line; and after a silence the next frame is
// heard whatever came before.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{
		"", bad, bad[3:], bad + best, "FF FF 68", "68 10 10 68 " + bad, "FF 68 03 03 68 81 11 00 93 16 " + bad,
		"68 20 20 68" + bad + best + bad, "FF 68 FF FF 68", "FF 68 00 00 68 00 16", "68 02 02 68 81 01 82 16",
		"FF 68 0C 0C 68 05 01 FF 68 03 03 68 81 11 00 92 16 15 16", "FF 68 03 03 68 EB 11 03 FF 16",
		strings.Repeat("68", 90), strings.Repeat("00", 90), strings.Repeat("FF", 90),
	} {
		f.Add(raw(f, seed), uint64(len(seed)))
	}
	f.Fuzz(func(t *testing.T, line []byte, seed uint64) {
		dice := rand.New(rand.NewPCG(seed, seed))
		whole := decode(line, every(len(line)))
		cut := decode(line, func() int { return 1 + dice.IntN(50) })
		if diff := cmp.Diff(words(whole), words(cut)); diff != "" {
			t.Fatalf("cutting the line changed what it says (-whole +cut):\n%s", diff)
		}
		checkBytes(t, line, whole)
		d := ff68().Decoder(9600)
		d.Quiet(d.Feed(nil, line, 0), time.Second)
		if got := words(d.Feed(nil, raw(t, bad), 2*time.Second)); !cmp.Equal(got, []string{bad}) {
			t.Fatalf("after a silence heard %q, want %q", got, bad)
		}
	})
}

func checkBytes(t *testing.T, line []byte, heard []profiles.Heard) {
	t.Helper()
	at := 0
	for _, h := range heard {
		if h.Len < 1 || at+h.Len > len(line) {
			t.Fatalf("%d bytes at %d of a line of %d", h.Len, at, len(line))
		}
		piece := line[at : at+h.Len]
		at += h.Len
		if h.Reason == "" {
			if full := raw(t, ff68().Text(h.Frame)); !bytes.HasSuffix(full, piece) || len(full)-len(piece) > 1 {
				t.Fatalf("frame %X made of % X", full, piece)
			}
			continue
		}
		if h.Reason != device.ReasonNoise && h.Reason != device.ReasonBadSum || h.Len > 1100 {
			t.Fatalf("a run of %d bytes with reason %q", h.Len, h.Reason)
		}
	}
	if at != len(line) {
		t.Fatalf("%d of %d bytes were told of", at, len(line))
	}
}
