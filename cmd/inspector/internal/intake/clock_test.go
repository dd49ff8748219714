package intake_test

import (
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// TestBoxWithoutClockIsReckoned presses 40 minutes before the line comes back.
func TestBoxWithoutClockIsReckoned(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		time.Sleep(time.Hour)
		r := p.born()
		p.beat(&wire.Heard{Sent: r.Sent, UptimeMS: p.uptime().Milliseconds()})
		settle()
		pressed := wire.At(time.Now())
		alert, _ := p.press("ev-1", 1)
		time.Sleep(40 * time.Minute)
		p.send(wire.KindAlert, alert)
		p.receipt()
		c := d.cases()[0]
		if off := c.RatedAt.Sub(pressed.Time).Abs(); off > 3*time.Second || c.RatedAtErrorMS > 3000 {
			t.Errorf("rated at %v ± %d ms, pressed at %v", c.RatedAt, c.RatedAtErrorMS, pressed)
		}
		if !c.Late || c.TimeUncertain || c.InvestigateBy.Sub(c.RatedAt.Time) != 2*time.Hour {
			t.Errorf("case: got late %t uncertain %t investigate by %v", c.Late, c.TimeUncertain, c.InvestigateBy)
		}
	})
}

// TestRetainedWordPinsNoTime: a birth that has lain in the broker for an hour says nothing of now.
func TestRetainedWordPinsNoTime(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		d.stop()
		p := newPad(t, d.broker, "pad-1")
		p.birth()
		time.Sleep(time.Hour)
		d.start()
		p.receipt()
		a, err := d.ledger.Anchors(t.Context(), "pad-1", p.boot)
		if err != nil || len(a.Highs) != 0 || len(a.Lows) != 0 {
			t.Errorf("anchors of a retained birth: got %v %v, want none", a, err)
		}
		p.ends(wire.Lost)
		if a, err := d.ledger.Anchors(t.Context(), "pad-1", p.boot); err != nil || len(a.Highs) != 0 {
			t.Errorf("anchors of a will: got %v %v, want none", a, err)
		}
	})
}

// TestAnchorsOutliveHeadquarters restarts headquarters between anchor and press.
func TestAnchorsOutliveHeadquarters(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		r := p.born()
		p.beat(&wire.Heard{Sent: r.Sent, UptimeMS: p.uptime().Milliseconds()})
		settle()
		d.stop()
		pressed := wire.At(time.Now())
		alert, _ := p.press("ev-1", 1)
		time.Sleep(10 * time.Minute)
		d.start()
		p.receipt()
		p.send(wire.KindAlert, alert)
		p.receipt()
		c := d.cases()[0]
		if off := c.RatedAt.Sub(pressed.Time).Abs(); off > time.Second || c.TimeUncertain {
			t.Errorf("rated at %v ± %d ms, pressed at %v", c.RatedAt, c.RatedAtErrorMS, pressed)
		}
	})
}

// TestAlertOvertakesTheEcho: the box came up while headquarters was away. Its alert comes on a line of
// its own, a moment before the heartbeat that tells when its boot began.
func TestAlertOvertakesTheEcho(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		d.stop()
		p := newPad(t, d.broker, "pad-1")
		p.birth()
		time.Sleep(time.Hour)
		pressed := wire.At(time.Now())
		alert, _ := p.press("ev-1", 1)
		time.Sleep(time.Hour)
		d.start()
		r := p.receipt()
		p.send(wire.KindAlert, alert)
		time.Sleep(100 * time.Millisecond)
		p.beat(&wire.Heard{Sent: r.Sent, UptimeMS: p.uptime().Milliseconds()})
		settle()
		c := d.cases()[0]
		if off := c.RatedAt.Sub(pressed.Time).Abs(); off > 2*time.Second || c.RatedAtErrorMS > 2000 || c.TimeUncertain {
			t.Errorf("rated at %v ± %d ms, pressed at %v", c.RatedAt, c.RatedAtErrorMS, pressed)
		}
	})
}

// TestPressOfABootNeverHeard: the power fails twice while the line is down. Nothing was ever heard of
// the boot in between, but it lies between the last word of the one and the start of the other.
func TestPressOfABootNeverHeard(t *testing.T) {
	for name, flags := range map[string][]string{"": {}, "closed by a restart": {wire.FlagRestart}} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, d *desk) {
				p := newPad(t, d.broker, "pad-1")
				r := p.born()
				p.beat(&wire.Heard{Sent: r.Sent, UptimeMS: p.uptime().Milliseconds()})
				settle()
				last := time.Now()
				time.Sleep(20 * time.Minute)
				p.boot, p.started = "b-never-heard", time.Now()
				e := p.evaluation("ev-1", 1)
				e.Flags = flags
				pressed, alert := wire.At(time.Now()), p.seal(wire.KindAlert, wire.Alert{Evaluation: e})
				time.Sleep(10 * time.Minute)
				p.boot, p.started, p.session = "b-third", time.Now(), 2
				p.born()
				p.send(wire.KindAlert, alert)
				p.receipt()
				c := d.cases()[0]
				from := c.InvestigateBy.Add(-2 * time.Hour)
				if !c.TimeUncertain || from.After(pressed.Time) || c.RatedAt.Before(pressed.Time) {
					t.Errorf("rated at %v ± %d ms, counted from %v; pressed at %v", c.RatedAt, c.RatedAtErrorMS, from, pressed)
				}
				if known := from.After(last.Add(-5 * time.Second)); known != (name == "") {
					t.Errorf("counted from %v; the boot before was last heard at %v", from, last)
				}
			})
		})
	}
}

// TestStrangerMovesNoClock has another key claim that the same boot began earlier.
func TestStrangerMovesNoClock(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		time.Sleep(time.Hour)
		p.born()
		before, err := d.ledger.Anchors(t.Context(), "pad-1", p.boot)
		if err != nil || len(before.Highs) != 1 {
			t.Fatalf("anchors of a live birth: got %v %v, want one from above", before, err)
		}
		time.Sleep(5 * time.Minute)
		q := *p
		q.key, q.started = seal.NewKey(), p.started.Add(-30*time.Minute)
		q.birth()
		settle()
		after, err := d.ledger.Anchors(t.Context(), "pad-1", p.boot)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "anchors after a stranger's birth", after, before)
	})
}

// TestEchoThatCannotBeIsPassedOver has a box echo what was never sent yet.
func TestEchoThatCannotBeIsPassedOver(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		time.Sleep(time.Hour)
		p.born()
		up := p.uptime().Milliseconds()
		for _, h := range []wire.Heard{
			{Sent: wire.At(time.Now().Add(time.Minute)), UptimeMS: up},
			{Sent: wire.At(time.Now()), UptimeMS: up + 60_000},
			{Sent: wire.At(time.Now()), UptimeMS: -1},
		} {
			p.beat(&h)
		}
		settle()
		var none []casebook.Anchor
		a, err := d.ledger.Anchors(t.Context(), "pad-1", p.boot)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "anchors from below", a.Lows, none)
	})
}
