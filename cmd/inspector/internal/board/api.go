package board

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// Cases is the answer to GET /api/v1/cases: the cases in the order of danger, and the time by which
// remaining times are to be counted.
type Cases struct {
	Now   wire.Instant    `json:"now"`
	Cases []casebook.Case `json:"cases"`
}

// Trouble is the answer to a request that was not carried out.
type Trouble struct {
	Error string `json:"error"`
}

// Wish is the body of POST /api/v1/cases/{id}/{start|plan|finish|verify|close}.
type Wish struct {
	By    string        `json:"by"`
	Step  string        `json:"step,omitempty"`
	Words string        `json:"words,omitempty"`
	Plan  casebook.Plan `json:"plan,omitzero"`
}

// maxBody bounds what a request may bring, in bytes.
const maxBody = 32 << 10

// cases reads the cases that f chooses, the greatest danger first.
func (b *board) cases(r *http.Request, f ledger.Filter) (Cases, error) {
	now := b.Now()
	list, err := b.Book.Cases(r.Context(), f)
	if err != nil {
		return Cases{}, err
	}
	slices.SortFunc(list, func(x, y casebook.Case) int {
		if casebook.Less(x, y, now) {
			return -1
		}
		return 1
	})
	return Cases{Now: wire.At(now), Cases: append([]casebook.Case{}, list...)}, nil
}

func (b *board) listCases(w http.ResponseWriter, r *http.Request) {
	f := ledger.Filter{All: r.URL.Query().Get("state") == "all"}
	if r.URL.Query().Has("code") {
		code, err := codeOf(r)
		if err != nil {
			b.answer(w, nil, err)
			return
		}
		f = ledger.Filter{All: true, Code: code} // a customer may ask when all is done
	}
	list, err := b.cases(r, f)
	b.answer(w, list, err)
}

func (b *board) showCase(w http.ResponseWriter, r *http.Request) {
	c, err := b.Book.Case(r.Context(), r.PathValue("id"))
	b.answer(w, c, err)
}

func (b *board) changeCase(w http.ResponseWriter, r *http.Request) {
	var wish Wish
	if err := readBody(w, r, &wish); err != nil {
		b.answer(w, nil, err)
		return
	}
	now := b.Now()
	change, err := wish.change(r.PathValue("wish"), now)
	if err != nil {
		b.answer(w, nil, err)
		return
	}
	c, err := b.Book.Change(r.Context(), r.PathValue("id"), change)
	b.answer(w, c, err)
}

// change is what the rules of a case are asked to allow.
func (h Wish) change(wish string, now time.Time) (func(*casebook.Case) error, error) {
	switch wish {
	case "start":
		return func(c *casebook.Case) error { return c.Start(h.By, h.Step, h.Words, now) }, nil
	case "plan":
		return func(c *casebook.Case) error { return c.FilePlan(h.By, h.Plan, now) }, nil
	case "finish":
		return func(c *casebook.Case) error { return c.Finish(h.By, h.Words, now) }, nil
	case "verify":
		return func(c *casebook.Case) error { return c.Verify(h.By, h.Words, now) }, nil
	case "close":
		return func(c *casebook.Case) error { return c.Close(h.By, h.Words, now) }, nil
	}
	return nil, badRequest(fmt.Sprintf("%.20q: a case can be started, planned, finished, verified and closed", wish))
}

func (b *board) listDevices(w http.ResponseWriter, r *http.Request) {
	list, err := b.Registry.Devices(r.Context())
	b.answer(w, append([]ledger.Device{}, list...), err)
}

func (b *board) showDevice(w http.ResponseWriter, r *http.Request) {
	d, err := b.Registry.Dossier(r.Context(), r.PathValue("device"))
	b.answer(w, d, err)
}

func (b *board) confirmKey(w http.ResponseWriter, r *http.Request) {
	var body struct {
		KID wire.KID `json:"kid"`
		By  string   `json:"by"`
	}
	err := readBody(w, r, &body)
	if err == nil {
		err = b.Registry.ConfirmKey(r.Context(), r.PathValue("device"), body.KID, body.By, b.Now())
	}
	b.answer(w, struct{}{}, err)
}

// badRequest is an error of the asker's own.
type badRequest string

func (e badRequest) Error() string { return string(e) }

func readBody(w http.ResponseWriter, r *http.Request, into any) error {
	if r.Header.Get("Content-Type") != "application/json" {
		return badRequest("the body must be application/json")
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return badRequest("read the body: " + err.Error())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest("read the body: one object is wanted, more came")
	}
	return nil
}

// answer writes v, or the sentence why not; what is our own fault is logged and not explained.
func (b *board) answer(w http.ResponseWriter, v any, err error) {
	status := http.StatusOK
	if err != nil {
		status = statusOf(err)
		v = Trouble{err.Error()}
		if status == http.StatusInternalServerError {
			b.Log.Error("request not answered", "error", err)
			v = Trouble{"headquarters' store does not answer; see the log"}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the asker has gone: nobody to tell
}

func statusOf(err error) int {
	if _, ok := errors.AsType[badRequest](err); ok {
		return http.StatusBadRequest
	}
	if _, ok := errors.AsType[*casebook.Refusal](err); ok {
		return http.StatusConflict
	}
	if errors.Is(err, ledger.ErrUnknown) || errors.Is(err, ledger.ErrUnknownKey) {
		return http.StatusNotFound
	}
	return http.StatusInternalServerError
}
