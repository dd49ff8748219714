package uplink_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/uplink"
	"evalpad/sync/wire"
)

// spreads has headquarters say over how many seconds boxes are to return.
func (h *headquarters) spreads(seconds float64) { h.says(wire.Ready, 1, seconds) }

func (h *headquarters) says(state wire.Presence, session uint64, spread float64) {
	line, err := seal.Message(h.key, seal.TagHeadquarters, wire.HeadquartersStatus{
		State: state, Session: session, SpreadS: spread, By: seal.Mandate(h.root, h.key.Public()),
	})
	if err != nil {
		panic(err)
	}
	h.broker.Publish(link.Message{Topic: topics.Headquarters(), Payload: line, QoS: 1, Retain: true})
}

// earlierLife is a boot in which headquarters has told the spread, up to the power cut.
func earlierLife(b *box, o uplink.Options, seconds float64) {
	b.t.Helper()
	up, err := uplink.New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := up.Run(ctx); err != nil {
			b.t.Error(err)
		}
	})
	b.hq.spreads(seconds)
	after(10 * time.Second)
	cancel()
	running.Wait()
}

// TestSpreadOutlivesAPowerCut: when a whole city's power is back, no box knocks at once but one that
// holds an alert; an agent that is only started anew does.
func TestSpreadOutlivesAPowerCut(t *testing.T) {
	for name, tc := range map[string]struct {
		boot  string
		alert bool
		want  time.Duration // with a random number of one half
	}{
		"another boot":          {"boot-2", false, 100 * time.Second},
		"another boot, alerted": {"boot-2", true, 2500 * time.Millisecond},
		"the same boot":         {"boot-1", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var began time.Time
			inBubble(t, func(o *uplink.Options) {
				b := o.Agent.(*box)
				earlierLife(b, *o, 200)
				if tc.alert {
					b.alert("bad")
				}
				o.Boot, began = tc.boot, time.Now()
			}, func(b *box) {
				for b.up.State().Phase == uplink.Connecting && time.Since(began) < time.Hour {
					after(10 * time.Millisecond)
				}
				if took := time.Since(began); took < tc.want || took > tc.want+20*time.Millisecond {
					t.Errorf("first session after %v, want %v", took, tc.want)
				}
			})
		})
	}
}

// TestAlertShortensTheWait: the spread of a great bank is many minutes, and an alert that comes up in
// the middle of that goes within 5 s.
func TestAlertShortensTheWait(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		b.hq.spreads(1000)
		after(time.Minute)
		b.broker.Cut()
		after(10 * time.Second)
		b.rate(1)
		after(time.Minute)
		if n := b.waiting(); n != 1 {
			t.Fatalf("waiting in the first minute: got %d, want 1", n)
		}
		b.alert("bad")
		after(6 * time.Second)
		if n := b.waiting(); n != 0 {
			t.Errorf("waiting 6 s after the alert: got %d, want 0", n)
		}
	})
}

// TestSilentHeadquartersIsSaidAloud: the broker goes on acknowledging. Within a minute the box says
// so, in its status and in a heartbeat, whatever the reason; and an hour without a customer is no
// silence.
func TestSilentHeadquartersIsSaidAloud(t *testing.T) {
	for name, silence := range map[string]func(b *box){
		"headquarters is down":                 func(b *box) { b.hq.with(func() { b.hq.silent = true }) },
		"the broker drops every record":        func(b *box) { b.broker.Drop("evalpad/v1/+/+/+/evaluation") },
		"the broker keeps receipts to itself":  func(b *box) { b.hq.with(func() { b.hq.forge = misdirect }) },
		"and other records are thanked for":    func(b *box) { b.broker.Drop("evalpad/v1/+/+/+/evaluation"); b.keepSaying() },
		"it has never answered in the session": func(b *box) { b.hq.with(func() { b.hq.silent = true }); b.broker.Cut() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(b *box) {
				for range 12 {
					after(5 * time.Minute)
					b.rate(1)
					synctest.Wait()
					b.wantSilent(false)
				}
				after(time.Second)
				silence(b)
				b.rate(1)
				after(time.Minute)
				b.wantSilent(true)
				b.hq.with(func() {
					if last := b.hq.beats[len(b.hq.beats)-1]; !slices.Contains(last.Degraded, uplink.HeadquartersSilent) {
						t.Errorf("last heartbeat: degraded %v, want %s", last.Degraded, uplink.HeadquartersSilent)
					}
					b.hq.silent, b.hq.forge = false, nil
				})
				b.broker.Behave()
				after(3 * time.Minute)
				b.wantSilent(false)
				if n := b.waiting(); n != 0 {
					t.Errorf("waiting at the end: got %d, want 0", n)
				}
			})
		})
	}
}

// misdirect makes a receipt one that this box will not take for its own.
func misdirect(r *wire.Receipt) { r.Device = "pad-of-another" }

// keepSaying seals an event each second for two minutes, which headquarters thanks for.
func (b *box) keepSaying() {
	go func() {
		for range 120 {
			time.Sleep(time.Second)
			if err := b.put(b.t.Context(), wire.KindEvent, wire.Event{Event: wire.EventTally}); err != nil {
				return // the test has ended
			}
		}
	}()
}

func (b *box) wantSilent(want bool) {
	b.t.Helper()
	s := b.up.State()
	if got := slices.Contains(s.Degraded, uplink.HeadquartersSilent); got != want {
		b.t.Errorf("headquarters-silent: got %t, want %t: %+v", got, want, s)
	}
}

// TestHeadquartersFromABackup returns under the number of a session that it has had before. All the
// same the box sends again what is unreceipted, and says at once how far it is settled.
func TestHeadquartersFromABackup(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		b.hq.spreads(1)
		after(2 * time.Second)
		b.broker.Drop(topics.Every(wire.KindEvaluation))
		b.rate(10)
		after(2 * time.Second)
		b.hq.says(wire.Lost, 1, 1)
		b.broker.Behave()
		var beats int
		b.hq.with(func() { beats = len(b.hq.beats) })
		b.hq.says(wire.Ready, 1, 1)
		after(2 * time.Second)
		if n := b.waiting(); n != 0 {
			t.Errorf("waiting after headquarters' return: got %d, want 0", n)
		}
		b.hq.with(func() {
			if n := len(b.hq.beats) - beats; n != 1 {
				t.Errorf("heartbeats upon headquarters' return: got %d, want 1", n)
			}
		})
	})
}
