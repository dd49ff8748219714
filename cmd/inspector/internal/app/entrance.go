package app

import (
	"errors"
	"net"
	"sync"
	"time"
)

// entrance is a listener that knows its connections: it gives each a deadline for its greeting, and
// can cut them all. mochi stops accepting for ever at the first error, so it is not told of errors
// that pass, as too many open files.
type entrance struct {
	net.Listener
	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

func newEntrance(l net.Listener) *entrance {
	return &entrance{Listener: l, conns: map[net.Conn]bool{}}
}

// acceptAgain is how long to wait after an error that may pass.
const acceptAgain = 100 * time.Millisecond

// Accept returns only connections, or net.ErrClosed at the end.
func (e *entrance) Accept() (net.Conn, error) {
	for {
		c, err := e.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil, err
		case err != nil:
			time.Sleep(acceptAgain)
			continue
		}
		if err := c.SetDeadline(time.Now().Add(greeting)); err != nil {
			c.Close()
			continue
		}
		return e.enter(c)
	}
}

func (e *entrance) enter(c net.Conn) (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		c.Close()
		return nil, net.ErrClosed
	}
	e.conns[c] = true
	return &visitor{Conn: c, leave: func() { e.forget(c) }}, nil
}

func (e *entrance) forget(c net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.conns, c)
}

// cut closes the listener and every connection that came through it.
func (e *entrance) cut() {
	e.Listener.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for c := range e.conns {
		c.Close()
	}
}

// visitor is a connection that is forgotten when it is closed.
type visitor struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (v *visitor) Close() error {
	v.leave()
	return v.Conn.Close()
}
