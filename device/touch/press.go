package touch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"evalpad/device"
)

// maxBody is the largest press in bytes; the page sends about a hundred.
const maxBody = 1 << 10

// Reasons for which a press on the page is refused, beside device.ReasonTwoKeys.
const (
	ReasonScore     = "bad-score"         // not 1 to 5
	ReasonDimension = "foreign-dimension" // not what the page asks now
	ReasonFault     = "fault-shown"       // the page says that it takes no ratings
	ReasonUnread    = "unreadable-press"  // too long, not JSON, not what the page sends
	ReasonOrigin    = "foreign-origin"    // sent by a page of elsewhere
	ReasonCrowd     = "too-many-at-once"  // no room until others are answered
)

// refusal is why a press is not taken: for the browser, for the count and for a technician.
type refusal struct {
	status int
	reason string
	words  string
}

func (r refusal) Error() string { return r.words }

var (
	refuseScore     = refusal{http.StatusUnprocessableEntity, ReasonScore, "score: want 1 to 5"}
	refuseDimension = refusal{http.StatusConflict, ReasonDimension, "the page asks something else now"}
	refuseFault     = refusal{http.StatusConflict, ReasonFault, "the page takes no ratings now"}
	refuseTwoKeys   = refusal{http.StatusConflict, device.ReasonTwoKeys, "another key was pressed under this token"}
	refuseOrigin    = refusal{http.StatusForbidden, ReasonOrigin, "a press must come from this page"}
	refuseType      = refusal{http.StatusUnsupportedMediaType, ReasonUnread, "content type: want application/json"}
	refuseLength    = refusal{http.StatusRequestEntityTooLarge, ReasonUnread, "press: want at most 1024 bytes"}
	refuseForm      = refusal{http.StatusBadRequest, ReasonUnread, `press: want {"token":"…","dimension":"attitude","score":2}`}
	refuseToken     = refusal{http.StatusBadRequest, ReasonUnread, "token: want 8 to 64 of A-Z, a-z, 0-9 and hyphen"}
	refuseCrowd     = refusal{http.StatusServiceUnavailable, ReasonCrowd, "too many presses at once"}
)

// keystroke is one press as the page posts it.
type keystroke struct {
	Token     string `json:"token"`     // made by the page for each question that it shows; one token is one press
	Dimension string `json:"dimension"` // what the page showed
	Score     int    `json:"score"`     // 1 to 5, 5 best
}

// press takes a customer's press and answers once it is stored, refused or out of Patience.
func (p *Page) press(w http.ResponseWriter, r *http.Request) {
	at := p.options.Uptime()
	if !p.pressing.enter() {
		p.refuse(w, at, refuseCrowd)
		return
	}
	defer p.pressing.leave()
	k, err := readKeystroke(w, r)
	if err != nil {
		p.refuse(w, at, err)
		return
	}
	promise, err := p.promises.of(k, func() (string, error) { return p.take(k, at) })
	if err != nil {
		p.refuse(w, at, err)
		return
	}
	p.await(w, r, promise)
}

// take signals k if it answers what is shown now. A thank-you takes presses too, although it shows no
// keys: a browser that is one turn behind still has the idle page's, and the agent's rules decide.
func (p *Page) take(k keystroke, at time.Duration) (id string, err error) {
	switch now, _ := p.screen.look(); {
	case now.Kind == device.Fault:
		return "", refuseFault
	case k.Dimension != now.Dimension:
		return "", refuseDimension
	}
	id = p.newID()
	// The page repeats a press that got no answer, after a restart of the agent too: hence Echo.
	s := device.Signal{ID: id, Kind: device.Press, At: at, Score: k.Score, Dimension: k.Dimension, Echo: k.Token}
	if !p.signal(s) {
		return "", refuseCrowd
	}
	return id, nil
}

// await answers 200 when the press is stored, 503 when it could not be, 504 when nobody has said so
// in time; with Retry-After when the same token shall come again.
func (p *Page) await(w http.ResponseWriter, r *http.Request, promise *promise) {
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	select {
	case <-promise.answered:
		if promise.stored {
			reply(w, http.StatusOK, map[string]any{"stored": true})
			return
		}
		reply(w, http.StatusServiceUnavailable, map[string]any{"error": "the press could not be stored"})
	case <-patience.C:
		reply(w, http.StatusGatewayTimeout, map[string]any{"error": "the press is not stored yet"})
	case <-r.Context().Done():
		// The agent is leaving and may or may not have the press: the page keeps the token and sends
		// it to whoever comes next.
		w.Header().Set("Retry-After", "1")
		reply(w, http.StatusServiceUnavailable, map[string]any{"error": "the page is closing"})
	}
}

// refuse tells the browser why, and the agent for the count.
func (p *Page) refuse(w http.ResponseWriter, at time.Duration, err error) {
	why, ok := errors.AsType[refusal](err)
	if !ok {
		why = refusal{http.StatusBadRequest, ReasonUnread, err.Error()}
	}
	s := device.Signal{ID: p.newID(), Kind: device.Refused, At: at, Reason: why.reason, Detail: why.words}
	if !p.signal(s) {
		p.options.Log.Warn("refused press not counted: the agent does not listen", "reason", why.reason)
	}
	reply(w, why.status, map[string]any{"error": why.words})
}

// readKeystroke reads and checks a press as far as it can be without knowing what is shown.
func readKeystroke(w http.ResponseWriter, r *http.Request) (k keystroke, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return k, refuseType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return k, refuseLength
	}
	if err != nil {
		return k, fmt.Errorf("read press: %w", err)
	}
	// A missing score stays 0 and is refused as one.
	if json.Unmarshal(body, &k) != nil {
		return k, refuseForm
	}
	switch {
	case !validToken(k.Token):
		return k, refuseToken
	case k.Score < 1 || k.Score > 5:
		return k, refuseScore
	}
	return k, nil
}

func validToken(token string) bool {
	if len(token) < 8 || len(token) > 64 {
		return false
	}
	for _, c := range []byte(token) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return true
}

func reply(w http.ResponseWriter, status int, words map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(words) // a browser that has gone asks again
}
