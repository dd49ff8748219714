package link_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/linktest"
	"evalpad/test/trial"

	"github.com/google/go-cmp/cmp"
)

func publish(t testing.TB, s *link.Session, m link.Message) *link.Delivery {
	t.Helper()
	d, err := s.Publish(m)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// await waits for a delivery's end and returns its error.
func await(t testing.TB, d *link.Delivery) error {
	t.Helper()
	select {
	case <-d.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("delivery is not done after 30 s")
	}
	return d.Err()
}

func deliver(t testing.TB, s *link.Session, m link.Message) {
	t.Helper()
	if err := await(t, publish(t, s, m)); err != nil {
		t.Fatal(err)
	}
}

// ended waits for the end of a session.
func ended(t testing.TB, s *link.Session) {
	t.Helper()
	select {
	case <-s.Lost():
	case <-time.After(30 * time.Second):
		t.Fatal("the session has not ended after 30 s")
	}
}

// next waits for the next message that comes in.
func next(t testing.TB, s *link.Session) link.Incoming {
	t.Helper()
	select {
	case in, open := <-s.Incoming():
		if !open {
			t.Fatalf("no message, the session has ended: %v", s.Err())
		}
		return in
	case <-time.After(30 * time.Second):
		t.Fatal("no message after 30 s")
	}
	return link.Incoming{}
}

func subscribe(t testing.TB, s *link.Session, filters ...string) {
	t.Helper()
	if err := s.Subscribe(t.Context(), filters...); err != nil {
		t.Fatal(err)
	}
}

func connect(t testing.TB, o link.Options) *link.Session {
	t.Helper()
	s, err := link.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func number(i int) link.Message {
	return link.Message{Topic: "n", QoS: 1, Payload: []byte(strconv.Itoa(i))}
}

// The finding that this package exists for: with paho's own reconnecting the delivery below ended
// without an error.
func TestDeliveryTellsTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		b.Swallow("lost")
		s := b.Connect("pad")
		deliver(t, s, link.Message{Topic: "kept", QoS: 1})
		d := publish(t, s, link.Message{Topic: "lost", QoS: 1})
		time.Sleep(5 * time.Second)
		if err := d.Err(); !errors.Is(err, link.ErrPending) {
			t.Errorf("before the cut: got %v, want %v", err, link.ErrPending)
		}
		b.Cut()
		if err := await(t, d); err == nil {
			t.Error("after the cut: got no error for a message that was never acknowledged")
		} else if !errors.Is(err, io.EOF) {
			t.Errorf("after the cut: got %v, want the reason of the session's end", err)
		}
		ended(t, s)
		wantWords(t, s.Err(), "session with mqtt://broker.test:1883", "the broker hung up")
		if _, err := s.Publish(link.Message{Topic: "kept", QoS: 1}); err == nil {
			t.Error("publish in a lost session: got no error")
		}
		if err := s.Subscribe(t.Context(), "a"); err == nil {
			t.Error("subscribe in a lost session: got no error")
		}
	})
}

func TestManyInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		b.Withhold("slow")
		s := b.Connect("pad")
		slow := publish(t, s, link.Message{Topic: "slow", QoS: 1})
		var window []*link.Delivery
		for i := range 64 {
			window = append(window, publish(t, s, number(i)))
		}
		for i, d := range window {
			if err := await(t, d); err != nil {
				t.Fatalf("delivery %d: %v", i, err)
			}
		}
		for i, m := range b.Wait("n", 64) {
			if got := string(m.Payload); got != strconv.Itoa(i) {
				t.Fatalf("message %d: got %s", i, got)
			}
		}
		if err := slow.Err(); !errors.Is(err, link.ErrPending) {
			t.Errorf("the one that is not acknowledged: got %v, want %v", err, link.ErrPending)
		}
	})
}

// 300 messages are under way when the line is cut; those that the broker acknowledged, and only
// those, end without an error. None hangs.
func TestEveryDeliveryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		b.HangUpOn(func(m link.Message) bool { return string(m.Payload) == "150" })
		s := b.Connect("pad")
		acknowledged := 0
		for i := range 300 {
			d, err := s.Publish(number(i))
			if err != nil {
				continue
			}
			defer func() {
				if err := await(t, d); err == nil {
					acknowledged++
				}
			}()
		}
		defer func() {
			if seen := len(b.Seen("n")); seen != 150 || acknowledged > seen {
				t.Errorf("got %d acknowledged of %d handed on, want at most 150 of 150", acknowledged, seen)
			}
		}()
		ended(t, s)
	})
}

func TestPublishTwiceFromManyGoroutines(t *testing.T) {
	b := linktest.NewBroker(t)
	s := connect(t, link.Options{Broker: b.URL(), ClientID: "pad"})
	done := make(chan error)
	for range 8 {
		go func() {
			var err error
			for i := range 50 {
				d, failed := s.Publish(number(i))
				if failed != nil {
					err = failed
					break
				}
				<-d.Done()
				err = errors.Join(err, d.Err())
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	b.Wait("n", 400)
}

func TestPublishRefusesWhatNoBrokerTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := linktest.NewBroker(t).Connect("pad")
		for _, m := range []link.Message{
			{}, {Topic: "a/#"}, {Topic: "a/+/b"}, {Topic: "a\x00"}, {Topic: "a", QoS: 2},
			{Topic: "a", Payload: make([]byte, link.MaxMessage)},
		} {
			if _, err := s.Publish(m); err == nil {
				t.Errorf("topic %q, QoS %d, %d bytes: got no error", m.Topic, m.QoS, len(m.Payload))
			}
		}
		deliver(t, s, link.Message{Topic: "a", QoS: 1})
	})
}

func TestQoS0IsDoneOnceWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		s := b.Connect("pad")
		deliver(t, s, link.Message{Topic: "beat", Payload: []byte("x")})
		if m := b.Wait("beat", 1)[0]; m.QoS != 0 {
			t.Errorf("QoS: got %d, want 0", m.QoS)
		}
	})
}

func TestSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		b.Deny("secret/#")
		b.Deny("secret/too")
		b.Publish(link.Message{Topic: "status", Payload: []byte("old"), Retain: true})
		s := b.Connect("pad")
		err := s.Subscribe(t.Context(), "secret/#", "status", "stat+us/overlap/#", "+", "secret/too")
		if !errors.Is(err, link.ErrSubscribeRefused) {
			t.Fatalf("got %v, want %v", err, link.ErrSubscribeRefused)
		}
		wantWords(t, err, "secret/#", "secret/too")
		if strings.Contains(err.Error(), "status") {
			t.Errorf("got %v, which names a filter that was granted", err)
		}
		for range 2 { // overlapping filters: once each for status and +
			if in := next(t, s); in.Topic != "status" || !in.Retained || string(in.Payload) != "old" {
				t.Errorf("got %+v, want the retained status", in)
			}
		}
		b.Publish(link.Message{Topic: "status", Payload: []byte("new"), QoS: 1})
		if in := next(t, s); string(in.Payload) != "new" || in.Retained || in.Duplicate {
			t.Errorf("got %+v, want the new status", in)
		}
	})
}

// mochi takes the number of a SUBSCRIBE for that of a message under way to the same client, if there
// is one, and refuses.
func TestSubscribeWithMessagesUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		o := b.Options("inspector")
		o.ManualAck = true
		s := connect(t, o)
		subscribe(t, s, "n")
		for i := range 3 { // under way with the numbers 1 to 3, and not acknowledged
			b.Publish(number(i))
		}
		subscribe(t, s, "b") // with number 2
	})
}

func TestSubscribeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := connect(t, link.Options{Broker: "mqtt://hq", ClientID: "pad", Dial: scripted("\x20\x02\x00\x00")})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		err := s.Subscribe(ctx, "a")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("got %v after %v, want a deadline after 2 s", err, time.Since(start))
		}
	})
}

// scripted is a line whose other end takes everything and, after the first bytes, says one thing.
func scripted(says string) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			b := make([]byte, 256)
			for said := false; ; said = true {
				if _, err := theirs.Read(b); err != nil {
					return
				}
				if !said {
					go theirs.Write([]byte(says))
				}
			}
		}()
		return ours, nil
	}
}

// What a broker must not send ends the session, and never more than that: on the second, paho alone
// would index beyond its tokens and bring the whole program down.
func TestStrangePackets(t *testing.T) {
	for name, packet := range map[string]string{
		"SUBACK without codes":  "\x90\x02\x00\x01",
		"SUBACK unasked for":    "\x90\x03\x00\x09\x01",
		"a second CONNACK":      "\x20\x02\x00\x00",
		"PUBREC":                "\x50\x02\x00\x01",
		"PUBCOMP":               "\x70\x02\x00\x01",
		"CONNECT":               "\x10\x00",
		"packet type 0":         "\x00\x00",
		"packet type 15":        "\xf0\x00",
		"PUBACK too long":       "\x40\x03\x00\x01\x00",
		"message with QoS 2":    "\x34\x06\x00\x01a\x00\x01x",
		"message with QoS 3":    "\x36\x06\x00\x01a\x00\x01x",
		"message without topic": "\x30\x01\x00",
		"topic beyond the end":  "\x30\x04\x00\x10ab",
		"an endless length":     "\x30\xff\xff\xff\xff\x7f",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := connect(t, link.Options{Broker: "mqtt://hq", ClientID: "pad",
					Dial: scripted("\x20\x02\x00\x00" + packet)})
				start := time.Now()
				err := s.Subscribe(t.Context(), "a")
				ended(t, s)
				if took := time.Since(start); err == nil || took > time.Second {
					t.Errorf("got %v and the end %v after %v, want both at once", err, s.Err(), took)
				}
			})
		})
	}
}

// dialogue is a line whose other end answers each packet with the next answer and then keeps silent.
func dialogue(answers ...string) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			b := make([]byte, 256)
			for _, answer := range answers {
				if _, err := theirs.Read(b); err != nil {
					return
				}
				theirs.Write([]byte(answer))
			}
			io.Copy(io.Discard, theirs)
		}()
		return ours, nil
	}
}

func TestStrangeSubacks(t *testing.T) {
	for name, answer := range map[string]string{
		"PUBACK":         "\x40\x02\x00\x01",
		"no codes":       "\x90\x02\x00\x01",
		"too few codes":  "\x90\x03\x00\x01\x01",
		"too many codes": "\x90\x07\x00\x01\x01\x01\x01\x01\x01",
		"another number": "\x90\x05\x00\x02\x01\x01\x01",
		"no number":      "\x90\x01\x00",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := connect(t, link.Options{Broker: "mqtt://hq", ClientID: "pad",
					Dial: dialogue("\x20\x02\x00\x00", answer)})
				start := time.Now()
				err := s.Subscribe(t.Context(), "a", "b/#", "+/c")
				if !errors.Is(err, link.ErrNotMQTT) || time.Since(start) > 0 {
					t.Errorf("got %v after %v, want %v at once", err, time.Since(start), link.ErrNotMQTT)
				}
			})
		})
	}
}

// Whatever a broker sends, a session ends with a reason: no panic, no hang, nothing left running.
func FuzzBroker(f *testing.F) {
	for _, says := range []string{
		"", "\x20\x02\x00\x00", "\x20\x02\x00\x00\xd0\x00", "\x20\x02\x00\x00\x90\x03\x00\x01\x01\x40\x02\x00\x02",
		"\x20\x02\x00\x00\x32\x06\x00\x01a\x00\x01x", "\x20\x02\x00\x00\x3b\x05\x00\x01a\x00\x01", "\x20\x02\x00\x05",
		"\x20\x02\x00\x00\x30\x80\x80\x10\x00\x01a",
	} {
		f.Add([]byte(says))
	}
	f.Fuzz(func(t *testing.T, says []byte) {
		synctest.Test(t, func(t *testing.T) {
			s, err := link.Connect(t.Context(), link.Options{Broker: "mqtt://hq", ClientID: "pad", Dial: scripted(string(says))})
			if err != nil {
				return
			}
			s.Subscribe(t.Context(), "a", "b")
			d, err := s.Publish(number(1))
			ended(t, s)
			if s.Err() == nil {
				t.Error("the session is lost without a reason")
			}
			if err == nil {
				<-d.Done()
			}
		})
	})
}

func TestStrangePubacks(t *testing.T) {
	for name, answer := range map[string]string{
		"SUBACK":         "\x90\x03\x00\x01\x01",
		"PUBCOMP":        "\x70\x02\x00\x01",
		"UNSUBACK":       "\xb0\x02\x00\x01",
		"another number": "\x40\x02\x00\x02",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := connect(t, link.Options{Broker: "mqtt://hq", ClientID: "pad",
					Dial: dialogue("\x20\x02\x00\x00", answer)})
				d := publish(t, s, number(1))
				if err := await(t, d); err == nil {
					t.Error("got no error for a message that was never acknowledged")
				}
			})
		})
	}
}

func TestTooLargeMessageIsRefusedAndTheSessionLives(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			b := linktest.NewBroker(t)
			o := b.Options("inspector")
			o.Log = slog.New(slog.NewTextHandler(&log, nil))
			o.ManualAck = true
			s := connect(t, o)
			subscribe(t, s, "#")
			topic := "rogue/" + strings.Repeat("x", 5000) // beyond the line's buffer
			b.Publish(link.Message{Topic: topic, QoS: qos, Payload: make([]byte, link.MaxMessage)})
			fits := link.Message{Topic: "fits", QoS: 1, Payload: make([]byte, link.MaxMessage-4-len("fits"))}
			b.Publish(fits)
			if in := next(t, s); in.Topic != "fits" || len(in.Payload) != len(fits.Payload) {
				t.Errorf("QoS %d: got %.20s of %d bytes, want the one that fits", qos, in.Topic, len(in.Payload))
			}
			synctest.Wait()
			if got := b.Acknowledged(); got != int(qos) {
				t.Errorf("QoS %d: got %d acknowledged, want %d, or the broker's slot is lost", qos, got, qos)
			}
			if !strings.Contains(log.String(), "message refused") || !strings.Contains(log.String(), "rogue/xxx") {
				t.Errorf("log: got %.200q, want the refusal", log.String())
			}
		})
	}
}

func TestManualAck(t *testing.T) {
	for manual, want := range map[bool]int{true: 0, false: 1} {
		synctest.Test(t, func(t *testing.T) {
			b := linktest.NewBroker(t)
			o := b.Options("inspector")
			o.ManualAck = manual
			s := connect(t, o)
			subscribe(t, s, "a")
			b.Publish(link.Message{Topic: "a", QoS: 1})
			in := next(t, s)
			synctest.Wait()
			if got := b.Acknowledged(); got != want {
				t.Errorf("manual %t, taken: got %d acknowledged, want %d", manual, got, want)
			}
			in.Ack()
			in.Ack()
			synctest.Wait()
			if got := b.Acknowledged(); got != 1 {
				t.Errorf("manual %t, Ack called twice: got %d acknowledged, want 1", manual, got)
			}
			s.Close(t.Context())
			in.Ack()
		})
	}
}

func TestOverrun(t *testing.T) {
	for _, manual := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := linktest.NewBroker(t)
			o := b.Options("inspector")
			o.Inbox, o.ManualAck = 4, manual
			s := connect(t, o)
			subscribe(t, s, "n")
			start := time.Now()
			for i := range 10 {
				b.Publish(number(i))
			}
			ended(t, s)
			if !errors.Is(s.Err(), link.ErrOverrun) || time.Since(start) != 5*time.Second {
				t.Errorf("got %v after %v, want %v after 5 s", s.Err(), time.Since(start), link.ErrOverrun)
			}
			var got []string
			for in := range s.Incoming() {
				got = append(got, string(in.Payload))
				in.Ack()
			}
			if diff := cmp.Diff([]string{"0", "1", "2", "3"}, got); diff != "" {
				t.Error("what still waits in the inbox (-want +got):\n", diff)
			}
			want := 4
			if manual {
				want = 0
			}
			if got := b.Acknowledged(); got != want {
				t.Errorf("manual %t: got %d acknowledged, want %d", manual, got, want)
			}
		})
	}
}

// A reader that is slow but alive holds the broker up; the session lives although the answers to
// its pings wait behind all that for minutes.
func TestSlowReaderLosesNothing(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			b := linktest.NewBroker(t)
			o := b.Options("inspector")
			o.Inbox = 8
			s := connect(t, o)
			subscribe(t, s, "n")
			const n = 300
			go func() {
				for i := range n {
					m := number(i)
					m.QoS = qos
					b.Publish(m)
				}
			}()
			for i := range n {
				if got := string(next(t, s).Payload); got != strconv.Itoa(i) {
					t.Fatalf("QoS %d, message %d: got %s", qos, i, got)
				}
				time.Sleep(time.Second)
			}
		})
	}
}

func TestWillIsPublishedOnACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		relay := linktest.NewRelay(t, b.Dial)
		o := b.Options("pad")
		o.Dial = relay.Dial
		o.Will = &link.Message{Topic: "status", Payload: []byte("lost")} // retained and QoS 1 all the same
		s := connect(t, o)
		relay.Cut()
		ended(t, s)
		want := []link.Message{{Topic: "status", Payload: []byte("lost"), QoS: 1, Retain: true}}
		if diff := cmp.Diff(want, b.Wait("status", 1)); diff != "" {
			t.Error("will (-want +got):\n", diff)
		}
	})
}

func TestCloseTakesLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		b.Swallow("never")
		o := b.Options("pad")
		o.Will = &link.Message{Topic: "status", Payload: []byte("lost")}
		s := connect(t, o)
		d := publish(t, s, link.Message{Topic: "never", QoS: 1})
		start := time.Now()
		for range 2 {
			if err := s.Close(t.Context()); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("close took %v, want no time at all", took)
		}
		if err := await(t, d); !errors.Is(err, link.ErrClosed) {
			t.Errorf("a pending delivery: got %v, want %v", err, link.ErrClosed)
		}
		if !errors.Is(s.Err(), link.ErrClosed) {
			t.Errorf("end: got %v, want %v", s.Err(), link.ErrClosed)
		}
		if _, open := <-s.Incoming(); open {
			t.Error("the inbox is still open")
		}
		synctest.Wait()
		if got := b.Seen("status"); len(got) > 0 {
			t.Errorf("the will was published after an orderly end: %v", got)
		}
	})
}

// Whoever publishes while the session is closed or lost comes home at once, and no delivery hangs.
func TestPublishingInTheFaceOfTheEnd(t *testing.T) {
	for name, end := range map[string]func(*linktest.Broker, *link.Session){
		"closed": func(_ *linktest.Broker, s *link.Session) { s.Close(context.Background()) },
		"lost":   func(b *linktest.Broker, _ *link.Session) { b.Cut() },
		"both": func(b *linktest.Broker, s *link.Session) {
			var cut sync.WaitGroup
			cut.Go(b.Cut)
			s.Close(context.Background())
			cut.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := linktest.NewBroker(t)
				start := time.Now()
				for range 100 {
					s := b.Connect("pad")
					publishing, busy := make(chan []*link.Delivery), make(chan bool)
					for range 2 {
						go func() {
							var under []*link.Delivery
							defer func() { publishing <- under }()
							for i := 0; ; i++ {
								d, err := s.Publish(link.Message{Topic: "n", QoS: byte(i % 2)})
								if err != nil {
									return
								}
								under = append(under, d)
								if i == 20 {
									busy <- true
								}
							}
						}()
					}
					<-busy
					<-busy
					end(b, s)
					for range 2 {
						for _, d := range <-publishing {
							<-d.Done()
						}
					}
					ended(t, s)
				}
				if took := time.Since(start); took > 0 {
					t.Errorf("100 sessions took %v of waiting, want none", took)
				}
			})
		})
	}
}

// stuck is a line whose other end greets and then reads nothing more.
func stuck(t *testing.T) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { theirs.Close() })
		go func() {
			theirs.Read(make([]byte, 256))
			theirs.Write([]byte("\x20\x02\x00\x00"))
		}()
		return ours, nil
	}
}

func TestStuckLine(t *testing.T) {
	t.Run("publish", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := connect(t, link.Options{Broker: "mqtt://hq", ClientID: "pad", Dial: stuck(t)})
			start := time.Now()
			var err error
			var on []*link.Delivery
			for err == nil {
				var d *link.Delivery
				if d, err = s.Publish(number(0)); d != nil {
					on = append(on, d)
				}
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("publish: came back after %v, want WriteTimeout, 5 s", took)
			}
			ended(t, s)
			if !errors.Is(s.Err(), link.ErrStuck) {
				t.Errorf("end: got %v, want %v", s.Err(), link.ErrStuck)
			}
			for _, d := range on {
				if err := await(t, d); !errors.Is(err, link.ErrStuck) {
					t.Errorf("delivery: got %v, want %v", err, link.ErrStuck)
				}
			}
		})
	})
	t.Run("QoS 0", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := connect(t, link.Options{Broker: "mqtt://hq", ClientID: "pad", Dial: stuck(t)})
			for range 3 {
				d, err := s.Publish(link.Message{Topic: "beat"})
				if err != nil {
					break
				}
				defer func() {
					if err := await(t, d); !errors.Is(err, link.ErrStuck) {
						t.Errorf("delivery: got %v, want %v", err, link.ErrStuck)
					}
				}()
			}
			ended(t, s)
		})
	})
	t.Run("ping", func(t *testing.T) { // which paho would write for ever
		synctest.Test(t, func(t *testing.T) {
			s := connect(t, link.Options{Broker: "mqtt://hq", ClientID: "pad", Dial: stuck(t)})
			start := time.Now()
			ended(t, s)
			if took := time.Since(start); took > 15*time.Second {
				t.Errorf("lost after %v, want 15 s at the latest", took)
			}
		})
	})
	t.Run("close", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := connect(t, link.Options{Broker: "mqtt://hq", ClientID: "pad", Dial: stuck(t)})
			publish(t, s, number(0))
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
				t.Errorf("got %v after %v, want a deadline after 1 s", err, time.Since(start))
			}
			if err := s.Close(t.Context()); err != nil || time.Since(start) > 10*time.Second {
				t.Errorf("again: got %v after %v, want the end within 10 s", err, time.Since(start))
			}
		})
	})
}

// TestHalfOpenLineIsNoticed freezes a line that was idle for ten minutes: nothing passes and nobody is
// told. It is given up within 15 s, whether anything is sent or not.
func TestHalfOpenLineIsNoticed(t *testing.T) {
	for name, tc := range map[string]struct {
		keepAlive, within time.Duration
		sends             bool
	}{
		"idle":               {0, 15 * time.Second, false},
		"sending":            {0, 15 * time.Second, true},
		"a longer patience":  {16 * time.Second, 26 * time.Second, false},
		"a shorter patience": {4 * time.Second, 10 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := linktest.NewBroker(t)
				relay := linktest.NewRelay(t, b.Dial)
				o := b.Options("pad")
				o.Dial, o.KeepAlive = relay.Dial, tc.keepAlive
				s := connect(t, o)
				time.Sleep(10 * time.Minute)
				if err := s.Err(); err != nil {
					t.Fatalf("idle for 10 min: %v", err)
				}
				relay.Freeze()
				frozen := time.Now()
				if tc.sends {
					d := publish(t, s, number(1))
					defer func() {
						if err := await(t, d); !errors.Is(err, link.ErrSilent) {
							t.Errorf("delivery: got %v, want %v", err, link.ErrSilent)
						}
					}()
				}
				ended(t, s)
				took := time.Since(frozen)
				if took > tc.within || !errors.Is(s.Err(), link.ErrSilent) {
					t.Errorf("noticed after %v as %v, want %v within %v", took, s.Err(), link.ErrSilent, tc.within)
				}
				if tc.keepAlive == 0 {
					trial.Report(t, trial.Trial{
						Fault: "half-open line, " + name, Injected: "relay in a bubble swallows both ways",
						Tried: 1, Recovery: took, Planted: "silence-unnoticed",
					})
				}
			})
		})
	}
}

// A publisher that never pauses sends no pings of its own for lack of idleness; silence must be
// noticed all the same.
func TestHalfOpenLineIsNoticedWhilePublishing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		relay := linktest.NewRelay(t, b.Dial)
		o := b.Options("pad")
		o.Dial = relay.Dial
		s := connect(t, o)
		relay.Freeze()
		frozen := time.Now()
		for i := 0; ; i++ { // the end may come between any two of these lines
			if _, err := s.Publish(number(i)); err != nil {
				break
			}
			select {
			case <-s.Lost():
			case <-time.After(time.Second):
			}
		}
		if took := time.Since(frozen); took > 15*time.Second {
			t.Errorf("noticed after %v, want within 15 s", took)
		}
	})
}

func TestPayloadMayBeChangedAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := linktest.NewBroker(t)
		s := b.Connect("pad")
		payload := []byte("0")
		for i := range 10 {
			payload[0] = byte('0' + i)
			publish(t, s, link.Message{Topic: "n", QoS: 1, Payload: payload})
		}
		var got []byte
		for _, m := range b.Wait("n", 10) {
			got = append(got, m.Payload...)
		}
		if string(got) != "0123456789" {
			t.Errorf("got %s, want 0123456789", got)
		}
	})
}

func ExampleConnect() {
	_, err := link.Connect(context.Background(), link.Options{Broker: "hq.bank.example:8883", ClientID: "pad-0731-03"})
	fmt.Println(err)
	// Output: broker "hq.bank.example:8883": want mqtt://host:1883 or mqtts://host:8883
}
