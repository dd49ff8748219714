package uplink_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/linktest"
	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/uplink"
	"evalpad/sync/wire"
)

var (
	place  = wire.Place{Region: "r11", Branch: "b0731", Device: "pad-1"}
	topics = wire.Topics("evalpad/v1")
)

// box is one box in a bubble: an outbox in a file, an uplink, and a broker over net.Pipe.
type box struct {
	t      *testing.T
	broker *linktest.Broker
	store  *outbox.Outbox
	hq     *headquarters
	up     *uplink.Uplink
	began  time.Time
	events []wire.Event
	obeyed []wire.Command
	mu     sync.Mutex
}

func (b *box) uptime() time.Duration { return time.Since(b.began) + time.Hour }

func (b *box) Health() wire.Heartbeat { return wire.Heartbeat{Clock: wire.ClockUnset} }

func (b *box) Tell(ctx context.Context, e wire.Event) error {
	b.mu.Lock()
	b.events = append(b.events, e)
	b.mu.Unlock()
	return b.put(ctx, wire.KindEvent, e)
}

func (b *box) Obey(_ context.Context, c wire.Command) error {
	b.obeyed = append(b.obeyed, c)
	return nil
}

func (b *box) put(ctx context.Context, k wire.Kind, data any) error {
	d, err := wire.NewDraft(k, wire.Instant{}, "counter/c03", data)
	if err != nil {
		return err
	}
	_, err = b.store.Commit(ctx, outbox.Change{Drafts: []wire.Draft{d}})
	return err
}

func (b *box) rate(n int) {
	b.t.Helper()
	for i := range n {
		e := wire.Evaluation{
			Evaluation: fmt.Sprintf("e%d", i), Counter: "c03", Outcome: wire.Rated,
			Scores: map[wire.Dimension]wire.Score{wire.Overall: 5},
		}
		if err := b.put(b.t.Context(), wire.KindEvaluation, e); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *box) alert(id string) {
	b.t.Helper()
	a := wire.Alert{Evaluation: wire.Evaluation{
		Evaluation: id, Counter: "c03", Outcome: wire.Rated, Dissatisfied: true,
		Scores: map[wire.Dimension]wire.Score{wire.Overall: 1},
	}}
	if err := b.put(b.t.Context(), wire.KindAlert, a); err != nil {
		b.t.Fatal(err)
	}
}

func (b *box) waiting() int { return b.store.Stats().Waiting }

func (b *box) event(name wire.EventName) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.Event == name {
			return true
		}
	}
	return false
}

// inBubble runs a story with a box whose uplink is running; change may edit the options.
func inBubble(t *testing.T, change func(*uplink.Options), story func(*box)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &box{t: t, broker: linktest.NewBroker(t), began: time.Now()}
		b.open(filepath.Join(t.TempDir(), "outbox.db"))
		b.hq = newHeadquarters(b.broker)
		o := uplink.Options{
			Link: b.broker.Options(place.Device), Topics: topics, Place: place, Key: boxKey, Store: b.store,
			Agent: b, Boot: "boot-1", Uptime: b.uptime, Version: "test",
			Random: func() float64 { return 0.5 },
		}
		if change != nil {
			change(&o)
		}
		var err error
		if b.up, err = uplink.New(o); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := b.up.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		defer func() {
			cancel()
			running.Wait()
			if err := b.store.Close(); err != nil {
				t.Error(err)
			}
		}()
		story(b)
	})
}

var boxKey = seal.KeyFromSeed([32]byte{1})

func (b *box) open(path string) {
	b.t.Helper()
	var err error
	b.store, err = outbox.Open(path, outbox.Options{Key: boxKey, Place: place, Max: 8 << 20})
	if err != nil {
		b.t.Fatal(err)
	}
}

// after lets d of bubble time pass and everything that it sets going come to rest.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// headquarters is a scripted inspector: it holds hashes instead of a ledger and signs receipts as
// the real one does.
type headquarters struct {
	broker    *linktest.Broker
	root, key seal.Key
	mu        sync.Mutex
	held      map[wire.Epoch]map[uint64]wire.Hash
	order     []wire.Record
	session   uint64 // of the box, as last born
	births    []wire.Status
	beats     []wire.Heartbeat
	silent    bool
	window    int
	forge     func(*wire.Receipt)
}

func newHeadquarters(b *linktest.Broker) *headquarters {
	h := &headquarters{
		broker: b, root: seal.KeyFromSeed([32]byte{8}), key: seal.KeyFromSeed([32]byte{9}),
		held: map[wire.Epoch]map[uint64]wire.Hash{}, window: 64,
	}
	h.listen()
	return h
}

func (h *headquarters) listen() { h.broker.Subscribe("evalpad/v1/+/+/+/#", h.hear) }

func (h *headquarters) hear(m link.Message) {
	_, kind, err := topics.Parse(m.Topic)
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case kind == wire.KindStatus:
		h.hearStatus(m.Payload)
	case kind == wire.KindHeartbeat:
		var beat wire.Heartbeat
		if seal.ReadMessage(m.Payload, &beat) == nil {
			h.beats = append(h.beats, beat)
		}
	case kind.IsRecord():
		h.hearRecord(m.Payload)
	}
}

func (h *headquarters) hearStatus(line []byte) {
	var s wire.Status
	if seal.ReadMessage(line, &s) != nil {
		return
	}
	h.births = append(h.births, s)
	if s.State != wire.Ready {
		return
	}
	h.session = s.Session
	for _, e := range s.Epochs {
		h.receipt(e.Epoch)
	}
}

func (h *headquarters) hearRecord(line []byte) {
	r, err := wire.ParseRecord(line)
	if err != nil || seal.Check(boxKey.Public(), seal.TagRecord, line) != nil {
		return
	}
	if h.held[r.Epoch] == nil {
		h.held[r.Epoch] = map[uint64]wire.Hash{}
	}
	h.held[r.Epoch][r.Seq], _ = seal.HashOf(line)
	h.order = append(h.order, r)
	h.receipt(r.Epoch)
}

// receipt thanks for all that is held of an epoch. Publishing happens beside the hearing, as in life.
func (h *headquarters) receipt(e wire.Epoch) {
	if h.silent {
		return
	}
	r := wire.Receipt{
		Device: place.Device, Session: h.session, Epoch: e, Window: h.window, Sent: wire.At(time.Now()),
		By: seal.Mandate(h.root, h.key.Public()),
	}
	held := h.held[e]
	for held[r.Through+1] != (wire.Hash{}) {
		r.Through++
		r.Head = held[r.Through]
	}
	for seq, hash := range held {
		if seq > r.Through && len(r.Also) < 16 {
			r.Also = append(r.Also, wire.Span{From: seq, To: seq, Head: hash})
		}
	}
	if h.forge != nil {
		h.forge(&r)
	}
	h.say(wire.KindReceipt, seal.TagReceipt, r)
}

func (h *headquarters) say(k wire.Kind, tag seal.Tag, m any) {
	line, err := seal.Message(h.key, tag, m)
	if err != nil {
		panic(err)
	}
	go h.broker.Publish(link.Message{Topic: topics.Of(place, k), Payload: line, QoS: 1})
}

func (h *headquarters) back(session uint64) {
	line, err := seal.Message(h.key, seal.TagHeadquarters, wire.HeadquartersStatus{
		State: wire.Ready, Session: session, SpreadS: 1, By: seal.Mandate(h.root, h.key.Public()),
	})
	if err != nil {
		panic(err)
	}
	h.broker.Publish(link.Message{Topic: topics.Headquarters(), Payload: line, QoS: 1, Retain: true})
}

func (h *headquarters) with(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}
