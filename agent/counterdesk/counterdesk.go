// Package counterdesk is where the counter's own program, on the teller's PC, says that a customer is to
// be asked: a small HTTP API with JSON, and a page with the same keys for a teller without such a
// program. It is off unless it is configured, speaks TLS 1.3 off this machine, and takes connections from
// listed addresses and requests with the token only.
//
// It lets a teller know what the pad shows to the room anyway, and nothing else: no score, nor whether
// there is one. What it asks of a counter the counter's rules decide.
//
// firmware-notes/openapi-counterdesk.yaml describes every request and answer.
package counterdesk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"evalpad/agent/evaluation"
)

// Desk is a counter as the teller's side may use it. Its errors are those of an evaluation.Desk.
type Desk interface {
	PromptOnce(ctx context.Context, by, ticket, service string) error
	Cancel(ctx context.Context) error
	Unasked(ctx context.Context, by, ticket string) error
	TellerIn(ctx context.Context, teller string) error
	TellerOut(ctx context.Context) error
	Standing(ctx context.Context) (evaluation.Standing, error)
}

// Options is what a Server needs. Listen, Allow, TokenFile and Counters are required.
type Options struct {
	Listen    string          // host:port; port 0 takes a free one
	Cert, Key string          // PEM files; both "" only on loopback
	Allow     []netip.Prefix  // whose connections are taken
	TokenFile string          // mode 0600: one line of 24 to 256 visible ASCII characters
	Counters  map[string]Desk // by name, as c03

	// Degraded is told why the desk is closed, and nil when it is open; nil: nobody.
	Degraded func(error)
	// Retry is how long a desk that cannot be opened waits for the next try. Default 10 s.
	Retry time.Duration
	Log   *slog.Logger // nil: discard
}

func (o Options) withDefaults() Options {
	o.Retry = cmp.Or(o.Retry, 10*time.Second)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Degraded == nil {
		o.Degraded = func(error) {}
	}
	return o
}

func (o Options) validate() error {
	switch {
	case o.Listen == "":
		return errors.New("no address to listen on")
	case len(o.Allow) == 0:
		return errors.New("no address is allowed")
	case o.TokenFile == "":
		return errors.New("no token file")
	case len(o.Counters) == 0:
		return errors.New("no counter")
	case (o.Cert == "") != (o.Key == ""):
		return errors.New("want both a certificate and its key, or neither")
	case o.Retry < 0:
		return fmt.Errorf("retry %s: want more than 0", o.Retry)
	}
	return nil
}

// Server serves the desk. A desk that cannot be opened is tried again: the counters rate without it.
type Server struct {
	o       Options
	limit   *limiter // of requests
	quiet   *limiter // of lines in the log about those who are turned away
	handler http.Handler

	mu   sync.Mutex
	open *opened // nil while closed
	why  string  // it was not open at the last try
}

// New checks the options and tries to open the desk. Where that fails the desk is degraded and Run goes
// on trying: a network that is not up yet, a token file that is not there.
func New(o Options) (*Server, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("new counter desk: %w", err)
	}
	s := &Server{o: o, limit: newLimiter(requestsASecond, requestsAtOnce), quiet: newLimiter(1.0/60, 1)}
	s.handler = s.routes()
	s.try()
	return s, nil
}

// try opens the desk and tells how that went.
func (s *Server) try() *opened {
	s.mu.Lock()
	defer s.mu.Unlock()
	open, err := s.openUp()
	switch {
	case err == nil:
		s.why = ""
		s.o.Log.Info("counter desk open", "url", open.url)
	case err.Error() != s.why: // said once, however often it is tried
		s.why = err.Error()
		s.o.Log.Error("counter desk not open", "error", err, "next_try", s.o.Retry)
	}
	s.o.Degraded(err)
	s.open = open
	return open
}

// URL is what a browser opens, as https://192.168.1.20:8443/; "" while the desk is closed.
func (s *Server) URL() string {
	if open := s.present(); open != nil {
		return open.url
	}
	return ""
}

// Run serves until ctx is done and then returns nil, within a second; every goroutine has ended then. It
// may be called once.
func (s *Server) Run(ctx context.Context) error {
	again := time.NewTicker(s.o.Retry)
	defer again.Stop()
	for open := s.present(); ; open = s.try() {
		if open != nil {
			s.close(ctx, s.serve(ctx, open))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

func (s *Server) present() *opened {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// close notes that the desk does not listen any more, and why if nobody has asked for it.
func (s *Server) close(ctx context.Context, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = nil
	if ctx.Err() == nil {
		s.o.Log.Error("counter desk ended", "error", err, "next_try", s.o.Retry)
		s.o.Degraded(err)
	}
}
