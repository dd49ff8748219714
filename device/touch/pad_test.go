package touch_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/device"
	"evalpad/device/touch"
)

// booted is how long the test's box has been up when the test begins.
const booted = 1000 * time.Hour

// pad is a page that runs in a synctest bubble, on pipes instead of a network: real HTTP, and a clock
// that jumps. The test plays the agent.
type pad struct {
	t      *testing.T
	in     chan device.Signal
	out    chan device.Show
	client *http.Client
}

// inBubble runs f with an open pad.
func inBubble(t *testing.T, f func(t *testing.T, p *pad)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, openPad(t, touch.Options{})) })
}

func openPad(t *testing.T, o touch.Options) *pad {
	t.Helper()
	begin := time.Now()
	o.Uptime = func() time.Duration { return booted + time.Since(begin) }
	pipes := newPipes()
	page, err := touch.NewOn(pipes, o)
	if err != nil {
		t.Fatal(err)
	}
	p := &pad{t: t, in: make(chan device.Signal), out: make(chan device.Show)}
	transport := &http.Transport{DialContext: pipes.dial}
	p.client = &http.Client{Transport: transport}

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- page.Run(ctx, p.in, p.out) }()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v, want nil", err)
		}
	})
	return p
}

// press posts one press and changes the request first where the test wants something odd.
func (p *pad) press(body string, odd ...func(*http.Request)) answer {
	p.t.Helper()
	return p.post("/press", body, odd...)
}

func (p *pad) post(path, body string, odd ...func(*http.Request)) answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, "http://127.0.0.1:8090"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for _, change := range odd {
		change(r)
	}
	return p.do(r)
}

// pressing is press in the background.
func (p *pad) pressing(body string) <-chan answer { return p.posting("/press", body) }

func (p *pad) posting(path, body string) <-chan answer {
	answers := make(chan answer, 1)
	go func() { answers <- p.post(path, body) }()
	return answers
}

func (p *pad) get(path string) answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://127.0.0.1:8090"+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.do(r)
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (p *pad) do(r *http.Request) answer {
	got, err := p.client.Do(r)
	if err != nil {
		p.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		return answer{}
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		p.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	return answer{got.StatusCode, got.Header, string(body)}
}

// signal is the next thing that the page says. All that is under way has settled before it is
// missed.
func (p *pad) signal() device.Signal {
	p.t.Helper()
	synctest.Wait()
	select {
	case s := <-p.in:
		return s
	default:
		p.t.Fatal("no signal")
		return device.Signal{}
	}
}

func (p *pad) wantNoSignal() {
	p.t.Helper()
	synctest.Wait()
	select {
	case s := <-p.in:
		p.t.Errorf("signal %+v, want none", s)
	default:
	}
}

func (p *pad) show(s device.Show) {
	p.t.Helper()
	p.out <- s
	synctest.Wait()
}

func ask(dimension string) device.Show {
	return device.Show{Kind: device.Ask, Dimension: dimension, Step: 1, Steps: 3}
}

// keystroke is the body that the page posts.
func keystroke(token, dimension string, score int) string {
	return fmt.Sprintf(`{"token":%q,"dimension":%q,"score":%d}`, token, dimension, score)
}

// view is what a browser is told.
type view struct {
	Question  string
	Kind      device.ShowKind
	Dimension string
	Step      int
	Steps     int
	Codes     string
	Code      string
	QR        string
	LeftMS    int64 `json:"left_ms"`
	Build     string
}

// browser reads a page's stream.
type browser struct {
	t     *testing.T
	body  io.Closer
	views chan view
}

func (p *pad) browse() *browser {
	p.t.Helper()
	got, err := p.client.Get("http://127.0.0.1:8090/state")
	if err != nil {
		p.t.Fatal(err)
	}
	if kind := got.Header.Get("Content-Type"); got.StatusCode != http.StatusOK || kind != "text/event-stream" {
		p.t.Fatalf("GET /state: %s %s, want 200 text/event-stream", got.Status, kind)
	}
	b := &browser{t: p.t, body: got.Body, views: make(chan view, 100)}
	go b.read(got.Body)
	p.t.Cleanup(func() { got.Body.Close() })
	return b
}

// read checks the events' form on the way: id is the question, event is state.
func (b *browser) read(body io.Reader) {
	defer close(b.views)
	var id, event string
	for lines := bufio.NewScanner(body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "event":
			event = value
		case "data":
			var v view
			if err := json.Unmarshal([]byte(value), &v); err != nil || v.Question != id || event != "state" || v.Build == "" {
				b.t.Errorf("event %q id %q data %s (%v): want event state, the question as id, and a build", event, id, value, err)
			}
			b.views <- v
		}
	}
}

// next is the next event.
func (b *browser) next() view {
	b.t.Helper()
	synctest.Wait()
	select {
	case v := <-b.views:
		return v
	default:
		b.t.Fatal("nothing streamed")
		return view{}
	}
}

// pipes is a listener whose connections are pipes in memory, so that it works in a bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8090} }
