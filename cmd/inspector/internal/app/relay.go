package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"

	"evalpad/sync/wire"
)

// relay is the built-in broker (mochi). It carries messages between boxes and the intake and keeps
// none: a box has everything until it is receipted. Only retained words on presence stay in memory.
type relay struct {
	server  *mqtt.Server
	pipe    *pipe     // for the inspector itself, which needs no certificate
	inside  *entrance // of the pipe
	outside *entrance // nil without a listener
}

// Bounds of the built-in broker.
const (
	// maxPacket is eight times the largest message; who sends more is disconnected.
	maxPacket = 64 << 10
	// writesPending is how many messages wait for one subscriber, 8 bytes each allocated per client;
	// more are dropped silently. The intake gets every retained birth at once when it subscribes.
	writesPending = 8192
	// relayBudget is the sum of windows that the intake may grant: half of writesPending.
	relayBudget = writesPending / 2
	// absent is how long the broker remembers who left without a clean session, in seconds.
	absent = 3600
)

// newRelay makes the broker, and listens if listener is not nil. config may be nil.
func newRelay(topics wire.Topics, listener net.Listener, config *tls.Config, log *slog.Logger) (*relay, error) {
	limits := mqtt.NewDefaultServerCapabilities()
	limits.MaximumPacketSize = maxPacket
	limits.MaximumClientWritesPending = writesPending
	limits.MaximumSessionExpiryInterval = absent
	limits.MaximumMessageExpiryInterval = 0 // the default drops retained statuses after a day
	limits.SharedSubAvailable = 0
	quiet := slog.New(slog.DiscardHandler) // mochi's log shows whole packets, tickets and all
	r := &relay{server: mqtt.New(&mqtt.Options{Capabilities: limits, Logger: quiet}), pipe: newPipe()}
	r.inside = newEntrance(r.pipe)
	for _, hook := range []mqtt.Hook{&doorkeeper{topics: topics}, &tally{log: log}} {
		if err := r.server.AddHook(hook, nil); err != nil {
			return nil, fmt.Errorf("built-in broker: %w", err)
		}
	}
	if err := r.server.AddListener(listeners.NewNet(inside, r.inside)); err != nil {
		return nil, fmt.Errorf("built-in broker: %w", err)
	}
	if listener == nil {
		return r, nil
	}
	r.outside = newEntrance(listener)
	var l net.Listener = r.outside
	if config != nil {
		l = tls.NewListener(l, config)
	}
	if err := r.server.AddListener(listeners.NewNet(outside, l)); err != nil {
		return nil, fmt.Errorf("built-in broker: %w", err)
	}
	return r, nil
}

// serve starts the broker's goroutines and returns.
func (r *relay) serve() error { return r.server.Serve() }

// dial connects from within this process.
func (r *relay) dial(ctx context.Context) (net.Conn, error) { return r.pipe.dial(ctx) }

// close ends every connection. mochi waits for its clients without bound, also for one that has
// connected and never spoken, so every line is cut first.
func (r *relay) close(ctx context.Context) error {
	r.inside.cut()
	if r.outside != nil {
		r.outside.cut()
	}
	done := make(chan error, 1)
	go func() { done <- r.server.Close() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("the broker's clients do not end")
	}
}

// The listeners' names, by which the doorkeeper tells them apart.
const (
	inside  = "inside"
	outside = "outside"
)

// greeting is how long a client may take from connecting to CONNECT; mochi sets its own deadline
// only after that.
const greeting = 10 * time.Second
