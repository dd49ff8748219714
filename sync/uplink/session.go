package uplink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// Intervals of a session.
const (
	beatEvery    = time.Minute
	sweepEvery   = time.Second
	rebirthEvery = 30 * time.Second // while headquarters has not answered
	leaveTime    = 2 * time.Second
	connectTime  = 45 * time.Second // dialling, greeting and subscribing, with a network that dies on the way
	turnTime     = 10 * time.Second // one turn of the pump, with a line that takes nothing more
)

// session is one connection from birth to end. One goroutine owns all of it.
type session struct {
	*Uplink
	number uint64
	conn   *link.Session
	flight flight
	lanes  [2]lane // alerts, normal
	extra  []outbox.Letter
	thanks bool // headquarters has receipted in this session: records may flow
	heard  *wire.Heard
	orders uint64        // number of the last command obeyed
	hq     uint64        // headquarters' session, 0 = not heard of
	hqAway bool          // headquarters has said since that it left, or its will did
	born   time.Duration // uptime of the last birth
	heart  *time.Timer   // until the next heartbeat
	told   []string      // the degraded modes that the last heartbeat named
}

// session connects, is born, and pumps until the line or ctx ends.
func (u *Uplink) session(ctx context.Context) error {
	u.o.Busy(connectTime)
	defer u.o.Busy(0)
	number, err := u.numbers.next(ctx, u.o.Store)
	if err != nil {
		return err
	}
	s := &session{Uplink: u, number: number}
	s.flight.granted, s.flight.receipts = firstWindow, u.o.SettleOn == Receipt
	s.lanes = [2]lane{{of: outbox.Alerts}, {of: outbox.Normal}}
	o := u.o.Link
	o.ClientID = u.o.Place.Device
	if o.Will, err = s.will(); err != nil {
		return err
	}
	if s.conn, err = u.connect(ctx, o); err != nil {
		return err
	}
	err = s.live(ctx)
	s.blame()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if shut := s.conn.Close(closing); shut != nil && err == nil {
		err = shut
	}
	return err
}

// connect judges the broker's certificate by the calendar, and the calendar by the certificate: the
// next try knows better.
func (u *Uplink) connect(ctx context.Context, o link.Options) (*link.Session, error) {
	o.TLS = u.calendar.dated(o.TLS)
	conn, err := link.Connect(ctx, o)
	if err == nil {
		return conn, nil
	}
	if b, bad := link.ParseBroker(o.Broker); bad == nil && u.calendar.vouched(err, o.TLS, b.Host) {
		u.o.Log.Warn("the authority has signed a certificate since: it is later than this box thought", "date", u.calendar.now())
	}
	return nil, err
}

func (s *session) live(ctx context.Context) error {
	p, t := s.o.Place, s.o.Topics
	err := s.conn.Subscribe(ctx, t.Of(p, wire.KindReceipt), t.Of(p, wire.KindCommand), t.Of(p, wire.KindStatus), t.Headquarters())
	if err != nil {
		return err
	}
	if err := s.sayStatus(wire.Ready); err != nil {
		return err
	}
	s.note(func(st *State) {
		st.Phase, st.Since, st.Session, st.Trouble = Waiting, s.o.Uptime(), s.number, ""
	})
	if !s.flight.receipts {
		s.open()
	}
	s.o.Log.Info("session with the broker", "session", s.number, "broker", s.o.Link.Broker)
	return s.pump(ctx)
}

// open lets the records flow.
func (s *session) open() {
	s.thanks = true
	s.note(func(st *State) { st.Phase, st.Since = Flowing, s.o.Uptime() })
}

// pump is the session's loop: fill every free slot, then wait for what frees one.
func (s *session) pump(ctx context.Context) error {
	sweep := time.NewTicker(sweepEvery)
	s.heart = time.NewTimer(beatEvery)
	defer s.heart.Stop()
	defer sweep.Stop()
	for {
		s.o.Busy(turnTime)
		if err := s.send(ctx); err != nil {
			return err
		}
		s.o.Busy(0)
		work := s.wake(ctx, s.heart.C, sweep.C)
		s.o.Busy(turnTime)
		if work == nil {
			return s.farewell()
		}
		if err := work(); err != nil {
			return err
		}
	}
}

// wake waits for something to do; nil when ctx is done.
func (s *session) wake(ctx context.Context, beat, sweep <-chan time.Time) (work func() error) {
	select {
	case <-ctx.Done():
		return nil
	case <-s.conn.Lost():
		return s.conn.Err
	case m, open := <-s.conn.Incoming():
		if !open {
			return s.conn.Err
		}
		return func() error { return s.hear(ctx, m) }
	case <-s.nextAck():
		return func() error { return s.takeAcks(ctx) }
	case <-s.o.Store.Changed():
		return func() error { s.lanes[0].again, s.lanes[1].again = true, true; return nil }
	case <-beat:
		return s.beat
	case <-sweep:
		return s.sweep
	}
}

// send fills the free slots, alerts first.
func (s *session) send(ctx context.Context) error {
	for s.thanks {
		l, ok, err := s.pick()
		if err != nil || !ok {
			return err
		}
		if err := s.publish(l, false); err != nil {
			return err
		}
	}
	return nil
}

// pick takes the next letter that may leave: an alert, else what was asked for again, else the
// next in order. A suspect travels alone, so that its guilt or innocence is plain.
func (s *session) pick() (outbox.Letter, bool, error) {
	if s.suspects.travelling(s.flight.unacked) {
		return outbox.Letter{}, false, nil
	}
	for i := range s.lanes {
		lane := &s.lanes[i]
		l, ok, err := lane.peek(s.o.Store, s.suspects.parked)
		if err != nil {
			return l, false, fmt.Errorf("read the outbox: %w", err)
		}
		if ok && s.flight.room(l.Urgent, len(l.Line)) && s.suspects.mayLeave(l, s.flight.unacked) {
			lane.take()
			return l, true, nil
		}
		if i == 0 && len(s.extra) > 0 && s.flight.room(false, len(s.extra[0].Line)) {
			l := s.extra[0]
			s.extra = s.extra[1:]
			return l, true, nil
		}
	}
	return outbox.Letter{}, false, nil
}

func (s *session) publish(l outbox.Letter, again bool) error {
	d, err := s.conn.Publish(link.Message{Topic: s.o.Topics.Of(s.o.Place, l.Kind), Payload: l.Line, QoS: 1})
	if err != nil {
		return err
	}
	s.flight.sent(l, d, s.o.Uptime(), again)
	return nil
}

func (s *session) nextAck() <-chan struct{} {
	if len(s.flight.unacked) == 0 {
		return nil
	}
	return s.flight.unacked[0].delivery.Done()
}

// takeAcks hears the broker out on all that it has answered by now. Its word settles nothing but in
// PUBACK mode; there a run of records is settled at once, by the hash of its last.
func (s *session) takeAcks(ctx context.Context) error {
	var run span
	for s.answered() {
		if err := s.flight.unacked[0].delivery.Err(); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		l := s.flight.acked(s.o.Uptime())
		s.suspects.innocent(l)
		if s.flight.receipts || run.grow(l) {
			continue
		}
		if err := s.settleRun(ctx, run); err != nil {
			return err
		}
		run = span{l, l}
	}
	return s.settleRun(ctx, run)
}

// answered reports whether the broker has answered, one way or the other, on the oldest sending.
func (s *session) answered() bool {
	select {
	case <-s.nextAck():
		return true
	default:
		return false
	}
}

// span is a run of letters with consecutive numbers in one epoch; empty while first has no number.
type span struct{ first, last outbox.Letter }

func (r *span) grow(l outbox.Letter) bool {
	if r.first.Seq == 0 {
		r.first, r.last = l, l
		return true
	}
	if l.Epoch != r.last.Epoch || l.Seq != r.last.Seq+1 {
		return false
	}
	r.last = l
	return true
}

func (s *session) settleRun(ctx context.Context, r span) error {
	if r.first.Seq == 0 {
		return nil
	}
	if _, err := s.o.Store.Settle(ctx, r.last.Epoch, r.first.Seq, r.last.Seq, r.last.Hash); err != nil {
		return fmt.Errorf("settle on PUBACK: %w", err)
	}
	return nil
}

// sweep is the once-a-second look at what is late: a birth without an answer is said again, a
// parked record is tried again, an unreceipted one sent again, one window at most.
func (s *session) sweep() error {
	now := s.o.Uptime()
	s.note(func(st *State) {
		st.Owed, st.OwedSince, st.Parked = len(s.flight.owed), s.flight.oldest(), s.suspects.count()
	})
	if !slices.Equal(s.State().Degraded, s.told) { // headquarters need not wait a minute to hear of it
		if err := s.beat(); err != nil {
			return err
		}
	}
	if !s.thanks && now-s.born >= rebirthEvery {
		return s.sayStatus(wire.Ready)
	}
	if s.suspects.release(now) {
		s.rewind()
	}
	for len(s.flight.unacked) < ackWindow {
		l, ok := s.flight.due(now)
		if !ok {
			return nil
		}
		if err := s.publish(l, true); err != nil {
			return err
		}
	}
	return nil
}

// rewind begins again from the oldest unreceipted letter, alerts first.
func (s *session) rewind() {
	s.flight.forget()
	for i := range s.lanes {
		s.lanes[i] = lane{of: s.lanes[i].of}
	}
}

// blame counts a strike against the letter that the broker was to answer next when the line went.
func (s *session) blame() {
	if len(s.flight.unacked) == 0 {
		return
	}
	l := s.flight.unacked[0].letter
	if !s.suspects.strike(l, s.o.Uptime()) {
		return
	}
	s.tell(wire.Event{
		Event: wire.EventParked, Parked: &wire.RecordName{Epoch: l.Epoch, Seq: l.Seq},
		Words: "three sessions ended on this record; it is tried again hourly",
	})
}

// tell seals an event; a store that cannot take it is the agent's trouble, and said there.
func (s *session) tell(e wire.Event) {
	if err := s.o.Agent.Tell(context.Background(), e); err != nil {
		s.o.Log.Error("event not stored", "event", e.Event, "error", err)
	}
}

// message signs and publishes a message of this box's own.
func (s *session) message(tag seal.Tag, k wire.Kind, m any, qos byte, retain bool) error {
	line, err := seal.Message(s.o.Key, tag, m)
	if err != nil {
		return err
	}
	_, err = s.conn.Publish(link.Message{Topic: s.o.Topics.Of(s.o.Place, k), Payload: line, QoS: qos, Retain: retain})
	return err
}
