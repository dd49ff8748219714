package qrdesk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/cmd/inspector/internal/qrdesk"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

const secret = "a-secret-that-is-long-enough-for-a-desk" // of the front end

var (
	nine  = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	place = wire.Place{Region: "r11", Branch: "b0731", Device: "pad-0731-03"}
	boxes = seal.KeyFromSeed([32]byte{1}) // the key of the golden token's box
)

// office is headquarters with one box known, and its desk behind real HTTP.
type office struct {
	t      *testing.T
	book   *ledger.Ledger
	server *httptest.Server
	file   string // of the token

	mu     sync.Mutex
	now    time.Time
	broke  error // what the ledger says instead
	logged bytes.Buffer
}

func (o *office) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.logged.Write(p)
}

func (o *office) log() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.logged.String()
}

// Phone lets a test break the ledger.
func (o *office) Phone(ctx context.Context, p ledger.PhoneRating) error {
	o.mu.Lock()
	broke := o.broke
	o.mu.Unlock()
	if broke != nil {
		return broke
	}
	return o.book.Phone(ctx, p)
}

func (o *office) KeysBeginning(ctx context.Context, prefix string) ([]ledger.DeviceKey, error) {
	return o.book.KeysBeginning(ctx, prefix)
}

func (o *office) Made(ctx context.Context, device string, t seal.Token, now time.Time) (casebook.Reckoning, error) {
	return o.book.Made(ctx, device, t, now)
}

func newOffice(t *testing.T) *office {
	t.Helper()
	dir := t.TempDir()
	o := &office{t: t, file: filepath.Join(dir, "qr.token"), now: nine}
	book, err := ledger.Open(t.Context(), filepath.Join(dir, "ledger.db"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o.book = book
	t.Cleanup(func() {
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := book.Introduce(t.Context(), place, boxes.Public(), nine); err != nil {
		t.Fatal(err)
	}
	if err := book.Report(t.Context(), ledger.Report{Place: place, State: wire.Ready, Status: wire.Status{Key: boxes.Public(), Boot: "b7e2"}, Live: true, At: nine}); err != nil {
		t.Fatal(err)
	}
	o.secret(secret+"\n", 0o600)
	desk, err := qrdesk.New(qrdesk.Options{Book: o, TokenFile: o.file, Now: o.clock, Log: slog.New(slog.NewTextHandler(o, nil))})
	if err != nil {
		t.Fatal(err)
	}
	o.server = httptest.NewServer(desk)
	t.Cleanup(o.server.Close)
	return o
}

func (o *office) secret(text string, mode os.FileMode) {
	o.t.Helper()
	if err := errors.Join(os.WriteFile(o.file, []byte(text), 0o600), os.Chmod(o.file, mode)); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) breakWith(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.broke = err
}

type answer struct {
	status int
	header http.Header
	text   string
}

// post posts a body under an idempotency key and holds the exchange to the document.
func (o *office) post(key, body string, odd ...func(*http.Request)) answer {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.server.URL+"/api/v1/qr", strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	for _, change := range odd {
		change(r)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		o.t.Error(err)
		return answer{}
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		o.t.Error(err)
	}
	a := answer{got.StatusCode, got.Header, string(text)}
	document(o.t).hold(o.t, body, a)
	return a
}

// token is one of the known box's, or of another's.
func token(t *testing.T, key seal.Key, device, evaluation string) string {
	t.Helper()
	text, err := seal.SealToken(key, device, "c03", evaluation, wire.Stamp{Boot: "b7e2", UptimeMS: 600_000})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const transaction = "5e0c41d2a9b87f36"

func good(t *testing.T) string { return token(t, boxes, place.Device, transaction) }

func says(token, scores string) string { return `{"token":"` + token + `","scores":` + scores + `}` }

func want(t *testing.T, what string, got answer, status int, part string) {
	t.Helper()
	if got.status != status || !strings.Contains(got.text, part) {
		t.Errorf("%s: %d %s, want %d with %s", what, got.status, got.text, status, part)
	}
}

func (o *office) cases() []casebook.Case {
	o.t.Helper()
	list, err := o.book.Cases(o.t.Context(), ledger.Filter{All: true})
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

// TestRatingIsTakenOnce by fifty hands that race, each with a key of its own.
func TestRatingIsTakenOnce(t *testing.T) {
	o, body := newOffice(t), says(good(t), `{"attitude":1,"efficiency":4}`)
	answers := make([]answer, 50)
	var hands sync.WaitGroup
	for i := range answers {
		hands.Go(func() {
			answers[i] = o.post(fmt.Sprintf("request-%02d", i), body)
		})
	}
	hands.Wait()
	n := map[int]int{}
	for _, a := range answers {
		n[a.status]++
	}
	if n[200] != 1 || n[409] != 49 {
		t.Errorf("statuses %v, want one 200 and 49 409", n)
	}
	if c := o.cases(); len(c) != 1 || c[0].Source != "qr" || !c[0].RatedAt.Equal(nine) {
		t.Errorf("cases %+v", c)
	}
}

// TestRetryHasTheSameAnswer, whatever the score.
func TestRetryHasTheSameAnswer(t *testing.T) {
	for _, scores := range []string{`{"overall":1}`, `{"overall":5}`} {
		o, body := newOffice(t), says(good(t), scores)
		first := o.post("request-1", body)
		want(t, scores, first, 200, `{"answer":"taken","code":"`+wire.Code(transaction)+`"}`)
		if again := o.post("request-1", body); again.text != first.text || again.status != 200 {
			t.Errorf("again: %d %s, want %s", again.status, again.text, first.text)
		}
		want(t, "another body", o.post("request-1", body+" "), 409, `"key-reused"`)
		want(t, "another key", o.post("request-2", body), 409, `"taken"`)
	}
}

// TestWhoseToken: forged, of a stranger, of a copied card, of nobody.
func TestWhoseToken(t *testing.T) {
	o, stranger := newOffice(t), seal.KeyFromSeed([32]byte{9})
	forged := good(t)
	forged = forged[:len(forged)-1] + string('0'+(forged[len(forged)-1]-'0'+1)%10)
	for _, c := range []struct {
		name, token string
		status      int
		error       string
	}{
		{"a digit changed", forged, 403, `"forged"`},
		{"a card copied to a box of another name", token(t, boxes, "pad-0731-04", transaction), 403, `"forged"`},
		{"a key that nobody knows", token(t, stranger, place.Device, transaction), 404, `"unknown-device"`},
		{"no token", "12345", 422, `"not-a-token"`},
		{"letters", "x" + forged[1:], 422, `"not-a-token"`},
	} {
		want(t, c.name, o.post("request-1", says(c.token, `{"overall":1}`)), c.status, c.error)
	}
	if c := o.cases(); len(c) != 0 {
		t.Errorf("cases %+v", c)
	}
}

// TestExpired: shown a day and more ago, by the anchors of its boot.
func TestExpired(t *testing.T) {
	o := newOffice(t)
	var a casebook.Anchors
	a.Heard(nine, 10*time.Minute)
	a.Arrived(nine.Add(time.Second), 10*time.Minute)
	if err := o.book.KeepAnchors(t.Context(), place.Device, "b7e2", a); err != nil {
		t.Fatal(err)
	}
	body := says(good(t), `{"overall":2}`)
	o.now = nine.Add(24*time.Hour + 2*time.Minute)
	want(t, "a day and two minutes", o.post("request-1", body), 410, `"expired"`)
	o.now = nine.Add(24*time.Hour - time.Minute)
	want(t, "a day less a minute", o.post("request-1", body), 200, "taken")
}

// TestBodies are refused with what to write instead, and nothing is taken.
func TestBodies(t *testing.T) {
	o := newOffice(t)
	tok := `"token":"` + good(t) + `"`
	for body, part := range map[string]string{
		``: `"bad-body"`, `[]`: `"bad-body"`, `null`: `"bad-body"`, `{`: `"bad-body"`,
		`{"scores":{"overall":1}}`:                                         `"field":"token"`,
		`{"token":7,"scores":{"overall":1}}`:                               `"field":"token"`,
		`{` + tok + `}`:                                                    `"field":"scores"`,
		`{` + tok + `,"scores":{}}`:                                        `"field":"scores"`,
		`{` + tok + `,"scores":{"overall":0}}`:                             `overall 0: write 1 to 5`,
		`{` + tok + `,"scores":{"overall":2.5}}`:                           `"field":"scores"`,
		`{` + tok + `,"scores":{"overall":1,"attitude":1}}`:                `overall stands alone`,
		`{` + tok + `,"scores":{"smile":1}}`:                               `smile is no dimension`,
		`{` + tok + `,"scores":{"overall":1},"reasons":"w"}`:               `"field":"reasons"`,
		`{` + tok + `,"scores":{"overall":1},"reasons":null}`:              `"field":"reasons"`,
		`{` + tok + `,"scores":{"overall":1},"text":"help"}`:               `they may name people`,
		`{` + tok + `,"scores":{"overall":1},"ticket":"A012"}`:             `not a member`,
		`{` + tok + `,"scores":{"overall":1},"reasons":["a","a"]}`:         `each once`,
		`{` + tok + `,"scores":{"overall":1},"reasons":["A b"]}`:           `a-z, 0-9 and hyphen`,
		`{` + tok + `,"scores":{"overall":1},"reasons":["a","b","c","d"]}`: `at most 3`,
	} {
		want(t, body, o.post("request-1", body), 400, part)
	}
	want(t, "no key", o.post("short", says(good(t), `{"overall":1}`)), 400, `"field":"Idempotency-Key"`)
	want(t, "too long", o.post("request-1", `{"token":"`+strings.Repeat("1", 5000)+`"}`), 413, `"too-long"`)
	if c := o.cases(); len(c) != 0 {
		t.Errorf("cases %+v", c)
	}
}

// TestTokenFile is read at each request; without a good one the desk is closed, and says why once a while.
func TestTokenFile(t *testing.T) {
	o, body := newOffice(t), says(good(t), `{"overall":1}`)
	for name, change := range map[string]func(){
		"others can read it": func() { o.secret(secret, 0o644) },
		"too short":          func() { o.secret("short", 0o600) },
		"two lines":          func() { o.secret(secret+"\n"+secret, 0o600) },
		"gone":               func() { _ = os.Remove(o.file) },
	} {
		change()
		want(t, name, o.post("request-1", body), 503, `"closed"`)
	}
	if log := o.log(); !strings.Contains(log, "qr desk closed") || strings.Contains(log, secret) || strings.Contains(log, "short\\n") {
		t.Errorf("log %s", log)
	}
	o.secret("quite-another-secret-of-enough-characters", 0o600)
	want(t, "the old token", o.post("request-1", body), 401, `"bad-token"`)
	o.secret(secret, 0o600)
	want(t, "a good file again", o.post("request-1", body), 200, "taken")
}

func TestOtherRequestsAreRefused(t *testing.T) {
	o, body := newOffice(t), says(good(t), `{"overall":1}`)
	for _, header := range []string{"", "Bearer", "Bearer " + secret + "x", "Basic " + secret} {
		want(t, header, o.post("request-1", body, func(r *http.Request) { r.Header.Set("Authorization", header) }), 401, `"bad-token"`)
	}
	o.breakWith(errors.New("no disk"))
	want(t, "a broken ledger", o.post("request-1", body), 503, `"ledger-fault"`)
	o.breakWith(ledger.ErrHeld)
	if a := o.post("request-1", body); a.status != 503 || a.header.Get("Retry-After") != "3600" {
		t.Errorf("a key that waits: %d, Retry-After %s", a.status, a.header.Get("Retry-After"))
	}
	o.breakWith(nil)
	many := map[int]int{}
	for range qrdesk.RequestsAtOnce + 1 {
		many[o.post("request-1", `{}`).status]++ // the clock of this office stands still
	}
	if many[429] == 0 {
		t.Errorf("statuses %v, want a 429 when too many come at once", many)
	}
}

// TestOtherPathsTakeNothing: another path, or a GET as a preview sends, takes nothing.
func TestOtherPathsTakeNothing(t *testing.T) {
	o := newOffice(t)
	for _, c := range []struct {
		method, path string
		want         int
	}{{"GET", "/api/v1/qr", 405}, {"POST", "/api/v1/cases", 404}, {"GET", "/", 404}} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, o.server.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+secret)
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got.StatusCode, c.want)
		}
	}
}

// FuzzBody posts anything: it is refused in words, or it is a rating.
func FuzzBody(f *testing.F) {
	for _, body := range []string{`{"token":"1","scores":{"overall":1}}`, `{"scores":{"overall":1e999}}`, `{"reasons":[[]]}`, "null", "\x00", `{"token":"1","token":"2"}`} {
		f.Add(body)
	}
	file := filepath.Join(f.TempDir(), "token")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		f.Fatal(err)
	}
	desk, err := qrdesk.New(qrdesk.Options{Book: nobody{}, TokenFile: file, Now: func() time.Time { return time.Now() }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/qr", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("Idempotency-Key", "request-1")
		w := httptest.NewRecorder()
		desk.ServeHTTP(w, r)
		if w.Code == http.StatusOK || w.Code >= 500 || !strings.Contains(w.Body.String(), `"words":"`) {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}

// nobody is a ledger that knows no box.
type nobody struct{}

func (nobody) KeysBeginning(context.Context, string) ([]ledger.DeviceKey, error) { return nil, nil }

func (nobody) Made(context.Context, string, seal.Token, time.Time) (casebook.Reckoning, error) {
	return casebook.Reckoning{}, nil
}

func (nobody) Phone(context.Context, ledger.PhoneRating) error { return errors.New("taken of nobody") }
