package linktest

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// Portal listens where a broker should and answers all that comes as a network's login page does.
// It returns its address as an mqtt URL.
func Portal(t testing.TB) string {
	return Stranger(t, []byte("HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n"))
}

// Hanging listens where a broker should, takes connections and never says a word. It returns its
// address as an mqtt URL.
func Hanging(t testing.TB) string { return Stranger(t, nil) }

// Stranger listens on loopback, takes connections, answers the first bytes of each with the same
// answer and then keeps silent. It returns its address as an mqtt URL.
func Stranger(t testing.TB, answer []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen for a stranger: %v", err)
	}
	var serving sync.WaitGroup
	over := make(chan struct{})
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { reply(conn, answer) })
			serving.Go(func() { <-over; conn.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		close(over)
		serving.Wait()
	})
	return "mqtt://" + l.Addr().String()
}

// reply answers once and then listens until the other side has had enough.
func reply(conn net.Conn, answer []byte) {
	defer conn.Close()
	first := make([]byte, 1)
	if _, err := conn.Read(first); err != nil {
		return
	}
	if _, err := io.Copy(conn, bytes.NewReader(answer)); err != nil {
		return
	}
	io.Copy(io.Discard, conn)
}
