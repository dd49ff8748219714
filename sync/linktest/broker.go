// Package linktest holds what a test of anything above package link needs: a broker in this process,
// brokers that misbehave in one named way each, a line that can be frozen or cut, a certificate
// authority, and the real mosquitto where it is installed.
//
// The broker in this process is mochi, in memory. Over Dial it works without sockets, so that a
// whole story can run in a testing/synctest bubble; a bubble must not call URL, which listens on TCP.
// mochi acknowledges before it hands on, keeps nothing over a restart, and disconnects a client that
// may not publish: for durability and for another broker's manners use Mosquitto.
package linktest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"testing"

	"evalpad/sync/link"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Broker is an MQTT broker that lives as long as its test.
type Broker struct {
	t      testing.TB
	record record
	faults faults

	mu       sync.Mutex
	server   *mochi.Server // nil while stopped
	numbered int           // subscriptions of this server's
	address  string        // where TCP listens, once it does
	listener net.Listener
	tls      *tls.Config
	conns    map[net.Conn]bool
	serving  sync.WaitGroup // connections and the listener's loop
}

// NewBroker starts a broker and stops it when the test ends. It listens on TCP only once URL is
// called.
func NewBroker(t testing.TB) *Broker {
	t.Helper()
	b := &Broker{t: t, conns: map[net.Conn]bool{}}
	b.record.changed = make(chan struct{})
	b.start()
	t.Cleanup(b.Stop)
	return b
}

// start raises mochi, with an empty state and with limits that no test reaches by accident. Its own
// logger would write to stdout; its figures under $SYS would go out each second.
func (b *Broker) start() {
	limits := mochi.NewDefaultServerCapabilities()
	limits.MaximumClientWritesPending = 16 << 10
	limits.MaximumInflight = 65535
	server := mochi.New(&mochi.Options{
		InlineClient: true, Capabilities: limits, Logger: slog.New(slog.DiscardHandler),
		SysTopicResendInterval: 24 * 60 * 60,
	})
	b.must(server.AddHook(&hook{broker: b}, nil))
	b.must(server.Serve())
	b.must(server.Subscribe("#", 1, func(_ *mochi.Client, _ packets.Subscription, p packets.Packet) {
		if b.running() == server { // not the wills of a broker that is being stopped
			b.record.add(message(p))
		}
	}))
	b.server, b.numbered = server, 1
}

func (b *Broker) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("linktest broker: %v", err)
	}
}

// Options are for a session with this broker over Dial.
func (b *Broker) Options(clientID string) link.Options {
	return link.Options{Broker: "mqtt://broker.test", ClientID: clientID, Dial: b.Dial}
}

// Connect is a session with this broker over Dial, closed when the test ends.
func (b *Broker) Connect(clientID string) *link.Session {
	b.t.Helper()
	s, err := link.Connect(b.t.Context(), b.Options(clientID))
	b.must(err)
	b.t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// Dial opens a line to the broker that needs no socket. While the broker is stopped it is refused
// as TCP would refuse it.
func (b *Broker) Dial(context.Context) (net.Conn, error) {
	ours, theirs := memoryLine()
	if !b.serve(theirs) {
		return nil, fmt.Errorf("dial broker.test: %w", syscall.ECONNREFUSED)
	}
	return ours, nil
}

// serve gives a connection to mochi and remembers it: mochi waits for ever, when it is closed, for a
// client that never sent a CONNECT.
func (b *Broker) serve(conn net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.server == nil {
		conn.Close()
		return false
	}
	server := b.server
	b.conns[conn] = true
	b.serving.Go(func() {
		server.EstablishConnection("linktest", conn) // its error is the session's end, nothing else
		conn.Close()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.conns, conn)
	})
	return true
}

// URL is where the broker listens on loopback, as mqtt://127.0.0.1:40123; the first call begins it.
func (b *Broker) URL() string { return b.url("mqtt", nil) }

// TLSURL is like URL, with TLS in the given manner. One broker listens either with TLS or without.
func (b *Broker) TLSURL(config *tls.Config) string { return b.url("mqtts", config) }

func (b *Broker) url(scheme string, config *tls.Config) string {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener == nil {
		b.tls = config
		b.must(b.listen("127.0.0.1:0"))
	}
	return scheme + "://" + b.address
}

// listen accepts connections; b.mu is held.
func (b *Broker) listen(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	b.listener, b.address = l, l.Addr().String()
	config := b.tls
	b.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			if config != nil {
				conn = tls.Server(conn, config)
			}
			b.serve(conn)
		}
	})
	return nil
}

// Stop ends the broker as a crash would: lines are cut, wills are not published, nothing is kept.
func (b *Broker) Stop() {
	b.mu.Lock()
	server := b.server
	b.server = nil
	if b.listener != nil {
		b.listener.Close()
	}
	for conn := range b.conns {
		conn.Close()
	}
	b.mu.Unlock()
	if server == nil {
		return
	}
	b.serving.Wait()
	server.Close()
}

// Restart stops the broker and starts it on the same port with nothing in it. What was recorded and
// which faults are set stays.
func (b *Broker) Restart() {
	b.t.Helper()
	b.Stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.start()
	if b.listener != nil {
		b.must(b.listen(b.address))
	}
}

// Cut cuts the lines of all clients; the broker stays and publishes their wills.
func (b *Broker) Cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for conn := range b.conns {
		conn.Close()
	}
}

func (b *Broker) running() *mochi.Server {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.server
}
