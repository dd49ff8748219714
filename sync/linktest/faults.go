package linktest

import (
	"errors"
	"slices"
	"sync"

	"evalpad/sync/link"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// faults are the ways in which the broker misbehaves.
type faults struct {
	mu        sync.Mutex
	dropped   []string
	swallowed []string
	withheld  []string
	denied    []string
	hangUp    func(link.Message) bool
	refusing  bool
}

func (f *faults) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// Drop acknowledges what clients publish to matching topics, and then drops it, as a broker does
// whose queue is full or whose access list says no.
func (b *Broker) Drop(filter string) {
	b.faults.set(func() { b.faults.dropped = append(b.faults.dropped, filter) })
}

// Swallow neither acknowledges nor hands on what clients publish to matching topics.
func (b *Broker) Swallow(filter string) {
	b.faults.set(func() { b.faults.swallowed = append(b.faults.swallowed, filter) })
}

// Withhold hands on what clients publish to matching topics and never acknowledges it.
func (b *Broker) Withhold(filter string) {
	b.faults.set(func() { b.faults.withheld = append(b.faults.withheld, filter) })
}

// Deny refuses subscriptions to exactly this filter.
func (b *Broker) Deny(filter string) {
	b.faults.set(func() { b.faults.denied = append(b.faults.denied, filter) })
}

// HangUpOn cuts the line of a client that publishes a message for which poison says true; nothing
// of it is acknowledged or handed on.
func (b *Broker) HangUpOn(poison func(link.Message) bool) {
	b.faults.set(func() { b.faults.hangUp = poison })
}

// Refuse answers every CONNECT with "not authorised", until it is called with false.
func (b *Broker) Refuse(refuse bool) {
	b.faults.set(func() { b.faults.refusing = refuse })
}

// Behave ends all misbehaviour.
func (b *Broker) Behave() {
	b.faults.set(func() {
		f := &b.faults
		f.dropped, f.swallowed, f.withheld, f.denied, f.hangUp, f.refusing = nil, nil, nil, nil, nil, false
	})
}

// hook is where mochi asks what to do.
type hook struct {
	mochi.HookBase
	broker *Broker
}

func (h *hook) ID() string { return "linktest" }

func (h *hook) Provides(b byte) bool {
	return slices.Contains([]byte{
		mochi.OnConnectAuthenticate, mochi.OnACLCheck, mochi.OnPublish, mochi.OnQosComplete,
	}, b)
}

func (h *hook) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool {
	f := &h.broker.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.refusing
}

func (h *hook) OnACLCheck(_ *mochi.Client, topic string, write bool) bool {
	f := &h.broker.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	return write || !slices.Contains(f.denied, topic)
}

var errHungUp = errors.New("linktest: poison")

// OnPublish says to mochi: CodeSuccessIgnore is acknowledge and drop, ErrRejectPacket do neither.
func (h *hook) OnPublish(c *mochi.Client, p packets.Packet) (packets.Packet, error) {
	if c.Net.Inline {
		return p, nil
	}
	switch h.broker.faults.with(message(p)) {
	case hangUp:
		c.Stop(errHungUp)
		return p, packets.ErrRejectPacket
	case drop:
		return p, packets.CodeSuccessIgnore
	case swallow:
		return p, packets.ErrRejectPacket
	case withhold:
		if server := h.broker.running(); server != nil {
			server.Publish(p.TopicName, p.Payload, p.FixedHeader.Retain, p.FixedHeader.Qos)
		}
		return p, packets.ErrRejectPacket
	}
	return p, nil
}

// verdict is what is done with one message.
type verdict int

const (
	pass verdict = iota
	drop
	swallow
	withhold
	hangUp
)

func (f *faults) with(m link.Message) verdict {
	f.mu.Lock()
	defer f.mu.Unlock()
	hits := func(filter string) bool { return Matches(filter, m.Topic) }
	switch {
	case f.hangUp != nil && f.hangUp(m):
		return hangUp
	case slices.ContainsFunc(f.dropped, hits):
		return drop
	case slices.ContainsFunc(f.swallowed, hits):
		return swallow
	case slices.ContainsFunc(f.withheld, hits):
		return withhold
	}
	return pass
}

func (h *hook) OnQosComplete(_ *mochi.Client, p packets.Packet) {
	if p.FixedHeader.Type != packets.Puback {
		return
	}
	r := &h.broker.record
	r.mu.Lock()
	defer r.mu.Unlock()
	r.acks++
}
