package link_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/linktest"
)

// What mosquitto acknowledged before it was killed it had; what it had not, ends with an error.
func TestMosquittoKilled(t *testing.T) {
	m := linktest.Mosquitto(t, "max_queued_messages 1000000")
	o := link.Options{Broker: m.URL(), ClientID: "pad"}
	for round := range 5 {
		s := connect(t, o)
		var under []*link.Delivery
		for i := 0; ; i++ {
			d, err := s.Publish(number(i))
			if err != nil {
				break
			}
			if under = append(under, d); i == 2000 {
				go m.Kill()
			}
			if i >= 64 {
				<-under[i-64].Done()
			}
		}
		ended(t, s)
		good, bad := 0, 0
		for i, d := range under {
			switch err := await(t, d); {
			case err == nil && bad > 0:
				t.Errorf("round %d: message %d is acknowledged and an earlier one is not", round, i)
			case err == nil:
				good++
			default:
				bad++
			}
		}
		if good < 1900 || bad > 130 {
			t.Errorf("round %d: got %d acknowledged and %d not, want about 2000 and less than two windows", round, good, bad)
		}
		m.Restart()
	}
}

func TestMosquittoWindow(t *testing.T) {
	m := linktest.Mosquitto(t, "max_queued_messages 1000000", "max_inflight_messages 200")
	reader := connect(t, link.Options{Broker: m.URL(), ClientID: "inspector", ManualAck: true})
	subscribe(t, reader, "n")
	writer := connect(t, link.Options{Broker: m.URL(), ClientID: "pad"})
	const n = 5000
	go func() {
		for i := range n {
			if _, err := writer.Publish(number(i)); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for i := range n {
		in := next(t, reader)
		if got, want := string(in.Payload), string(number(i).Payload); got != want {
			t.Fatalf("message %d: got %s", i, got)
		}
		in.Ack()
	}
}

func TestMosquittoWill(t *testing.T) {
	m := linktest.Mosquitto(t)
	reader := connect(t, link.Options{Broker: m.URL(), ClientID: "inspector"})
	subscribe(t, reader, "status/+")
	will := func(topic string) *link.Message { return &link.Message{Topic: topic, Payload: []byte("lost")} }
	leaving := connect(t, link.Options{Broker: m.URL(), ClientID: "a", Will: will("status/a")})
	leaving.Close(t.Context())
	twin := link.Options{Broker: m.URL(), ClientID: "b", Will: will("status/b")}
	first := connect(t, twin)
	connect(t, twin) // the same client id: the broker throws the first one out
	ended(t, first)
	if in := next(t, reader); in.Topic != "status/b" {
		t.Errorf("first will: got %s, want status/b only", in.Topic)
	}
}

func TestMosquittoTLS(t *testing.T) {
	dir := t.TempDir()
	bank := linktest.NewAuthority(t, "Bank Root")
	bank.Files(dir, bank.Issue("broker", time.Now().Add(time.Hour), "127.0.0.1"))
	file := func(name string) string { return filepath.Join(dir, name) }
	m := linktest.Mosquitto(t, "cafile "+file("ca.pem"), "certfile "+file("cert.pem"), "keyfile "+file("key.pem"),
		"require_certificate true")
	url := "mqtts://" + m.Address()
	s := connect(t, link.Options{Broker: url, ClientID: "pad", TLS: bank.Client("pad")})
	deliver(t, s, link.Message{Topic: "a", QoS: 1})
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	wantWords(t, connectError(t, link.Options{Broker: url, TLS: bank.Client("")}), "refuses our certificate")
	wantWords(t, connectError(t, link.Options{Broker: m.URL()}), "before any greeting", "mqtts://")
}

func TestMosquittoNotAuthorised(t *testing.T) {
	m := linktest.Mosquitto(t, "allow_anonymous false")
	if err := connectError(t, link.Options{Broker: m.URL()}); !errors.Is(err, link.ErrNotAuthorised) {
		t.Errorf("got %v, want %v", err, link.ErrNotAuthorised)
	}
}

// BenchmarkPublish64 publishes 200 bytes with QoS 1 to mosquitto on loopback, 64 in flight.
func BenchmarkPublish64(b *testing.B) {
	m := linktest.Mosquitto(b)
	s, err := link.Connect(b.Context(), link.Options{Broker: m.URL(), ClientID: "pad"})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close(context.Background())
	message := link.Message{Topic: "evalpad/v1/r11/b0731/pad/evaluation", QoS: 1, Payload: make([]byte, 200)}
	var window [64]*link.Delivery
	for i := 0; b.Loop(); i++ {
		if oldest := window[i%64]; oldest != nil {
			if err := await(b, oldest); err != nil {
				b.Fatal(err)
			}
		}
		window[i%64] = publish(b, s, message)
	}
}
