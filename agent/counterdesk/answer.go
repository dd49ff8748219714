package counterdesk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"evalpad/agent/evaluation"
)

// done is the answer to what was done. It holds nothing of the moment, so that the same request has
// the same answer.
type done struct {
	Counter string `json:"counter"`
	Ticket  string `json:"ticket,omitempty"`
	Teller  string `json:"teller,omitempty"`
	Answer  string `json:"answer"`
}

// What was done.
const (
	answerAsked     = "asked"
	answerTakenBack = "taken-back"
	answerNoted     = "noted"
	answerLoggedIn  = "logged-in"
	answerLoggedOut = "logged-out"
)

// problem says why a request was not done. Code is for a program, Words are for its maker.
type problem struct {
	status int
	Code   string `json:"error"`
	Field  string `json:"field,omitempty"`
	Words  string `json:"words"`
}

// problemOf says in words of this API why a counter did not do it.
func problemOf(err error) *problem {
	switch {
	case errors.Is(err, evaluation.ErrTicketDone):
		return &problem{http.StatusConflict, "ticket-done", "ticket", "this transaction is over here, asked or unasked: it is not asked again. Send the next customer's ticket"}
	case errors.Is(err, evaluation.ErrRefused):
		return &problem{http.StatusBadRequest, "refused", "", "the counter's rules refuse it: " + err.Error()}
	case errors.Is(err, evaluation.ErrPadLost):
		return &problem{http.StatusServiceUnavailable, "pad-lost", "", "the counter's pad is gone: nobody can answer, and nobody was asked. Plug it in; nothing needs a restart"}
	case errors.Is(err, evaluation.ErrStopped):
		return &problem{http.StatusServiceUnavailable, "leaving", "", "the agent is being stopped: send it again in a few seconds"}
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return &problem{http.StatusServiceUnavailable, "busy", "", "the counter has not answered in time, and may still do it: send the same again"}
	}
	return &problem{http.StatusServiceUnavailable, "store-fault", "", "nothing can be kept on disk just now, so nothing was done: the box tries again every few seconds"}
}

// say writes v as JSON.
func say(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone: nobody to tell
}

func (p *problem) say(w http.ResponseWriter) { say(w, p.status, p) }
