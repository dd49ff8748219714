// Package link is an honest MQTT 3.1.1 session: connected once, and once lost never again.
//
// It is the only importer of paho. Left to itself paho reconnects, and then reports publishes as
// delivered that no broker ever acknowledged; so every session is a fresh client with a clean
// session and no reconnecting of its own, and when to try again is the caller's affair (Patience).
// A Delivery that ends without error was acknowledged by the broker; that the other side has it
// only the other side can say.
//
// Underneath paho lies a line of our own. It bounds every write, notices silence, and lets nothing
// in that paho cannot digest: foreign protocols, packets out of place, messages too large.
package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"
)

// MaxMessage is the largest message in bytes, topic and four more included, either way. A larger one
// that comes in is refused: it is acknowledged, logged and never handed on, and the session lives;
// else one sender's retained message could throw every subscriber out of every session.
const MaxMessage = 256 << 10

// Options say where a session goes and how patient it is. Broker and ClientID are needed.
type Options struct {
	Broker   string      // mqtt://host:1883 or mqtts://host:8883; see ParseBroker
	ClientID string      // two sessions with one id throw each other out
	TLS      *tls.Config // for mqtts; nil trusts the system's authorities
	Will     *Message    // what the broker says when the line is cut; always retained and QoS 1

	KeepAlive      time.Duration // a ping after so long without traffic; whole seconds, default 8 s
	PingTimeout    time.Duration // how long its answer may take; default 5 s
	ConnectTimeout time.Duration // for dialling, TLS and the broker's greeting together; default 10 s
	WriteTimeout   time.Duration // for each packet; default 5 s

	// Dial opens the whole line, TLS included. nil dials TCP, and TLS 1.3 for mqtts; a proxy named
	// in the environment is ignored.
	Dial func(ctx context.Context) (net.Conn, error)

	ManualAck bool         // Incoming.Ack must be called: commit first, then acknowledge
	Inbox     int          // how many incoming messages may wait; default 256
	Log       *slog.Logger // nil logs nothing
}

// Message is what is published. QoS is 0 or 1.
type Message struct {
	Topic   string
	Payload []byte
	QoS     byte
	Retain  bool
}

// Incoming is a message that came. Ack is never nil; it does something only in a session with
// ManualAck, may be called from any goroutine and more than once, and must be called in the order
// in which the messages came. Once the session is over it is silently without effect.
type Incoming struct {
	Topic     string
	Payload   []byte
	Retained  bool
	Duplicate bool
	Ack       func()
}

// Connect opens one session, or says in one sentence why not. Cancelling ctx ends the attempt at
// once; it has no effect on a session that is connected.
func Connect(ctx context.Context, o Options) (*Session, error) {
	broker, err := ParseBroker(o.Broker)
	if err != nil {
		return nil, err
	}
	if o, err = o.withDefaults(); err != nil {
		return nil, fmt.Errorf("connect %s: %w", broker, err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.ConnectTimeout)
	defer cancel()
	conn, err := o.dial(ctx, broker)
	if err != nil {
		return nil, fmt.Errorf("connect %s: %w", broker, explain(err))
	}
	s := newSession(o, broker, newLine(conn, o))
	if err := s.greet(ctx); err != nil {
		return nil, fmt.Errorf("connect %s: %w", broker, explain(err))
	}
	return s, nil
}

func (o Options) dial(ctx context.Context, b Broker) (net.Conn, error) {
	if o.Dial != nil {
		return o.Dial(ctx)
	}
	return b.dial(ctx, o.TLS)
}

func (o Options) withDefaults() (Options, error) {
	fill := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	fill(&o.KeepAlive, 8*time.Second)
	fill(&o.PingTimeout, 5*time.Second)
	fill(&o.ConnectTimeout, 10*time.Second)
	fill(&o.WriteTimeout, 5*time.Second)
	if o.Inbox == 0 {
		o.Inbox = 256
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, o.validate()
}

// The keep-alive's bounds are the protocol's: two bytes of whole seconds (MQTT 3.1.1, 3.1.2.10),
// and 0 would turn it off.
func (o Options) validate() error {
	switch {
	case o.ClientID == "":
		return errors.New("client id is empty")
	case o.KeepAlive < time.Second, o.KeepAlive > 65535*time.Second, o.KeepAlive%time.Second != 0:
		return fmt.Errorf("keep-alive %v: want whole seconds, 1 to 65535", o.KeepAlive)
	case min(o.PingTimeout, o.ConnectTimeout, o.WriteTimeout) < 0:
		return errors.New("a timeout is negative")
	case o.Inbox < 0:
		return fmt.Errorf("inbox %d is negative", o.Inbox)
	case o.Will != nil:
		return o.Will.validate()
	}
	return nil
}

func (m Message) validate() error {
	switch {
	case m.Topic == "" || len(m.Topic) > 65535 || strings.ContainsAny(m.Topic, "+#\x00"):
		return fmt.Errorf("topic %.60q: want 1 to 65535 bytes without + and #", m.Topic)
	case m.QoS > 1:
		return fmt.Errorf("QoS %d: want 0 or 1", m.QoS)
	case len(m.Topic)+len(m.Payload)+4 > MaxMessage:
		return fmt.Errorf("payload of %d bytes: with its topic at most %d", len(m.Payload), MaxMessage)
	}
	return nil
}

// silence is how long a living broker can be mute: paho looks at its keep-alive every 5 s, or four
// times a keep-alive of 10 s or less (paho v1.5.1, ping.go), then pings, and the answer may take
// PingTimeout. The defaults make 15 s of it, idle or sending; the pings take the place of the
// probes that TCP would send after 10 s.
func (o Options) silence() time.Duration {
	look := 5 * time.Second
	if o.KeepAlive <= 10*time.Second {
		look = o.KeepAlive / 4
	}
	return o.KeepAlive + look + o.PingTimeout
}
