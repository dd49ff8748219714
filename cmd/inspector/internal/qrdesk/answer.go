package qrdesk

import (
	"encoding/json"
	"errors"
	"net/http"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
)

// taken is the answer to a rating, whatever it said. Code is what the customer can ask by, the same as on
// the pad's thank-you.
type taken struct {
	Answer string `json:"answer"`
	Code   string `json:"code"`
}

// problem says why a request was not done. Code is for a program, Words are for its maker.
type problem struct {
	status int
	Code   string `json:"error"`
	Field  string `json:"field,omitempty"`
	Words  string `json:"words"`
}

var (
	problemClosed  = problem{http.StatusServiceUnavailable, "closed", "", "this desk has no token to compare with: headquarters' log says why. Send the same again later"}
	problemNoToken = problem{http.StatusUnauthorized, "bad-token", "", "send Authorization: Bearer and the token of headquarters' token file"}
	problemTooMany = problem{http.StatusTooManyRequests, "too-many", "", "more than 50 requests a second: send the same again in a second"}
	problemLedger  = problem{http.StatusServiceUnavailable, "ledger-fault", "", "nothing can be kept just now, so nothing was taken: send the same again, with the same Idempotency-Key"}
)

// refusals are what an error of the ledger, or of a token, is to a front end.
var refusals = []struct {
	err error
	problem
}{
	{seal.ErrToken, problem{http.StatusUnprocessableEntity, "not-a-token", "token", "no token that a box has shown: send what follows the # of the scanned address, decimal digits"}},
	{ledger.ErrUnknownKey, problem{http.StatusNotFound, "unknown-device", "token", "no box with that key has been heard: send the same again later, as it may not have been on the line yet"}},
	{ledger.ErrNoPlace, problem{http.StatusNotFound, "unknown-device", "token", "the box has not said yet where it stands: send the same again later"}},
	{seal.ErrForged, problem{http.StatusForbidden, "forged", "token", "the box of that key has not made this token"}},
	{ledger.ErrTaken, problem{http.StatusConflict, "taken", "token", "somebody has rated this transaction by phone already, and the first counts"}},
	{ledger.ErrKeyReused, problem{http.StatusConflict, "key-reused", "Idempotency-Key", "something else was said under this Idempotency-Key: a retry repeats its body to the byte, and another rating has a key of its own"}},
	{ledger.ErrExpired, problem{http.StatusGone, "expired", "token", "the code was shown too long ago: the customer can call the hotline"}},
	{ledger.ErrHeld, problem{http.StatusServiceUnavailable, "unconfirmed", "token", "the box has a key that nobody has confirmed, and ten cases by it this hour: send the same again in an hour"}},
}

func problemOf(err error) (p problem, known bool) {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.problem, true
		}
	}
	return problemLedger, false
}

// say writes v as JSON.
func say(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone: nobody to tell
}

func (p problem) say(w http.ResponseWriter) {
	switch {
	case p.Code == "unconfirmed":
		w.Header().Set("Retry-After", "3600")
	case p.status == http.StatusServiceUnavailable || p.status == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	}
	say(w, p.status, p)
}
