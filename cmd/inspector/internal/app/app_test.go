package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/cmd/inspector/internal/app"
	"evalpad/sync/linktest"
	"evalpad/sync/wire"
)

// begin opens and runs an inspector; the returned function ends it and checks that it ends well.
func begin(t *testing.T, o app.Options) (*app.App, func()) {
	t.Helper()
	if o.DataDir == "" {
		o.DataDir = t.TempDir()
	}
	o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	a, err := app.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return a, func() {
		t.Helper()
		cancel()
		start := time.Now()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("leaving took %v, want at most 5 s", took)
		}
	}
}

// TestStory is one press from birth to breach, in a bubble: a box, the built-in broker, the intake,
// the ledger, and two hours that nobody used.
func TestStory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pollEvery = 10 * time.Second
		a, end := begin(t, app.Options{NoSocket: true, PollEvery: pollEvery})
		defer end()
		synctest.Wait()
		changed, unsubscribe := a.Changes()
		defer unsubscribe()
		p := newBox(t, a.DialBroker, "pad-1")
		watcher := subscriber(t, a.DialBroker, wire.Topics("evalpad/v1").Of(p.place, wire.KindCase))
		p.birth()
		r := p.receipt()
		if r.Window != 256 {
			t.Errorf("receipt of the birth: got %+v, want window 256", r)
		}
		p.beat(r)
		synctest.Wait()
		p.alert("ev-1")
		if r := p.receipt(); r.Through != 1 || r.Head != p.head {
			t.Errorf("receipt of the alert: got %+v, want through 1", r)
		}
		select {
		case <-changed:
		case <-time.After(time.Second):
			t.Error("nobody was told of the change")
		}
		if got := hear(t, watcher); !strings.Contains(got, `"state":"open"`) {
			t.Errorf("case topic: got %s, want an open case", got)
		}
		opened := time.Now()
		if got := hear(t, watcher); !strings.Contains(got, `"investigate_breached_at"`) {
			t.Errorf("case topic after 2 h: got %s, want a breach", got)
		}
		if after := time.Since(opened); after < 2*time.Hour-time.Second || after > 2*time.Hour+pollEvery {
			t.Errorf("breach told after %v, want 2 h", after)
		}
		if err := a.Health(); err != nil {
			t.Errorf("health: %v", err)
		}
		p.leave()
		if err := watcher.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestOutsideBroker restarts an outside broker under the inspector.
func TestOutsideBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		a, end := begin(t, app.Options{
			NoSocket: true, Broker: app.Broker{URL: "mqtt://mqtt.bank.example"}, DialBroker: b.Dial,
		})
		defer end()
		synctest.Wait()
		if got := a.Addrs().Broker; got != "mqtt://mqtt.bank.example" {
			t.Errorf("broker: got %s, want the outside one's URL", got)
		}
		if _, err := a.DialBroker(t.Context()); err == nil {
			t.Error("dial a built-in broker that is not there: got no error")
		}
		b.Stop()
		synctest.Wait()
		if err := a.Health(); err == nil || !strings.Contains(err.Error(), "broker-lost") {
			t.Errorf("health without a broker: got %v, want broker-lost", err)
		}
		b.Restart()
		time.Sleep(10 * time.Second)
		if err := a.Health(); err != nil {
			t.Errorf("health after the broker's return: %v", err)
		}
		p := newBox(t, b.Dial, "pad-1")
		p.birth()
		p.receipt()
		p.leave()
	})
}

func TestPagesOnPortAndSocket(t *testing.T) {
	dir := t.TempDir()
	stale, err := net.Listen("unix", filepath.Join(dir, app.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close() // left over from a crash
	streaming := make(chan struct{})
	a, end := begin(t, app.Options{
		DataDir: dir, Broker: app.Broker{Listen: "127.0.0.1:0"}, Web: app.Web{Listen: "127.0.0.1:0"},
		Board: func(d app.Deps) http.Handler {
			mux := http.NewServeMux()
			mux.HandleFunc("GET /local", func(w http.ResponseWriter, r *http.Request) {
				if d.Local(r) {
					io.WriteString(w, "local")
				}
			})
			mux.HandleFunc("GET /devices", func(w http.ResponseWriter, r *http.Request) {
				if list, err := d.Ledger.Devices(r.Context()); err != nil || len(list) != 0 || d.Root.IsZero() {
					t.Errorf("the board's ledger: got %v %v", list, err)
				}
			})
			mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
				http.NewResponseController(w).Flush()
				close(streaming)
				<-r.Context().Done()
			})
			return mux
		},
	})
	path := filepath.Join(dir, app.SocketName)
	if a.Addrs().Socket != path || !strings.HasPrefix(a.Addrs().Broker, "mqtt://127.0.0.1:") {
		t.Errorf("addresses: got %+v", a.Addrs())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: got %v %v, want mode 0600", info, err)
	}
	local := &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) },
	}}
	if got := get(t, local, "http://inspector/local"); got != "local" {
		t.Errorf("over the socket: got %q, want local", got)
	}
	web := &http.Client{Transport: &http.Transport{}}
	if got := get(t, web, a.Addrs().Web+"/local"); got != "" {
		t.Errorf("over the port: got %q, want not local", got)
	}
	get(t, web, a.Addrs().Web+"/devices")
	stream, err := web.Get(a.Addrs().Web + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	<-streaming
	silent, err := net.Dial("tcp", strings.TrimPrefix(a.Addrs().Broker, "mqtt://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() // it never says CONNECT
	end()
	if _, err := io.ReadAll(stream.Body); err != nil {
		t.Errorf("the stream was cut, want it ended: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("socket after the end: got %v, want it gone", err)
	}
	web.CloseIdleConnections()
	local.CloseIdleConnections()
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	r, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("get %s: %s %v", url, r.Status, err)
	}
	return string(body)
}

func TestOneInspectorAFolder(t *testing.T) {
	dir := t.TempDir()
	board := func(app.Deps) http.Handler { return http.NotFoundHandler() }
	_, end := begin(t, app.Options{DataDir: dir, Board: board})
	socket := filepath.Join(dir, app.SocketName)
	before, err := os.Stat(socket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(app.Options{DataDir: dir, Board: board}); !errors.Is(err, app.ErrTaken) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second inspector: got %v, want %v and the folder's name", err, app.ErrTaken)
	}
	if after, err := os.Stat(socket); err != nil || !os.SameFile(before, after) {
		t.Errorf("the first one's socket: got %v, want it untouched", err)
	}
	end()
	a, err := app.New(app.Options{DataDir: dir, Board: board})
	if err != nil {
		t.Fatalf("after the first has left: %v", err)
	}
	if err := a.Health(); err == nil {
		t.Error("health of an inspector that does not run: got nil")
	}
	if err := a.Close(); err != nil {
		t.Errorf("close one that was never run: %v", err)
	}
}

// TestHalfOpenedInspectorLetsGo opens a port that is taken.
func TestHalfOpenedInspectorLetsGo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	board := func(app.Deps) http.Handler { return http.NotFoundHandler() }
	o := app.Options{DataDir: dir, Board: board, Broker: app.Broker{Listen: "127.0.0.1:0"}, Web: app.Web{Listen: taken.Addr().String()}}
	if _, err := app.New(o); err == nil || !strings.Contains(err.Error(), "web.listen") {
		t.Errorf("a port that is taken: got %v, want web.listen named", err)
	}
	o.Web.Listen = ""
	_, end := begin(t, o)
	end()
}

func TestNewRefusesWhatIsNotSafe(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		want string
		o    app.Options
	}{
		{"data_dir is missing", app.Options{}},
		{"web.listen 0.0.0.0:80: off loopback it needs tls", app.Options{DataDir: dir, Web: app.Web{Listen: "0.0.0.0:80"}}},
		{"web.listen :80: off loopback", app.Options{DataDir: dir, Web: app.Web{Listen: ":80"}}},
		{"broker.listen 10.0.0.1:1883: off loopback it needs tls", app.Options{DataDir: dir, Broker: app.Broker{Listen: "10.0.0.1:1883"}}},
		{"off loopback it needs client_ca", app.Options{DataDir: dir, Broker: app.Broker{Listen: "[::]:8883", Cert: "c", Key: "k"}}},
		{"either listen or url", app.Options{DataDir: dir, Broker: app.Broker{Listen: "127.0.0.1:0", URL: "mqtt://x"}}},
		{"not MQTT", app.Options{DataDir: dir, Broker: app.Broker{URL: "http://x"}}},
		{"investigate_within", app.Options{DataDir: dir, Clocks: ledgerClocks(-1)}},
		{"poll every", app.Options{DataDir: dir, PollEvery: -1}},
		{"read authorities", app.Options{DataDir: dir, Broker: app.Broker{URL: "mqtts://x", CA: "/none.pem"}}},
		{"read certificate", app.Options{DataDir: dir, Broker: app.Broker{Listen: "127.0.0.1:0", Cert: "/none.pem", Key: "/none.key"}}},
	} {
		if _, err := app.New(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
