package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// Times of a session.
const (
	linger    = 5 * time.Millisecond   // how long a batch may wait for company
	echoTime  = 400 * time.Millisecond // and for a heartbeat that it has overtaken
	batchSize = 256
	graceTime = 2 * time.Second // for what is promised when we leave
	sayTime   = time.Second     // for the broker to take our farewell
)

// session is one pair of connections to the broker, from birth to end.
type session struct {
	o            *Options
	mail         *mailroom
	gauge        *gauge
	number       uint64
	alerts, rest *line

	asks   chan func()
	gone   chan struct{}
	batch  []entry
	linger *time.Timer // runs while the batch is not empty
	alarm  *time.Timer // runs while a receipt is owed
	tick   *time.Ticker
	census *time.Ticker
	said   float64 // the spread that our status names
}

// open connects both lines and subscribes on both before it says ready: what boxes send in answer
// must find us listening.
func (in *Intake) open(ctx context.Context, number uint64) (*session, error) {
	s := &session{
		o: &in.o, mail: in.mail, gauge: &in.gauge, number: number,
		asks: make(chan func()), gone: make(chan struct{}),
		linger: stopped(), alarm: stopped(), tick: time.NewTicker(time.Second), census: time.NewTicker(time.Minute),
	}
	if err := s.connect(ctx); err != nil {
		s.close()
		return nil, err
	}
	s.gauge.up(number)
	s.o.Log.Info("session with the broker", "session", number, "broker", s.o.Link.Broker)
	return s, nil
}

func (s *session) connect(ctx context.Context) (err error) {
	every := s.o.Topics.Every
	if s.alerts, err = connect(ctx, s.o, "-alerts", nil); err != nil {
		return err
	}
	if err = s.alerts.Subscribe(ctx, every(wire.KindAlert)); err != nil {
		return err
	}
	will, err := s.status(wire.Lost, 1)
	if err != nil {
		return err
	}
	if s.rest, err = connect(ctx, s.o, "", &will); err != nil {
		return err
	}
	err = s.rest.Subscribe(ctx, every(wire.KindHeartbeat), every(wire.KindAnswer),
		every(wire.KindEvent), every(wire.KindEvaluation), every(wire.KindStatus))
	if err != nil {
		return err
	}
	return s.sayReady(ctx)
}

// status is headquarters' retained word on itself.
func (s *session) status(state wire.Presence, spread float64) (link.Message, error) {
	line, err := s.o.Identity.Sign(seal.TagHeadquarters, wire.HeadquartersStatus{
		State: state, Session: s.number, SpreadS: spread, By: s.o.Identity.Mandate(),
	})
	return link.Message{Topic: s.o.Topics.Headquarters(), Payload: line, QoS: 1, Retain: true}, err
}

// sayReady shows the session's number, upon which boxes send all that is unreceipted.
func (s *session) sayReady(ctx context.Context) error {
	devices, err := s.o.Ledger.CountDevices(ctx)
	if err != nil {
		return faulty("count devices", err)
	}
	s.said = spread(devices)
	status, err := s.status(wire.Ready, s.said)
	if err != nil {
		return err
	}
	_, err = s.rest.Publish(status)
	return err
}

// recount says ready again when the fleet has grown or shrunk by more than a tenth: a headquarters
// that runs for months must not spread five thousand boxes as the ten that it began with.
func (s *session) recount(ctx context.Context) error {
	devices, err := s.o.Ledger.CountDevices(ctx)
	if err != nil {
		return faulty("count devices", err)
	}
	if math.Abs(spread(devices)-s.said) <= s.said/10 {
		return nil
	}
	return s.sayReady(ctx)
}

// errLeaving ends a session because ctx is done.
var errLeaving = errors.New("leaving")

// serve is the session's loop. What has begun when ctx ends is finished, within graceTime.
func (s *session) serve(ctx context.Context) error {
	work, cancel := grace(ctx, graceTime)
	defer cancel()
	for {
		err := s.turn(ctx, work)
		switch {
		case errors.Is(err, errLeaving):
			return s.leave(work)
		case err != nil:
			return err
		}
	}
}

// turn takes one step. An alert that has arrived goes before everything else.
func (s *session) turn(ctx, work context.Context) error {
	select {
	case m, open := <-s.alerts.Incoming():
		return s.hear(work, m, open, s.alerts)
	default:
	}
	select {
	case m, open := <-s.alerts.Incoming():
		return s.hear(work, m, open, s.alerts)
	case m, open := <-s.rest.Incoming():
		return s.hear(work, m, open, s.rest)
	case <-s.linger.C:
		return s.take(work)
	case <-s.alarm.C:
		return s.thankDue(work)
	case <-s.tick.C:
		return s.chase(work)
	case <-s.census.C:
		return s.recount(work)
	case do := <-s.asks:
		do()
		return nil
	case <-ctx.Done():
		return errLeaving
	}
}

// leave finishes what is promised: the batch is taken and everybody owed is thanked, then
// headquarters says disconnected. What still lies in the inboxes comes again.
func (s *session) leave(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	for device := range s.mail.owing {
		if err := s.thank(ctx, s.mail.boxes[device]); err != nil {
			return err
		}
	}
	clear(s.mail.owing)
	status, err := s.status(wire.Disconnected, s.said)
	if err != nil {
		return err
	}
	d, err := s.rest.Publish(status)
	if err != nil {
		return err
	}
	select {
	case <-d.Done():
		return d.Err()
	case <-time.After(sayTime):
		return errors.New("say disconnected: the broker did not answer")
	}
}

// close ends both lines; half a session may be closed as well.
func (s *session) close() {
	close(s.gone)
	s.linger.Stop()
	s.alarm.Stop()
	s.tick.Stop()
	s.census.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), sayTime)
	defer cancel()
	for _, l := range []*line{s.alerts, s.rest} {
		if l == nil {
			continue
		}
		if err := l.Close(ctx); err != nil {
			s.o.Log.Debug("line not closed in order", "error", err)
		}
	}
}

// publishCases tells the branches' own tools, on the topic of the place where the case arose.
func (s *session) publishCases(changed []casebook.Case) error {
	for _, c := range changed {
		p := wire.Place{Region: c.Region, Branch: c.Branch, Device: c.Device}
		line, err := json.Marshal(c) // a Case has no member for the ticket, which leads to a person
		if err != nil {
			return fmt.Errorf("write case %s: %w", c.ID, err)
		}
		if _, err := s.rest.Publish(link.Message{Topic: s.o.Topics.Of(p, wire.KindCase), Payload: line, QoS: 1}); err != nil {
			return fmt.Errorf("publish case %s: %w", c.ID, err)
		}
	}
	return nil
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// grace is a context that outlives ctx by d.
func grace(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(d, cancel)
		context.AfterFunc(late, func() { t.Stop() })
	})
	return late, func() { stop(); cancel() }
}
