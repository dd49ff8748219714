package hidkeys

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/device"
)

// TestSieve drops what the kernel says to drop, and asks for the keys' state once the packet is over.
func TestSieve(t *testing.T) {
	down := func(code uint16) event { return event{kind: evKey, code: code, value: valueDown} }
	dropped, end := event{kind: evSyn, code: synDropped}, event{kind: evSyn, code: synReport}
	var s sieve
	for i, c := range []struct {
		list  []event
		want  []uint16
		stale bool
	}{
		{[]event{down(1), end, {kind: evKey, code: 1, value: 2}, {kind: evSyn, code: synReport, value: 1}}, []uint16{1}, false},
		{[]event{down(2), end, dropped, down(3)}, []uint16{2}, false},
		{[]event{down(4), {kind: 4, code: 4}}, nil, false},
		{[]event{down(5), end, down(6), end}, []uint16{6}, true},
		{[]event{dropped, down(7), dropped, end}, nil, true},
		{[]event{down(8), end}, []uint16{8}, false},
	} {
		var got []uint16
		for _, e := range s.take(c.list) {
			got = append(got, e.code)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || s.stale() != c.stale {
			t.Errorf("read %d: stale %v, want %v; keys (-want +got):\n%s", i, s.stale(), c.stale, diff)
		}
		if s.stale() {
			s.renewed()
		}
	}
}

// TestReadingsKeepTheirOrder takes an event that is stamped before the last look at the keys.
func TestReadingsKeepTheirOrder(t *testing.T) {
	k, err := New(Options{Port: "/dev/x", Keys: map[string]int{"KEY_1": 1}, Uptime: func() time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	p := k.newPad()
	p.queue.Log = slog.New(slog.DiscardHandler)
	p.take(report{at: 10 * time.Second, opened: true, down: make([]byte, 96), idle: true})
	p.take(report{at: 11 * time.Second, events: []event{{at: 9 * time.Second, kind: evKey, code: 2, value: valueDown}}, idle: true})
	_, got := p.queue.Offer(make(chan device.Signal))
	want := device.Signal{ID: "keypad-1", Kind: device.Press, At: 10 * time.Second, Score: 1, UI: "keys", Detail: "KEY_1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
