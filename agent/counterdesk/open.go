package counterdesk

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long a caller may take. A teller's program says all in one packet.
const (
	headTime  = 3 * time.Second
	bodyTime  = 5 * time.Second // with the head
	replyTime = 10 * time.Second
	idleTime  = 30 * time.Second
	maxHead   = 8 << 10 // bytes
)

// opened is a desk that listens.
type opened struct {
	gate     *gate
	listener net.Listener // the gate, under TLS where there is a certificate
	token    token
	url      string
}

// openUp reads the token and the certificate and listens; the errors say what to do.
func (s *Server) openUp() (*opened, error) {
	token, err := readToken(s.o.TokenFile)
	if err != nil {
		return nil, fmt.Errorf("open counter desk: %w", err)
	}
	config, err := s.tls()
	if err != nil {
		return nil, fmt.Errorf("open counter desk: %w", err)
	}
	listener, err := net.Listen("tcp", s.o.Listen)
	if err != nil {
		return nil, fmt.Errorf("open counter desk: %w", err)
	}
	at := listener.Addr().(*net.TCPAddr)
	g := newGate(listener, s, config != nil)
	switch {
	case config != nil:
		return &opened{g, tls.NewListener(g, config), token, "https://" + at.String() + "/"}, nil
	case !at.IP.IsLoopback():
		return nil, errors.Join(
			fmt.Errorf("open counter desk on %s: other machines can reach it, and there is no certificate: write tls: {cert: …, key: …}", s.o.Listen),
			listener.Close())
	}
	return &opened{g, g, token, "http://" + at.String() + "/"}, nil
}

// tls is nil where no certificate is named.
func (s *Server) tls() (*tls.Config, error) {
	if s.o.Cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(s.o.Cert, s.o.Key)
	if err != nil {
		return nil, fmt.Errorf("read the certificate %s: %w", s.o.Cert, err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}}, nil
}

type tokenKey struct{}

// serve answers on an open desk until ctx is done or the listener fails.
func (s *Server) serve(ctx context.Context, open *opened) error {
	ctx, stop := context.WithCancel(context.WithValue(ctx, tokenKey{}, open.token))
	defer stop()
	var protocols http.Protocols
	protocols.SetHTTP1(true) // one request a connection at a time, so that counting connections counts work
	server := &http.Server{
		Handler: s.handler, Protocols: &protocols, BaseContext: func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: headTime, ReadTimeout: bodyTime, WriteTimeout: replyTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHead, ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	var work, conns sync.WaitGroup
	server.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			conns.Add(1)
		case http.StateClosed:
			conns.Done()
		}
	}
	work.Go(func() { <-ctx.Done(); shut(server) })
	err := server.Serve(open.listener)
	stop()
	work.Wait()
	conns.Wait()
	open.gate.work.Wait()
	return err
}

// shut lets answers that are on their way go out, for a moment.
func shut(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
}
