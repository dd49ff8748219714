package counterdesk_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"evalpad/agent/counterdesk"
	"evalpad/test/harness"
)

func TestWrongToken(t *testing.T) {
	b := openBox(t)
	for _, token := range []string{"", secret[:31], secret + "0", "1" + secret[1:], strings.ToUpper(secret), strings.Repeat("x", 5000)} {
		a, err := b.sendAs(b.client, token, "POST", at+"prompt", `{"ticket": "A12"}`)
		if err != nil {
			t.Fatal(err)
		}
		a.want(t, http.StatusUnauthorized, "")
	}
	// Which counter there is, and which path, is not told without the token either.
	a, err := b.sendAs(b.client, "", "GET", "/api/v1/counters/c99/state", "")
	if err != nil || a.status != http.StatusUnauthorized || strings.Contains(a.text, "c03") {
		t.Errorf("got %+v, %v", a, err)
	}
	r, _ := http.NewRequest("GET", b.server.URL()+"api/v1/counters", nil)
	r.Header.Set("Authorization", "Basic "+secret)
	if res, err := b.client.Do(r); err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("another scheme: got %v, %v", res, err)
	}
	if log := b.log.String(); strings.Count(log, "without the token") != 1 || strings.Contains(log, secret[:24]) {
		t.Errorf("want one line a minute, and no token in it:\n%s", log)
	}
	b.send("POST", at+"prompt", `{"ticket": "A12"}`).want(t, 200, "")
}

// TestForeignAddress is told so although it says nothing of HTTP, and nothing of what it says is read.
func TestForeignAddress(t *testing.T) {
	b := openBox(t)
	if a, err := b.sendAs(clientFrom("127.0.0.9"), secret, "POST", at+"prompt", "{}"); err != nil || a.status != http.StatusForbidden {
		t.Errorf("got %+v, %v, want 403", a, err)
	}
	conn := dial(t, b, "127.0.0.9")
	fmt.Fprint(conn, "no HTTP at all")
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if got, _ := io.ReadAll(conn); string(got) != "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" {
		t.Errorf("got %q", got)
	}
	silent := dial(t, b, "127.0.0.9")
	_ = silent.SetReadDeadline(time.Now().Add(5 * time.Second))
	if got, err := io.ReadAll(silent); len(got) != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a silent one: got %q, %v, want to be hung up on", got, err)
	}
	if log := b.log.String(); strings.Count(log, "allow does not name") != 1 || !strings.Contains(log, "127.0.0.9") {
		t.Errorf("want one line a minute:\n%s", log)
	}
	if ended := b.disk.ended(); len(ended) != 0 {
		t.Errorf("it has prompted: %+v", ended)
	}
}

func TestForeignAddressUnderTLS(t *testing.T) {
	b := newBox(t).secure()
	foreign := clientFrom("127.0.0.9")
	foreign.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	if _, err := b.sendAs(foreign, secret, "GET", at+"state", ""); err == nil || !strings.Contains(err.Error(), "access denied") {
		t.Errorf("got %v, want the alert", err)
	}
	b.send("GET", at+"state", "").want(t, 200, "")
}

func dial(t *testing.T, b *box, from string) net.Conn {
	t.Helper()
	host := strings.TrimSuffix(b.server.URL()[strings.Index(b.server.URL(), "//")+2:], "/")
	conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestOldTLSIsRefused(t *testing.T) {
	b := newBox(t).secure()
	transport := b.client.Transport.(*http.Transport)
	transport.TLSClientConfig.MaxVersion = tls.VersionTLS12
	if _, err := b.sendAs(b.client, secret, "GET", at+"state", ""); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.2: got %v, want it refused", err)
	}
	transport.TLSClientConfig.MaxVersion = 0
	b.send("GET", at+"state", "").want(t, 200, "")
	b.client.Transport = &http.Transport{}
	plain := strings.Replace(b.server.URL(), "https:", "http:", 1)
	if res, err := b.client.Get(plain); err == nil && res.StatusCode != http.StatusBadRequest {
		t.Errorf("in the clear: got %s", res.Status)
	}
}

// TestSlowCallers drip a byte now and then into the head and into the body: each is hung up on, and the
// others are served meanwhile.
func TestSlowCallers(t *testing.T) {
	b := openBox(t)
	const head = "POST /api/v1/counters/c03/prompt HTTP/1.1\r\nHost: box\r\nAuthorization: Bearer " + secret + "\r\nContent-Length: 4000\r\n\r\n{"
	gone := make(chan string, 2)
	drip := func(what, text string) {
		conn := dial(t, b, "127.0.0.1")
		_ = conn.SetReadDeadline(time.Now().Add(15 * time.Second))
		fmt.Fprint(conn, text)
		stop := make(chan struct{})
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(200 * time.Millisecond):
					if _, err := conn.Write([]byte("x")); err != nil {
						return
					}
				}
			}
		}()
		began := time.Now()
		_, err := io.Copy(io.Discard, conn)
		close(stop)
		if took := time.Since(began); errors.Is(err, os.ErrDeadlineExceeded) || took > 10*time.Second {
			t.Errorf("%s: still there after %s: %v", what, took, err)
		}
		gone <- what
	}
	go drip("head", "GET / HTTP/1.1\r\nX: ")
	go drip("body", head)
	b.send("POST", at+"prompt", `{"ticket": "A12"}`).want(t, 200, "")
	<-gone
	<-gone
	b.send("GET", at+"state", "").want(t, 200, "")
}

// TestConnectionsOfOneAddressAreBounded holds that a machine which opens all it can leaves room for others.
func TestConnectionsOfOneAddressAreBounded(t *testing.T) {
	b := newBox(t)
	b.options.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/16")}
	b.open()
	alive := func(c net.Conn) bool {
		_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		_, err := c.Read(make([]byte, 1))
		return errors.Is(err, os.ErrDeadlineExceeded)
	}
	var conns []net.Conn
	for range 3 * counterdesk.MaxConnsEach {
		conns = append(conns, dial(t, b, "127.0.0.3"))
	}
	n := 0
	for _, c := range conns {
		if alive(c) {
			n++
		}
	}
	if n > counterdesk.MaxConnsEach || n == 0 {
		t.Errorf("%d connections of one address stand, want at most %d", n, counterdesk.MaxConnsEach)
	}
	b.send("POST", at+"prompt", "{}").want(t, 200, "")
	for _, c := range conns {
		c.Close()
	}
	c3 := clientFrom("127.0.0.3")
	harness.Eventually(t, 5*time.Second, "its places back", func() bool {
		a, err := b.sendAs(c3, secret, "GET", at+"state", "")
		return err == nil && a.status == 200
	})
}

func TestLimiter(t *testing.T) {
	take, known := counterdesk.Limiter(10, 40)
	now, a, other := time.Unix(1000, 0), netip.MustParseAddr("192.168.1.31"), netip.MustParseAddr("192.168.1.32")
	passes := func(who netip.Addr, n int) (passed int) {
		for range n {
			if take(who, now) {
				passed++
			}
		}
		return passed
	}
	if got := passes(a, 100); got != 40 {
		t.Errorf("%d at once, want 40", got)
	}
	if got := passes(other, 5); got != 5 {
		t.Errorf("another address: %d of 5", got)
	}
	now = now.Add(time.Second)
	if got := passes(a, 100); got != 10 {
		t.Errorf("%d in the next second, want 10", got)
	}
	now = now.Add(-time.Hour) // the clock went back
	if got := passes(a, 100); got != 0 {
		t.Errorf("%d after the clock went back, want none", got)
	}
	now = now.Add(2 * time.Hour)
	for i := range 5000 {
		take(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), now)
	}
	if known() > 1024 {
		t.Errorf("%d addresses are remembered", known())
	}
	now = now.Add(time.Minute)
	if !take(netip.MustParseAddr("10.9.9.9"), now) {
		t.Error("there is no room for a new address once the others are quiet")
	}
}

func TestTokenFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{write("good", secret+"\n", 0o600), ""},
		{write("windows", secret+"\r\n", 0o400), ""},
		{write("shortest", secret[:24], 0o600), ""},
		{filepath.Join(dir, "none"), "make one: (umask 077; openssl rand -hex 32 >"},
		{write("short", secret[:23], 0o600), "a token of 23 characters: write 24 to 256"},
		{write("empty", "", 0o600), "a token of 0 characters"},
		{write("long", strings.Repeat("x", 257), 0o600), "a token of 257 characters"},
		{write("huge", strings.Repeat("x", 1<<20), 0o600), "a token of 257 characters"},
		{write("group", secret, 0o640), "others can read it (mode 0640): chmod 600"},
		{write("all", secret, 0o604), "others can read it (mode 0604)"},
		{write("lines", secret+"\n"+secret, 0o600), "visible ASCII"},
		{write("spaces", strings.Repeat("a b ", 10), 0o600), "visible ASCII"},
		{write("chinese", strings.Repeat("令牌", 10), 0o600), "visible ASCII"},
		{dir, "is no file"},
		{pipe, "is no file"},
	} {
		err := counterdesk.ReadToken(c.path)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", filepath.Base(c.path), err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("the error tells the token: %v", err)
		}
	}
}

// TestClosedDeskHeals begins with each thing that keeps a desk closed and takes it away.
func TestClosedDeskHeals(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		words  string
		spoil  func(*counterdesk.Options)
		mended func(t *testing.T, o counterdesk.Options)
	}{
		"token": {
			"make one",
			func(o *counterdesk.Options) { o.TokenFile += ".none" },
			func(t *testing.T, o counterdesk.Options) {
				if err := os.WriteFile(o.TokenFile, []byte(secret), 0o600); err != nil {
					t.Fatal(err)
				}
			},
		},
		"port": {
			"address already in use",
			func(o *counterdesk.Options) { o.Listen = taken.Addr().String() },
			func(*testing.T, counterdesk.Options) { taken.Close() },
		},
		"certificate": {
			"read the certificate",
			func(o *counterdesk.Options) { o.Cert, o.Key = o.TokenFile+".cert", o.TokenFile+".key" },
			func(t *testing.T, o counterdesk.Options) {
				cert, key, _ := certificate(t)
				if err := errors.Join(os.Rename(cert, o.Cert), os.Rename(key, o.Key)); err != nil {
					t.Fatal(err)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			c.spoil(&b.options)
			b.options.Retry = 50 * time.Millisecond
			b.open()
			if err := b.told(); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Fatalf("degraded: %v, want %q", err, c.words)
			}
			if b.server.URL() != "" || !strings.Contains(b.log.String(), "counter desk not open") {
				t.Errorf("closed, and yet %s; log:\n%s", b.server.URL(), b.log)
			}
			c.mended(t, b.options)
			harness.Eventually(t, 10*time.Second, "the desk to open", func() bool { return b.server.URL() != "" })
			for b.told() != nil {
			}
			if log := b.log.String(); strings.Count(log, "not open") != 1 {
				t.Errorf("want one line, however often it was tried:\n%s", log)
			}
		})
	}
}

// TestInTheClearOnlyOnLoopback is the package's own guard: the configuration has one before it.
func TestInTheClearOnlyOnLoopback(t *testing.T) {
	b := newBox(t)
	b.options.Listen = "0.0.0.0:0"
	b.open()
	if err := b.told(); err == nil || !strings.Contains(err.Error(), "write tls:") || b.server.URL() != "" {
		t.Errorf("degraded %v, open at %q", err, b.server.URL())
	}
}

func TestNewRefuses(t *testing.T) {
	for want, change := range map[string]func(*counterdesk.Options){
		"no address to listen": func(o *counterdesk.Options) { o.Listen = "" },
		"no address is":        func(o *counterdesk.Options) { o.Allow = nil },
		"no token":             func(o *counterdesk.Options) { o.TokenFile = "" },
		"no counter":           func(o *counterdesk.Options) { o.Counters = nil },
		"both a certificate":   func(o *counterdesk.Options) { o.Cert = "x" },
		"retry -1s":            func(o *counterdesk.Options) { o.Retry = -time.Second },
	} {
		b := newBox(t)
		change(&b.options)
		if _, err := counterdesk.New(b.options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestRunLeaves ends with a caller in the middle of a request, within a second, and frees the port.
func TestRunLeaves(t *testing.T) {
	b := newBox(t)
	s, err := counterdesk.New(b.options)
	if err != nil {
		t.Fatal(err)
	}
	b.server = s
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	fmt.Fprint(dial(t, b, "127.0.0.1"), "GET / HTTP/1.1\r\n")
	dial(t, b, "127.0.0.9")
	address := strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/")
	cancel()
	began := time.Now()
	if err := <-ended; err != nil || time.Since(began) > 2*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

// FuzzBody asks of any body: no panic, an answer that fits, and what is taken is what a record may hold.
func FuzzBody(f *testing.F) {
	for _, text := range []string{"", "{}", `{"ticket":"A12","by":"x","service":"priority"}`, `{"ticket":"\ud800"}`, `{"":""}`, `[[[`, "\xff"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("POST", "/", iotest.OneByteReader(bytes.NewReader(body)))
		told, status, words := counterdesk.ReadBody(httptest.NewRecorder(), r)
		if status == http.StatusOK {
			for name, v := range told {
				if v == "" || len(v) > 64 || strings.ContainsAny(v, "\x00\n\x7f") || name == "by" && v == "headquarters" {
					t.Errorf("took %s %q", name, v)
				}
			}
			return
		}
		if words == "" || len(words) > 1000 || status != 400 && status != 413 {
			t.Errorf("%d %q", status, words)
		}
	})
}
