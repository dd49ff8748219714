package link

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// Session is one connected MQTT session. Its methods may be called from any goroutine; messages
// published from one goroutine go out in that order.
type Session struct {
	broker  Broker
	client  mqtt.Client
	line    *line
	manual  bool
	timeout time.Duration // WriteTimeout

	published int64 // messages handed to paho; line.calls guards it

	receiving sync.Mutex // held while a message goes into the inbox, and while the inbox is closed
	inbox     chan Incoming
	patience  time.Duration // how long a full inbox may stay full

	closing atomic.Bool
	once    sync.Once
	lost    chan struct{}
	why     error // read it and err only once lost is closed
	err     error
}

func newSession(o Options, b Broker, l *line) *Session {
	s := &Session{
		broker: b, line: l, manual: o.ManualAck, timeout: o.WriteTimeout,
		inbox: make(chan Incoming, o.Inbox), patience: o.PingTimeout, lost: make(chan struct{}),
	}
	s.client = mqtt.NewClient(s.settings(o))
	return s
}

// settings are the only ones with which paho's tokens tell the truth: no reconnecting and a clean
// session. The protocol version is named, or paho would ask a broker that refuses us a second time.
// Time is the line's affair, and paho's limits lie out of reach: only the line knows whether it was
// listening, while paho would take the pings for unanswered that wait behind messages we are slow to
// take.
func (s *Session) settings(o Options) *mqtt.ClientOptions {
	c := mqtt.NewClientOptions().
		AddBroker(s.broker.url()).SetClientID(o.ClientID).
		SetProtocolVersion(4).SetCleanSession(true).
		SetAutoReconnect(false).SetConnectRetry(false).
		SetKeepAlive(o.KeepAlive).SetPingTimeout(math.MaxInt64).
		SetConnectTimeout(o.ConnectTimeout).SetWriteTimeout(2 * o.WriteTimeout).
		SetOrderMatters(true).SetAutoAckDisabled(true).
		SetDefaultPublishHandler(s.receive).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { s.finish(err) }).
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) { return s.line, nil })
	if o.Will != nil {
		c.SetBinaryWill(o.Will.Topic, o.Will.Payload, 1, true)
	}
	return c
}

// greet sends CONNECT and waits for CONNACK, for as long as ctx allows.
func (s *Session) greet(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		s.line.fail(fmt.Errorf("connected, but not greeted: %w", ctx.Err()))
	})
	token := s.client.Connect()
	<-token.Done()
	inTime := stop()
	if err := token.Error(); err != nil {
		s.line.fail(err)
		return s.reason(err)
	}
	if !inTime {
		<-s.line.down
		return s.line.cause
	}
	return nil
}

// Subscribe asks for filters with QoS 1, all in one packet, and waits until they are granted, until
// ctx is done or the session is lost. ErrSubscribeRefused names the filters that the broker does not
// grant; the others are in force.
//
// What is refused is asked for again, twice: mochi (v2.7.9) also refuses a packet whose number is
// that of a message under way to us, even to our predecessor. For the same reason, subscribe once
// and first.
func (s *Session) Subscribe(ctx context.Context, filters ...string) error {
	var err error
	for range 3 {
		if filters, err = s.ask(ctx, filters); err != nil {
			return fmt.Errorf("subscribe to %s: %w", strings.Join(filters, ", "), err)
		}
		if len(filters) == 0 {
			return nil
		}
	}
	return fmt.Errorf("subscribe to %s: %w", strings.Join(filters, ", "), ErrSubscribeRefused)
}

// ask sends one SUBSCRIBE and returns the filters that were not granted.
func (s *Session) ask(ctx context.Context, filters []string) ([]string, error) {
	wanted := make(map[string]byte, len(filters))
	for _, f := range filters {
		wanted[f] = 1
	}
	token, err := s.hand(func() mqtt.Token { return s.client.SubscribeMultiple(wanted, nil) })
	if err != nil {
		return filters, err
	}
	select {
	case <-token.Done():
	case <-ctx.Done():
		return filters, ctx.Err()
	case <-s.lost:
		return filters, s.err
	}
	if err := token.Error(); err != nil {
		return filters, s.reason(err)
	}
	return refused(filters, token.(*mqtt.SubscribeToken).Result())
}

// refused reads the return codes of a SUBACK: MQTT 3.1.1, 3.9.3.
func refused(filters []string, codes map[string]byte) ([]string, error) {
	var not []string
	for _, f := range filters {
		switch code, answered := codes[f]; {
		case !answered:
			return filters, fmt.Errorf("%w: it answers without a return code", ErrNotMQTT)
		case code > 1:
			not = append(not, f)
		}
	}
	return not, nil
}

// hand makes a call of paho's that waits for paho's writer, one at a time. See line.tell for why the
// writer is there all the while, and why every token that comes of it is done one day.
func (s *Session) hand(call func() mqtt.Token) (mqtt.Token, error) {
	select {
	case s.line.calls <- struct{}{}:
	case <-s.line.down:
		return nil, s.end()
	}
	if s.line.isDown() {
		s.line.calls.give()
		return nil, s.end()
	}
	token := call()
	s.line.calls.give()
	if err := token.Error(); err != nil && !s.line.isDown() { // 65,535 messages are under way
		s.line.fail(fmt.Errorf("%w: %w", ErrStuck, err))
	}
	return token, nil
}

// end waits for paho's end when the line is down, which is a matter of microseconds, and says why.
func (s *Session) end() error {
	select {
	case <-s.lost:
		return s.err
	case <-time.After(s.timeout):
		return s.reason(s.line.cause)
	}
}

// Publish hands a message to the line and does not wait for the broker: any number up to 65,535 may
// be under way. It returns within WriteTimeout; an error means that the session is over, but for a
// message that no broker could take. The payload may be changed afterwards.
func (s *Session) Publish(m Message) (*Delivery, error) {
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	d := &Delivery{session: s, topic: m.Topic, qos: m.QoS}
	payload := bytes.Clone(m.Payload)
	var err error
	d.token, err = s.hand(func() mqtt.Token {
		s.published++
		d.number = s.published
		return s.client.Publish(m.Topic, m.QoS, m.Retain, payload)
	})
	if err != nil {
		return nil, fmt.Errorf("publish to %s: %w", m.Topic, err)
	}
	return d, nil
}

// Incoming is where messages come in, in order. It is closed when the session ends; what waits in
// it can still be read.
//
// Who reads it may be slow, since the broker then has to wait, but must not stand still: an inbox
// that is full for PingTimeout ends the session with ErrOverrun, and what did not go in stays
// unacknowledged.
func (s *Session) Incoming() <-chan Incoming { return s.inbox }

// receive is called in paho's receive path, one message after another.
func (s *Session) receive(_ mqtt.Client, m mqtt.Message) {
	in := Incoming{
		Topic: m.Topic(), Payload: m.Payload(), Retained: m.Retained(), Duplicate: m.Duplicate(),
		Ack: func() {},
	}
	if s.manual {
		in.Ack = m.Ack
	}
	s.line.stayAlive()
	if s.put(in) && !s.manual {
		m.Ack()
	}
}

func (s *Session) put(in Incoming) bool {
	s.receiving.Lock()
	defer s.receiving.Unlock()
	if s.line.isDown() { // and the inbox may be closed
		return false
	}
	select {
	case s.inbox <- in:
		return true
	default:
	}
	full := time.NewTimer(s.patience)
	defer full.Stop()
	select {
	case s.inbox <- in:
		return true
	case <-s.line.down:
	case <-full.C:
		s.line.fail(ErrOverrun)
	}
	return false
}

// Until is when the broker's certificate ends; the zero time on a line without TLS.
func (s *Session) Until() time.Time {
	secure, ok := s.line.Conn.(*tls.Conn)
	if !ok {
		return time.Time{}
	}
	certificates := secure.ConnectionState().PeerCertificates // checked, the broker's own first
	if len(certificates) == 0 {
		return time.Time{}
	}
	return certificates[0].NotAfter
}

// Lost is closed when the session has ended, whoever ended it. By then every Delivery is done.
func (s *Session) Lost() <-chan struct{} { return s.lost }

// Err is why the session ended: ErrClosed after Close; nil while it lasts.
func (s *Session) Err() error {
	select {
	case <-s.lost:
		return s.err
	default:
		return nil
	}
}

// Close takes leave of the broker, which then publishes no will, and waits until the session has
// ended: at most twice WriteTimeout. It does not wait for deliveries: those not acknowledged end with
// ErrClosed. When ctx is done first, the line is cut and its error is returned. Closing again is
// harmless.
func (s *Session) Close(ctx context.Context) error {
	if !s.closing.Swap(true) {
		go s.leave()
	}
	select {
	case <-s.lost:
		return nil
	case <-ctx.Done():
		s.line.fail(ErrClosed)
		return fmt.Errorf("close session with %s: %w", s.broker, ctx.Err())
	}
}

// leave sends a DISCONNECT and waits for paho's end. It keeps the turn for good: nobody may call
// while paho ends the session. paho's first Disconnect may come back before it is through; the
// second waits for it.
func (s *Session) leave() {
	s.line.calls.take()
	close(s.line.leaving)
	patience := uint(s.timeout.Milliseconds())
	s.client.Disconnect(patience)
	s.line.fail(ErrClosed)
	s.client.Disconnect(patience)
	s.finish(ErrClosed)
}

// finish comes after paho has cleaned up: every token is done and no message will come.
func (s *Session) finish(why error) {
	s.once.Do(func() {
		s.why = s.reason(why)
		s.err = fmt.Errorf("session with %s: %w", s.broker, explain(s.why))
		s.receiving.Lock()
		defer s.receiving.Unlock()
		close(s.inbox)
		close(s.lost)
	})
}

// reason is why the session ended or is about to: the line's first error rather than what paho makes
// of it.
func (s *Session) reason(other error) error {
	select {
	case <-s.lost:
		return s.why
	default:
	}
	switch {
	case s.closing.Load():
		return ErrClosed
	case s.line.isDown() && !errors.Is(s.line.cause, net.ErrClosed):
		return s.line.cause
	}
	return other
}
