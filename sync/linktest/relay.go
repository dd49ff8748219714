package linktest

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Relay stands on the line between a client and a broker and can break it in the ways that a
// network does.
type Relay struct {
	dial func(context.Context) (net.Conn, error)

	mu    sync.Mutex
	lines []*relayed
}

// relayed is one line through the relay.
type relayed struct {
	near, far net.Conn
	frozen    atomic.Bool
}

// NewRelay puts a relay before dial, as Broker.Dial; it cuts all its lines when the test ends.
func NewRelay(t testing.TB, dial func(context.Context) (net.Conn, error)) *Relay {
	r := &Relay{dial: dial}
	t.Cleanup(r.Cut)
	return r
}

// Dial opens a line through the relay, without a socket on this side.
func (r *Relay) Dial(ctx context.Context) (net.Conn, error) {
	far, err := r.dial(ctx)
	if err != nil {
		return nil, err
	}
	ours, near := memoryLine()
	l := &relayed{near: near, far: far}
	go l.carry(far, near)
	go l.carry(near, far)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, l)
	return ours, nil
}

// carry copies one way. On a frozen line what is sent vanishes, and so does its end, as in a network
// that lost its way between two buffers that still have room.
func (l *relayed) carry(from, to net.Conn) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if l.frozen.Load() {
			if err != nil {
				return
			}
			continue
		}
		if err == nil {
			_, err = to.Write(buffer[:n])
		}
		if err != nil {
			l.near.Close()
			l.far.Close()
			return
		}
	}
}

// Freeze makes the lines that exist now half-open: nothing passes and nobody is told. New lines
// pass.
func (r *Relay) Freeze() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lines {
		l.frozen.Store(true)
	}
}

// Cut cuts the lines that exist now; both sides see it.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lines {
		l.near.Close()
		l.far.Close()
	}
	r.lines = nil
}
