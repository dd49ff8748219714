package linktest

import (
	"slices"
	"strings"
	"sync"
	"time"

	"evalpad/sync/link"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// waitLimit is how long Wait waits before it fails the test.
const waitLimit = 10 * time.Second

// record is every message that the broker handed on, in order, wills and its own included.
type record struct {
	mu      sync.Mutex
	all     []link.Message
	acks    int
	changed chan struct{} // closed and made anew with each message
}

func message(p packets.Packet) link.Message {
	return link.Message{
		Topic: p.TopicName, Payload: slices.Clone(p.Payload),
		QoS: p.FixedHeader.Qos, Retain: p.FixedHeader.Retain,
	}
}

func (r *record) add(m link.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, m)
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *record) matching(filter string) ([]link.Message, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []link.Message
	for _, m := range r.all {
		if Matches(filter, m.Topic) {
			found = append(found, m)
		}
	}
	return found, r.changed
}

// Seen is what the broker has handed on so far that matches the filter, in order.
func (b *Broker) Seen(filter string) []link.Message {
	found, _ := b.record.matching(filter)
	return found
}

// Wait waits until the broker has handed on n messages that match the filter and returns all that
// do. After 10 s the test fails.
func (b *Broker) Wait(filter string, n int) []link.Message {
	b.t.Helper()
	limit := time.NewTimer(waitLimit)
	defer limit.Stop()
	for {
		found, changed := b.record.matching(filter)
		if len(found) >= n {
			return found
		}
		select {
		case <-changed:
		case <-limit.C:
			b.t.Fatalf("wait for %s: got %d messages in %v, want %d", filter, len(found), waitLimit, n)
		}
	}
}

// Forget empties the record.
func (b *Broker) Forget() {
	b.record.mu.Lock()
	defer b.record.mu.Unlock()
	b.record.all, b.record.acks = nil, 0
}

// Acknowledged is how many messages clients have acknowledged to the broker.
func (b *Broker) Acknowledged() int {
	b.record.mu.Lock()
	defer b.record.mu.Unlock()
	return b.record.acks
}

// Retained is the payload that the broker retains for a topic, nil where there is none.
func (b *Broker) Retained(topic string) []byte {
	b.t.Helper()
	for _, p := range b.mustRun("look for " + topic).Topics.Messages(topic) {
		return slices.Clone(p.Payload)
	}
	return nil
}

// Publish sends a message from within the broker, past all faults.
func (b *Broker) Publish(m link.Message) {
	b.t.Helper()
	b.must(b.mustRun("publish to "+m.Topic).Publish(m.Topic, m.Payload, m.Retain, m.QoS))
}

// Subscribe calls f for every message that matches, one after another and before its sender's next
// packet is read; f may publish. It is gone after a Restart.
func (b *Broker) Subscribe(filter string, f func(link.Message)) {
	b.t.Helper()
	server := b.mustRun("subscribe to " + filter)
	b.mu.Lock()
	b.numbered++
	number := b.numbered
	b.mu.Unlock()
	b.must(server.Subscribe(filter, number, func(_ *mochi.Client, _ packets.Subscription, p packets.Packet) {
		f(message(p))
	}))
}

func (b *Broker) mustRun(what string) *mochi.Server {
	b.t.Helper()
	server := b.running()
	if server == nil {
		b.t.Fatalf("%s: the broker is stopped", what)
	}
	return server
}

// Matches reports whether a topic matches a filter: MQTT 3.1.1, 4.7.
func Matches(filter, topic string) bool {
	want, got := strings.Split(filter, "/"), strings.Split(topic, "/")
	for i, level := range want {
		if level == "#" {
			return true
		}
		if i >= len(got) || level != "+" && level != got[i] {
			return false
		}
	}
	return len(want) == len(got)
}
