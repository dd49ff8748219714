package agent_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/agent"
	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/link"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// bent is a counter with everything set that bends a rating.
func bent(name string) agent.Counter {
	sum := wire.Hash{0xAB}
	return agent.Counter{
		Counter: name, Business: "credit",
		Rules: evaluation.Rules{
			Ask: []wire.Dimension{wire.Efficiency, wire.Attitude}, Window: 20 * time.Second, First: 40 * time.Second,
			LockOut: 5 * time.Second, Hammer: evaluation.Hammer{Presses: 5, Within: 10 * time.Second, Pause: 30 * time.Second},
			Reasons: []string{"waiting", "attitude"}, Closing: 17*time.Hour + 5*time.Minute,
		},
		PadRules: []wire.PadRules{
			{Pad: wire.PadSerial, Profile: "ff68", ProfileSHA256: &sum, Keys: map[string]wire.Score{"00": 2, "03": 5}},
			{Pad: wire.PadGPIO, Keys: map[string]wire.Score{"GPIO17": 1}, DebounceMS: 30},
		},
	}
}

// told starts a box of these counters twice and returns the records of its second start that tell the
// rules, in their order.
func told(t *testing.T, counters ...agent.Counter) (all []wire.Record) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		for i := range counters { // a channel belongs to the bubble in which it was made
			counters[i].Pads = []device.Driver{&keys{press: make(chan device.Signal), shown: make(chan device.Show, 16)}}
		}
		for range 2 {
			o := agent.Options{
				Place: wire.Place{Region: "r11", Branch: "b0731", Device: "pad-1"}, DataDir: dir, NoSocket: true, Counters: counters,
				Outbox: outbox.Options{Max: 4 << 20}, Topics: "evalpad/v1",
				Link: link.Options{Broker: "mqtt://mqtt.bank.example", Dial: refused},
				Now: func() evaluation.Moment {
					return evaluation.Moment{Boot: "boot-1", Uptime: time.Since(began) + time.Hour, Clock: wire.ClockUnset}
				},
			}
			a, err := agent.New(o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			if err := a.Run(ctx); err != nil {
				t.Fatal(err)
			}
			stop()
		}
	})
	for item, err := range outbox.List(filepath.Join(dir, agent.OutboxFile)) {
		if err != nil {
			t.Fatal(err)
		}
		r, err := wire.ParseRecord(item.Line)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := r.Event(); err == nil && e.Event == wire.EventRules {
			all = append(all, r)
		}
	}
	return all[len(all)/2:]
}

// TestRulesAreToldAtEachStart: every rule that bends a rating is in the event, defaults filled in.
func TestRulesAreToldAtEachStart(t *testing.T) {
	plain := agent.Counter{
		Counter: "c04", Rules: evaluation.Rules{Ask: []wire.Dimension{wire.Overall}},
		PadRules: []wire.PadRules{{Pad: wire.PadTouch}},
	}
	records := told(t, bent("c03"), plain)
	if len(records) != 1 {
		t.Fatalf("%d events tell the rules of a start, want 1", len(records))
	}
	e, err := records[0].Event()
	if err != nil {
		t.Fatal(err)
	}
	full := wire.CounterRules{
		Counter: "c03", Business: "credit", Ask: []wire.Dimension{wire.Efficiency, wire.Attitude}, FirstMS: 40_000, WindowMS: 20_000,
		LockOutMS: 5000, Hammer: &wire.HammerRule{Presses: 5, WithinMS: 10_000, PauseMS: 30_000},
		Reasons: []string{"waiting", "attitude"}, Closing: "17:05", Pads: bent("c03").PadRules,
	}
	bare := wire.CounterRules{
		Counter: "c04", Ask: []wire.Dimension{wire.Overall}, FirstMS: 30_000, WindowMS: 30_000,
		Reasons: []string{}, Pads: []wire.PadRules{{Pad: wire.PadTouch}},
	}
	want := &wire.RulesInForce{Part: 1, Parts: 1, Counters: []wire.CounterRules{full, bare}}
	if diff := cmp.Diff(want, e.Rules); diff != "" {
		t.Errorf("rules in force (-want +told):\n%s", diff)
	}
}

// TestRulesOfManyCounters: what does not fit into one record is an event a counter, in unbroken order.
func TestRulesOfManyCounters(t *testing.T) {
	var counters []agent.Counter
	for i := range 40 {
		c := bent(fmt.Sprintf("c%02d-%s", i, strings.Repeat("x", 36)))
		c.Rules.Reasons = nil
		for n := range 6 {
			c.Rules.Reasons = append(c.Rules.Reasons, fmt.Sprintf("%d%s", n, strings.Repeat("r", 39)))
		}
		counters = append(counters, c)
	}
	records := told(t, counters...)
	if len(records) != len(counters) {
		t.Fatalf("%d events for %d counters", len(records), len(counters))
	}
	for i, r := range records {
		e, err := r.Event()
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Line) > wire.MaxRecord || r.Seq != records[0].Seq+uint64(i) {
			t.Errorf("record %d of %d bytes is %d-th of its start, want %d", r.Seq, len(r.Line), i+1, records[0].Seq+uint64(i))
		}
		if got := e.Rules; got.Part != i+1 || got.Parts != 40 || len(got.Counters) != 1 || got.Counters[0].Counter != counters[i].Counter {
			t.Errorf("event %d is part %d of %d, of %d counters", i+1, got.Part, got.Parts, len(got.Counters))
		}
	}
}

// TestTallyIsACounters: what each counter has refused is told under its name, each hour once.
func TestTallyIsACounters(t *testing.T) {
	run(t, refused, func(b *box) {
		refuse := func() {
			b.keys.press <- device.Signal{Kind: device.Refused, Reason: device.ReasonUnmappedKey, At: b.uptime()}
		}
		refuse()
		refuse()
		time.Sleep(90 * time.Minute)
		refuse()
		time.Sleep(3 * time.Hour)
		b.stop()
		var got []string
		for item, err := range outbox.List(filepath.Join(b.dir, agent.OutboxFile)) {
			if err != nil {
				b.t.Fatal(err)
			}
			r, err := wire.ParseRecord(item.Line)
			if err != nil {
				b.t.Fatal(err)
			}
			if e, err := r.Event(); err == nil && e.Event == wire.EventTally {
				got = append(got, fmt.Sprint(e.Counter, e.Tally, r.Subject))
			}
		}
		if diff := cmp.Diff([]string{"c03map[unmapped-key:2]counter/c03", "c03map[unmapped-key:1]counter/c03"}, got); diff != "" {
			t.Errorf("tallies (-want +got):\n%s", diff)
		}
	})
}
