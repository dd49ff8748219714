package counterdesk_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"evalpad/agent/counterdesk"
	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/wire"
)

const secret = "0123456789abcdef0123456789abcdef"

// keys is a driver whose signals come from the test; it says when one is answered.
type keys struct {
	said     chan device.Signal
	answered chan device.Show
	n        atomic.Int64
}

func (k *keys) String() string { return "keys of the test" }

func (k *keys) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-k.said:
			for sent := false; !sent; {
				select {
				case in <- s:
					sent = true
				case <-out:
				case <-ctx.Done():
					return nil
				}
			}
		case s := <-out:
			if s.For != "" {
				k.answered <- s
			}
		}
	}
}

// say has the pad say s and waits until it is answered.
func (k *keys) say(s device.Signal) {
	s.ID = fmt.Sprint(k.n.Add(1))
	k.said <- s
	<-k.answered
}

func (k *keys) press(score int) { k.say(device.Signal{Kind: device.Press, Score: score, UI: "keys"}) }

// disk is a store that a test can break, or make slow.
type disk struct {
	mu       sync.Mutex
	broken   error
	takes    time.Duration
	finished []wire.Evaluation
}

func (d *disk) Commit(_ context.Context, _ string, _ []byte, finished []wire.Evaluation) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	time.Sleep(d.takes)
	if d.broken == nil {
		d.finished = append(d.finished, finished...)
	}
	return d.broken
}

func (d *disk) set(broken error, takes time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken, d.takes = broken, takes
}

func (d *disk) ended() []wire.Evaluation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]wire.Evaluation{}, d.finished...)
}

// box is a counter c03 with its desk for the teller's program, on loopback.
type box struct {
	*testing.T
	keys     *keys
	disk     *disk
	options  counterdesk.Options
	server   *counterdesk.Server
	log      *syncBuffer
	stopDesk func()
	client   *http.Client
	degraded chan error
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func tokenFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "desk.token")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newBox makes the box; it is opened by open.
func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{T: t, keys: &keys{said: make(chan device.Signal), answered: make(chan device.Show, 64)}, disk: &disk{}, log: &syncBuffer{}, degraded: make(chan error, 64)}
	began, ids := time.Now(), atomic.Int64{}
	desk, err := evaluation.NewDesk(evaluation.Options{
		Counter: "c03", Rules: evaluation.Rules{Ask: []wire.Dimension{wire.Overall}}, Pads: []device.Driver{b.keys}, Store: b.disk,
		Now: func() evaluation.Moment {
			return evaluation.Moment{Boot: "boot-1", Uptime: time.Hour + time.Since(began), Wall: time.Now(), Clock: wire.ClockSet}
		},
		NewID: func() string { return fmt.Sprintf("E%d", ids.Add(1)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.stopDesk = running(t, desk.Run)
	b.options = counterdesk.Options{
		Listen: "127.0.0.1:0", Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, TokenFile: tokenFile(t, secret+"\n"),
		Counters: map[string]counterdesk.Desk{"c03": desk}, Log: slog.New(slog.NewTextHandler(b.log, nil)),
		Degraded: func(err error) { b.degraded <- err },
	}
	return b
}

// running runs until the function that it returns is called, or the test ends.
func running(t *testing.T, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); work.Wait() })
	t.Cleanup(stop)
	return stop
}

func (b *box) open() *box {
	b.Helper()
	var err error
	if b.server, err = counterdesk.New(b.options); err != nil {
		b.Fatal(err)
	}
	b.client = clientFrom("127.0.0.1")
	b.Cleanup(b.client.CloseIdleConnections)
	running(b.T, b.server.Run)
	return b
}

// told is the next word of whether the desk is closed.
func (b *box) told() error {
	b.Helper()
	select {
	case err := <-b.degraded:
		return err
	case <-time.After(10 * time.Second):
		b.Fatal("nobody is told how the desk stands")
		return nil
	}
}

func openBox(t *testing.T) *box { t.Helper(); return newBox(t).open() }

// clientFrom calls from an address of loopback: all of 127/8 is this machine.
func clientFrom(address string) *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}).DialContext,
	}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
}

// send sends one request with the token and holds the answer to the document.
func (b *box) send(method, path, body string) answer {
	b.Helper()
	a, err := b.sendAs(b.client, secret, method, path, body)
	if err != nil {
		b.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (b *box) sendAs(client *http.Client, token, method, path, body string) (answer, error) {
	b.Helper()
	r, err := http.NewRequest(method, strings.TrimSuffix(b.server.URL(), "/")+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{res.StatusCode, res.Header, string(text)}
	document(b.T).hold(b.T, method, path, body, a)
	return a, nil
}

const at = "/api/v1/counters/c03/"

// want compares status and text with what is wanted; words "" is any.
func (a answer) want(t *testing.T, status int, text string) {
	t.Helper()
	if a.status != status || text != "" && strings.TrimSpace(a.text) != text {
		t.Errorf("got %d %s, want %d %s", a.status, a.text, status, text)
	}
}

// member is one member of the answer.
func (a answer) member(t *testing.T, name string) any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(a.text), &all); err != nil {
		t.Fatalf("%v: %s", err, a.text)
	}
	return all[name]
}

var errFull = errors.New("disk full")

// secure gives the box a certificate, and the client trust in it.
func (b *box) secure() *box {
	b.Helper()
	cert, key, pool := certificate(b.T)
	b.options.Cert, b.options.Key = cert, key
	b.open()
	b.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
	return b
}
