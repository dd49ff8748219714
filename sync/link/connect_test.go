package link_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/linktest"
)

// connectError is the error of a connect that must fail.
func connectError(t *testing.T, o link.Options) error {
	t.Helper()
	if o.ClientID == "" {
		o.ClientID = "pad"
	}
	s, err := link.Connect(t.Context(), o)
	if err == nil {
		s.Close(context.Background())
		t.Fatalf("connect %s: got a session, want an error", o.Broker)
	}
	return err
}

func wantWords(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error: got %q, want it to say %q", err, w)
		}
	}
}

func TestConnectSaysWhyNot(t *testing.T) {
	const refusedURL = "mqtt://127.0.0.1:1" // tcpmux, which nobody runs
	refusing := linktest.NewBroker(t)
	refusing.Refuse(true)

	for name, tc := range map[string]struct {
		o     link.Options
		is    error
		words []string
	}{
		"nobody listens": {link.Options{Broker: refusedURL}, syscall.ECONNREFUSED,
			[]string{"connect " + refusedURL, "nobody listens there"}},
		"no such name": {link.Options{Broker: "mqtt://broker.invalid"}, nil,
			[]string{"cannot be looked up", "broker.invalid"}},
		"login page": {link.Options{Broker: linktest.Portal(t)}, link.ErrNotMQTT,
			[]string{"no MQTT broker", "HTTP/1.1 302 Found", "login page"}},
		"ssh": {link.Options{Broker: linktest.Stranger(t, []byte("SSH-2.0-OpenSSH_9.2\r\n"))}, link.ErrNotMQTT,
			[]string{"SSH-2.0-OpenSSH_9.2"}},
		"TLS port without TLS": {link.Options{Broker: linktest.Stranger(t, []byte("\x15\x03\x01\x00\x02\x02\x46"))}, link.ErrNotMQTT,
			[]string{"write mqtts://"}},
		"not authorised": {link.Options{Broker: refusing.URL()}, link.ErrNotAuthorised,
			[]string{"not authorised"}},
		"hangs": {link.Options{Broker: linktest.Hanging(t), ConnectTimeout: 100 * time.Millisecond}, context.DeadlineExceeded,
			[]string{"no answer in time", "connected, but not greeted"}},
		"no client id": {link.Options{Broker: refusedURL, ClientID: ""}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := connectError(t, tc.o)
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("error: got %v, want one that is %v", err, tc.is)
			}
			wantWords(t, err, tc.words...)
		})
	}
}

func TestConnectRefusesBadOptions(t *testing.T) {
	for name, tc := range map[string]struct {
		o    link.Options
		want string
	}{
		"broker":     {link.Options{ClientID: "pad"}, "want mqtt://host:1883"},
		"client id":  {link.Options{Broker: "mqtt://hq"}, "client id is empty"},
		"keep-alive": {link.Options{Broker: "mqtt://hq", ClientID: "pad", KeepAlive: time.Millisecond}, "keep-alive 1ms"},
		"fraction":   {link.Options{Broker: "mqtt://hq", ClientID: "pad", KeepAlive: 1500 * time.Millisecond}, "whole seconds"},
		"timeout":    {link.Options{Broker: "mqtt://hq", ClientID: "pad", WriteTimeout: -1}, "negative"},
		"inbox":      {link.Options{Broker: "mqtt://hq", ClientID: "pad", Inbox: -1}, "inbox -1"},
		"will":       {link.Options{Broker: "mqtt://hq", ClientID: "pad", Will: &link.Message{Topic: "a/#"}}, `topic "a/#"`},
	} {
		t.Run(name, func(t *testing.T) {
			tc.o.Dial = func(context.Context) (net.Conn, error) {
				t.Error("dialled all the same")
				return nil, errors.New("dialled")
			}
			_, err := link.Connect(t.Context(), tc.o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

// The return codes of a CONNACK, those included that paho takes for success.
func TestConnectReadsEveryRefusal(t *testing.T) {
	for code, want := range map[byte]string{
		1: "does not speak MQTT 3.1.1", 2: "client id", 3: "not available", 4: "password", 5: "not authorised",
		6: "unknown code 6", 254: "unknown code 254", 255: "unknown code 255",
	} {
		err := connectError(t, link.Options{Broker: linktest.Stranger(t, []byte{0x20, 2, 0, code})})
		wantWords(t, err, want)
	}
}

func TestConnectRefusesStrangeGreetings(t *testing.T) {
	for name, greeting := range map[string]string{
		"another packet":     "\x40\x02\x00\x01",
		"a long CONNACK":     "\x20\x04\x00\x00\x00\x00",
		"flags":              "\x21\x02\x00\x00",
		"an endless length":  "\x20\xff\xff\xff\xff\xff",
		"a length of 256 MB": "\x20\xff\xff\xff\x7f",
	} {
		t.Run(name, func(t *testing.T) {
			err := connectError(t, link.Options{Broker: linktest.Stranger(t, []byte(greeting))})
			if !errors.Is(err, link.ErrNotMQTT) {
				t.Errorf("got %v, want %v", err, link.ErrNotMQTT)
			}
		})
	}
}

func TestConnectIgnoresProxies(t *testing.T) {
	for _, name := range []string{"ALL_PROXY", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"} {
		t.Setenv(name, "socks5://127.0.0.1:1")
	}
	b := linktest.NewBroker(t)
	s, err := link.Connect(t.Context(), link.Options{Broker: b.URL(), ClientID: "pad"})
	if err != nil {
		t.Fatal(err)
	}
	s.Close(context.Background())
}

// mute is a line whose other end takes everything and says nothing.
func mute(t *testing.T) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			for b := make([]byte, 64); ; {
				if _, err := theirs.Read(b); err != nil {
					return
				}
			}
		}()
		return ours, nil
	}
}

func TestConnectEndsWithItsContext(t *testing.T) {
	stuck := func(ctx context.Context) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	late := func(ctx context.Context) (net.Conn, error) {
		<-ctx.Done()
		ours, _ := net.Pipe()
		return ours, nil
	}
	for name, dial := range map[string]func(*testing.T) func(context.Context) (net.Conn, error){
		"while dialling":        func(*testing.T) func(context.Context) (net.Conn, error) { return stuck },
		"while greeting":        mute,
		"dialled just too late": func(*testing.T) func(context.Context) (net.Conn, error) { return late },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := link.Options{Broker: "mqtt://hq", ClientID: "pad", Dial: dial(t)}
				start := time.Now()
				if err := connectError(t, o); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("hanging: got %v, want a deadline", err)
				}
				if took := time.Since(start); took != 10*time.Second {
					t.Errorf("hanging: took %v, want ConnectTimeout, 10 s", took)
				}
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(3*time.Second, cancel)
				start = time.Now()
				if _, err := link.Connect(ctx, o); !errors.Is(err, context.Canceled) {
					t.Errorf("cancelled: got %v, want %v", err, context.Canceled)
				}
				if took := time.Since(start); took != 3*time.Second {
					t.Errorf("cancelled after 3 s: took %v", took)
				}
			})
		})
	}
}

func TestTLS(t *testing.T) {
	bank, stranger := linktest.NewAuthority(t, "Bank Root"), linktest.NewAuthority(t, "Somebody Else")
	expired := bank.Server()
	expired.Certificates[0] = bank.Issue("broker", time.Now().Add(-time.Hour), "127.0.0.1")
	old := bank.Server("127.0.0.1")
	old.MaxVersion = tls.VersionTLS12
	plain := linktest.NewBroker(t)

	for name, tc := range map[string]struct {
		server *tls.Config
		client *tls.Config
		words  []string // none: it connects
	}{
		"good":                {bank.Server("127.0.0.1"), bank.Client(""), nil},
		"good, both ways":     {bank.Mutual("127.0.0.1"), bank.Client("pad"), nil},
		"wrong CA":            {stranger.Server("127.0.0.1"), bank.Client(""), []string{`from "Somebody Else"`, "not among the trusted CAs"}},
		"wrong name":          {bank.Server("mqtt.bank.example", "10.0.0.1"), bank.Client(""), []string{"for mqtt.bank.example, 10.0.0.1, not for 127.0.0.1"}},
		"no name":             {bank.Server(), bank.Client(""), []string{"for no name at all"}},
		"expired":             {expired, bank.Client(""), []string{"certificate is good from", "this machine's clock is wrong"}},
		"no certificate":      {bank.Mutual("127.0.0.1"), bank.Client(""), []string{"refuses our certificate", "certificate required"}},
		"another's":           {bank.Mutual("127.0.0.1"), &tls.Config{RootCAs: bank.Pool(), Certificates: []tls.Certificate{stranger.Issue("pad", time.Now().Add(time.Hour))}}, []string{"refuses our certificate"}},
		"TLS 1.2":             {old, bank.Client(""), []string{"TLS 1.3", "protocol version"}},
		"no TLS on this port": {nil, bank.Client(""), []string{"hung up", "no TLS on this port"}},
	} {
		t.Run(name, func(t *testing.T) {
			var url string
			if tc.server != nil {
				url = linktest.NewBroker(t).TLSURL(tc.server)
			} else {
				url = "mqtts" + strings.TrimPrefix(plain.URL(), "mqtt")
			}
			o := link.Options{Broker: url, ClientID: "pad", TLS: tc.client}
			if tc.words != nil {
				wantWords(t, connectError(t, o), append(tc.words, "connect "+url)...)
				return
			}
			s, err := link.Connect(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			deliver(t, s, link.Message{Topic: "a", QoS: 1})
			s.Close(context.Background())
		})
	}
}

func TestTLSToAWebServer(t *testing.T) {
	o := link.Options{Broker: "mqtts" + strings.TrimPrefix(linktest.Portal(t), "mqtt")}
	wantWords(t, connectError(t, o), "the broker does not speak TLS on this port")
}

func TestNothingIsLeftRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		relay := linktest.NewRelay(t, b.Dial)
		o := b.Options("pad")
		o.Dial = relay.Dial
		synctest.Wait()
		before := runtime.NumGoroutine()
		for i := range 200 {
			s, err := link.Connect(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Subscribe(t.Context(), "a/+"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Publish(link.Message{Topic: "a/b", QoS: 1}); err != nil {
				t.Fatal(err)
			}
			switch i % 4 {
			case 0:
				relay.Cut()
			case 1:
				b.Cut()
			case 2:
				relay.Freeze()
			}
			if i%2 == 1 {
				s.Close(t.Context())
			}
			ended(t, s)
			relay.Cut()
		}
		synctest.Wait()
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("goroutines: got %d after 200 sessions, want %d", after, before)
		}
	})
}
