package board_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/board"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// office is an API over a ledger of its own.
func office(t *testing.T) (http.Handler, *ledger.Ledger) {
	t.Helper()
	book, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	return board.New(board.Options{Book: book, Registry: book, Ratings: book, Changes: func() (<-chan struct{}, func()) { return nil, func() {} }}), book
}

// get asks, wants the status, and reads the answer into v.
func get(t *testing.T, api http.Handler, path string, status int, v any) {
	t.Helper()
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if w.Code != status {
		t.Fatalf("%s: %d %s, want %d", path, w.Code, w.Body, status)
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		t.Fatalf("%s: %v: %s", path, err, w.Body)
	}
}

// TestCodeOverTheAPI: a code as a person types it finds the case and the evaluation; what is no code is
// answered with the shape of one, and a code that nobody has with an empty list.
func TestCodeOverTheAPI(t *testing.T) {
	api, book := office(t)
	takeAlert(t, book)
	takeAlert(t, book)
	list, err := book.Cases(t.Context(), ledger.Filter{})
	if err != nil || len(list) != 2 {
		t.Fatalf("%d cases, %v", len(list), err)
	}
	code := wire.Code(list[0].Evaluation)
	typed := url.QueryEscape(strings.ToLower(strings.ReplaceAll(code, "-", " ")))
	var cases board.Cases
	if get(t, api, "/api/v1/cases?code="+typed, 200, &cases); len(cases.Cases) != 1 || cases.Cases[0].ID != list[0].ID {
		t.Errorf("cases of %s: %+v", code, cases.Cases)
	}
	var found []ledger.Found
	if get(t, api, "/api/v1/evaluations?code="+typed, 200, &found); len(found) != 1 || found[0].Case != list[0].ID || found[0].State != "open" {
		t.Errorf("evaluations of %s: %+v", code, found)
	}
	if get(t, api, "/api/v1/evaluations?code=2222-2222", 200, &found); found == nil || len(found) != 0 {
		t.Errorf("evaluations of nobody: %v", found)
	}
	for _, path := range []string{"/api/v1/cases?code=", "/api/v1/cases?code=AAAA-AAAA", "/api/v1/evaluations", "/api/v1/evaluations?code=7KQM"} {
		var trouble board.Trouble
		if get(t, api, path, 400, &trouble); !strings.Contains(trouble.Error, "as 7KQM-X3RD") {
			t.Errorf("%s: %q does not say what a code looks like", path, trouble.Error)
		}
	}
}

func TestReportOverTheAPI(t *testing.T) {
	api, _ := office(t)
	var r board.Report
	get(t, api, "/api/v1/report?by=teller&from=2026-11-01T00:00:00%2B08:00", 200, &r)
	if r.By != "teller" || r.Lines == nil || !r.From.Equal(time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("report %+v", r)
	}
	for _, path := range []string{"/api/v1/report?by=weather", "/api/v1/report?from=yesterday", "/api/v1/report?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z"} {
		var trouble board.Trouble
		if get(t, api, path, 400, &trouble); trouble.Error == "" {
			t.Errorf("%s is refused without words", path)
		}
	}
	var trouble board.Trouble
	get(t, api, "/api/v1/devices/pad-9", 404, &trouble)
}
