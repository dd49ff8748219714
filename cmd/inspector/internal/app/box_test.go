package app_test

import (
	"context"
	"net"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

type dialer = func(context.Context) (net.Conn, error)

// box is a pad that is born, presses and hears receipts.
type box struct {
	t       *testing.T
	place   wire.Place
	key     seal.Key
	conn    *link.Session
	started time.Time
	seq     uint64
	head    wire.Hash
}

const (
	root  = wire.Topics("evalpad/v1")
	epoch = wire.Epoch("9f3c2a7e51d0b846")
)

func newBox(t *testing.T, dial dialer, device string) *box {
	t.Helper()
	b := &box{t: t, key: seal.NewKey(), started: time.Now(), place: wire.Place{Region: "r11", Branch: "b0731", Device: device}}
	b.conn = connect(t, link.Options{Broker: "mqtt://broker.test", ClientID: device, Dial: dial})
	if err := b.conn.Subscribe(t.Context(), root.Of(b.place, wire.KindReceipt)); err != nil {
		t.Fatal(err)
	}
	return b
}

func connect(t *testing.T, o link.Options) *link.Session {
	t.Helper()
	s, err := link.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func subscriber(t *testing.T, dial dialer, filter string) *link.Session {
	t.Helper()
	s := connect(t, link.Options{Broker: "mqtt://broker.test", ClientID: "watcher", Dial: dial})
	if err := s.Subscribe(t.Context(), filter); err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *box) publish(k wire.Kind, line []byte, retain bool) {
	b.t.Helper()
	d, err := b.conn.Publish(link.Message{Topic: root.Of(b.place, k), Payload: line, QoS: 1, Retain: retain})
	if err != nil {
		b.t.Fatal(err)
	}
	<-d.Done()
}

func (b *box) birth() {
	b.t.Helper()
	line, err := seal.Message(b.key, seal.TagStatus, wire.Status{
		State: wire.Ready, Session: 1, Boot: "b1", UptimeMS: time.Since(b.started).Milliseconds(),
		Key: b.key.Public(), Epochs: []wire.EpochState{{Epoch: epoch, Head: b.seq, Hash: b.head}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.publish(wire.KindStatus, line, true)
}

// beat echoes a receipt that came just now.
func (b *box) beat(r wire.Receipt) {
	b.t.Helper()
	up := time.Since(b.started).Milliseconds()
	line, err := seal.Message(b.key, seal.TagHeartbeat, wire.Heartbeat{
		Status: wire.Status{
			State: wire.Ready, Session: 1, Boot: "b1", UptimeMS: up,
			Key: b.key.Public(), Epochs: []wire.EpochState{{Epoch: epoch, Head: b.seq, Hash: b.head}},
		},
		Heard: &wire.Heard{Sent: r.Sent, UptimeMS: up},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.publish(wire.KindHeartbeat, line, false)
}

// alert presses "very dissatisfied" and sends the alert.
func (b *box) alert(id string) {
	b.t.Helper()
	draft, err := wire.NewDraft(wire.KindAlert, wire.Instant{}, "counter/c03", wire.Alert{Evaluation: wire.Evaluation{
		Evaluation: id, Counter: "c03", Business: "credit", Outcome: wire.Rated, Prompted: true, Dissatisfied: true,
		Scores: map[wire.Dimension]wire.Score{wire.Overall: 1}, Reasons: []string{}, Flags: []string{}, UI: "keys",
		Pressed: wire.Stamp{Boot: "b1", UptimeMS: time.Since(b.started).Milliseconds(), Clock: wire.ClockUnset},
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	body, err := draft.Body(b.place, epoch, b.seq+1, b.head, b.key.KID())
	if err != nil {
		b.t.Fatal(err)
	}
	line, hash := seal.Record(b.key, body)
	b.seq, b.head = b.seq+1, hash
	b.publish(wire.KindAlert, line, false)
}

func (b *box) receipt() (r wire.Receipt) {
	b.t.Helper()
	select {
	case m, open := <-b.conn.Incoming():
		if !open {
			b.t.Fatalf("wait for a receipt: the line ended: %v", b.conn.Err())
		}
		if err := seal.ReadMandated(m.Payload, seal.TagReceipt, wire.PublicKey{}, &r, &r.By); err != nil {
			b.t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		b.t.Fatal("wait for a receipt: none came in 10 s")
	}
	return r
}

// hear returns what comes next on a line, within three hours of a bubble's time.
func hear(t *testing.T, s *link.Session) string {
	t.Helper()
	select {
	case m := <-s.Incoming():
		return string(m.Payload)
	case <-time.After(3 * time.Hour):
		t.Fatal("nothing came in 3 hours")
		return ""
	}
}

func (b *box) leave() {
	b.t.Helper()
	if err := b.conn.Close(b.t.Context()); err != nil {
		b.t.Error(err)
	}
}

func ledgerClocks(d time.Duration) casebook.Clocks {
	return casebook.Clocks{InvestigateWithin: d, PlanWithin: d}
}
