package intake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/cmd/inspector/internal/intake"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

func TestPressIsTakenAndThanked(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		if r := p.born(); r.Through != 0 || r.Session != 1 || r.Device != "pad-1" || r.By.Root != d.id.Root() {
			t.Errorf("receipt of a birth: got %+v", r)
		}
		time.Sleep(time.Second)
		p.send(wire.KindEvent, p.opened())
		through(t, p.receipt(), 1, p.head)
		alert, evaluation := p.press("ev-1", 1)
		p.send(wire.KindAlert, alert)
		p.send(wire.KindEvaluation, evaluation)
		through(t, p.receipt(), 3, p.head)
		if cases := d.cases(); len(cases) != 1 || cases[0].Evaluation != "ev-1" {
			t.Errorf("cases: got %v, want one of ev-1", cases)
		}
	})
}

func TestDuplicateIsThankedAgainAndOpensNothing(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		alert, _ := p.press("ev-1", 2)
		p.send(wire.KindAlert, alert)
		p.receipt()
		settle()
		p.send(wire.KindAlert, alert)
		if r := p.receipt(); r.Through != 1 {
			t.Errorf("receipt of a duplicate: got through %d, want 1", r.Through)
		}
		if n := len(d.cases()); n != 1 {
			t.Errorf("cases after a duplicate: got %d, want 1", n)
		}
		if m := d.intake.Metrics(); m.Stored != 1 || m.Duplicates != 1 {
			t.Errorf("stored and duplicates: got %d and %d, want 1 and 1", m.Stored, m.Duplicates)
		}
	})
}

func TestForkIsReceiptedBySpan(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		p.send(wire.KindEvent, p.opened())
		first, seq, head := p.head, p.seq, p.head
		_, one := p.press("ev-1", 5)
		p.send(wire.KindEvaluation, one)
		settle()
		for r := p.receipt(); r.Through < 2; r = p.receipt() {
		}
		p.seq, p.head = seq, head // as a card that went back in time
		_, other := p.press("ev-2", 4)
		p.send(wire.KindEvaluation, other)
		r := p.receipt()
		want := wire.Span{From: 2, To: 2, Head: p.head}
		if len(r.Also) != 1 || r.Also[0] != want {
			t.Errorf("receipt of a fork: got also %v, want %v", r.Also, want)
		}
		if r.Through != 2 || r.Head == p.head || r.Head == first {
			t.Errorf("receipt of a fork: got through %d head %.8s, want 2 and the first comer's", r.Through, r.Head)
		}
		if n := d.incidents()["fork pad-1"]; n != 1 {
			t.Errorf("fork incidents: got %d, want 1", n)
		}
		settle()
		p.send(wire.KindEvaluation, other) // that receipt was lost; now it is a duplicate
		equal(t, "also, of a fork that comes again", p.receipt().Also, []wire.Span{want})
	})
}

func TestWhatIsNotBelievedBlocksNothing(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		_, good := p.press("ev-1", 5)
		own := func(k wire.Kind) string { return topics.Of(p.place, k) }
		long := bytes.Repeat([]byte("x"), 200<<10)
		status, err := seal.Message(seal.NewKey(), seal.TagStatus, p.status(wire.Ready))
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []struct {
			name, topic string
			payload     []byte
			reason      string
		}{
			{"not JSON", own(wire.KindEvaluation), []byte("offline"), "read record"},
			{"empty", own(wire.KindAlert), nil, "read record"},
			{"not UTF-8", own(wire.KindEvent), []byte{'{', 0xff, '}'}, "not UTF-8"},
			{"wrong signature", own(wire.KindEvaluation), spoil(good), "does not verify"},
			{"too long", own(wire.KindEvaluation), long, "longer than 4096 bytes (204800 bytes, the first 8192 kept)"},
			{"cut short", own(wire.KindEvaluation), good[:len(good)-9], "read record"},
			{"status not JSON", own(wire.KindStatus), []byte("offline"), "read message"},
			{"status too long", own(wire.KindStatus), long, "longer than 8192"},
			{"status of another key", own(wire.KindStatus), status, "does not verify"},
			{"heartbeat unsigned", own(wire.KindHeartbeat), []byte(`{"state":"ready"}`), "no key in it"},
			{"bad place", "evalpad/v1/R 11/b/p/alert", good, "want 1 to 40"},
		} {
			t.Log(bad.name)
			before := len(d.deadReasons())
			acknowledged := d.countAcks(p)
			p.post(bad.topic, bad.payload, 1, false)
			settle()
			if n := acknowledged(1); n != 1 {
				t.Errorf("%s: acknowledged %d times, want once", bad.name, n)
			}
			reasons := d.deadReasons()
			if len(reasons) != before+1 || !strings.Contains(reasons[0], bad.reason) {
				t.Errorf("%s: got dead letters %q, want one more with %q", bad.name, reasons[:len(reasons)-before], bad.reason)
			}
		}
		p.hush(time.Second)
		p.send(wire.KindEvaluation, good)
		through(t, p.receipt(), 1, p.head)
		if m := d.intake.Metrics(); m.DeadLetters != 11 || m.Stored != 1 {
			t.Errorf("dead letters and stored: got %d and %d, want 11 and 1", m.DeadLetters, m.Stored)
		}
	})
}

// TestMegabyteEndsNoSession sends more than the link lets in.
func TestMegabyteEndsNoSession(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		d.broker.Publish(link.Message{Topic: topics.Of(p.place, wire.KindEvaluation), Payload: make([]byte, 1<<20), QoS: 1})
		_, good := p.press("ev-1", 5)
		p.send(wire.KindEvaluation, good)
		p.receipt()
		if m := d.intake.Metrics(); m.Session != 1 || m.Stored != 1 {
			t.Errorf("session and stored: got %d and %d, want 1 and 1", m.Session, m.Stored)
		}
	})
}

func TestMovedBoxIsNoIncident(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		_, line := p.press("ev-1", 5) // sealed where it stood
		p.place.Region, p.place.Branch = "r12", "b0999"
		p.subscribe()
		p.born()
		settle()
		p.send(wire.KindEvaluation, line)
		through(t, p.receipt(), 1, p.head)
		if n := d.incidents(); len(n) != 0 {
			t.Errorf("incidents of a moved box: got %v, want none", n)
		}
	})
}

func TestForeignTopicIsAnIncident(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p, q := newPad(t, d.broker, "pad-1"), newPad(t, d.broker, "pad-2")
		p.born()
		q.born()
		settle()
		_, line := p.press("ev-1", 5)
		q.post(topics.Of(q.place, wire.KindEvaluation), line, 1, false)
		through(t, p.receipt(), 1, p.head) // it verifies, so it counts; its own box is thanked
		q.hush(3 * time.Second)
		if n := d.incidents()["foreign-topic pad-2"]; n != 1 {
			t.Errorf("foreign-topic incidents of pad-2: got %d, want 1", n)
		}
		p.place.Region = "r12" // it moves; what was sealed before still names the old place
		p.subscribe()
		p.born()
		settle()
		q.post(topics.Of(q.place, wire.KindEvaluation), line, 1, false) // a replay thanks the old place
		settle()
		_, line = p.press("ev-3", 5)
		p.send(wire.KindEvaluation, line)
		for r := p.receipt(); r.Through < 2; r = p.receipt() {
		}
		r := newPad(t, d.broker, "pad-3") // never introduced: nothing to verify with, and not held
		_, line = r.press("ev-2", 5)
		q.post(topics.Of(q.place, wire.KindEvaluation), line, 1, false)
		settle()
		if m := d.intake.Metrics(); m.DeadLetters != 1 || m.Held != 0 {
			t.Errorf("dead letters and held: got %d and %d, want 1 and 0", m.DeadLetters, m.Held)
		}
	})
}

func TestHeadquartersSaysWhoAndWhether(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		d.stop()
		d.start()
		d.stop()
		settle()
		var got []wire.HeadquartersStatus
		for _, m := range d.broker.Seen(topics.Headquarters()) {
			var s wire.HeadquartersStatus
			if err := seal.ReadMandated(m.Payload, seal.TagHeadquarters, d.id.Root(), &s, &s.By); err != nil {
				t.Fatalf("headquarters' status: %v", err)
			}
			if !m.Retain {
				t.Errorf("status %s of session %d is not retained", s.State, s.Session)
			}
			s.By = wire.Mandate{}
			got = append(got, s)
		}
		want := []wire.HeadquartersStatus{
			{State: wire.Ready, Session: 1, SpreadS: 1}, {State: wire.Disconnected, Session: 1, SpreadS: 1},
			{State: wire.Ready, Session: 2, SpreadS: 1}, {State: wire.Disconnected, Session: 2, SpreadS: 1},
		}
		equal(t, "headquarters' statuses", got, want)
	})
}

func TestCutLineIsRenewedWithANewSession(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		d.broker.Cut()
		synctest.Wait()
		m := d.intake.Metrics()
		if m.AlertsUp || m.RestUp || m.LastError == "" {
			t.Errorf("after the cut: got %+v, want both lines down and a reason", m)
		}
		equal(t, "degraded after the cut", m.Degraded, []string{intake.BrokerLost})
		if err := d.intake.Cases(t.Context(), d.cases()); err != nil {
			t.Errorf("no cases to publish: got %v, want nil", err)
		}
		settle()
		m = d.intake.Metrics()
		if !m.AlertsUp || !m.RestUp || m.Session != 2 || len(m.Degraded) != 0 {
			t.Errorf("after the return: got %+v, want both lines up in session 2", m)
		}
		states := d.broker.Seen(topics.Headquarters())
		if len(states) != 3 || !strings.Contains(string(states[1].Payload), `"state":"lost","session":1`) {
			t.Errorf("headquarters' statuses: got %d, want ready, the will, ready", len(states))
		}
	})
}

// TestOneLineLostRenewsBoth takes the alerts' client id away.
func TestOneLineLostRenewsBoth(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		thief := d.broker.Connect("inspector-alerts")
		synctest.Wait()
		if err := thief.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		settle()
		if m := d.intake.Metrics(); m.Session != 2 || !m.AlertsUp || !m.RestUp {
			t.Errorf("after one line was lost: got %+v, want session 2 on both", m)
		}
	})
}

func TestCasesCarryNoTicket(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		if err := d.intake.Cases(t.Context(), d.cases()); err != nil {
			t.Errorf("publish no cases: %v", err)
		}
		p := newPad(t, d.broker, "pad-1")
		p.born()
		alert, _ := p.press("ev-1", 1)
		p.send(wire.KindAlert, alert)
		p.receipt()
		cases := d.cases()
		if err := d.intake.Cases(t.Context(), cases); err != nil {
			t.Fatal(err)
		}
		seen := d.broker.Wait(topics.Of(p.place, wire.KindCase), 1)
		if m := seen[0]; m.Retain || m.QoS != 1 || bytes.Contains(m.Payload, []byte("T-4711")) || bytes.Contains(m.Payload, []byte("ticket")) {
			t.Errorf("case topic: got retain %t QoS %d %s, want QoS 1 without ticket", m.Retain, m.QoS, m.Payload)
		}
		var c map[string]any
		if err := json.Unmarshal(seen[0].Payload, &c); err != nil || c["id"] != cases[0].ID {
			t.Errorf("case on its topic: got id %v, want %s (%v)", c["id"], cases[0].ID, err)
		}
		d.stop()
		if err := d.intake.Cases(t.Context(), cases); !errors.Is(err, intake.ErrOffline) {
			t.Errorf("publish a case without a session: got %v, want %v", err, intake.ErrOffline)
		}
	})
}

func TestTellNumbersAndDatesCommands(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		identify := wire.Command{Command: wire.CommandIdentify}
		if err := d.intake.Tell(t.Context(), "pad-1", identify); !errors.Is(err, intake.ErrUnknownBox) {
			t.Errorf("tell a box never heard: got %v, want %v", err, intake.ErrUnknownBox)
		}
		time.Sleep(time.Minute)
		p.session = 7
		p.born()
		time.Sleep(30 * time.Second)
		for range 2 {
			if err := d.intake.Tell(t.Context(), "pad-1", identify); err != nil {
				t.Fatal(err)
			}
		}
		one, two := p.command(), p.command()
		if one.Device != "pad-1" || one.Session != 7 || one.Command != wire.CommandIdentify {
			t.Errorf("command: got %+v", one)
		}
		if want := (p.uptime() + 10*time.Minute).Milliseconds(); one.UntilUptimeMS != want {
			t.Errorf("command is good until uptime %d ms, want %d", one.UntilUptimeMS, want)
		}
		if two.Number <= one.Number {
			t.Errorf("numbers: got %d after %d, want rising", two.Number, one.Number)
		}
	})
}

func TestLeavingFinishesWhatHasArrived(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		_, line := p.press("ev-1", 5)
		p.send(wire.KindEvaluation, line)
		synctest.Wait() // it lingers in the batch: no time has passed
		d.stop()
		if held, err := d.ledger.Held(t.Context(), "pad-1", p.epoch); err != nil || held.Through != 1 {
			t.Errorf("held after leaving: got %+v %v, want through 1", held, err)
		}
		through(t, p.receipt(), 1, p.head)
	})
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for name, o := range map[string]intake.Options{
		"nothing":          {},
		"no ledger":        {Topics: topics},
		"budget below nil": {Topics: topics, Ledger: &ledger.Ledger{}, QueueBudget: -1},
	} {
		if _, err := intake.New(o); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
