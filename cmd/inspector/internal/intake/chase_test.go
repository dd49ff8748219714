package intake_test

import (
	"fmt"
	"testing"
	"time"

	"evalpad/sync/wire"
)

// TestLedgerBehindAsksAgain has a box settled through 100 meet a ledger that holds 1.
func TestLedgerBehindAsksAgain(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		lines := [][]byte{p.opened()}
		for i := range 99 {
			_, line := p.press(fmt.Sprint("ev-", i), 5)
			lines = append(lines, line)
		}
		p.send(wire.KindEvent, lines[0])
		p.receipt()
		p.settled = 100
		p.birth()
		c := p.command()
		if c.Command != wire.CommandResend || c.Session != 1 || c.Resend == nil {
			t.Fatalf("command: got %+v, want resend for session 1", c)
		}
		equal(t, "resend", *c.Resend, wire.Resend{Epoch: p.epoch, From: 2, To: 65})
		if n := d.incidents()["ledger-behind pad-1"]; n != 1 {
			t.Errorf("ledger-behind: got %d, want 1", n)
		}
		p.hush(10 * time.Second) // no second asking while the span may be on its way
		for _, line := range lines[1:65] {
			p.send(wire.KindEvaluation, line)
		}
		c = p.command()
		equal(t, "the next span", *c.Resend, wire.Resend{Epoch: p.epoch, From: 66, To: 100})
		again := p.command() // nothing came in 30 s
		equal(t, "asked again", *again.Resend, *c.Resend)
		if again.Number <= c.Number {
			t.Errorf("numbers: got %d after %d, want rising", again.Number, c.Number)
		}
		for _, line := range lines[65:] {
			p.send(wire.KindEvaluation, line)
		}
		for r := p.receipt(); r.Through < 100; r = p.receipt() {
		}
		p.beat(nil)
		p.hush(2 * time.Minute)
		if n := d.incidents()["ledger-behind pad-1"]; n != 1 {
			t.Errorf("ledger-behind at the end: got %d, want 1", n)
		}
	})
}

// TestUnansweredResendIsGivenUp until the next heartbeat says that it is still true.
func TestUnansweredResendIsGivenUp(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.seq, p.settled = 3, 3
		p.birth()
		for range 3 {
			c := p.command()
			equal(t, "resend", *c.Resend, wire.Resend{Epoch: p.epoch, From: 1, To: 3})
		}
		p.hush(5 * time.Minute)
		p.beat(nil)
		p.command()
		if n := d.incidents()["ledger-behind pad-1"]; n != 2 {
			t.Errorf("ledger-behind: got %d, want 2", n)
		}
	})
}

// TestResendsArePaced has 20 boxes ahead of a restored ledger.
func TestResendsArePaced(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		var pads []*pad
		for i := range 20 {
			p := newPad(t, d.broker, fmt.Sprint("pad-", i))
			p.seq, p.settled = 3, 3
			pads = append(pads, p)
		}
		for _, p := range pads {
			p.birth()
		}
		time.Sleep(20 * time.Second)
		if n := len(d.broker.Seen(topics.Every(wire.KindCommand))); n != 8 {
			t.Errorf("boxes asked at once: got %d, want 8", n)
		}
	})
}

// TestRetainedBirthIsAskedOnceItLives: a command is dated by the box's uptime, which a birth that
// has lain about does not tell.
func TestRetainedBirthIsAskedOnceItLives(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		d.stop()
		p := newPad(t, d.broker, "pad-1")
		p.seq, p.settled = 3, 3
		p.birth()
		time.Sleep(time.Hour)
		d.start()
		p.receipt()
		p.hush(30 * time.Second)
		p.beat(nil)
		c := p.command()
		if want := (p.uptime() + 10*time.Minute).Milliseconds(); c.UntilUptimeMS > want || c.UntilUptimeMS < want-2000 {
			t.Errorf("good until uptime %d ms, want %d", c.UntilUptimeMS, want)
		}
	})
}
