package intake_test

import (
	"fmt"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

func TestRecordWaitsForItsKey(t *testing.T) {
	for name, introduce := range map[string]func(p *pad){
		"status":       func(p *pad) { p.birth() },
		"heartbeat":    func(p *pad) { p.beat(nil) },
		"epoch opened": func(p *pad) { p.send(wire.KindEvent, p.opened()) },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, d *desk) {
				p := newPad(t, d.broker, "pad-1")
				alert, evaluation := p.press("ev-1", 1)
				acknowledged := d.countAcks(p)
				p.send(wire.KindAlert, alert)
				p.send(wire.KindEvaluation, evaluation)
				p.send(wire.KindEvaluation, evaluation) // its box grows impatient
				p.hush(5 * time.Second)
				if n := acknowledged(3); n != 3 {
					t.Errorf("acknowledged to the broker: got %d, want 3", n)
				}
				if m := d.intake.Metrics(); m.Held != 2 || m.Stored != 0 || m.DeadLetters != 0 {
					t.Fatalf("before the key: got %+v, want 2 held", m)
				}
				introduce(p)
				for r := p.receipt(); r.Through < 2; r = p.receipt() {
				}
				if m := d.intake.Metrics(); m.Held != 0 || m.Stored < 2 || m.Duplicates != 0 {
					t.Errorf("after the key: got %+v, want none held, 2 stored", m)
				}
				if c := d.cases(); len(c) != 1 || len(c[0].Flags) != 0 {
					t.Errorf("cases: got %v, want one without flags", c)
				}
			})
		})
	}
}

func TestHeldRecordThatDoesNotVerifyIsDead(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		_, evaluation := p.press("ev-1", 5)
		p.send(wire.KindEvaluation, spoil(evaluation))
		settle()
		p.birth()
		settle()
		if m := d.intake.Metrics(); m.Held != 0 || m.Stored != 0 || m.DeadLetters != 1 {
			t.Errorf("got %d held, %d stored, %d dead, want 0 0 1", m.Held, m.Stored, m.DeadLetters)
		}
	})
}

func TestEpochOpenedMustCarryItsOwnKey(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.send(wire.KindEvent, p.seal(wire.KindEvent, wire.Event{
			Event: wire.EventEpochOpened, Opened: &wire.EpochOpened{Key: seal.NewKey().Public(), Why: "forged"},
		}))
		p.send(wire.KindEvent, spoil(p.opened()))
		settle()
		if m := d.intake.Metrics(); m.Held != 2 || m.Stored != 0 {
			t.Errorf("got %d held and %d stored, want 2 and 0", m.Held, m.Stored)
		}
	})
}

func TestHeldRecordsAreBounded(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		for i := range 1010 {
			_, line := p.press(fmt.Sprint("ev-", i), 5)
			p.send(wire.KindEvaluation, line)
		}
		settle()
		if m := d.intake.Metrics(); m.Held != 1000 || m.HeldDropped != 10 {
			t.Errorf("got %d held and %d dropped, want 1000 and 10", m.Held, m.HeldDropped)
		}
		p.birth()
		for r := p.receipt(); r.Through < 1000; r = p.receipt() {
		}
	})
}

// TestAnotherKeyCountsUnderAMark has a stranger use a device's name beside the living box.
func TestAnotherKeyCountsUnderAMark(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		settle()
		q := newPad(t, d.broker, "pad-2")
		q.place.Device, q.session = "pad-1", 99 // and its own key
		q.subscribe()
		if r := q.born(); r.Session != 99 {
			t.Errorf("a stranger's birth is answered for session %d, want 99", r.Session)
		}
		p.receipt()
		_, one := p.press("ev-0", 5)
		_, two := p.press("ev-00", 5)
		p.send(wire.KindEvaluation, one)
		p.receipt()
		p.send(wire.KindEvaluation, two) // its receipt is due in a second
		time.Sleep(100 * time.Millisecond)
		st := q.status(wire.Ready)
		st.Epochs[0].Epoch = p.epoch // it claims the very epoch
		q.say(wire.KindStatus, seal.TagStatus, st, 1, true)
		if r := p.receipt(); r.Session != 99 {
			t.Errorf("the stranger's birth is answered for session %d, want 99", r.Session)
		}
		if r := p.receipt(); r.Session != 1 || r.Through != 2 {
			t.Errorf("receipt after a stranger's birth: got session %d through %d, want 1 and 2", r.Session, r.Through)
		}
		alert, _ := q.press("ev-1", 1)
		q.send(wire.KindAlert, alert)
		if r := p.receipt(); r.Session != 1 {
			t.Errorf("beside the living box receipts are for session %d, want 1", r.Session)
		}
		c := d.cases()
		if len(c) != 1 || len(c[0].Flags) != 1 || c[0].Flags[0] != casebook.FlagKeyUnconfirmed {
			t.Errorf("cases: got %v, want one marked %s", c, casebook.FlagKeyUnconfirmed)
		}
		if dev := d.device("pad-1"); dev.KID != p.key.KID() || dev.Standing != ledger.Unenrolled {
			t.Errorf("device: got key %s %s, want the known one's %s", dev.KID, dev.Standing, p.key.KID())
		}
		end := p.status(wire.Lost)
		end.Key = q.key.Public()
		q.say(wire.KindStatus, seal.TagStatus, end, 1, true)
		settle()
		if dev := d.device("pad-1"); dev.State != wire.Ready {
			t.Errorf("state after the stranger's lost: got %s, want ready", dev.State)
		}
		time.Sleep(4 * time.Minute) // the known one has fallen silent
		q.born()
		settle()
		if dev := d.device("pad-1"); dev.KID != q.key.KID() || dev.Standing != ledger.Unconfirmed {
			t.Errorf("device after silence: got key %s %s, want the other's %s", dev.KID, dev.Standing, q.key.KID())
		}
	})
}

func TestKeysOfOneDeviceAreBounded(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		births := func(n int) {
			for range n {
				p.key = seal.NewKey()
				p.birth()
			}
			settle()
		}
		births(20)
		if m := d.intake.Metrics(); m.DeadLetters != 4 {
			t.Errorf("dead letters after 20 keys: got %d, want 4", m.DeadLetters)
		}
		time.Sleep(time.Hour)
		births(1)
		if m := d.intake.Metrics(); m.DeadLetters != 4 {
			t.Errorf("dead letters after an hour: got %d, want still 4", m.DeadLetters)
		}
	})
}

// TestConfirmedKeyShowsSoon has a person confirm a key while its box is sending.
func TestConfirmedKeyShowsSoon(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		p.key = seal.NewKey() // as after a card was replaced
		time.Sleep(4 * time.Minute)
		p.born()
		if err := d.ledger.ConfirmKey(t.Context(), "pad-1", p.key.KID(), "Li", time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second)
		alert, _ := p.press("ev-1", 1)
		p.send(wire.KindAlert, alert)
		p.receipt()
		if c := d.cases(); len(c) != 1 || len(c[0].Flags) != 0 {
			t.Errorf("cases: got %v, want one without a mark", c)
		}
	})
}
