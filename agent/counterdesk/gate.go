package counterdesk

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"
)

// How many connections stand at once. One slow machine cannot take the places of the others.
const (
	maxConns     = 64
	maxConnsEach = 16 // of one address
	maxAway      = 8  // that are being told to go
	awayTime     = 300 * time.Millisecond
)

// gate is a listener that looks at whence a connection comes before it reads a byte of it.
type gate struct {
	net.Listener
	server *Server
	refuse []byte // what a foreign address is told, unread

	mu     sync.Mutex
	inside map[netip.Addr]int
	total  int

	closed  chan struct{}
	closing sync.Once
	away    chan struct{}  // one for each that is being told to go
	work    sync.WaitGroup // all of those
}

// What a foreign address is told. TLS has a word for it that may come in the clear, before any hello was
// read: alert access_denied (RFC 8446, 6.2).
var (
	refusePlain = []byte("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	refuseTLS   = []byte{21, 3, 3, 0, 2, 2, 49}
)

func newGate(l net.Listener, s *Server, underTLS bool) *gate {
	g := &gate{
		Listener: l, server: s, refuse: refusePlain,
		inside: map[netip.Addr]int{}, closed: make(chan struct{}), away: make(chan struct{}, maxAway),
	}
	if underTLS {
		g.refuse = refuseTLS
	}
	return g
}

// Accept returns the next connection of an allowed address for which there is room.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addressOf(conn.RemoteAddr())
		switch {
		case !g.allowed(from):
			g.server.complain("a connection from an address that allow does not name", from)
			g.turnAway(conn)
		case !g.enter(from):
			g.server.complain("too many connections at once", from)
			conn.Close()
		default:
			return &guest{Conn: conn, leave: sync.OnceFunc(func() { g.leave(from) })}, nil
		}
	}
}

// addressOf is whence a connection comes: an IPv4 address is one also where the socket speaks IPv6.
func addressOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}

func (g *gate) allowed(from netip.Addr) bool {
	return slices.ContainsFunc(g.server.o.Allow, func(p netip.Prefix) bool { return p.Contains(from) })
}

func (g *gate) enter(from netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.total >= maxConns || g.inside[from] >= maxConnsEach {
		return false
	}
	g.total++
	g.inside[from]++
	return true
}

func (g *gate) leave(from netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.inside[from]--; g.inside[from] == 0 {
		delete(g.inside, from)
	}
}

// turnAway says why, once the caller has begun to speak, and leaves it a moment to read that: a connection
// that is closed with something unread is reset, and the word may be lost. Nothing is read of it.
func (g *gate) turnAway(conn net.Conn) {
	select {
	case g.away <- struct{}{}:
	default:
		conn.Close()
		return
	}
	g.work.Go(func() {
		defer func() { <-g.away }()
		defer conn.Close()
		tcp, ok := conn.(*net.TCPConn)
		if !ok || tcp.SetDeadline(time.Now().Add(awayTime)) != nil || !speaks(tcp) {
			return
		}
		if _, err := conn.Write(g.refuse); err != nil || tcp.CloseWrite() != nil {
			return // it has gone by itself
		}
		select {
		case <-time.After(awayTime):
		case <-g.closed:
		}
	})
}

// speaks waits until there is something to read, and leaves it where it is: it peeks, because a wait
// alone would miss what came before it began.
func speaks(conn *net.TCPConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	something := false
	err = raw.Read(func(fd uintptr) bool {
		n, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		something = n > 0
		return !errors.Is(err, syscall.EAGAIN)
	})
	return err == nil && something
}

// Close ends listening. Connections inside are the server's.
func (g *gate) Close() error {
	g.closing.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// guest is a connection that gives its place back once.
type guest struct {
	net.Conn
	leave func()
}

func (g *guest) Close() error {
	defer g.leave()
	return g.Conn.Close()
}
