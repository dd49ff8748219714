package linktest_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/linktest"

	"github.com/google/go-cmp/cmp"
)

func deliver(t *testing.T, s *link.Session, m link.Message) error {
	t.Helper()
	d, err := s.Publish(m)
	if err != nil {
		return err
	}
	select {
	case <-d.Done():
	case <-time.After(20 * time.Second):
		t.Fatalf("delivery to %s is not done after 20 s", m.Topic)
	}
	return d.Err()
}

func TestBrokerHandsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		s := b.Connect("pad")
		for i := range 3 {
			if err := deliver(t, s, link.Message{Topic: "a/b", QoS: 1, Payload: []byte(strconv.Itoa(i))}); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, m := range b.Wait("a/+", 3) {
			got = append(got, string(m.Payload))
		}
		if diff := cmp.Diff([]string{"0", "1", "2"}, got); diff != "" {
			t.Error("record (-want +got):\n", diff)
		}
	})
}

func TestBrokerFaults(t *testing.T) {
	type result struct {
		Acknowledged, HandedOn, Lost bool
	}
	for name, tc := range map[string]struct {
		fault func(*linktest.Broker)
		want  result
	}{
		"none":     {func(*linktest.Broker) {}, result{Acknowledged: true, HandedOn: true}},
		"drop":     {func(b *linktest.Broker) { b.Drop("a/#") }, result{Acknowledged: true}},
		"swallow":  {func(b *linktest.Broker) { b.Swallow("a/+") }, result{}},
		"withhold": {func(b *linktest.Broker) { b.Withhold("a/b") }, result{HandedOn: true}},
		"other":    {func(b *linktest.Broker) { b.Drop("b/#") }, result{Acknowledged: true, HandedOn: true}},
		"hang up": {func(b *linktest.Broker) {
			b.HangUpOn(func(m link.Message) bool { return string(m.Payload) == "poison" })
		}, result{Lost: true}},
		"behave": {func(b *linktest.Broker) { b.Swallow("#"); b.Drop("#"); b.Behave() }, result{Acknowledged: true, HandedOn: true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := linktest.NewBroker(t)
				tc.fault(b)
				s := b.Connect("pad")
				d, err := s.Publish(link.Message{Topic: "a/b", QoS: 1, Payload: []byte("poison")})
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second) // of the bubble: everything that can happen has happened
				got := result{d.Err() == nil, len(b.Seen("a/b")) == 1, s.Err() != nil}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Error("(-want +got):\n", diff)
				}
			})
		})
	}
}

func TestBrokerRefusesAndDenies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		b.Refuse(true)
		if _, err := link.Connect(t.Context(), b.Options("pad")); !errors.Is(err, link.ErrNotAuthorised) {
			t.Errorf("connect: got %v, want %v", err, link.ErrNotAuthorised)
		}
		b.Refuse(false)
		b.Deny("secret/#")
		s := b.Connect("pad")
		if err := s.Subscribe(t.Context(), "secret/#"); !errors.Is(err, link.ErrSubscribeRefused) {
			t.Errorf("subscribe: got %v, want %v", err, link.ErrSubscribeRefused)
		}
	})
}

func TestBrokerRestart(t *testing.T) {
	b := linktest.NewBroker(t)
	url := b.URL()
	b.Publish(link.Message{Topic: "kept", Payload: []byte("x"), Retain: true})
	if got := string(b.Retained("kept")); got != "x" {
		t.Fatalf("retained: got %q, want x", got)
	}
	raw, err := net.Dial("tcp", url[len("mqtt://"):]) // never sends a CONNECT
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	will := link.Message{Topic: "will", Payload: []byte("gone")}
	s, err := link.Connect(t.Context(), link.Options{Broker: url, ClientID: "pad", Will: &will})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())

	b.Stop()
	<-s.Lost()
	if got := b.Seen("will"); len(got) > 0 {
		t.Errorf("a stopped broker published %v", got)
	}
	if _, err := b.Dial(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial a stopped broker: got %v, want connection refused", err)
	}
	if _, err := link.Connect(t.Context(), link.Options{Broker: url, ClientID: "pad"}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connect to a stopped broker: got %v, want connection refused", err)
	}

	b.Restart()
	if got := b.Retained("kept"); got != nil {
		t.Errorf("retained over a restart: got %q, want nothing", got)
	}
	again, err := link.Connect(t.Context(), link.Options{Broker: url, ClientID: "pad"})
	if err != nil {
		t.Fatalf("connect after the restart: %v", err)
	}
	defer again.Close(context.Background())
	if err := deliver(t, again, link.Message{Topic: "a", QoS: 1}); err != nil {
		t.Error(err)
	}
}

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true},
		{"a/b", "a/b/c", false},
		{"a/b/c", "a/b", false},
		{"a/+/c", "a/b/c", true},
		{"a/+", "a", false},
		{"#", "a/b", true},
		{"a/#", "a", true},
		{"a/#", "b", false},
		{"+/b", "a/c", false},
	} {
		if got := linktest.Matches(tc.filter, tc.topic); got != tc.want {
			t.Errorf("%s matches %s: got %t, want %t", tc.filter, tc.topic, got, tc.want)
		}
	}
}

func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		relay := linktest.NewRelay(t, b.Dial)
		o := b.Options("pad")
		o.Dial = relay.Dial
		s, err := link.Connect(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := deliver(t, s, link.Message{Topic: "before", QoS: 1}); err != nil {
			t.Fatal(err)
		}
		relay.Freeze()
		if _, err := s.Publish(link.Message{Topic: "after", QoS: 1}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := len(b.Seen("after")); got != 0 || s.Err() != nil {
			t.Errorf("frozen: got %d messages through and the end %v, want neither", got, s.Err())
		}
		relay.Cut()
		<-s.Lost()
	})
}

func TestMosquittoStopsAndReturns(t *testing.T) {
	m := linktest.Mosquitto(t, "persistence true")
	o := link.Options{Broker: m.URL(), ClientID: "pad"}
	s, err := link.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	if err := deliver(t, s, link.Message{Topic: "kept", QoS: 1, Retain: true, Payload: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	m.Stop()
	<-s.Lost()
	m.Restart()
	if s, err = link.Connect(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	if err := s.Subscribe(t.Context(), "kept"); err != nil {
		t.Fatal(err)
	}
	if in := <-s.Incoming(); string(in.Payload) != "x" || !in.Retained {
		t.Errorf("after a stop in order: got %+v, want the retained x", in)
	}
}
