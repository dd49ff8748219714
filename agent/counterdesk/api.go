package counterdesk

import (
	"context"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"evalpad/agent/evaluation"
)

// doTime is how long a counter may take for one request: a commit on a slow card and two pads that do
// not listen.
const doTime = 4 * time.Second

// programName stands in the record for a program that gives no name.
const programName = "counter program"

// routes is all that is answered.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", file("page.html", "text/html; charset=utf-8"))
	mux.HandleFunc("GET /page.css", file("page.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET /page.js", file("page.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /api/v1/counters", s.counters)
	const at = " /api/v1/counters/{counter}/"
	mux.HandleFunc("POST"+at+"prompt", s.at(prompt, ticketField, byField, serviceField))
	mux.HandleFunc("POST"+at+"cancel", s.at(cancel))
	mux.HandleFunc("POST"+at+"unasked", s.at(unasked, ticketNeeded, byField))
	mux.HandleFunc("POST"+at+"teller", s.at(tellerIn, tellerField))
	mux.HandleFunc("DELETE"+at+"teller", s.at(tellerOut))
	mux.HandleFunc("GET"+at+"state", s.state)
	return s.guarded(mux)
}

// contentPolicy lets the page load from itself alone: no inline script or style, no other host, no form.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guarded keeps the rate, and the API to those who show the token. The page itself holds no secret.
func (s *Server) guarded(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		from := caller(r)
		token, _ := r.Context().Value(tokenKey{}).(token)
		switch {
		case !s.limit.take(from, time.Now()):
			(&problem{http.StatusTooManyRequests, "too-many", "", "more than 10 requests a second from this address: wait a second"}).say(w)
		case strings.HasPrefix(r.URL.Path, "/api/") && !token.isShown(r):
			s.complain("a request without the token", from)
			h.Set("WWW-Authenticate", `Bearer realm="evalpad"`)
			(&problem{http.StatusUnauthorized, "bad-token", "", "send Authorization: Bearer and the token of the box's token file"}).say(w)
		default:
			site.ServeHTTP(w, r)
		}
	})
}

func caller(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap().WithZone("")
}

// complain writes a line about who was turned away, at most one a minute and address.
func (s *Server) complain(words string, from netip.Addr) {
	if s.quiet.take(from, time.Now()) {
		s.o.Log.Warn("counter desk: "+words, "from", from)
	}
}

// action is what a counter does for a request; the answer is filled in with what it was.
type action func(ctx context.Context, d Desk, told map[string]string, a *done) error

// at does an action at the counter that the path names, with a body of those fields.
func (s *Server) at(do action, fields ...field) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name, desk, p := s.desk(r)
		if p != nil {
			p.say(w)
			return
		}
		told, p := readBody(w, r, fields...)
		if p != nil {
			p.say(w)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), doTime)
		defer cancel()
		answer := done{Counter: name}
		if err := do(ctx, desk, told, &answer); err != nil {
			s.o.Log.Debug("counter desk: not done", "counter", name, "from", caller(r), "error", err)
			problemOf(err).say(w)
			return
		}
		say(w, http.StatusOK, answer)
	}
}

// desk is the counter that the path names.
func (s *Server) desk(r *http.Request) (string, Desk, *problem) {
	name := r.PathValue("counter")
	desk, known := s.o.Counters[name]
	if !known {
		return "", nil, &problem{http.StatusNotFound, "no-such-counter", "", "this box does not serve counter " + clip(name) + ": it serves " + strings.Join(s.names(), ", ")}
	}
	return name, desk, nil
}

func (s *Server) names() []string { return slices.Sorted(maps.Keys(s.o.Counters)) }

func by(told map[string]string) string {
	if name := told["by"]; name != "" {
		return name
	}
	return programName
}

func prompt(ctx context.Context, d Desk, told map[string]string, a *done) error {
	a.Answer, a.Ticket = answerAsked, told["ticket"]
	return d.PromptOnce(ctx, by(told), told["ticket"], told["service"])
}

func cancel(ctx context.Context, d Desk, _ map[string]string, a *done) error {
	a.Answer = answerTakenBack
	return d.Cancel(ctx)
}

func unasked(ctx context.Context, d Desk, told map[string]string, a *done) error {
	a.Answer, a.Ticket = answerNoted, told["ticket"]
	return d.Unasked(ctx, by(told), told["ticket"])
}

func tellerIn(ctx context.Context, d Desk, told map[string]string, a *done) error {
	a.Answer, a.Teller = answerLoggedIn, told["teller"]
	return d.TellerIn(ctx, told["teller"])
}

func tellerOut(ctx context.Context, d Desk, _ map[string]string, a *done) error {
	a.Answer = answerLoggedOut
	return d.TellerOut(ctx)
}

func (s *Server) counters(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, map[string][]string{"counters": s.names()})
}

// standing is what a teller may know. Whether a customer has rated, and how, is not in it: idle comes
// after a rating and after silence alike.
type standing struct {
	Counter  string     `json:"counter"`
	State    string     `json:"state"` // idle, asking, pad-lost or fault
	AskingMS *int64     `json:"asking_ms,omitempty"`
	Since    *time.Time `json:"since,omitempty"` // where the box's clock is set
	Teller   string     `json:"teller,omitempty"`
}

func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	name, desk, p := s.desk(r)
	if p != nil {
		p.say(w)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), doTime)
	defer cancel()
	now, err := desk.Standing(ctx)
	if err != nil {
		problemOf(err).say(w)
		return
	}
	say(w, http.StatusOK, standingOf(name, now))
}

func standingOf(counter string, now evaluation.Standing) standing {
	s := standing{Counter: counter, State: "idle", Teller: now.Teller}
	switch {
	case now.Fault:
		s.State = "fault"
	case now.Lost:
		s.State = "pad-lost"
	case now.Asking != nil:
		s.State, s.AskingMS = "asking", new(now.Now.UptimeMS-now.Asking.UptimeMS)
		if wall := now.Asking.Wall; wall != nil {
			s.Since = new(wall.UTC())
		}
	}
	return s
}
