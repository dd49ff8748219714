package board_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/board"
	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// FuzzWish sends anything as a wish for a case, or as a word on a key. It is done, or refused in words
// as the asker's mistake; whatever it is, headquarters does not fail over it, and no promise moves.
func FuzzWish(f *testing.F) {
	for _, s := range []struct{ wish, body string }{
		{"start", `{"by":"Wang","step":"teller-asked"}`}, {"start", `{"by":"Wang","step":"other","words":""}`},
		{"plan", `{"by":"Wang","plan":{"cause":"c","text":"t","owner":"Li","due":"2026-11-23T02:11:09.120Z"}}`},
		{"plan", `{"by":"Wang","plan":{"due":"99999-01-01T00:00:00Z"}}`}, {"finish", `{"by":"\u0000"}`}, {"close", `{}`},
		{"reopen", `{}`}, {"confirm", `{"kid":"0011223344556677","by":"Wang"}`}, {"start", `{"by":1}`}, {"start", `{} {}`}, {"%2e%2e", "null"}, {"start", ""},
	} {
		f.Add(s.wish, []byte(s.body))
	}
	book, err := ledger.Open(f.Context(), filepath.Join(f.TempDir(), "ledger.db"), ledger.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { book.Close() })
	api := board.New(board.Options{Book: book, Registry: book, Ratings: book, Changes: func() (<-chan struct{}, func()) { return nil, func() {} }})
	f.Fuzz(func(t *testing.T, wish string, body []byte) {
		c := openCase(t, book)
		path := "/api/v1/cases/" + c.ID + "/" + url.PathEscape(wish)
		if wish == "confirm" {
			path = "/api/v1/devices/pad-1/confirm"
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		var words board.Trouble
		switch w.Code {
		case http.StatusOK:
		case http.StatusBadRequest, http.StatusConflict, http.StatusNotFound:
			if err := json.Unmarshal(w.Body.Bytes(), &words); w.Header().Get("Content-Type") == "application/json" && (err != nil || words.Error == "") {
				t.Fatalf("%s %q: %d %s", path, body, w.Code, w.Body)
			}
		case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusMethodNotAllowed: // no such path
		default:
			t.Fatalf("%s %q: %d %s", path, body, w.Code, w.Body)
		}
		now, err := book.Case(t.Context(), c.ID)
		if err != nil || now.Promise() != c.Promise() {
			t.Fatalf("after %s %q the case promises %+v, %v; before %+v", path, body, now.Promise(), err, c.Promise())
		}
	})
}

// openCase is the one case of the ledger, a new one where the last has been closed.
func openCase(t *testing.T, book *ledger.Ledger) casebook.Case {
	t.Helper()
	list, err := book.Cases(t.Context(), ledger.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) > 0 {
		return list[0]
	}
	takeAlert(t, book)
	list, err = book.Cases(context.Background(), ledger.Filter{})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d cases, %v: want 1", len(list), err)
	}
	return list[0]
}

var alerts uint64 // so far

func takeAlert(t *testing.T, book *ledger.Ledger) {
	t.Helper()
	alerts++
	now := time.Now()
	e := wire.Evaluation{
		Evaluation: "e" + now.Format("150405.000000000"), Counter: "c03", Outcome: wire.Rated, Dissatisfied: true,
		Scores: map[wire.Dimension]wire.Score{wire.Overall: 1}, Pressed: wire.Stamp{Boot: "b", Clock: wire.ClockUnset},
	}
	d, err := wire.NewDraft(wire.KindAlert, wire.Instant{}, "counter/c03", wire.Alert{Evaluation: e})
	if err != nil {
		t.Fatal(err)
	}
	place := wire.Place{Region: "r11", Branch: "b0731", Device: "pad-1"}
	key := seal.KeyFromSeed([32]byte{1})
	body, err := d.Body(place, "9f3c2a7e51d0b846", alerts, wire.Hash{}, key.KID())
	if err != nil {
		t.Fatal(err)
	}
	line, hash := seal.Record(key, body)
	r, err := wire.ParseRecord(line)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := book.Take(t.Context(), []ledger.Arrival{{Record: r, Hash: hash, Standing: ledger.Confirmed, Received: now}}); err != nil {
		t.Fatal(err)
	}
}
