package intake_test

import (
	"strings"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/intake"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

func TestLedgerFaultThanksNobody(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		settle()
		acknowledged := d.countAcks(p)
		d.ledger.breaks(allOf)
		alert := p.seal(wire.KindAlert, wire.Alert{Evaluation: p.evaluation("ev-1", 1)})
		p.send(wire.KindAlert, alert)
		time.Sleep(100 * time.Millisecond)
		if n := acknowledged(1); n != 0 {
			t.Errorf("acknowledged while the ledger fails: got %d, want 0", n)
		}
		m := d.intake.Metrics()
		equal(t, "degraded", m.Degraded, []string{intake.LedgerFault})
		if m.Stored != 0 || m.AlertsUp || !strings.Contains(m.LastError, errDisk.Error()) {
			t.Errorf("metrics: got %+v, want lines down for %v", m, errDisk)
		}
		time.Sleep(10 * time.Second) // back, but nothing came
		p.receipt()                  // of the retained birth: nothing is new in it
		equal(t, "degraded before anything was taken", d.intake.Metrics().Degraded, []string{intake.LedgerFault})
		d.ledger.breaks(nil)
		p.send(wire.KindAlert, alert) // as boxes do when headquarters shows a new session
		through(t, p.receipt(), 1, p.head)
		m = d.intake.Metrics()
		if m.Session < 2 || m.Stored != 1 || len(m.Degraded) != 0 {
			t.Errorf("after the repair: got %+v, want a new session, 1 stored, nothing degraded", m)
		}
	})
}

// TestOneBadRecordStopsNobodyElses has the ledger refuse one record for ever.
func TestOneBadRecordStopsNobodyElses(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p, q := newPad(t, d.broker, "pad-1"), newPad(t, d.broker, "pad-2")
		p.born()
		q.born()
		settle()
		d.ledger.breaks(func(all []ledger.Arrival) error {
			for _, a := range all {
				if a.Record.Place.Device == "pad-1" {
					return errDisk
				}
			}
			return nil
		})
		_, bad := p.press("ev-1", 5)
		_, good := q.press("ev-2", 5)
		for range 3 {
			p.send(wire.KindEvaluation, bad)
			q.send(wire.KindEvaluation, good)
			settle()
			settle()
			settle()
		}
		if r := d.deadReasons(); len(r) != 1 || !strings.Contains(r[0], "the ledger refuses it") {
			t.Errorf("dead letters: got %q, want the one refused in three sessions", r)
		}
		if held, err := d.ledger.Held(t.Context(), "pad-2", q.epoch); err != nil || held.Through != 1 {
			t.Errorf("the other box: got %+v %v, want through 1", held, err)
		}
		if held, err := d.ledger.Held(t.Context(), "pad-1", p.epoch); err != nil || held.Through != 0 {
			t.Errorf("the bad record: got %+v %v, want nothing", held, err)
		}
	})
}

// TestBrokenLedgerIsNotAskedForEach: a disk that is full is found out in three tries.
func TestBrokenLedgerIsNotAskedForEach(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		settle()
		d.ledger.breaks(allOf)
		for range 20 {
			_, line := p.press("ev-1", 5)
			p.send(wire.KindEvaluation, line)
		}
		time.Sleep(100 * time.Millisecond)
		if d.ledger.calls() != 4 {
			t.Errorf("calls of Take: got %d, want the batch and 3 single ones", d.ledger.calls())
		}
	})
}
