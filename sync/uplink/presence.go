package uplink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

func (s *session) status(state wire.Presence) wire.Status {
	return wire.Status{
		State: state, Session: s.number, Boot: s.o.Boot, UptimeMS: s.o.Uptime().Milliseconds(),
		Key: s.o.Key.Public(), Epochs: s.o.Store.Epochs(), Version: s.o.Version,
	}
}

// will is what the broker says of us when the line breaks. It names the epochs as they stand now:
// headquarters believes it only while epoch and session are those of the last birth.
func (s *session) will() (*link.Message, error) {
	line, err := seal.Message(s.o.Key, seal.TagStatus, s.status(wire.Lost))
	if err != nil {
		return nil, err
	}
	return &link.Message{Topic: s.o.Topics.Of(s.o.Place, wire.KindStatus), Payload: line, QoS: 1, Retain: true}, nil
}

func (s *session) sayStatus(state wire.Presence) error {
	s.born = s.o.Uptime()
	return s.message(seal.TagStatus, wire.KindStatus, s.status(state), 1, true)
}

// farewell says that we leave on purpose, and gives the broker a moment to take it.
func (s *session) farewell() error {
	line, err := seal.Message(s.o.Key, seal.TagStatus, s.status(wire.Disconnected))
	if err != nil {
		return err
	}
	topic := s.o.Topics.Of(s.o.Place, wire.KindStatus)
	d, err := s.conn.Publish(link.Message{Topic: topic, Payload: line, QoS: 1, Retain: true})
	if err != nil {
		return err
	}
	select {
	case <-d.Done():
		return d.Err()
	case <-time.After(leaveTime):
		return errors.New("say offline: the broker did not answer")
	}
}

// beat is the signed word of a living box, with the echo of the last receipt.
func (s *session) beat() error {
	h := s.o.Agent.Health()
	h.Status, h.Heard = s.status(wire.Ready), s.heard
	s.heart.Reset(beatEvery)
	s.told = s.State().Degraded
	h.Degraded = append(h.Degraded, s.told...)
	return s.message(seal.TagHeartbeat, wire.KindHeartbeat, h, 0, false)
}

// hear sorts what comes in. What is not signed by headquarters changes nothing.
func (s *session) hear(ctx context.Context, m link.Incoming) error {
	defer m.Ack()
	switch m.Topic {
	case s.o.Topics.Of(s.o.Place, wire.KindReceipt):
		return s.hearReceipt(ctx, m.Payload)
	case s.o.Topics.Of(s.o.Place, wire.KindCommand):
		return s.hearCommand(ctx, m.Payload)
	case s.o.Topics.Of(s.o.Place, wire.KindStatus):
		return s.hearOwnStatus(m)
	case s.o.Topics.Headquarters():
		return s.hearHeadquarters(ctx, m.Payload)
	}
	return nil
}

// hearHeadquarters rewinds when headquarters has come back: it holds clean sessions only, so what passed
// while it was away must come again.
func (s *session) hearHeadquarters(ctx context.Context, line []byte) error {
	var hq wire.HeadquartersStatus
	if err := seal.ReadMandated(line, seal.TagHeadquarters, s.root.key, &hq, &hq.By); err != nil {
		s.o.Log.Warn("headquarters' status is not believed", "error", err)
		return nil
	}
	if hq.State != wire.Ready {
		s.hqAway = true
		return nil
	}
	if err := s.noteSpread(ctx, hq.SpreadS); err != nil {
		return err
	}
	if s.hq != 0 && (s.hq != hq.Session || s.hqAway) { // one restored from a backup counts its sessions anew
		s.rewind()
		s.beatWithin(min(s.spread(), beatEvery))
	}
	s.hq, s.hqAway = hq.Session, false
	return nil
}

// beatWithin brings the next heartbeat forward, not the same for all boxes: what headquarters knows of
// us is what was retained at our birth, and a restored one learns from a heartbeat that it stands
// behind.
func (s *session) beatWithin(spread time.Duration) {
	s.heart.Reset(time.Duration(s.o.Random() * float64(spread)))
}

// hearOwnStatus says ours again when somebody else's is published on our topic, as the will of our
// own last session. A twin with our name shows itself otherwise: a broker lets only one of two in,
// so each finds the other's birth retained when it is let in again.
func (s *session) hearOwnStatus(m link.Incoming) error {
	var other wire.Status
	err := seal.ReadMessage(m.Payload, &other)
	if err == nil && s.isOurs(other) {
		return nil
	}
	if err == nil && other.State == wire.Ready && other.Boot != s.o.Boot && s.twins.met(s.o.Uptime()) {
		s.note(func(st *State) { st.Twin = true })
		s.tell(wire.Event{Event: wire.EventTwin, Words: fmt.Sprintf("another box uses this device name, in boot %.60q", other.Boot)})
		return errTwin
	}
	if m.Retained {
		return nil // it stood there before our birth
	}
	return s.sayStatus(wire.Ready)
}

func (s *session) isOurs(o wire.Status) bool {
	return o.Session == s.number && o.Boot == s.o.Boot && o.Key == s.o.Key.Public() && o.State == wire.Ready
}

var errTwin = errors.New("another box uses this device name; backing off for a minute")

// A twin shows itself by three take-overs in a minute.
const (
	twinTakeovers = 3
	twinWithin    = time.Minute
	twinPause     = time.Minute
)

// twins counts the statuses of others under our name.
type twins struct {
	at    []time.Duration
	pause bool
}

// met reports whether that makes three in a minute.
func (t *twins) met(now time.Duration) bool {
	t.at = append(t.at, now)
	for t.at[0] < now-twinWithin {
		t.at = t.at[1:]
	}
	if len(t.at) < twinTakeovers {
		return false
	}
	t.at, t.pause = nil, true
	return true
}

// backOff is true once after each discovery.
func (t *twins) backOff() bool {
	p := t.pause
	t.pause = false
	return p
}
