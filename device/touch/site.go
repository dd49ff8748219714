package touch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// beat is how often a silent stream repeats what is shown, so that a browser notices an agent that
// hangs: it waits for a little more than two beats.
const beat = 5 * time.Second

// What one box can need, with room to spare: a kiosk browser and a technician's.
const (
	maxViewers = 16 // open streams
	maxPresses = 32 // presses that wait for their answer at once
	maxWaiting = 64 // signals that the agent has not taken yet
)

//go:embed page
var files embed.FS

var (
	pageTemplate = template.Must(template.ParseFS(files, "page/page.html"))
	build        = buildOf("page/page.html", "page/page.css", "page/page.js")
)

// buildOf names the page's files by what is in them.
func buildOf(names ...string) string {
	sum := sha256.New()
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			panic("touch page: embedded file missing: " + name) // the compiler has embedded the folder
		}
		sum.Write(content)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:6])
}

// routes is the whole site.
func (p *Page) routes() http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.refuse(w, p.options.Uptime(), refuseOrigin)
	}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.page)
	mux.HandleFunc("GET /page.css", file("page/page.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET /page.js", file("page/page.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /icon.svg", file("page/icon.svg", "image/svg+xml"))
	mux.HandleFunc("GET /state", p.stream)
	mux.Handle("POST /press", origin.Handler(http.HandlerFunc(p.press)))
	return guarded(mux)
}

func (p *Page) page(w http.ResponseWriter, _ *http.Request) {
	var html bytes.Buffer
	err := pageTemplate.Execute(&html, map[string]any{
		"Build": build, "Levels": levels, "Questions": questions, "Hotline": strings.TrimSpace(p.options.Hotline),
	})
	if err != nil {
		p.options.Log.Error("touch page not written", "error", err)
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = html.WriteTo(w) // a browser that has gone loads it again
}

func file(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		http.ServeFileFS(w, r, files, name)
	}
}

// server bounds what a browser may take to say; a stream, which has said all, it leaves alone.
func (p *Page) server(ctx context.Context, conns *sync.WaitGroup) *http.Server {
	return &http.Server{
		Handler:        p.site,
		BaseContext:    func(net.Listener) context.Context { return ctx },
		ReadTimeout:    5 * time.Second,
		IdleTimeout:    time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(p.options.Log.Handler(), slog.LevelDebug),
		ConnState: func(_ net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew:
				conns.Add(1)
			case http.StateClosed:
				conns.Done()
			}
		},
	}
}

// shut is short with a browser's spare connections: Shutdown alone would wait five seconds for one
// that was opened ahead and never used.
func shut(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
}

// turnstile lets as many in at once as it has room for.
type turnstile chan struct{}

func (t turnstile) enter() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turnstile) leave() { <-t }
