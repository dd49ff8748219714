package intake_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/linktest"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

const topics = wire.Topics("evalpad/v1")

// pad is a box that does as it is told: it seals, signs, sends and hears, and has no mind of its own.
type pad struct {
	t       *testing.T
	broker  *linktest.Broker
	place   wire.Place
	key     seal.Key
	conn    *link.Session
	boot    string
	started time.Time
	session uint64

	epoch   wire.Epoch
	seq     uint64
	head    wire.Hash
	settled uint64
}

var pads byte // numbers the epochs, so that no two pads of a test run share one

func newPad(t *testing.T, b *linktest.Broker, device string) *pad {
	t.Helper()
	pads++
	p := &pad{
		t: t, broker: b, key: seal.NewKey(), boot: "b-" + device, started: time.Now(), session: 1,
		place: wire.Place{Region: "r11", Branch: "b0731", Device: device},
		epoch: wire.Epoch(fmt.Sprintf("9f3c2a7e51d0b8%02x", pads)),
	}
	p.connect()
	return p
}

// connect is quiet: a birth is the test's affair.
func (p *pad) connect() {
	p.t.Helper()
	p.conn = p.broker.Connect(p.place.Device)
	p.subscribe()
}

func (p *pad) subscribe() {
	p.t.Helper()
	err := p.conn.Subscribe(p.t.Context(), topics.Of(p.place, wire.KindReceipt), topics.Of(p.place, wire.KindCommand))
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *pad) uptime() time.Duration { return time.Since(p.started) }

func (p *pad) status(state wire.Presence) wire.Status {
	return wire.Status{
		State: state, Session: p.session, Boot: p.boot, UptimeMS: p.uptime().Milliseconds(),
		Key: p.key.Public(), Version: "test",
		Epochs: []wire.EpochState{{Epoch: p.epoch, Head: p.seq, Hash: p.head, Settled: p.settled}},
	}
}

// say signs a message and sends it on the pad's own topic.
func (p *pad) say(k wire.Kind, tag seal.Tag, m any, qos byte, retain bool) {
	p.t.Helper()
	line, err := seal.Message(p.key, tag, m)
	if err != nil {
		p.t.Fatal(err)
	}
	p.post(topics.Of(p.place, k), line, qos, retain)
}

// post sends any bytes to any topic.
func (p *pad) post(topic string, payload []byte, qos byte, retain bool) {
	p.t.Helper()
	d, err := p.conn.Publish(link.Message{Topic: topic, Payload: payload, QoS: qos, Retain: retain})
	if err != nil {
		p.t.Fatal(err)
	}
	<-d.Done()
}

func (p *pad) birth() {
	p.t.Helper()
	p.say(wire.KindStatus, seal.TagStatus, p.status(wire.Ready), 1, true)
}

// born sends a birth and returns its receipt.
func (p *pad) born() wire.Receipt {
	p.t.Helper()
	p.birth()
	return p.receipt()
}

func (p *pad) beat(heard *wire.Heard) {
	p.t.Helper()
	p.say(wire.KindHeartbeat, seal.TagHeartbeat, wire.Heartbeat{Status: p.status(wire.Ready), Heard: heard, Clock: wire.ClockUnset}, 0, false)
}

// seal makes the next record.
func (p *pad) seal(k wire.Kind, data any) []byte {
	p.t.Helper()
	d, err := wire.NewDraft(k, wire.Instant{}, "counter/c03", data)
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := d.Body(p.place, p.epoch, p.seq+1, p.head, p.key.KID())
	if err != nil {
		p.t.Fatal(err)
	}
	line, hash := seal.Record(p.key, body)
	p.seq, p.head = p.seq+1, hash
	return line
}

func (p *pad) send(k wire.Kind, line []byte) {
	p.t.Helper()
	p.post(topics.Of(p.place, k), line, 1, false)
}

// opened is the record that begins an epoch.
func (p *pad) opened() []byte {
	p.t.Helper()
	return p.seal(wire.KindEvent, wire.Event{
		Event: wire.EventEpochOpened, Opened: &wire.EpochOpened{Key: p.key.Public(), Why: "first start"},
	})
}

// evaluation is the data of a press of one key, now.
func (p *pad) evaluation(id string, score wire.Score) wire.Evaluation {
	return wire.Evaluation{
		Evaluation: id, Counter: "c03", Business: "credit", Ticket: "T-4711", Outcome: wire.Rated, Prompted: true,
		Scores: map[wire.Dimension]wire.Score{wire.Overall: score}, Dissatisfied: score.Dissatisfied(),
		Reasons: []string{}, Flags: []string{}, UI: "keys",
		Pressed: wire.Stamp{Boot: p.boot, UptimeMS: p.uptime().Milliseconds(), Clock: wire.ClockUnset},
	}
}

// press seals an evaluation and, where it is dissatisfied, the alert before it; it returns the lines
// by kind.
func (p *pad) press(id string, score wire.Score) (alert, evaluation []byte) {
	p.t.Helper()
	e := p.evaluation(id, score)
	if e.Dissatisfied {
		alert = p.seal(wire.KindAlert, wire.Alert{Evaluation: e})
	}
	return alert, p.seal(wire.KindEvaluation, e)
}

// patience is how long a test waits, in its bubble's time.
const patience = 40 * time.Second

// hear waits for the next message of one kind to this pad.
func (p *pad) hear(k wire.Kind) []byte {
	p.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case m, open := <-p.conn.Incoming():
			if !open {
				p.t.Fatalf("wait for a %s: the pad's line ended: %v", k, p.conn.Err())
			}
			if m.Topic == topics.Of(p.place, k) {
				return m.Payload
			}
		case <-limit:
			p.t.Fatalf("wait for a %s: none came in %v", k, patience)
		}
	}
}

// hush fails the test if anything comes to this pad within d.
func (p *pad) hush(d time.Duration) {
	p.t.Helper()
	select {
	case m := <-p.conn.Incoming():
		p.t.Fatalf("within %v: got %s %.200s, want nothing", d, m.Topic, m.Payload)
	case <-time.After(d):
	}
}

func (p *pad) receipt() (r wire.Receipt) {
	p.t.Helper()
	p.read(p.hear(wire.KindReceipt), seal.TagReceipt, &r, &r.By)
	return r
}

func (p *pad) command() (c wire.Command) {
	p.t.Helper()
	p.read(p.hear(wire.KindCommand), seal.TagCommand, &c, &c.By)
	return c
}

func (p *pad) read(line []byte, tag seal.Tag, m any, by *wire.Mandate) {
	p.t.Helper()
	if err := seal.ReadMandated(line, tag, wire.PublicKey{}, m, by); err != nil {
		p.t.Fatalf("headquarters' word does not verify: %v", err)
	}
}

// through checks a receipt's reach.
func through(t *testing.T, r wire.Receipt, want uint64, head wire.Hash) {
	t.Helper()
	if r.Through != want || r.Head != head {
		t.Errorf("receipt: got through %d head %.8s, want %d %.8s", r.Through, r.Head, want, head)
	}
}

// spoil breaks one byte of the data, so that the record reads and does not verify.
func spoil(line []byte) []byte {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(line, &m); err != nil {
		panic(err)
	}
	out := append([]byte(nil), line...)
	for i := range out {
		if string(out[i:i+7]) == `counter` {
			out[i+8] = 'd' // counter/c03 becomes counter/d03
			return out
		}
	}
	panic("nothing to spoil")
}
