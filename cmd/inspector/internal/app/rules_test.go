package app_test

import (
	"testing"
	"testing/synctest"
	"time"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/device"
	"evalpad/sync/wire"
)

// TestRulesAndRefusalsReachHeadquarters: the real box tells how its counter asks and what it has
// refused, in its heartbeat and, each hour, in a sealed tally, whose time headquarters reckons though
// the box has none.
func TestRulesAndRefusalsReachHeadquarters(t *testing.T) {
	story(t, func(b *bank) {
		t := b.t // of the bubble
		refused := time.Now()
		for range 2 {
			b.keys.press <- device.Signal{Kind: device.Refused, Reason: device.ReasonUnmappedKey}
			synctest.Wait()
		}
		after(2 * time.Minute)
		d, err := b.book.Dossier(t.Context(), theBox(b))
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Rules) != 1 || d.Rules[0].Counter != "c03" || d.Rules[0].WindowMS == 0 || d.Rules[0].Standing != ledger.Unenrolled {
			t.Errorf("rules in force: %+v", d.Rules)
		}
		if d.Health == nil || d.Health.Refused[device.ReasonUnmappedKey] != 2 {
			t.Errorf("heartbeat: %+v", d.Health)
		}
		b.endHQ() // the tally is sealed while nobody listens
		after(3 * time.Hour)
		b.openHQ()
		after(2 * time.Minute)
		tallies, err := b.book.Tallies(t.Context(), rates.Period{From: wire.At(refused), To: wire.At(refused.Add(2 * time.Hour))})
		if err != nil || len(tallies) != 1 {
			t.Fatalf("tallies %+v, %v: want one", tallies, err)
		}
		got := tallies[0]
		if off := got.At.Sub(refused.Add(time.Hour)).Abs(); got.Counter != "c03" || got.Refused[device.ReasonUnmappedKey] != 2 || off > 2*time.Minute {
			t.Errorf("tally %+v, refused at %s", got, refused)
		}
	})
}

// theBox is the only box that headquarters knows.
func theBox(b *bank) string {
	b.t.Helper()
	list, err := b.book.Devices(b.t.Context())
	if err != nil || len(list) != 1 {
		b.t.Fatalf("%d devices, %v: want one", len(list), err)
	}
	return list[0].Device
}
