package vm

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Step is a position of a key's contact and how long it stays in it.
type Step struct {
	Closed bool
	For    time.Duration
}

// maxBounce is the longest that an ordinary switch bounces, with much to spare: of the 18 switches
// that J. Ganssle measured (A Guide to Debouncing) 17 were at rest within 6.2 ms. The eighteenth took
// 157 ms, and is Worst.
const maxBounce = 30 * time.Millisecond

// Press is one press by a finger: the contact bounces when it closes, stays closed for 120 to 300 ms,
// and bounces when it opens.
func Press(rnd *rand.Rand) []Step {
	steps := bounce(rnd, true)
	steps = append(steps, Step{true, between(rnd, 120*time.Millisecond, 300*time.Millisecond)})
	return append(append(steps, bounce(rnd, false)...), Step{false, 0})
}

// Worst is one press of the worst switch that Ganssle met, which is open for 42 ms in the midst of its
// bouncing: when it closes, when it opens, or with nothing of a press around that; n chooses.
func Worst(n int) []Step {
	const ms = time.Millisecond
	return [][]Step{
		{{true, 81 * ms}, {false, 42 * ms}, {true, 250 * ms}, {false, 0}},
		{{true, 250 * ms}, {false, 42 * ms}, {true, 81 * ms}, {false, 0}},
		{{true, 81 * ms}, {false, 42 * ms}, {true, 34 * ms}, {false, 0}},
	}[n%3]
}

// Spark is no press, being half as long as the shortest that is one: a relay nearby, a hand that
// touches the cable.
func Spark(rnd *rand.Rand) []Step {
	return []Step{{true, between(rnd, 9*time.Millisecond, 15*time.Millisecond)}, {false, 0}}
}

// bounce is up to twelve changes within maxBounce, beginning with the contact as it will come to rest.
func bounce(rnd *rand.Rand, closed bool) (steps []Step) {
	changes := 2 * rnd.IntN(7)
	for i := range changes {
		steps = append(steps, Step{closed == (i%2 == 0), between(rnd, 50*time.Microsecond, maxBounce/12)})
	}
	return steps
}

func between(rnd *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rnd.Int64N(int64(most-least)))
}

// Words writes steps in milliseconds, as "+0.4 -1.2 +150.0 -0.0": + is closed.
func Words(steps []Step) string {
	var words []string
	for _, s := range steps {
		sign := "-"
		if s.Closed {
			sign = "+"
		}
		words = append(words, fmt.Sprintf("%s%.1f", sign, s.For.Seconds()*1000))
	}
	return strings.Join(words, " ")
}
