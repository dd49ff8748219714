package intake_test

import (
	"strings"
	"testing"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

func (p *pad) ends(state wire.Presence) {
	p.t.Helper()
	p.say(wire.KindStatus, seal.TagStatus, p.status(state), 1, true)
	settle()
}

func TestLostIsBelievedOfThePresentLifeOnly(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		state := func(want wire.Presence) {
			t.Helper()
			if got := d.device("pad-1").State; got != want {
				t.Errorf("state: got %s, want %s", got, want)
			}
		}
		p.session = 5
		p.born()
		state(wire.Ready)
		p.session = 4
		p.ends(wire.Lost) // the will of the session before, published late
		state(wire.Ready)
		p.session = 5
		epoch := p.epoch
		p.epoch = "00000000000000aa"
		p.ends(wire.Lost) // another life whose sessions are counted anew
		state(wire.Ready)
		p.epoch = epoch
		p.ends(wire.Lost)
		state(wire.Lost)
		if n := d.intake.Metrics().Online; n != 0 {
			t.Errorf("online: got %d, want 0", n)
		}
		p.beat(nil) // the line was not dead after all
		settle()
		state(wire.Ready)
		p.ends(wire.Disconnected)
		state(wire.Disconnected)
	})
}

// TestWillKnowsNoEpochOpenedSince has the box open an epoch in the middle of a session.
func TestWillKnowsNoEpochOpenedSince(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		will := p.status(wire.Lost)
		p.born()
		st := p.status(wire.Ready)
		st.Epochs = append(st.Epochs, wire.EpochState{Epoch: "00000000000000aa"})
		p.say(wire.KindStatus, seal.TagStatus, st, 1, true)
		p.say(wire.KindStatus, seal.TagStatus, will, 1, true)
		settle()
		if got := d.device("pad-1").State; got != wire.Lost {
			t.Errorf("state: got %s, want lost", got)
		}
	})
}

func TestEndsThatNobodyMayTell(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.ends(wire.Lost)
		if r := d.deadReasons(); len(r) != 1 || !strings.Contains(r[0], "never born") {
			t.Errorf("dead letters: got %q, want the end of a box never born", r)
		}
		p.born()
		key := p.key
		p.key = seal.NewKey()
		p.ends(wire.Lost)
		p.key = key
		if got := d.device("pad-1").State; got != wire.Ready {
			t.Errorf("state after a stranger's lost: got %s, want ready", got)
		}
		p.say(wire.KindStatus, seal.TagStatus, p.status("sleeping"), 1, true)
		p.post(topics.Of(p.place, wire.KindStatus), nil, 1, true) // a retained status is cleared
		settle()
		if r := d.deadReasons(); len(r) != 3 || !strings.Contains(r[0], `state "sleeping"`) {
			t.Errorf("dead letters: got %q, want 3", r)
		}
	})
}

// TestRetainedBirthIsAnsweredAfterARestart has headquarters come back to boxes that are online.
func TestRetainedBirthIsAnsweredAfterARestart(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p, gone := newPad(t, d.broker, "pad-1"), newPad(t, d.broker, "pad-2")
		p.session = 3
		p.born()
		gone.born()
		gone.ends(wire.Disconnected)
		d.stop()
		heard := d.device("pad-1").HeardAt
		time.Sleep(time.Hour)
		d.start()
		if r := p.receipt(); r.Session != 3 {
			t.Errorf("receipt of a retained birth: got session %d, want 3", r.Session)
		}
		gone.hush(3 * time.Second)
		if got := d.device("pad-1"); *got.HeardAt != *heard || got.State != wire.Ready {
			t.Errorf("a retained birth is no sign of life: heard at %v, want %v", got.HeardAt, heard)
		}
		_, line := p.press("ev-1", 5)
		p.send(wire.KindEvaluation, line)
		if r := p.receipt(); r.Session != 3 || r.Through != 1 {
			t.Errorf("receipt after the restart: got %+v, want session 3 through 1", r)
		}
	})
}

// TestHeartbeatStandsInForABirth is a broker without retained messages.
func TestHeartbeatStandsInForABirth(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.beat(nil)
		if r := p.receipt(); r.Session != 1 {
			t.Errorf("receipt: got session %d, want 1", r.Session)
		}
		p.beat(nil)
		p.hush(3 * time.Second)
		if got := d.device("pad-1"); got.State != wire.Ready || got.Health == nil {
			t.Errorf("device: got %+v, want ready with its health", got)
		}
	})
}

func TestRetainedHeartbeatIsNobodys(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		d.stop()
		p := newPad(t, d.broker, "pad-1")
		line, err := seal.Message(p.key, seal.TagHeartbeat, wire.Heartbeat{Status: p.status(wire.Ready)})
		if err != nil {
			t.Fatal(err)
		}
		d.broker.Publish(link.Message{Topic: topics.Of(p.place, wire.KindHeartbeat), Payload: line, QoS: 1, Retain: true})
		d.start()
		settle()
		if r := d.deadReasons(); len(r) != 1 || !strings.Contains(r[0], "retained heartbeat") {
			t.Errorf("dead letters: got %q, want the retained heartbeat", r)
		}
		if list, err := d.ledger.Devices(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("devices: got %v %v, want none", list, err)
		}
	})
}
