package probing_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"evalpad/cmd/evalpad/internal/probing"
	"evalpad/cmd/internal/config"
	"evalpad/device"
	"evalpad/device/serialpad/profiles"
)

func shipped(t testing.TB) (all []*profiles.Protocol) {
	t.Helper()
	for _, name := range config.ShippedProfiles() {
		all = append(all, profile(t, name))
	}
	return all
}

func profile(t testing.TB, name string) *profiles.Protocol {
	t.Helper()
	p, err := config.Profile(name, "")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func burst(t testing.TB, texts ...string) (b probing.Burst) {
	t.Helper()
	for i, text := range texts {
		bytes, err := profiles.Bytes(text)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, probing.Chunk{At: time.Duration(i) * 10 * time.Millisecond, Bytes: bytes})
	}
	return b
}

// at is a line of so many bits a second, 8N1.
func at(baud int) profiles.Line { return profiles.Line{Baud: baud}.WithDefaults() }

// names are the findings as profile, key and address.
func names(all []probing.Finding) (names []string) {
	for _, f := range all {
		names = append(names, fmt.Sprintf("%s %s", f.Profile(), f.Press))
	}
	return names
}

// TestCrowd: what a burst may be of. A right check decides; without one, nothing may speak against it.
func TestCrowd(t *testing.T) {
	for name, c := range map[string]struct {
		burst probing.Burst
		want  []string
	}{
		"ff68":                       {burst(t, "FF 68 03 03 68 81 11 03 95 16"), []string{"ff68 press 03 at address 1"}},
		"an address of its own":      {burst(t, "FF 68 03 03 68 EB 11 03 FF 16"), []string{"ff68 press 03 at address 107"}},
		"a key that nobody maps":     {burst(t, "FF 68 03 03 68 81 11 04 96 16"), []string{"ff68 press 04 at address 1"}},
		"in pieces":                  {burst(t, "FF 68 03", "03 68 81 11", "03 95 16"), []string{"ff68 press 03 at address 1"}},
		"with noise before":          {burst(t, "00 FE FF 68 03 03 68 81 11 03 95 16"), []string{"ff68 press 03 at address 1"}},
		"the key before, again":      {burst(t, "FF 68 03 03 68 81 11 03 95 16 FF 68 03 03 68 81 11 02 94 16 00"), []string{"ff68 press 02 at address 1"}},
		"a wrong sum":                {burst(t, "FF 68 03 03 68 81 11 03 94 16"), nil},
		"the teller's keypad":        {burst(t, "FF 68 03 03 68 01 01 0B 0D 16"), nil},
		"jt905":                      {burst(t, "7E 06 21 01 00 00 00 07 01 20 7E"), []string{"jt905 press 01"}},
		"line":                       {burst(t, "'$05,07,K5*9D63' 0D 0A"), nil},
		"line, the right sum":        {burst(t, "'$01,07,K5*9DA8' 0D 0A"), []string{"line press 05 at address 1"}},
		"one byte":                   {burst(t, "31"), []string{"byte press 31"}},
		"one byte that pj06 has too": {burst(t, "03"), []string{"byte press 03", "pj06 press 03"}},
		"two bytes":                  {burst(t, "03 03"), nil},
		"two bytes, apart":           {burst(t, "03", "03"), nil},
		"nothing":                    {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			crowd := probing.NewCrowd(shipped(t), at(9600))
			for range 2 { // the same again is the same
				if diff := cmp.Diff(c.want, names(crowd.Hear(c.burst))); diff != "" {
					t.Errorf("found (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestOthers shows a technician what is no press.
func TestOthers(t *testing.T) {
	crowd := probing.NewCrowd(shipped(t), at(9600))
	got := names(crowd.Others(burst(t, "FF 68 03 03 68 01 01 0B 0D 16 FF 68 03 03 68 81 11 03 94 16")))
	want := []string{"ff68 prompt at address 1", "ff68 bad-checksum"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestBothAndStill: the same key again, and any key of the same pad.
func TestBothAndStill(t *testing.T) {
	crowd := probing.NewCrowd(shipped(t), at(9600))
	hear := func(text string) []probing.Finding { return crowd.Hear(burst(t, text)) }
	for _, c := range []struct {
		first, second string
		both, still   []string
	}{
		{"03", "03", []string{"byte press 03", "pj06 press 03"}, []string{"byte press 03", "pj06 press 03"}},
		{"03", "04", nil, []string{"byte press 04", "pj06 press 04"}},
		{"03", "09", nil, []string{"byte press 09"}},
		{"31", "03", nil, []string{"byte press 03"}},
		{"FF 68 03 03 68 81 11 03 95 16", "FF 68 03 03 68 81 11 03 95 16", []string{"ff68 press 03 at address 1"}, []string{"ff68 press 03 at address 1"}},
		{"FF 68 03 03 68 81 11 03 95 16", "FF 68 03 03 68 82 11 03 96 16", nil, nil},
		{"FF 68 03 03 68 81 11 03 95 16", "31", nil, nil},
	} {
		first, second := hear(c.first), hear(c.second)
		if diff := cmp.Diff(c.both, names(probing.Both(first, second))); diff != "" {
			t.Errorf("%s and %s, both (-want +got):\n%s", c.first, c.second, diff)
		}
		if diff := cmp.Diff(c.still, names(probing.Still(first, second))); diff != "" {
			t.Errorf("%s and %s, still (-want +got):\n%s", c.first, c.second, diff)
		}
	}
	if a, b := hear("31"), hear("03"); probing.Special(a) || !probing.Special(b) || !a[0].Likely() || hear("F8")[0].Likely() || hear("00")[0].Likely() {
		t.Error("what is special, and what is likely, has changed")
	}
}

// TestNoiseIsNoPad: noise of a line at the wrong rate never looks like a pad whose frames have a check.
func TestNoiseIsNoPad(t *testing.T) {
	all := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		baud := rapid.SampledFrom(probing.Rates).Draw(t, "baud")
		b := probing.Burst{{Bytes: rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(t, "noise")}}
		for _, f := range probing.NewCrowd(all, at(baud)).Hear(b) {
			if f.Sure() || len(b[0].Bytes) > 1 {
				t.Fatalf("% X is %s of %s", b[0].Bytes, f.Press, f.Profile())
			}
		}
	})
}

// TestThanksAndPlease: what is sent to a pad is what its profile says.
func TestThanksAndPlease(t *testing.T) {
	found := probing.NewCrowd(shipped(t), at(9600)).Hear(burst(t, "FF 68 03 03 68 82 11 03 96 16"))[0]
	for variant, want := range map[string]string{"echo": "FF 68 03 03 68 82 01 03 86 16", "short": "68 02 02 68 82 01 83 16", "loud": ""} {
		if got := fmt.Sprintf("% X", found.Ear.Thanks(found.Press, variant)); got != want {
			t.Errorf("%s: got %s, want %s", variant, got, want)
		}
	}
	for name, want := range map[string]string{
		"pj06": "55 AA 03 13 1E 00 1A+55 AA 02 20 00 1A", "ff68": "FF 68 03 03 68 82 01 0B 8E 16", "byte": "", "modbus-keys": "",
	} {
		var got []string
		for _, frame := range probing.Please(profile(t, name), 2*b2i(name == "ff68"), 30*time.Second) {
			got = append(got, fmt.Sprintf("% X", frame))
		}
		if all := strings.Join(got, "+"); all != want {
			t.Errorf("%s: got %s, want %s", name, all, want)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestPolled: an input that goes down is a press, and a count that goes up; where the first answer stands
// is not.
func TestPolled(t *testing.T) {
	hear := func(name string, answers ...string) (presses []string) {
		ear := probing.NewEar(profile(t, name), 9600)
		for i, answer := range answers {
			for _, h := range ear.Feed(burst(t, answer)[0].Bytes, time.Duration(i)*time.Second) {
				if h.Kind == device.Press {
					presses = append(presses, h.String())
				}
			}
		}
		return presses
	}
	const none, third, two = "01 02 01 00 A1 88", "01 02 01 08 A0 4E", "01 02 01 0A 21 8F"
	if got, want := hear("modbus-keys", third, third, none, third, two), []string{"press 03 at address 1", "press 01 at address 1"}; !slices.Equal(got, want) {
		t.Errorf("inputs: got %q, want %q", got, want)
	}
	if got := hear("modbus-keys", none, "02 02 01 08 A0 0A"); got != nil {
		t.Errorf("the first answer of another module: got %q", got)
	}
	if got, want := hear("modbus-counter", "01 03 04 00 02 01 07 1B A1", "01 03 04 00 02 01 07 1B A1", "01 03 04 00 03 01 08 0A 65"), []string{"press 03 at address 1"}; !slices.Equal(got, want) {
		t.Errorf("count: got %q, want %q", got, want)
	}
}

func TestScores(t *testing.T) {
	ff68 := profile(t, "ff68").Keys()
	for _, c := range []struct {
		keys    []byte
		profile map[byte]int
		want    []int
		own     bool
	}{
		{[]byte{3, 2, 1, 0}, ff68, []int{5, 4, 3, 2}, true},
		{[]byte{3, 1, 0}, ff68, []int{5, 3, 2}, true},
		{[]byte{0, 1, 2, 3}, ff68, []int{5, 4, 3, 2}, false}, // wired the other way round
		{[]byte{4, 3, 2, 1, 0}, ff68, []int{5, 4, 3, 2, 1}, false},
		{[]byte{1, 2}, nil, []int{4, 2}, false},
		{[]byte{1, 2, 3}, nil, []int{4, 3, 2}, false},
		{[]byte{1, 2, 3, 4}, nil, []int{5, 4, 3, 2}, false},
		{nil, ff68, nil, false},
	} {
		got, own := probing.Scores(c.keys, c.profile)
		if !slices.Equal(got, c.want) || own != c.own {
			t.Errorf("% X: got %v, %t; want %v, %t", c.keys, got, own, c.want, c.own)
		}
	}
	for want, scores := range map[string][]int{
		"2 scores for 3 keys": {5, 4}, "two keys for score 5": {5, 5, 4}, "score 6": {6, 5, 4}, "score 4 behind 3": {3, 4, 1}, "score 0": {2, 1, 0},
	} {
		if err := probing.CheckScores(scores, 3); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", scores, err, want)
		}
	}
}

// TestProof: whatever is pressed, all is proved only once each key was pressed in its turn.
func TestProof(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 5).Draw(t, "keys")
		keys := rapid.Permutation([]byte{0, 1, 2, 3, 4, 5})
		order, scores := keys.Draw(t, "order")[:n], []int{5, 4, 3, 2, 1}[:n]
		proof := probing.NewProof(order, scores)
		var right []byte
		for range rapid.IntRange(0, 20).Draw(t, "presses") {
			key := rapid.ByteRange(0, 6).Draw(t, "key")
			what, score := proof.Press(key)
			at := slices.Index(order, key)
			if at >= 0 && score != scores[at] || at < 0 && (score != 0 || what != probing.Unmapped) {
				t.Fatalf("key %d of %v: %v, score %d", key, order, what, score)
			}
			if what == probing.Right {
				right = append(right, key)
			}
		}
		if !bytes.Equal(right, order[:len(right)]) || (proof.Next() == 0) != (len(right) == n) {
			t.Fatalf("right %v of %v, next %d", right, order, proof.Next())
		}
	})
}

// TestReplay plays what probes have kept: bytes of every shipped profile and what they meant.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/*.fixture")
	if err != nil {
		t.Fatal(err)
	}
	played := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := probing.ReadFixture(bytes.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if err := f.Replay(profile(t, f.Profile)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		played[f.Profile] = true
		for i := range f.Signals { // a signal less, or another one, is noticed
			other := *f
			other.Signals = slices.Delete(slices.Clone(f.Signals), i, i+1)
			if other.Replay(profile(t, f.Profile)) == nil {
				t.Errorf("%s: nobody missed signal %d", file, i+1)
			}
		}
		var again bytes.Buffer
		if err := f.Write(&again); err != nil || !bytes.Equal(again.Bytes(), text) {
			t.Errorf("%s: written again it is another (%v):\n%s", file, err, again.Bytes())
		}
	}
	for _, name := range config.ShippedProfiles() {
		if !played[name] {
			t.Errorf("no fixture of profile %s", name)
		}
	}
}

// FuzzFixture reads anything: it is an error, or it can be written, read and played again.
func FuzzFixture(f *testing.F) {
	f.Add("evalpad fixture 1\nprofile ff68\nbaud 9600\naddress 1\nkey 03 5\n0.1 < FF68 03 03 68 81 11 03 95 16\n0.2 > 00\n= press 5\n")
	f.Add("evalpad fixture 1\nprofile modbus-keys\nbaud 1\naddress 300\n1e4 < 01 02 01 08 A0 4E\n# x\n")
	f.Add("evalpad fixture 1\nprofile byte\nbaud 9600\n-1 < 00\n")
	known := map[string]*profiles.Protocol{}
	for _, p := range shipped(f) {
		known[p.Name()] = p
	}
	f.Fuzz(func(t *testing.T, text string) {
		fixture, err := probing.ReadFixture(strings.NewReader(text))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := fixture.Write(&again); err != nil {
			t.Fatal(err)
		}
		second, err := probing.ReadFixture(&again)
		if err != nil {
			t.Fatalf("%v in\n%s", err, again.String())
		}
		if diff := cmp.Diff(fixture, second, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		if p := known[fixture.Profile]; p != nil {
			_ = fixture.Replay(p)
		}
	})
}
