package contact_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"evalpad/device"
	"evalpad/device/contact"
)

func TestQueueGivesEachAnIDAndKeepsTheirOrder(t *testing.T) {
	q := contact.Queue{Prefix: "keys", Log: slog.New(slog.DiscardHandler)}
	to := make(chan device.Signal, 1)
	if c, _ := q.Offer(to); c != nil {
		t.Error("an empty queue offers something")
	}
	q.Add(device.Signal{Kind: device.Press}, device.Signal{Kind: device.Lost})
	for _, want := range []device.Signal{{ID: "keys-1", Kind: device.Press}, {ID: "keys-2", Kind: device.Lost}} {
		c, s := q.Offer(to)
		if c == nil || s != want {
			t.Errorf("offered %v, want %v", s, want)
		}
		q.Taken()
	}
}

// TestQueueDropsNoiseFirst keeps room for presses behind any amount of noise, and says what it drops.
func TestQueueDropsNoiseFirst(t *testing.T) {
	var log bytes.Buffer
	q := contact.Queue{Prefix: "keys", Log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 1000 {
		q.Add(device.Signal{Kind: device.Refused, Reason: device.ReasonNoise})
	}
	for range 5000 {
		q.Add(device.Signal{Kind: device.Press})
	}
	kinds := map[device.SignalKind]int{}
	for to := make(chan device.Signal); ; q.Taken() {
		c, s := q.Offer(to)
		if c == nil {
			break
		}
		kinds[s.Kind]++
	}
	if kinds[device.Refused] != 256 || kinds[device.Press] != 4096-256 {
		t.Errorf("kept %v, want 256 refusals and presses up to 4,096", kinds)
	}
	if n := strings.Count(log.String(), "dropped"); n != 6000-4096 {
		t.Errorf("%d drops were told, want %d", n, 6000-4096)
	}
}
