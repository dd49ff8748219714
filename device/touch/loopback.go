package touch

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
)

// ErrNotLoopback is returned by New for an address that others than this box could reach.
var ErrNotLoopback = errors.New("not a loopback address: want 127.0.0.1, [::1] or localhost, as 127.0.0.1:8090")

// listenOnLoopback looks at what it really listens on, too: localhost is whatever /etc/hosts says.
func listenOnLoopback(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errors.New("want an address and a port, as 127.0.0.1:8090")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if !loopback(host) {
		return nil, ErrNotLoopback
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	if a, ok := listener.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		listener.Close()
		return nil, ErrNotLoopback
	}
	return listener, nil
}

// loopback reports whether host names this box and nothing else, without asking any resolver.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// contentPolicy lets the page load from itself alone: no inline script or style, no other host.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// guarded answers only requests that name this box, and says in every answer what a browser may do
// with it. The Host check stops DNS rebinding: a page of elsewhere whose name has been pointed at
// 127.0.0.1 still sends its own name.
func guarded(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !loopback(hostname(r.Host)) {
			http.Error(w, "this page answers to 127.0.0.1, [::1] and localhost only", http.StatusMisdirectedRequest)
			return
		}
		site.ServeHTTP(w, r)
	})
}

// hostname is the name in a Host header, with or without a port.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
		return host[1 : n-1]
	}
	return host
}
