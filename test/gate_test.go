package test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/uplink"
	"evalpad/sync/wire"
)

const (
	gateTopics = wire.Topics("evalpad/v1")
	gateEpoch  = wire.Epoch("9f3c2a7e51d0b846")
)

// gate is a broker and a headquarters that do only what a box needs to be back: greet, grant, thank a
// birth, acknowledge. It is light enough for five thousand boxes, and counts who comes when.
type gate struct {
	key    seal.Key // of headquarters' inspector
	by     wire.Mandate
	spread float64 // seconds, as headquarters tells it
	opens  time.Time

	mu       sync.Mutex
	connects []time.Duration // since it opened
	alerts   []time.Duration
}

func newGate(spread float64) *gate {
	root, key := seal.KeyFromSeed([32]byte{8}), seal.KeyFromSeed([32]byte{9})
	return &gate{key: key, by: seal.Mandate(root, key.Public()), spread: spread}
}

// peak is the greatest number of CONNECTs in one second.
func (g *gate) peak() int {
	in, most := map[time.Duration]int{}, 0
	for _, at := range g.connects {
		in[at/time.Second]++
		most = max(most, in[at/time.Second])
	}
	return most
}

// teach has one box hear the spread, and returns what it notes for the next boot.
func (g *gate) teach(t *testing.T) map[string][]byte {
	t.Helper()
	g.opens = time.Now()
	s := &shelf{notes: map[string][]byte{}}
	g.box(t, 0, s, "boot-1", func() float64 { return 0.5 })
	return s.notes
}

// shut empties the gate and leaves it shut for a while.
func (g *gate) shut(outage time.Duration) {
	g.opens, g.connects, g.alerts = time.Now().Add(outage), nil, nil
}

// box runs a real uplink until it is back: its alert is with the broker, or it beats if it has none.
func (g *gate) box(t *testing.T, i int, s *shelf, boot string, random func() float64) {
	ctx, back := context.WithCancel(t.Context())
	defer back()
	began := time.Now()
	place := wire.Place{Region: "r11", Branch: "b0731", Device: fmt.Sprint("pad-", i)}
	up, err := uplink.New(uplink.Options{
		Link: link.Options{Broker: "mqtt://broker.test", Dial: func(context.Context) (net.Conn, error) {
			return g.dial(len(s.alerts) > 0, back)
		}},
		Topics: gateTopics, Place: place, Key: gateKey, Store: s, Agent: calm{}, Boot: boot,
		Uptime: func() time.Duration { return time.Since(began) + time.Minute }, Random: random,
	})
	if err != nil {
		t.Error(err)
		return
	}
	if err := up.Run(ctx); err != nil {
		t.Error(err)
	}
}

var gateKey = seal.KeyFromSeed([32]byte{1})

func (g *gate) dial(alerted bool, back func()) (net.Conn, error) {
	if time.Now().Before(g.opens) {
		return nil, fmt.Errorf("dial broker.test: %w", syscall.ECONNREFUSED)
	}
	ours, theirs := net.Pipe()
	go g.serve(&visit{gate: g, conn: theirs, alerted: alerted, back: back})
	return ours, nil
}

// visit is one session at the gate.
type visit struct {
	gate    *gate
	conn    net.Conn
	alerted bool
	back    func()
}

func (g *gate) serve(v *visit) {
	defer v.conn.Close()
	in := bufio.NewReader(v.conn)
	for {
		first, err := in.ReadByte()
		if err != nil {
			return
		}
		length, err := binary.ReadUvarint(in)
		if err != nil {
			return
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(in, body); err != nil || !v.answer(first, body) {
			return
		}
	}
}

// answer takes one packet (MQTT 3.1.1, chapter 3), and is false when the session is over.
func (v *visit) answer(first byte, body []byte) bool {
	switch first >> 4 {
	case 1: // CONNECT
		v.gate.note(&v.gate.connects)
		return v.send([]byte{0x20, 2, 0, 0})
	case 8: // SUBSCRIBE, of four filters in one packet
		return v.send([]byte{0x90, 6, body[0], body[1], 1, 1, 1, 1}) && v.say(gateTopics.Headquarters(), seal.TagHeadquarters,
			wire.HeadquartersStatus{State: wire.Ready, Session: 1, SpreadS: v.gate.spread, By: v.gate.by})
	case 3: // PUBLISH
		return v.take(first>>1&3, body)
	case 12: // PINGREQ
		return v.send([]byte{0xD0, 0})
	}
	return false // DISCONNECT
}

func (v *visit) take(qos byte, body []byte) bool {
	size := int(binary.BigEndian.Uint16(body))
	topic, rest := string(body[2:2+size]), body[2+size:]
	if qos > 0 {
		if !v.send([]byte{0x40, 2, rest[0], rest[1]}) {
			return false
		}
		rest = rest[2:]
	}
	place, kind, err := gateTopics.Parse(topic)
	switch {
	case err != nil:
		return false
	case kind == wire.KindStatus:
		return v.thank(place, rest)
	case kind == wire.KindAlert:
		v.gate.note(&v.gate.alerts)
		v.back()
	case kind == wire.KindHeartbeat && !v.alerted:
		v.back()
	}
	return true
}

// thank answers a birth.
func (v *visit) thank(place wire.Place, line []byte) bool {
	var s wire.Status
	if seal.ReadMessage(line, &s) != nil || s.State != wire.Ready {
		return true
	}
	return v.say(gateTopics.Of(place, wire.KindReceipt), seal.TagReceipt, wire.Receipt{
		Device: place.Device, Session: s.Session, Epoch: gateEpoch, Window: 16, Sent: wire.At(time.Now()), By: v.gate.by,
	})
}

// note writes down when something came.
func (g *gate) note(list *[]time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	*list = append(*list, time.Since(g.opens))
}

// say publishes a word of headquarters to the box, QoS 0.
func (v *visit) say(topic string, tag seal.Tag, word any) bool {
	line, err := seal.Message(v.gate.key, tag, word)
	if err != nil {
		return false
	}
	packet := binary.AppendUvarint([]byte{0x30}, uint64(2+len(topic)+len(line)))
	packet = binary.BigEndian.AppendUint16(packet, uint16(len(topic)))
	return v.send(append(append(packet, topic...), line...))
}

func (v *visit) send(packet []byte) bool {
	_, err := v.conn.Write(packet)
	return err == nil
}

// shelf is an outbox in memory, with at most one alert on it.
type shelf struct {
	alerts []outbox.Letter
	notes  map[string][]byte
}

func newShelf(notes map[string][]byte, alerted bool) *shelf {
	s := &shelf{notes: maps.Clone(notes)}
	if alerted {
		s.alerts = []outbox.Letter{{Ref: 1, Epoch: gateEpoch, Seq: 2, Kind: wire.KindAlert, Line: []byte("{}"), Urgent: true}}
	}
	return s
}

func (s *shelf) Waiting(lane outbox.Lane, after outbox.Ref, _ int) ([]outbox.Letter, error) {
	if lane != outbox.Alerts || after > 0 {
		return nil, nil
	}
	return s.alerts, nil
}

func (s *shelf) Changed() <-chan struct{}               { return nil }
func (s *shelf) NewEpoch(context.Context, string) error { return nil }
func (s *shelf) Note(name string) ([]byte, error)       { return s.notes[name], nil }

func (s *shelf) Epochs() []wire.EpochState {
	return []wire.EpochState{{Epoch: gateEpoch, Head: 2}}
}

func (s *shelf) Settle(context.Context, wire.Epoch, uint64, uint64, wire.Hash) (int, error) {
	return 0, nil
}

func (s *shelf) History(wire.Epoch, uint64, uint64, int) ([]outbox.Letter, []outbox.Gap, error) {
	return nil, nil, nil
}

func (s *shelf) Commit(_ context.Context, c outbox.Change) ([]outbox.Letter, error) {
	maps.Copy(s.notes, c.Notes)
	return nil, nil
}

// calm is the agent of a box to which nothing happens.
type calm struct{}

func (calm) Health() wire.Heartbeat                   { return wire.Heartbeat{} }
func (calm) Tell(context.Context, wire.Event) error   { return nil }
func (calm) Obey(context.Context, wire.Command) error { return nil }

func boxRandom(seed uint64, i int) func() float64 {
	return rand.New(rand.NewPCG(seed, uint64(i))).Float64
}
