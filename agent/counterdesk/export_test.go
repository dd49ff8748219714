package counterdesk

import (
	"net/http"
	"net/netip"
	"time"
)

// ReadBody is readBody with a prompt's members.
func ReadBody(w http.ResponseWriter, r *http.Request) (told map[string]string, status int, words string) {
	told, p := readBody(w, r, ticketField, byField, serviceField)
	if p != nil {
		return nil, p.status, p.Words
	}
	return told, http.StatusOK, ""
}

// ReadToken is readToken without the token.
func ReadToken(path string) error {
	_, err := readToken(path)
	return err
}

// Limiter is a limiter's take, and how many it knows.
func Limiter(rate, burst float64) (take func(netip.Addr, time.Time) bool, known func() int) {
	l := newLimiter(rate, burst)
	return l.take, func() int { return len(l.known) }
}

// Exhaust leaves an address with nothing that it may ask for a while.
func (s *Server) Exhaust(from netip.Addr) {
	s.limit.mu.Lock()
	defer s.limit.mu.Unlock()
	s.limit.known[from] = bucket{-10_000, time.Now()}
}

// MaxConnsEach is how many connections one address may have.
const MaxConnsEach = maxConnsEach
