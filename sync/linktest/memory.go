package linktest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// memoryLine is a connection without a socket, as net.Pipe, but with room: a write never waits for
// its reader. mochi writes while it holds a lock, and a goroutine that waits for a lock stops the
// clock of a synctest bubble.
func memoryLine() (net.Conn, net.Conn) {
	there, back := newFlow(), newFlow()
	return &memoryEnd{in: back, out: there}, &memoryEnd{in: there, out: back}
}

// memoryEnd is one end of a memoryLine.
type memoryEnd struct{ in, out *flow }

func (e *memoryEnd) Read(p []byte) (int, error)       { return e.in.read(p) }
func (e *memoryEnd) Write(p []byte) (int, error)      { return e.out.write(p) }
func (e *memoryEnd) LocalAddr() net.Addr              { return memoryAddr{} }
func (e *memoryEnd) RemoteAddr() net.Addr             { return memoryAddr{} }
func (e *memoryEnd) SetDeadline(t time.Time) error    { return e.SetReadDeadline(t) }
func (e *memoryEnd) SetWriteDeadline(time.Time) error { return nil } // no write ever waits

func (e *memoryEnd) SetReadDeadline(t time.Time) error {
	e.in.change(func(f *flow) { f.deadline = t })
	return nil
}

// Close lets the other end read what was written before, and nothing after.
func (e *memoryEnd) Close() error {
	e.out.change(func(f *flow) { f.ended = true })
	e.in.change(func(f *flow) { f.ended, f.deaf = true, true })
	return nil
}

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }

// flow is one direction of a memoryLine.
type flow struct {
	mu       sync.Mutex
	data     []byte
	ended    bool // nothing more will be written
	deaf     bool // nothing more will be read
	deadline time.Time
	changed  chan struct{} // closed and made anew with each change
}

func newFlow() *flow { return &flow{changed: make(chan struct{})} }

func (f *flow) change(how func(*flow)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how(f)
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *flow) write(p []byte) (n int, err error) {
	f.change(func(f *flow) {
		if f.ended {
			err = io.ErrClosedPipe
			return
		}
		f.data = append(f.data, p...)
		n = len(p)
	})
	return n, err
}

func (f *flow) read(p []byte) (int, error) {
	for {
		n, changed, deadline, err := f.take(p)
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		var late <-chan time.Time
		if !deadline.IsZero() {
			late = time.After(time.Until(deadline))
		}
		select {
		case <-changed:
		case <-late:
		}
	}
}

// take reads what there is; with nothing there it says what to wait for.
func (f *flow) take(p []byte) (n int, changed <-chan struct{}, deadline time.Time, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.deaf:
		return 0, nil, time.Time{}, io.ErrClosedPipe
	case !f.deadline.IsZero() && !time.Now().Before(f.deadline):
		return 0, nil, time.Time{}, os.ErrDeadlineExceeded
	case len(f.data) == 0 && f.ended:
		return 0, nil, time.Time{}, io.EOF
	}
	n = copy(p, f.data)
	f.data = f.data[n:]
	return n, f.changed, f.deadline, nil
}
