package link

import (
	"bufio"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// line is the connection as paho sees it. It keeps what paho does not: a deadline for every write
// (paho has one for PUBLISH alone), an end to silence, and a grammar for what comes in.
//
// Its first error is the reason why the session ended. From then on it is down: the socket is
// closed, what paho still writes is swallowed, and paho is told by its next Read, at the moment that
// suits us.
type line struct {
	net.Conn
	log          *slog.Logger
	writeTimeout time.Duration
	keepAlive    time.Duration

	in      *bufio.Reader
	left    int   // bytes of the packet at hand that paho has yet to read
	greeted bool  // the broker's CONNACK has come
	asked   asked // the subscriptions that wait for their answer

	writing   turn         // paho pings from a goroutine of its own
	written   time.Time    // when the last packet went out
	published atomic.Int64 // how many PUBLISH packets went out

	calls   turn          // taken by whoever waits for paho's writer
	leaving chan struct{} // closed when paho itself is to end the session

	once  sync.Once
	down  chan struct{} // closed with the first error
	cause error         // that error; read it only once down is closed
}

// turn is a lock for which one waits as for a channel: together with other things, and without
// stopping the clock of a synctest bubble.
type turn chan struct{}

func (t turn) take() { t <- struct{}{} }
func (t turn) give() { <-t }

func newLine(conn net.Conn, o Options) *line {
	return &line{
		Conn: conn, log: o.Log, writeTimeout: o.WriteTimeout, keepAlive: o.KeepAlive,
		in:      bufio.NewReader(ear{conn, o.silence()}),
		writing: make(turn, 1), calls: make(turn, 1),
		leaving: make(chan struct{}), down: make(chan struct{}),
	}
}

// ear reads from a connection and gives up after a silence.
type ear struct {
	net.Conn
	silence time.Duration
}

func (e ear) Read(p []byte) (int, error) {
	if err := e.SetReadDeadline(time.Now().Add(e.silence)); err != nil {
		return 0, err
	}
	n, err := e.Conn.Read(p)
	if isTimeout(err) {
		err = ErrSilent
	}
	return n, err
}

// Read hands on the bytes of packets that were looked at beforehand, never beyond the end of one.
func (l *line) Read(p []byte) (int, error) {
	for l.left == 0 {
		if err := l.nextPacket(); err != nil {
			return 0, l.tell(err)
		}
	}
	n, err := l.in.Read(p[:min(len(p), l.left)])
	l.left -= n
	if err != nil {
		err = l.tell(err)
	}
	return n, err
}

// tell ends the line and lets paho know, once no call of ours waits for paho's writer. The writer
// ends as soon as paho knows; a call on its way to it would wait for nobody until WriteTimeout, and
// the token that it made after paho's clean-up would never be done. Until then the writer works on
// and the line swallows.
func (l *line) tell(err error) error {
	l.fail(err)
	select {
	case l.calls <- struct{}{}:
		l.calls.give()
	case <-l.leaving:
	}
	return l.cause
}

// Write sends one packet. One that cannot be sent ends the session, since what was written in part
// cannot be mended; paho hears of it by Read.
func (l *line) Write(p []byte) (int, error) {
	l.writing.take()
	defer l.writing.give()
	l.write(p)
	return len(p), nil
}

// write sends while l.writing is taken.
func (l *line) write(p []byte) {
	l.asked.ask(p)
	first := l.written.IsZero()
	l.written = time.Now()
	err := l.Conn.SetWriteDeadline(l.written.Add(l.writeTimeout))
	if err == nil {
		_, err = l.Conn.Write(p)
	}
	switch {
	case err == nil && p[0]>>4 == publish:
		l.published.Add(1)
	case err == nil:
	case isTimeout(err):
		l.fail(ErrStuck)
	case first:
		l.fail(l.lastWords(err))
	default:
		l.fail(err)
	}
}

// lastWords reads why TLS was ended before the first packet could be written, when nobody else reads
// yet: in TLS 1.3 a server refuses the client's certificate only after the client's handshake.
func (l *line) lastWords(err error) error {
	l.Conn.SetReadDeadline(time.Now().Add(l.writeTimeout))
	_, said := l.Conn.Read(make([]byte, 1))
	if op, ok := errors.AsType[*net.OpError](said); ok && op.Op == "remote error" {
		return said
	}
	return err
}

// stayAlive pings when nothing was sent for half a keep-alive. paho sends no second ping while the
// first one's answer waits behind messages, and the broker would take a client for dead that is
// only slow to read.
func (l *line) stayAlive() {
	l.writing.take()
	defer l.writing.give()
	if time.Since(l.written) >= l.keepAlive/2 {
		l.write([]byte{pingreq << 4, 0})
	}
}

// fail ends the line for the first reason given.
func (l *line) fail(err error) {
	l.once.Do(func() {
		l.cause = err
		l.hangUp()
		close(l.down)
	})
}

func (l *line) isDown() bool {
	select {
	case <-l.down:
		return true
	default:
		return false
	}
}

// hangUp closes the socket beneath TLS: a closing alert could block for 5 s on a dead line.
func (l *line) hangUp() {
	if secure, ok := l.Conn.(*tls.Conn); ok {
		secure.NetConn().Close()
		return
	}
	l.Conn.Close()
}

// Close is paho's: net.ErrClosed, whose text paho knows for its own doing, tells it from a loss.
func (l *line) Close() error {
	l.fail(net.ErrClosed)
	return nil
}

// The line keeps its own deadlines; paho's would take them off again under a ping that is being
// written.

func (l *line) SetDeadline(time.Time) error      { return nil }
func (l *line) SetReadDeadline(time.Time) error  { return nil }
func (l *line) SetWriteDeadline(time.Time) error { return nil }
