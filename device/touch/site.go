package touch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"evalpad/device"
)

// beat is how often a silent stream repeats what is shown, so that a browser notices an agent that
// hangs: it waits for three beats.
const beat = time.Second

// What one box can need, with room to spare: a kiosk browser and a technician's.
const (
	maxViewers = 16 // open streams
	maxPresses = 32 // presses that wait for their answer at once
	maxWaiting = 64 // signals that the agent has not taken yet
)

//go:embed page words/*.json
var files embed.FS

// pageFiles are what a browser loads beside the page itself and the words.
var pageFiles = map[string]string{
	"page.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml",
	"page.js": script, "say.js": script, "tap.js": script, "aids.js": script, "voice.js": script,
	"box.js": script, "press.js": script, "why.js": script, "time.js": script, "scan.js": script,
}

const script = "text/javascript; charset=utf-8"

// buildOf names all that a browser loads by what is in it; words are those of this page.
func buildOf(words []byte) string {
	sum := sha256.New()
	for _, name := range append(slices.Sorted(maps.Keys(pageFiles)), "page.html") {
		content, err := files.ReadFile("page/" + name)
		if err != nil {
			panic("touch page: embedded file missing: " + name) // the compiler has embedded the folder
		}
		sum.Write(content)
	}
	sum.Write(words)
	return fmt.Sprintf("%x", sum.Sum(nil)[:6])
}

// wordsScript is what every browser is told once, as a module: the languages, the hotline, the voice.
func (p *Page) wordsScript() ([]byte, error) {
	v := p.options.Voice
	box, err := json.Marshal(map[string]any{
		"languages": p.languages, "hotline": strings.TrimSpace(p.options.Hotline), "most": mostReasons,
		"voice": map[string]any{
			"clips": p.voice, "mute": v.Mute, "volume": v.Volume, "quiet": v.QuietVolume,
			"from": v.QuietFrom.Minutes(), "to": v.QuietTo.Minutes(),
		},
	})
	return fmt.Appendf(nil, "export default %s;\n", box), err
}

// routes is the whole site.
func (p *Page) routes() http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.refuse(w, p.options.Uptime(), refuseOrigin)
	}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.page)
	for name, kind := range pageFiles {
		mux.HandleFunc("GET /"+name, file("page/"+name, kind))
	}
	mux.HandleFunc("GET /words.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", script)
		_, _ = w.Write(p.script) // a browser that has gone loads it again
	})
	mux.HandleFunc("GET /voice/{language}/{name}", p.clip)
	mux.HandleFunc("GET /qr/{name}", p.code)
	mux.HandleFunc("GET /state", p.stream)
	mux.Handle("POST /press", origin.Handler(p.hear(device.Press)))
	mux.Handle("POST /reasons", origin.Handler(p.hear(device.Reasons)))
	mux.Handle("POST /more", origin.Handler(p.hear(device.More)))
	return guarded(mux)
}

// pageTemplate is the page; say is set anew for every Page.
var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{"say": func(string) template.HTML { return "" }}).
	ParseFS(files, "page/page.html"))

func (p *Page) page(w http.ResponseWriter, _ *http.Request) {
	var html bytes.Buffer
	t, err := pageTemplate.Clone()
	if err == nil {
		err = t.Funcs(template.FuncMap{"say": p.say}).Execute(&html, map[string]any{
			"Build": p.build, "Lang": p.languages[0].Lang, "Dir": p.languages[0].Direction, "Faces": faces,
			"Hotline": strings.TrimSpace(p.options.Hotline), "Languages": len(p.languages), "Earphones": p.options.Voice.Earphones,
		})
	}
	if err != nil {
		p.options.Log.Error("touch page not written", "error", err)
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = html.WriteTo(w) // a browser that has gone loads it again
}

// say writes a text in the box's own language and small in the next; page/say.js writes the same.
func (p *Page) say(key string) template.HTML {
	var html strings.Builder
	for i, l := range p.languages[:min(2, len(p.languages))] {
		class := [...]string{"first", `second" aria-hidden="true`}[i]
		words := strings.ReplaceAll(template.HTMLEscapeString(l.Words[key]), "|", "<wbr>")
		fmt.Fprintf(&html, `<span class="%s" lang="%s" dir="%s">%s</span>`, class, l.Lang, l.Direction, words)
	}
	return template.HTML(html.String())
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
