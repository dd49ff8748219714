package uplink_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/uplink"
	"evalpad/sync/wire"
)

// TestOrderOfASession: birth, receipt, heartbeat that echoes it, records, alerts first; all settled.
func TestOrderOfASession(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		b.hq.with(func() { b.hq.silent = true })
		b.rate(40)
		b.alert("bad")
		after(time.Second)
		b.broker.Forget()
		b.hq.with(func() { b.hq.silent = false })
		after(40 * time.Second)
		if n := b.waiting(); n != 0 {
			t.Fatalf("waiting: got %d, want 0", n)
		}
		kinds := kindsOf(b.broker.Seen("evalpad/v1/r11/b0731/pad-1/#"))
		birth, receipt, beat := slices.Index(kinds, "status"), slices.Index(kinds, "receipt"), slices.Index(kinds, "heartbeat")
		first := slices.IndexFunc(kinds, func(k wire.Kind) bool { return k.IsRecord() })
		if birth != 0 || receipt < birth || beat < receipt || first < beat {
			t.Errorf("order: got %v", kinds[:min(8, len(kinds))])
		}
		if kinds[first] != wire.KindAlert {
			t.Errorf("first record: got %s, want the alert, though 41 were waiting before it", kinds[first])
		}
		b.hq.with(func() {
			if heard := b.hq.beats[0].Heard; heard == nil {
				t.Error("the first heartbeat does not echo the receipt")
			}
		})
	})
}

func kindsOf(messages []link.Message) (kinds []wire.Kind) {
	for _, m := range messages {
		if _, k, err := topics.Parse(m.Topic); err == nil {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// TestPUBACKSettlesNothing: the broker takes everything, headquarters says nothing.
func TestPUBACKSettlesNothing(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		b.rate(5)
		after(2 * time.Second)
		b.hq.with(func() { b.hq.silent = true })
		b.rate(5)
		after(90 * time.Second)
		if n := b.waiting(); n != 5 {
			t.Errorf("waiting: got %d, want the 5 that nobody receipted", n)
		}
		if d := b.up.State().Degraded; !slices.Contains(d, uplink.HeadquartersSilent) {
			t.Errorf("degraded: got %v, want %s", d, uplink.HeadquartersSilent)
		}
		b.hq.with(func() { b.hq.silent = false })
		after(3 * time.Minute)
		if n := b.waiting(); n != 0 {
			t.Errorf("waiting after headquarters spoke again: got %d, want 0", n)
		}
	})
}

// TestNothingFlowsBeforeTheFirstReceipt: without headquarters no record is spent on a broker.
func TestNothingFlowsBeforeTheFirstReceipt(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		b.hq.with(func() { b.hq.silent = true })
		b.alert("bad")
		after(2 * time.Minute)
		if n := len(b.broker.Seen(topics.Every(wire.KindAlert))); n != 0 {
			t.Errorf("alerts published: got %d, want 0 before headquarters has spoken", n)
		}
		b.hq.with(func() { b.hq.silent = false })
		after(40 * time.Second) // the birth is said again
		if n := b.waiting(); n != 0 {
			t.Errorf("waiting: got %d, want 0", n)
		}
	})
}

// TestWindow: never more unreceipted than headquarters has granted.
func TestWindow(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		b.hq.with(func() { b.hq.window = 4 })
		after(2 * time.Second)
		b.hq.with(func() { b.hq.silent = true })
		b.rate(50)
		after(5 * time.Second)
		if n := len(b.broker.Seen(topics.Every(wire.KindEvaluation))); n != 4 {
			t.Errorf("published without a receipt: got %d, want 4", n)
		}
		b.alert("bad")
		after(time.Second)
		if n := len(b.broker.Seen(topics.Every(wire.KindAlert))); n != 1 {
			t.Errorf("alerts published past the full window: got %d, want 1", n)
		}
	})
}

// TestBrokerDropsThenHeadquartersReturns: what was acknowledged and dropped comes again.
func TestBrokerDropsThenHeadquartersReturns(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		b.hq.back(1)
		after(2 * time.Second)
		b.broker.Drop(topics.Every(wire.KindEvaluation))
		b.rate(10)
		after(5 * time.Second)
		if n := b.waiting(); n != 10 {
			t.Fatalf("waiting: got %d, want 10", n)
		}
		b.broker.Behave()
		b.hq.back(2)
		after(2 * time.Second)
		if n := b.waiting(); n != 0 {
			t.Errorf("waiting after headquarters' new session: got %d, want 0", n)
		}
	})
}

// TestSessionsEnd cuts the line again and again under load.
func TestSessionsEnd(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		for range 20 {
			b.rate(10)
			after(50 * time.Millisecond)
			b.broker.Cut()
		}
		after(5 * time.Minute)
		if n := b.waiting(); n != 0 {
			t.Errorf("waiting: got %d, want 0", n)
		}
		var last uint64
		b.hq.with(func() {
			for _, s := range b.hq.births {
				if s.State == wire.Ready && s.Session < last {
					t.Errorf("session %d was born after session %d", s.Session, last)
				}
				last = max(last, s.Session)
			}
		})
	})
}

// TestForgedReceipts settle nothing.
func TestForgedReceipts(t *testing.T) {
	stranger := seal.KeyFromSeed([32]byte{77})
	for name, forge := range map[string]func(*headquarters, *wire.Receipt){
		"another session": func(_ *headquarters, r *wire.Receipt) { r.Session++ },
		"another device":  func(_ *headquarters, r *wire.Receipt) { r.Device = "pad-2" },
		"another root": func(h *headquarters, r *wire.Receipt) {
			r.By = seal.Mandate(stranger, h.key.Public())
		},
		"a key without mandate": func(h *headquarters, r *wire.Receipt) { r.By.Key = stranger.Public() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(b *box) {
				after(2 * time.Second) // the root is pinned by now
				b.hq.with(func() { b.hq.forge = func(r *wire.Receipt) { forge(b.hq, r) } })
				b.rate(3)
				after(10 * time.Second)
				if n := b.waiting(); n != 3 {
					t.Errorf("waiting: got %d, want 3", n)
				}
			})
		})
	}
}

// TestHeadBeyondOurs: headquarters knows a record that this file has never held.
func TestHeadBeyondOurs(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		after(2 * time.Second)
		epochs := len(b.store.Epochs())
		before := b.store.Epochs()[epochs-1].Epoch
		b.hq.with(func() {
			b.hq.forge = func(r *wire.Receipt) {
				if r.Epoch == before {
					r.Through, r.Head = 1000, wire.Hash{1}
				}
			}
		})
		b.rate(1)
		after(5 * time.Second)
		if !b.event(wire.EventStorageRollback) {
			t.Errorf("no %s event", wire.EventStorageRollback)
		}
		if now := b.store.Epochs(); now[len(now)-1].Epoch == before {
			t.Error("no new epoch")
		}
		if len(b.store.Epochs()) > 2 {
			t.Errorf("epochs: got %v, want one new one only", b.store.Epochs())
		}
	})
}

// TestHeadDiffers: same number, other bytes.
func TestHeadDiffers(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		after(2 * time.Second)
		before := b.store.Epochs()[0].Epoch
		b.hq.with(func() {
			b.hq.forge = func(r *wire.Receipt) {
				if r.Epoch == before {
					r.Head[0] ^= 1
				}
			}
		})
		b.rate(1)
		after(5 * time.Second)
		if now := b.store.Epochs(); now[len(now)-1].Epoch == before {
			t.Error("no new epoch")
		}
		if n := b.waiting(); n < 1 {
			t.Error("a receipt with a head that is not ours has settled")
		}
	})
}

// TestPoison: a record on which the broker hangs up is parked after three sessions; the rest goes on.
func TestPoison(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		after(2 * time.Second)
		b.broker.HangUpOn(func(m link.Message) bool {
			_, k, _ := topics.Parse(m.Topic)
			return k == wire.KindEvaluation && bytes.Contains(m.Payload, []byte(`"evaluation":"e2"`))
		})
		b.rate(6)
		after(5 * time.Minute)
		if !b.event(wire.EventParked) {
			t.Fatal("not parked")
		}
		if n := b.waiting(); n != 1 {
			t.Errorf("waiting: got %d, want the parked one alone", n)
		}
		if d := b.up.State().Degraded; !slices.Contains(d, uplink.ParkedRecords) {
			t.Errorf("degraded: got %v, want %s", d, uplink.ParkedRecords)
		}
		b.broker.Behave()
		after(61 * time.Minute)
		if n := b.waiting(); n != 0 {
			t.Errorf("waiting after the hour: got %d, want 0", n)
		}
	})
}

// TestResend: headquarters asks for what it has lost, and hears of what the box no longer has.
func TestResend(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		b.rate(10)
		after(3 * time.Second)
		epoch := b.store.Epochs()[0].Epoch
		b.broker.Forget()
		b.hq.with(func() {
			b.hq.say(wire.KindCommand, seal.TagCommand, wire.Command{
				Device: place.Device, Session: b.hq.session, Number: 1, UntilUptimeMS: 1 << 40,
				Command: wire.CommandResend, Resend: &wire.Resend{Epoch: epoch, From: 3, To: 6},
				By: seal.Mandate(b.hq.root, b.hq.key.Public()),
			})
		})
		again := func() int { return len(b.broker.Seen(topics.Every(wire.KindEvaluation))) }
		for range 30 {
			if after(time.Second); again() >= 4 {
				break
			}
		}
		if n := again(); n != 4 {
			t.Errorf("sent again: got %d, want 4", n)
		}
		b.hq.with(func() {
			b.hq.say(wire.KindCommand, seal.TagCommand, wire.Command{
				Device: place.Device, Session: b.hq.session, Number: 2, UntilUptimeMS: 1 << 40,
				Command: wire.CommandResend, Resend: &wire.Resend{Epoch: "00000000000000aa", From: 1, To: 2},
				By: seal.Mandate(b.hq.root, b.hq.key.Public()),
			})
		})
		after(2 * time.Second)
		if !b.event(wire.EventMissing) {
			t.Error("no answer for records that are gone")
		}
	})
}

// TestStaleCommands are not obeyed: an old number, another session, too late.
func TestStaleCommands(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		after(2 * time.Second)
		good := wire.Command{
			Device: place.Device, Number: 5, UntilUptimeMS: 1 << 40, Command: wire.CommandPrompt,
			Prompt: &wire.Prompt{Counter: "c03"}, By: seal.Mandate(b.hq.root, b.hq.key.Public()),
		}
		b.hq.with(func() {
			good.Session = b.hq.session
			again, late, other := good, good, good
			late.Number, late.UntilUptimeMS = 6, 1
			other.Number, other.Session = 7, good.Session+1
			for _, c := range []wire.Command{good, again, late, other} {
				b.hq.say(wire.KindCommand, seal.TagCommand, c)
			}
		})
		after(2 * time.Second)
		if len(b.obeyed) != 1 {
			t.Errorf("obeyed: got %d commands, want 1", len(b.obeyed))
		}
	})
}

// TestPUBACKMode settles on the broker's word and says so.
func TestPUBACKMode(t *testing.T) {
	inBubble(t, func(o *uplink.Options) { o.SettleOn = uplink.PUBACK }, func(b *box) {
		b.hq.with(func() { b.hq.silent = true })
		b.rate(200)
		b.alert("bad")
		after(3 * time.Second)
		if n := b.waiting(); n != 0 {
			t.Errorf("waiting: got %d, want 0", n)
		}
		if d := b.up.State().Degraded; !slices.Contains(d, uplink.NotGuaranteed) {
			t.Errorf("degraded: got %v, want %s", d, uplink.NotGuaranteed)
		}
	})
}

// TestPresence: somebody else's word on our topic is answered by our own; a twin makes us back off.
func TestPresence(t *testing.T) {
	inBubble(t, nil, func(b *box) {
		after(2 * time.Second)
		stray := wire.Status{State: wire.Lost, Session: 1, Boot: "boot-0", Key: boxKey.Public()}
		b.publishStatus(stray)
		after(time.Second)
		var standing wire.Status
		if err := seal.ReadMessage(b.broker.Retained(topics.Of(place, wire.KindStatus)), &standing); err != nil || standing.State != wire.Ready {
			t.Errorf("standing status: got %+v %v, want ready again", standing, err)
		}
		for i := range 3 {
			b.publishStatus(wire.Status{State: wire.Ready, Session: uint64(900 + i), Boot: "boot-twin", Key: boxKey.Public()})
			after(time.Second)
		}
		if !b.event(wire.EventTwin) {
			t.Error("no twin event after three take-overs")
		}
		if p := b.up.State().Phase; p != uplink.Connecting {
			t.Errorf("phase: got %s, want to stay away for a minute", p)
		}
		after(90 * time.Second)
		if p := b.up.State().Phase; p != uplink.Flowing {
			t.Errorf("phase after the minute: got %s, want %s", p, uplink.Flowing)
		}
	})
}

func (b *box) publishStatus(s wire.Status) {
	b.t.Helper()
	line, err := seal.Message(boxKey, seal.TagStatus, s)
	if err != nil {
		b.t.Fatal(err)
	}
	b.broker.Publish(link.Message{Topic: topics.Of(place, wire.KindStatus), Payload: line, QoS: 1, Retain: true})
}

// TestFarewell: leaving on purpose is said, and nothing is left running.
func TestFarewell(t *testing.T) {
	var b *box
	inBubble(t, nil, func(running *box) {
		b = running
		after(2 * time.Second)
	})
	b.hq.with(func() {
		if last := b.hq.births[len(b.hq.births)-1]; last.State != wire.Disconnected {
			t.Errorf("last status: got %s, want %s", last.State, wire.Disconnected)
		}
	})
}
