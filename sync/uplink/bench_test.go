package uplink_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"evalpad/sync/linktest"
	"evalpad/sync/outbox"
	"evalpad/sync/uplink"
	"evalpad/sync/wire"
)

// BenchmarkDrainPUBACK is the pump alone in this process, for a profile: 20,000 records to a real
// mosquitto, settled on PUBACK. What it promises is measured with real programs in package test.
func BenchmarkDrainPUBACK(b *testing.B) {
	const n = 20_000
	broker := linktest.Mosquitto(b)
	for b.Loop() {
		b.StopTimer()
		store, err := outbox.Open(filepath.Join(b.TempDir(), "outbox.db"), outbox.Options{Key: boxKey, Place: place, Max: 64 << 20})
		if err != nil {
			b.Fatal(err)
		}
		for range n / 500 {
			var c outbox.Change
			for range 500 {
				d, err := wire.NewDraft(wire.KindEvaluation, wire.Instant{}, "counter/c03", wire.Evaluation{Evaluation: "e", Counter: "c03", Outcome: wire.NotRated})
				if err != nil {
					b.Fatal(err)
				}
				c.Drafts = append(c.Drafts, d)
			}
			if _, err := store.Commit(b.Context(), c); err != nil {
				b.Fatal(err)
			}
		}
		bx := &box{store: store, began: time.Now()}
		o := uplink.Options{
			Topics: topics, Place: place, Key: boxKey, Store: store, Agent: bx, Boot: "b", Uptime: bx.uptime, SettleOn: uplink.PUBACK,
		}
		o.Link.Broker = broker.URL()
		up, err := uplink.New(o)
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		b.StartTimer()
		began := time.Now()
		go func() { done <- up.Run(ctx) }()
		for store.Stats().Waiting > 0 {
			time.Sleep(5 * time.Millisecond)
		}
		b.ReportMetric(n/time.Since(began).Seconds(), "records/s")
		b.StopTimer()
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
