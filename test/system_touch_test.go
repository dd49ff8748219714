package test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"evalpad/sync/wire"
	"evalpad/test/vm"
)

// touch is what was done at a pad, and how often it may stand in the ledger: once for a press, never for
// a spark. While the board stood still, or this side was late, it was done otherwise than meant, or
// nobody could have seen it in time; then it is not judged, or not so strictly.
type touch struct {
	key         string
	score       wire.Score
	steps       []vm.Step
	least, most int
	doubt       time.Duration // how long the board stood still, or this side was late; 0: not too long
}

// How long the board, or this side, may be late with a touch that is judged. A press keeps 30 ms of rest
// even of its shortest, and its bouncing stays under the 100 ms of an open key; a spark that is late by
// more is a press.
const (
	pressLate = 50 * time.Millisecond
	sparkLate = 14 * time.Millisecond
)

func (s *system) touch(t *testing.T, key string, score wire.Score, steps []vm.Step) touch {
	t.Helper()
	return s.move(t, touch{key: key, score: score, steps: steps, least: 1, most: 1})
}

func (s *system) spark(t *testing.T, key string) touch {
	t.Helper()
	return s.move(t, touch{key: key, score: keyScores[key], steps: vm.Spark(s.rnd)})
}

func (s *system) move(t *testing.T, of touch) touch {
	t.Helper()
	s.box.Stalled() // what was before does not matter
	late, err := s.box.Move(of.key, of.steps)
	if err != nil {
		t.Fatal(err)
	}
	return s.judge(of, late)
}

// judge lets a touch be anything from nothing to two presses where it was not made as it should be.
func (s *system) judge(of touch, late time.Duration) touch {
	time.Sleep(pressLate) // the board may be standing still just now
	bearable := pressLate
	if of.most == 0 {
		bearable = sparkLate
	}
	if late = max(late, s.box.Stalled()); late > bearable {
		of.least, of.most, of.doubt = 0, 2, late
	}
	return of
}

// wantTouches compares what has come from a counter since the last time with what was done there. It
// counts the presses that were judged, and of all what is missing or there too often.
func (s *system) wantTouches(t *testing.T, counter string, touches []touch) (judged, lost, duplicated int) {
	t.Helper()
	time.Sleep(time.Second) // the last one is decided
	s.settled(t)
	fresh := s.rated(t, counter)[s.judged[counter]:]
	s.judged[counter] += len(fresh)
	var got []wire.Score
	var when []string // for whoever has to find out why
	for _, e := range fresh {
		got = append(got, e.Scores[wire.Overall])
		when = append(when, fmt.Sprintf("%d at %d", e.Scores[wire.Overall], e.Pressed.UptimeMS))
	}
	var least, most, doubtful int
	var words strings.Builder
	for _, of := range touches {
		least, most = least+of.least, most+of.most
		fmt.Fprintf(&words, "%d to %d of %d: %s %s", of.least, of.most, of.score, of.key, vm.Words(of.steps))
		if of.doubt == 0 && of.least == 1 {
			judged++
		}
		if of.doubt > 0 {
			doubtful++
			fmt.Fprintf(&words, " (late by %s)", of.doubt.Round(time.Millisecond))
		}
		words.WriteByte('\n')
	}
	t.Logf("%s: %d touches, %d evaluations; %d touches are not judged: this machine was busy elsewhere", counter, len(touches), len(got), doubtful)
	if !explained(touches, got) {
		for _, e := range s.events(t, counter) {
			when = append(when, fmt.Sprintf("%s at %d", e.Event, e.At.UptimeMS))
		}
		t.Errorf("%s: the ledger has %s\nthe box says %v; what was done, closed + and open - in milliseconds:\n%s",
			counter, strings.Join(when, ", "), s.box.Status()["presses"], words.String())
		return judged, max(least-len(got), 0), max(len(got)-most, 0)
	}
	if doubtful > 2*len(touches)/3 {
		t.Errorf("%s: this machine is too busy: of %d touches %d cannot be judged", counter, len(touches), doubtful)
	}
	return judged, 0, 0
}

// explained reports whether the touches, in their order, can have made these scores.
func explained(touches []touch, got []wire.Score) bool {
	reached := map[int]bool{0: true} // how many scores the touches so far can have made
	for _, of := range touches {
		next := map[int]bool{}
		for n := range reached {
			for made := 0; made <= of.most; made++ {
				if made >= of.least {
					next[n+made] = true
				}
				if n+made == len(got) || got[n+made] != of.score {
					break
				}
			}
		}
		reached = next
	}
	return reached[len(got)]
}

func TestExplained(t *testing.T) {
	press, spark, doubt := touch{score: 2, least: 1, most: 1}, touch{score: 2}, touch{score: 2, most: 2}
	five := touch{score: 5, least: 1, most: 1}
	for _, c := range []struct {
		touches []touch
		got     []wire.Score
		want    bool
	}{
		{nil, nil, true},
		{[]touch{press, five}, []wire.Score{2, 5}, true},
		{[]touch{press, five}, []wire.Score{5, 2}, false},
		{[]touch{press, five}, []wire.Score{2}, false},
		{[]touch{press, five}, []wire.Score{2, 2, 5}, false},
		{[]touch{press, spark, five}, []wire.Score{2, 5}, true},
		{[]touch{press, spark, five}, []wire.Score{2, 2, 5}, false},
		{[]touch{press, doubt, five}, []wire.Score{2, 5}, true},
		{[]touch{press, doubt, five}, []wire.Score{2, 2, 2, 5}, true},
		{[]touch{press, doubt, five}, []wire.Score{2, 2, 2, 2, 5}, false},
		{[]touch{doubt}, []wire.Score{5}, false},
	} {
		if got := explained(c.touches, c.got); got != c.want {
			t.Errorf("%v makes %v: %t, want %t", c.touches, c.got, got, c.want)
		}
	}
}
