package touch

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"evalpad/device"
)

// maxBody is the largest press in bytes; the page sends about a hundred.
const maxBody = 1 << 10

// mostReasons is how many reasons a customer can give.
const mostReasons = 3

// Reasons for which what is told on the page is refused, beside device.ReasonTwoKeys.
const (
	ReasonScore     = "bad-score"         // not 1 to 5
	ReasonDimension = "foreign-dimension" // not what the page asks now
	ReasonLate      = "question-over"     // reasons, or more time, for a question that is shown no more
	ReasonCodes     = "bad-reasons"       // more than three, or not among those shown
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
	refuseLate      = refusal{http.StatusConflict, ReasonLate, "that question is over"}
	refuseCodes     = refusal{http.StatusUnprocessableEntity, ReasonCodes, "codes: want at most 3 of those shown, each once"}
	refuseUI        = refusal{http.StatusBadRequest, ReasonUnread, "ui: want normal, large, voice or switch"}
	refuseFault     = refusal{http.StatusConflict, ReasonFault, "the page takes no ratings now"}
	refuseTwoKeys   = refusal{http.StatusConflict, device.ReasonTwoKeys, "another key was pressed under this token"}
	refuseOrigin    = refusal{http.StatusForbidden, ReasonOrigin, "a press must come from this page"}
	refuseType      = refusal{http.StatusUnsupportedMediaType, ReasonUnread, "content type: want application/json"}
	refuseLength    = refusal{http.StatusRequestEntityTooLarge, ReasonUnread, "press: want at most 1024 bytes"}
	refuseForm      = refusal{http.StatusBadRequest, ReasonUnread, `press: want {"token":"…","dimension":"attitude","score":2}`}
	refuseToken     = refusal{http.StatusBadRequest, ReasonUnread, "token: want 8 to 64 of A-Z, a-z, 0-9 and hyphen"}
	refuseCrowd     = refusal{http.StatusServiceUnavailable, ReasonCrowd, "too many presses at once"}
)

// told is one thing that a customer tells, as the page posts it: a press, reasons, or the wish for
// more time.
type told struct {
	Kind device.SignalKind `json:"-"`

	Token     string `json:"token"`     // made by the page for each question that it shows; one token is one press
	Question  string `json:"question"`  // the view's name; a press does without, so that it outlives a restart
	Dimension string `json:"dimension"` // what the page showed
	Score     int    `json:"score"`     // of a press: 1 to 5, 5 best
	Codes     string `json:"codes"`     // of reasons, with spaces between them; "" of somebody who would not say
	UI        string `json:"ui"`        // normal, large, voice or switch; "" is normal
}

// hear takes one kind of what a customer can tell, and answers once it is stored, refused or out of
// Patience.
func (p *Page) hear(kind device.SignalKind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at := p.options.Uptime()
		if !p.pressing.enter() {
			p.refuse(w, at, refuseCrowd)
			return
		}
		defer p.pressing.leave()
		t, err := read(w, r, kind)
		if err != nil {
			p.refuse(w, at, err)
			return
		}
		promise, err := p.promises.of(t, func() (string, error) { return p.take(t, at) })
		if err != nil {
			p.refuse(w, at, err)
			return
		}
		p.await(w, r, promise)
	}
}

// take signals t if it answers what is shown now.
func (p *Page) take(t told, at time.Duration) (id string, err error) {
	now, _ := p.screen.look(at)
	if err := t.fits(now); err != nil {
		return "", err
	}
	id = p.newID()
	s := device.Signal{ID: id, Kind: t.Kind, At: at, UI: t.UI}
	switch t.Kind {
	case device.Press:
		// The page repeats a press that got no answer, after a restart of the agent too: hence Echo.
		s.Score, s.Dimension, s.Echo = t.Score, t.Dimension, t.Token
	case device.Reasons:
		s.Codes, s.Echo = t.Codes, t.Token
	}
	if !p.signal(s) {
		return "", refuseCrowd
	}
	return id, nil
}

// fits says why t is no answer to what is shown. A thank-you takes presses too, although it shows no
// keys: a browser that is one turn behind still has the idle page's, and the agent's rules decide.
func (t told) fits(now view) error {
	foreign := func(code string) bool { return !slices.Contains(strings.Fields(now.Codes), code) }
	switch {
	case now.Kind == device.Fault:
		return refuseFault
	case t.Kind == device.Press && t.Dimension != now.Dimension:
		return refuseDimension
	case t.Kind == device.Press:
		return nil
	case t.Question != now.Question || now.Kind != wanted[t.Kind]:
		return refuseLate
	case slices.ContainsFunc(strings.Fields(t.Codes), foreign):
		return refuseCodes
	}
	return nil
}

// wanted is what must be shown for a signal to make sense.
var wanted = map[device.SignalKind]device.ShowKind{device.Reasons: device.Why, device.More: device.Ask}

// await answers 200 when the press is stored, 503 when it could not be, 409 when what was told is not
// taken, 504 when nobody has said so in time; with Retry-After when the same token shall come again.
func (p *Page) await(w http.ResponseWriter, r *http.Request, promise *promise) {
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	select {
	case <-promise.answered:
		promise.reply(w)
	case <-patience.C:
		reply(w, http.StatusGatewayTimeout, map[string]any{"error": "the press is not stored yet"})
	case <-r.Context().Done():
		// The agent is leaving and may or may not have the press: the page keeps the token and sends
		// it to whoever comes next.
		w.Header().Set("Retry-After", "1")
		reply(w, http.StatusServiceUnavailable, map[string]any{"error": "the page is closing"})
	}
}

func (p *promise) reply(w http.ResponseWriter) {
	switch p.fate {
	case stored:
		reply(w, http.StatusOK, map[string]any{"stored": true})
	case denied: // and counted by who has denied it
		reply(w, http.StatusConflict, map[string]any{"error": "the counter does not take this now"})
	default:
		reply(w, http.StatusServiceUnavailable, map[string]any{"error": "the press could not be stored"})
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

// read reads and checks what was posted as far as it can be without knowing what is shown.
func read(w http.ResponseWriter, r *http.Request, kind device.SignalKind) (t told, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return t, refuseType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return t, refuseLength
	}
	if err != nil {
		return t, fmt.Errorf("read press: %w", err)
	}
	// A missing score stays 0 and is refused as one.
	if json.Unmarshal(body, &t) != nil {
		return t, refuseForm
	}
	t.Kind, t.UI = kind, cmp.Or(t.UI, "normal")
	return t, t.check()
}

func (t told) check() error {
	codes := strings.Fields(t.Codes)
	switch {
	case !validToken(t.Token):
		return refuseToken
	case !slices.Contains([]string{"normal", "large", "voice", "switch"}, t.UI):
		return refuseUI
	case t.Kind == device.Press && (t.Score < 1 || t.Score > 5):
		return refuseScore
	case len(codes) > mostReasons || len(slices.Compact(slices.Sorted(slices.Values(codes)))) < len(codes):
		return refuseCodes
	}
	return nil
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
