// Package board is what an inspector sees and asks: the page with the open cases, counting down
// live, and the JSON API behind it, which the commands speak too.
//
// The page counts by the server's time: each answer carries it, and the browser advances it by its
// monotonic clock, so a PC whose clock is wrong shows the same remaining time as any other.
package board

import (
	"context"
	"embed"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

// Book is where the cases are.
type Book interface {
	Cases(ctx context.Context, f ledger.Filter) ([]casebook.Case, error)
	Case(ctx context.Context, id string) (casebook.Case, error)
	Change(ctx context.Context, id string, change func(*casebook.Case) error) (casebook.Case, error)
}

// Registry knows the boxes.
type Registry interface {
	Devices(ctx context.Context) ([]ledger.Device, error)
	Dossier(ctx context.Context, device string) (ledger.Dossier, error)
	ConfirmKey(ctx context.Context, device string, kid wire.KID, by string, now time.Time) error
}

// Ratings are what customers said.
type Ratings interface {
	ByCode(ctx context.Context, code string) ([]ledger.Found, error)
	EachEvaluation(ctx context.Context, p rates.Period, one func(rates.Evaluation) error) error
	Tallies(ctx context.Context, p rates.Period) ([]rates.Tally, error)
}

// Options of a board. Book, Registry, Ratings and Changes are required.
type Options struct {
	Book     Book
	Registry Registry
	Ratings  Ratings
	// Changes returns a channel with a token whenever a case may have changed, and what ends it.
	Changes func() (<-chan struct{}, func())
	Now     func() time.Time // default time.Now
	Healthy func() error     // default: always
	Log     *slog.Logger     // nil discards
}

type board struct {
	Options
	pages *template.Template
	own   http.CrossOriginProtection
}

//go:embed page
var files embed.FS

// New is the handler of the page and of the API.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Healthy == nil {
		o.Healthy = func() error { return nil }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b := &board{Options: o}
	b.pages = template.Must(template.New("").Funcs(b.words()).ParseFS(files, "page/*.html"))
	return b.own.Handler(guard(b.routes()))
}

func (b *board) routes() http.Handler {
	assets, err := fs.Sub(files, "page/assets")
	if err != nil {
		panic(err) // embedded at build: it is there or nothing builds
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.page("board.html"))
	mux.HandleFunc("GET /cases", b.page("cases.html"))
	mux.HandleFunc("GET /events", b.events)
	mux.HandleFunc("GET /healthz", b.health)
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(assets)))
	mux.HandleFunc("GET /api/v1/cases", b.listCases)
	mux.HandleFunc("GET /api/v1/cases/{id}", b.showCase)
	mux.HandleFunc("POST /api/v1/cases/{id}/{wish}", b.changeCase)
	mux.HandleFunc("GET /api/v1/evaluations", b.findEvaluations)
	mux.HandleFunc("GET /api/v1/report", b.report)
	mux.HandleFunc("GET /api/v1/integrity", b.integrity)
	mux.HandleFunc("GET /api/v1/devices", b.listDevices)
	mux.HandleFunc("GET /api/v1/devices/{device}", b.showDevice)
	mux.HandleFunc("POST /api/v1/devices/{device}/confirm", b.confirmKey)
	return mux
}

// guard sets what a browser must keep to: nothing from elsewhere, no frame around us.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (b *board) health(w http.ResponseWriter, _ *http.Request) {
	if err := b.Healthy(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n")) // the asker has gone: nobody to tell
}
