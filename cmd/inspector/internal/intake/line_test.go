package intake

import (
	"slices"
	"testing"
)

// TestAcknowledgementsGoOutInOrder is done with messages in the order 2, 1, 3.
func TestAcknowledgementsGoOutInOrder(t *testing.T) {
	var l line
	var acked []int
	done := make([]func(), 4)
	for i := 1; i <= 3; i++ {
		done[i] = l.inOrder(func() { acked = append(acked, i) })
	}
	for _, step := range []struct {
		done int
		want []int
	}{{2, nil}, {1, []int{1, 2}}, {1, []int{1, 2}}, {3, []int{1, 2, 3}}} {
		done[step.done]()
		if !slices.Equal(acked, step.want) {
			t.Errorf("after %d is done: got %v acknowledged, want %v", step.done, acked, step.want)
		}
	}
	if len(l.slips) != 0 {
		t.Errorf("slips left: got %d, want 0", len(l.slips))
	}
}

func TestWaitingIsBoundedOverAllDevices(t *testing.T) {
	w := newWaiting()
	dropped, n := 0, 0
	for d := range 10 {
		for range 1000 {
			p := parcel{}
			n++
			p.hash[0], p.hash[1] = byte(n), byte(n>>8)
			dropped += w.put(string(rune('a'+d)), p)
		}
	}
	if w.n > maxWaiting || w.n+dropped != 10_000 {
		t.Errorf("waiting and dropped: got %d and %d, want at most %d and 10,000 together", w.n, dropped, maxWaiting)
	}
	if len(w.of["a"]) != 0 || len(w.of["j"]) != 1000 {
		t.Errorf("got %d of the first device and %d of the last, want 0 and 1000", len(w.of["a"]), len(w.of["j"]))
	}
	for _, d := range slices.Clone(w.order) {
		w.take(d, nil)
	}
	if w.n != 0 || len(w.of) != 0 || len(w.order) != 0 {
		t.Errorf("after all were taken: got %d %d %d, want nothing", w.n, len(w.of), len(w.order))
	}
}

func TestSpread(t *testing.T) {
	for devices, want := range map[int]float64{0: 1, 1: 1, 25: 1, 50: 2, 1000: 40} {
		if got := spread(devices); got != want {
			t.Errorf("spread of %d devices: got %g s, want %g", devices, got, want)
		}
	}
}
