package contact_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"evalpad/device"
	"evalpad/device/contact"
)

const ms = time.Millisecond

// bench is a board of three keys that is read once a millisecond, and after each edge.
type bench struct {
	board *contact.Board
	at    time.Duration
	down  [3]bool
	said  []device.Signal
}

func newBench(debounce time.Duration) *bench {
	b := &bench{board: contact.NewBoard([]string{"A", "B", "C"}, []int{5, 3, 1}, debounce), at: time.Hour}
	b.pass(ms)
	return b
}

func (b *bench) read(key int, edge bool) {
	b.said = append(b.said, b.board.Read(key, contact.Reading{At: b.at, Active: b.down[key], Edge: edge})...)
}

// pass lets time pass with nothing moving.
func (b *bench) pass(d time.Duration) {
	for end := b.at + d; b.at < end; {
		b.at += min(ms, end-b.at)
		for key := range b.down {
			b.read(key, false)
		}
	}
}

func (b *bench) set(key int, down bool) {
	edge := b.down[key] != down
	b.down[key] = down
	b.read(key, edge)
}

// play closes a key and opens it in turn, for these times in milliseconds, and leaves it open.
func (b *bench) play(key int, times ...int) {
	for i, t := range times {
		b.set(key, i%2 == 0)
		b.pass(time.Duration(t) * ms)
	}
	b.set(key, false)
}

func (b *bench) words() (said []string) {
	for _, s := range b.said {
		switch s.Kind {
		case device.Press:
			said = append(said, "press "+s.Detail)
		case device.Refused:
			said = append(said, s.Reason+" "+s.Detail)
		default:
			said = append(said, string(s.Kind)+" "+s.Reason)
		}
	}
	return said
}

func TestTraces(t *testing.T) {
	for _, c := range []struct {
		name     string
		debounce time.Duration
		times    []int
		wants    []string
	}{
		{"Ganssle's worst switch is one press", 30 * ms, []int{81, 42, 34, 400}, []string{"press A", "bounce A"}},
		{"closed for the debounce time and no longer", 30 * ms, []int{30, 400}, []string{"press A"}},
		{"closed for less", 30 * ms, []int{29, 400}, []string{"noise A"}},
		{"twice", 30 * ms, []int{60, 200, 60, 400}, []string{"press A", "press A"}},
		{"twice within 250 ms", 30 * ms, []int{60, 150, 60, 400}, []string{"press A", "bounce A"}},
		{"never settles", 30 * ms, append(alternating(600, 1), 400), []string{"noise A"}},
		{"held for 9.9 s", 30 * ms, []int{9900, 400}, []string{"press A"}},
		{"held for 10 s", 30 * ms, []int{10000, 1100}, []string{"press A", "stuck A held for 10 s", "free A"}},
		{"held for 61 s", 30 * ms, []int{61000, 1100}, []string{"press A", "stuck A held for 10 s", "stuck A held for 60 s", "free A"}},
		{"no debounce: a key that settles itself", 0, []int{1, 400}, []string{"press A"}},
		{"no debounce, twice within 250 ms", 0, []int{60, 150, 60, 400}, []string{"press A", "bounce A"}},
		{"no debounce, Ganssle's", 0, []int{81, 42, 34, 400}, []string{"press A", "bounce A"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(c.debounce)
			b.play(0, c.times...)
			if diff := cmp.Diff(c.wants, b.words()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func alternating(n, t int) (times []int) {
	for range n {
		times = append(times, t)
	}
	return times
}

func TestPressIsStampedAtItsFirstEdge(t *testing.T) {
	b := newBench(30 * ms)
	b.pass(123 * ms)
	at := b.at
	b.play(1, 2, 1, 60, 400)
	want := []device.Signal{{Kind: device.Press, At: at, Score: 3, UI: "keys", Detail: "B"}}
	if diff := cmp.Diff(want, b.said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTwoKeys presses A, and C a while later, for 100 ms each.
func TestTwoKeys(t *testing.T) {
	for apart, wants := range map[time.Duration][]string{
		0:       {"two-keys A C"},
		50 * ms: {"two-keys A C"},
		51 * ms: {"press A", "press C"},
		99 * ms: {"press A", "press C"},
	} {
		b := newBench(30 * ms)
		b.set(0, true)
		b.pass(apart)
		b.set(2, true)
		b.pass(100*ms - apart)
		b.set(0, false)
		b.pass(apart)
		b.set(2, false)
		b.pass(400 * ms)
		if diff := cmp.Diff(wants, b.words()); diff != "" {
			t.Errorf("%v apart (-want +got):\n%s", apart, diff)
		}
	}
}

func TestHeldWhenFirstReadIsStuckAndNoPress(t *testing.T) {
	b := &bench{board: contact.NewBoard([]string{"A", "B", "C"}, []int{5, 3, 1}, 30*ms)}
	b.down[2] = true
	b.pass(5 * time.Second)
	b.play(0, 60, 400)
	b.set(2, false)
	b.pass(999 * ms)
	b.play(2, 60, 1100)
	b.play(2, 60, 400)
	want := []string{"stuck C held at start", "press A", "free C", "press C"}
	if diff := cmp.Diff(want, b.words()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLoseKeepsWhatWasCertain(t *testing.T) {
	for _, c := range []struct {
		down  time.Duration
		wants []string
	}{
		{20 * ms, nil},
		{40 * ms, []string{"press A"}},
		{11 * time.Second, []string{"press A", "stuck A held for 10 s", "free A"}},
	} {
		b := newBench(30 * ms)
		b.set(0, true)
		b.pass(c.down)
		b.said = append(b.said, b.board.Lose(0)...)
		b.down[0] = false
		b.pass(5 * time.Second)
		if diff := cmp.Diff(c.wants, b.words()); diff != "" {
			t.Errorf("down for %v (-want +got):\n%s", c.down, diff)
		}
	}
}

// TestNothingIsInvented reads a key at moments of its own choice: with no reading that finds it
// closed twice, the debounce time apart and no edge between, there is no press.
func TestNothingIsInvented(t *testing.T) {
	rapid.Check(t, func(c *rapid.T) {
		b := contact.NewBoard([]string{"A"}, []int{1}, 30*ms)
		b.Read(0, contact.Reading{})
		at, since, certain := time.Duration(0), time.Duration(0), false
		was, presses := false, 0
		for range rapid.IntRange(1, 200).Draw(c, "readings") {
			at += time.Duration(rapid.IntRange(0, 60).Draw(c, "apart")) * ms
			r := contact.Reading{At: at, Active: rapid.Bool().Draw(c, "active"), Edge: rapid.Bool().Draw(c, "edge")}
			if r.Edge || r.Active != was {
				since = at
			}
			was = r.Active
			certain = certain || r.Active && at-since >= 30*ms
			for _, s := range b.Read(0, r) {
				if s.Kind != device.Press {
					continue
				}
				if presses++; !certain {
					c.Fatalf("a press at %v that nothing shows", s.At)
				}
				certain = false
			}
		}
		if most := int(at/(250*ms)) + 1; presses > most {
			c.Fatalf("%d presses of one key in %v, want %d at most", presses, at, most)
		}
	})
}

// BenchmarkEdge is what one edge of a pad of five keys costs: the reading of its key and those of the
// other four, in turns of a press.
func BenchmarkEdge(b *testing.B) {
	board := contact.NewBoard([]string{"A", "B", "C", "D", "E"}, []int{5, 4, 3, 2, 1}, 30*ms)
	for key := range 5 {
		board.Read(key, contact.Reading{})
	}
	var at time.Duration
	presses, looks := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		at += 5 * ms
		turn := looks % 120
		looks++
		for key := range 5 {
			r := contact.Reading{At: at, Active: key == 2 && turn < 16, Edge: key == 2 && (turn == 0 || turn == 16)}
			for _, s := range board.Read(key, r) {
				if s.Kind == device.Press {
					presses++
				}
			}
		}
	}
	if want := looks / 120; presses < want || presses > want+1 {
		b.Fatalf("%d presses, want %d", presses, want)
	}
}
