package touch_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/device"
	"evalpad/device/touch"
)

func uptime() time.Duration { return booted }

func TestNewListensOnLoopbackOnly(t *testing.T) {
	tests := map[string]struct {
		listen string
		want   string // the beginning of Addr, or of nothing
	}{
		"any port":     {"127.0.0.1:0", "127.0.0.1:"},
		"other net":    {"127.9.9.9:0", "127.9.9.9:"},
		"name":         {"localhost:0", "127.0.0.1:"},
		"no host":      {":0", "127.0.0.1:"},
		"everywhere":   {"0.0.0.0:0", ""},
		"everywhere 6": {"[::]:0", ""},
		"private":      {"192.168.1.4:0", ""},
		"other name":   {"pad.bank.example:0", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := touch.New(touch.Options{Listen: tt.listen, Uptime: uptime})
			if tt.want == "" {
				if !errors.Is(err, touch.ErrNotLoopback) || !strings.Contains(err.Error(), tt.listen) {
					t.Errorf("New on %s: %v, want ErrNotLoopback naming it", tt.listen, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("New on %s: %v", tt.listen, err)
			}
			defer end(t, p)
			if !strings.HasPrefix(p.Addr(), tt.want) || strings.HasSuffix(p.Addr(), ":0") {
				t.Errorf("Addr %s, want %s and a port", p.Addr(), tt.want)
			}
			if p.URL() != "http://"+p.Addr()+"/" || p.String() != "touch page "+p.URL() {
				t.Errorf("URL %s, String %s", p.URL(), p)
			}
		})
	}
}

// end closes a page that never ran: Run under a context that has ended does that and nothing else.
func end(t *testing.T, p *touch.Page) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Run(ctx, nil, nil); err != nil {
		t.Errorf("Run under an ended context: %v", err)
	}
	listener, err := net.Listen("tcp", p.Addr())
	if err != nil {
		t.Errorf("the address is not free again: %v", err)
		return
	}
	listener.Close()
}

func TestNewRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := map[string]struct {
		options touch.Options
		want    string
	}{
		"no uptime":    {touch.Options{Listen: "127.0.0.1:0"}, "no Uptime"},
		"no port":      {touch.Options{Listen: "127.0.0.1", Uptime: uptime}, "want an address and a port"},
		"bad port":     {touch.Options{Listen: "127.0.0.1:99999", Uptime: uptime}, "99999"},
		"taken":        {touch.Options{Listen: taken.Addr().String(), Uptime: uptime}, "address already in use"},
		"long hotline": {touch.Options{Listen: "127.0.0.1:0", Uptime: uptime, Hotline: strings.Repeat("9", 41)}, "hotline of 41 characters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := touch.New(tt.options)
			if err == nil || !strings.HasPrefix(err.Error(), "open touch page") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New: %v, want %q", err, tt.want)
			}
		})
	}
}

func TestRunEndsWithinASecondWithOpenStreams(t *testing.T) {
	p, err := touch.New(touch.Options{Listen: "127.0.0.1:0", Uptime: uptime})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	in, out := make(chan device.Signal), make(chan device.Show)
	go func() { ended <- p.Run(ctx, in, out) }()

	stream, err := http.Get(p.URL() + "state")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	if _, err := bufio.NewReader(stream.Body).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	unused, err := net.Dial("tcp", p.Addr()) // as a browser opens one ahead
	if err != nil {
		t.Fatal(err)
	}
	defer unused.Close()
	go http.Post(p.URL()+"press", "application/json", strings.NewReader(keystroke("token-0001", "", 5)))
	<-in // a press waits for its answer

	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run: %v, want nil", err)
		}
	case <-time.After(time.Second):
		t.Fatal("Run has not ended a second after its context")
	}
	if err := p.Run(t.Context(), in, out); !errors.Is(err, touch.ErrEnded) {
		t.Errorf("second Run: %v, want ErrEnded", err)
	}
}

// The agent may be busy with a commit: shows must be received although a signal is not.
func TestShowsAreReceivedWhileASignalWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		answers := p.pressing(keystroke("token-0001", "", 5))
		synctest.Wait()
		for range 10 {
			select {
			case p.out <- device.Show{Kind: device.Idle}:
			case <-time.After(time.Minute):
				t.Fatal("a show is not received while a signal waits to be taken")
			}
		}
		p.show(device.Show{For: p.signal().ID, Kind: device.Thanks})
		<-answers
	})
}

func TestClosedOutIsNoEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		close(p.out)
		synctest.Wait() // never settles if the page spins
		if got := p.get("/"); got.status != http.StatusOK {
			t.Errorf("GET /: %d, want 200", got.status)
		}
	})
}
