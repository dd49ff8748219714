package test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/test/trial"
)

// A great bank: 5,000 boxes on one broker, of which headquarters can welcome 25 a second back. By the
// trade's own figures (200 dissatisfied a year at 25 windows) some twenty of them hold an alert after
// an hour without a broker.
const (
	fleetBoxes   = 5000
	fleetAlerts  = 20
	peakConnects = 50 // a second
	alertsBack   = 10 * time.Second
)

// outage is what the boxes of a fleet have been through.
type outage struct {
	boxes, alerts int
	away          time.Duration // of the broker
	boot          string        // of the boxes; headquarters told the spread in boot-1
}

// TestFleetReturns has five thousand boxes come back at once, each with the real uplink and the real
// MQTT client. The broker sees at most 50 CONNECTs a second, and alerts do not wait for that.
func TestFleetReturns(t *testing.T) {
	t.Parallel()
	for name, o := range outages() {
		t.Run(name, func(t *testing.T) {
			seeds := trial.Times(1, 2)
			for seed := range seeds {
				g := o.end(t, uint64(seed))
				peak, last := g.peak(), slices.Max(g.alerts)
				t.Logf("seed %d: %d CONNECTs a second at the peak, the last alert after %s, the last box after %s",
					seed, peak, last.Round(time.Millisecond), slices.Max(g.connects).Round(time.Second))
				if peak > peakConnects || last > alertsBack || len(g.alerts) != o.alerts {
					t.Errorf("want at most %d CONNECTs a second, and %d alerts within %s; got %d alerts", peakConnects, o.alerts, alertsBack, len(g.alerts))
				}
			}
			trial.Report(t, trial.Trial{
				Fault: "5,000 boxes: " + name, Injected: "real uplinks in a bubble, before a broker that counts",
				Tried: seeds, Planted: "reconnect-without-jitter, spread-ignored, spread-forgotten",
			})
		})
	}
}

func outages() map[string]outage {
	all := map[string]outage{
		"broker restarted":       {fleetBoxes, fleetAlerts, 5 * time.Second, "boot-1"},
		"a city's power is back": {fleetBoxes, fleetAlerts, 0, "boot-2"},
	}
	if trial.Soak() {
		all["broker away for 30 seconds"] = outage{fleetBoxes, fleetAlerts, 30 * time.Second, "boot-1"}
		all["broker away for 20 minutes"] = outage{fleetBoxes, fleetAlerts, 20 * time.Minute, "boot-1"}
	}
	return all
}

// TestLoneBoxReturns: a bank with one box is not made to wait when its line was cut.
func TestLoneBoxReturns(t *testing.T) {
	for seed := range uint64(100) {
		g := outage{boxes: 1, alerts: 1, away: time.Nanosecond, boot: "boot-1"}.end(t, seed)
		if took := g.alerts[0]; took > time.Second {
			t.Errorf("seed %d: its alert came %s after the cut, want within 1 s", seed, took)
		}
	}
}

// end lets the outage pass, and returns the gate through which all boxes have come.
func (o outage) end(t *testing.T, seed uint64) (g *gate) {
	synctest.Test(t, func(t *testing.T) {
		g = newGate(max(float64(o.boxes)/25, 1)) // as headquarters reckons it
		notes := g.teach(t)
		g.shut(o.away)
		var fleet sync.WaitGroup
		for i := range o.boxes {
			s := newShelf(notes, i < o.alerts)
			fleet.Go(func() { g.box(t, i, s, o.boot, boxRandom(seed, i)) })
		}
		fleet.Wait()
	})
	return g
}
