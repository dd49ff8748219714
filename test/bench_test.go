package test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"evalpad/device/devicetest"
	"evalpad/sync/link"
	"evalpad/sync/linktest"
	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
	"evalpad/test/harness"
)

// backlog is how many records wait where a drain is measured; EVALPAD_BACKLOG changes it.
func backlog(b *testing.B) int {
	b.Helper()
	n := 100_000
	if s := os.Getenv("EVALPAD_BACKLOG"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	return n
}

// roomy is a mosquitto that drops nothing of a full-speed loop: what is measured is the way, not the
// stock queue of 1,000.
var roomy = []string{"max_queued_messages 1000000", "max_inflight_messages 200"}

// BenchmarkPressToSubscriber is a frame on a pty to a plain MQTT subscriber, everything up: store,
// seal and two network hops included.
func BenchmarkPressToSubscriber(b *testing.B) {
	site, broker, pad := benchSite(b)
	alerts := listen(b, broker, "evalpad/v1/+/+/+/alert")
	var took []time.Duration
	for range 300 {
		if err := pad.PromptUntilThanked(b.Context(), time.Second); err != nil { // the same key again at once would be the same press
			b.Fatal(err)
		}
		heard := pad.Thanks()
		began := time.Now()
		if err := pad.Press(0); err != nil {
			b.Fatal(err)
		}
		<-alerts
		took = append(took, time.Since(began))
		harness.Eventually(b, 5*time.Second, "the thank-you", func() bool { return pad.Thanks() > heard })
	}
	slices.Sort(took)
	b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
	b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
	b.ReportMetric(0, "ns/op")
	_ = site
}

func benchSite(b *testing.B) (*harness.Site, *linktest.RealBroker, *devicetest.FF68) {
	broker, site, pad := linktest.Mosquitto(b, roomy...), harness.NewSite(b), devicetest.NewFF68(b)
	site.Inspector(b, "{url: "+broker.URL()+"}")
	site.Evalpad(b, broker.URL(), fmt.Sprintf(oneSerialCounter, pad.Path()))
	harness.Eventually(b, 20*time.Second, "a session", func() bool { return site.Waiting(b) == 0 })
	return site, broker, pad
}

// listen is a subscriber in this process.
func listen(b *testing.B, broker *linktest.RealBroker, filter string) <-chan link.Incoming {
	b.Helper()
	s, err := link.Connect(b.Context(), link.Options{Broker: broker.URL(), ClientID: "listener", Inbox: 1 << 18})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close(context.Background()) })
	if err := s.Subscribe(b.Context(), filter); err != nil {
		b.Fatal(err)
	}
	return s.Incoming()
}

// BenchmarkDrain drains a backlog, an alert raised behind it in the middle. With settle_on: puback it
// is compared with what a bare paho loop of the same window publishes to the same broker in the same
// run (aim 0.60), with receipts to what the inspector takes in from a bare paho loop (aim 0.80). The
// alert is to be published within 50 ms, and the agent's own memory to stay below 30 MB meanwhile.
func BenchmarkDrain(b *testing.B) {
	for _, settleOn := range []string{"puback", "receipt"} {
		b.Run(settleOn, func(b *testing.B) {
			n := backlog(b)
			d := newDrain(b, settleOn, n)
			limit := d.bare()
			rate := d.real()
			b.ReportMetric(rate, "records/s")
			b.ReportMetric(limit, "bare-records/s")
			b.ReportMetric(rate/limit, "share")
			b.ReportMetric(ms(d.alert), "alert-ms")
			b.ReportMetric(float64(d.memory)/(1<<20), "RssAnon-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// drain is one comparison.
type drain struct {
	b        *testing.B
	settleOn string
	n        int
	broker   *linktest.RealBroker
	alert    time.Duration // from the press to the subscriber
	memory   int64         // RssAnon of the agent, the highest seen, in bytes
}

func newDrain(b *testing.B, settleOn string, n int) *drain {
	return &drain{b: b, settleOn: settleOn, n: n, broker: linktest.Mosquitto(b, roomy...)}
}

// bare is the limit: records a second of a paho loop alone, until the broker has acknowledged them,
// or until an inspector has them in its ledger.
func (d *drain) bare() float64 {
	site := harness.NewSite(d.b)
	lines, key := fill(d.b, site, d.n)
	if d.settleOn == "puback" {
		return float64(d.n) / bareLoop(d.b, d.broker, lines).Seconds()
	}
	broker := linktest.Mosquitto(d.b, roomy...)
	inspector := site.Inspector(d.b, "{url: "+broker.URL()+"}")
	defer inspector.Kill()
	introduce(d.b, broker, key)
	began := time.Now()
	bareLoop(d.b, broker, lines)
	d.awaitLedger(site, d.n)
	return float64(d.n) / time.Since(began).Seconds()
}

// real is the agent itself, draining the same backlog.
func (d *drain) real() float64 {
	site, pad := harness.NewSite(d.b), devicetest.NewFF68(d.b)
	fill(d.b, site, d.n)
	if d.settleOn == "receipt" {
		site.Inspector(d.b, "{url: "+d.broker.URL()+"}")
	}
	alerts := listen(d.b, d.broker, "evalpad/v1/+/+/+/alert") // and nothing else: the bare loop has no subscriber either
	agent := site.Evalpad(d.b, d.broker.URL(), fmt.Sprintf("outbox: {max: 256MiB}\n"+oneSerialCounter, pad.Path()), "settle_on: "+d.settleOn)
	for site.Waiting(d.b) >= d.n {
		time.Sleep(2 * time.Millisecond)
	}
	began, from := time.Now(), site.Waiting(d.b)
	pressed := time.Now()
	if err := pad.Press(0); err != nil {
		d.b.Fatal(err)
	}
	<-alerts
	d.alert = time.Since(pressed)
	for site.Waiting(d.b) != 0 {
		if time.Since(began) > 3*time.Minute {
			d.b.Fatalf("%d records still wait after 3 minutes", site.Waiting(d.b))
		}
		d.memory = max(d.memory, rssAnon(d.b, agent.PID()))
		time.Sleep(50 * time.Millisecond) // asking costs the agent something too
	}
	return float64(from) / time.Since(began).Seconds()
}

// fill makes a box's data folder with n evaluations waiting, and returns their lines and the key.
func fill(b *testing.B, site *harness.Site, n int) (lines [][]byte, key seal.Key) {
	b.Helper()
	dir := filepath.Join(site.Dir, "box")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	key, err := seal.OpenKey(filepath.Join(dir, "record.key"))
	if err != nil {
		b.Fatal(err)
	}
	box, err := outbox.Open(filepath.Join(dir, "outbox.db"), outbox.Options{Key: key, Place: benchPlace, Max: 256 << 20})
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close()
	for len(lines) < n {
		var change outbox.Change
		for range min(500, n-len(lines)) {
			change.Drafts = append(change.Drafts, benchDraft(b, len(lines)+len(change.Drafts)))
		}
		letters, err := box.Commit(b.Context(), change)
		if err != nil {
			b.Fatal(err)
		}
		for _, l := range letters {
			lines = append(lines, l.Line)
		}
	}
	return lines, key
}

var benchPlace = wire.Place{Region: "r11", Branch: "b0731", Device: "pad-1"}

func benchDraft(b *testing.B, i int) wire.Draft {
	b.Helper()
	d, err := wire.NewDraft(wire.KindEvaluation, wire.Instant{}, "counter/c03", wire.Evaluation{
		Evaluation: fmt.Sprintf("bench-%08d", i), Counter: "c03", Business: "credit", Outcome: wire.Rated, Prompted: true,
		PromptBy: "caller keypad", Scores: map[wire.Dimension]wire.Score{wire.Overall: 5}, Reasons: []string{}, Flags: []string{},
		UI: "keys", Pressed: wire.Stamp{Boot: "0b0f7a52-3c8f-4f0e-9c55-9d7c1d5e4a11", UptimeMS: int64(i), Clock: wire.ClockUnset}, LatencyMS: 2140,
	})
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// bareLoop publishes the lines with paho alone, QoS 1, as many in flight as the uplink has.
func bareLoop(b *testing.B, broker *linktest.RealBroker, lines [][]byte) time.Duration {
	b.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + broker.Address()).SetClientID("bare").
		SetProtocolVersion(4).SetAutoReconnect(false))
	if t := c.Connect(); !t.WaitTimeout(5*time.Second) || t.Error() != nil {
		b.Fatalf("connect: %v", t.Error())
	}
	defer c.Disconnect(100)
	const window = 64
	var flight []mqtt.Token
	topic := wire.Topics("evalpad/v1").Of(benchPlace, wire.KindEvaluation)
	began := time.Now()
	for _, line := range lines {
		if len(flight) == window {
			flight[0].Wait()
			flight = flight[1:]
		}
		flight = append(flight, c.Publish(topic, 1, false, line))
	}
	for _, t := range flight {
		t.Wait()
	}
	return time.Since(began)
}

// introduce lets headquarters know the key that the lines are sealed with, by a birth, and returns
// when headquarters has answered it: from then on it hears everything.
func introduce(b *testing.B, broker *linktest.RealBroker, key seal.Key) {
	b.Helper()
	topics := wire.Topics("evalpad/v1")
	s, err := link.Connect(b.Context(), link.Options{Broker: broker.URL(), ClientID: "birth"})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close(context.Background())
	if err := s.Subscribe(b.Context(), topics.Of(benchPlace, wire.KindReceipt)); err != nil {
		b.Fatal(err)
	}
	line, err := seal.Message(key, seal.TagStatus, wire.Status{
		State: wire.Ready, Session: 1, Boot: "b", Key: key.Public(), Epochs: []wire.EpochState{{Epoch: "00000000000000aa"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Publish(link.Message{Topic: topics.Of(benchPlace, wire.KindStatus), Payload: line, QoS: 1, Retain: true}); err != nil {
		b.Fatal(err)
	}
	select {
	case <-s.Incoming():
	case <-time.After(20 * time.Second):
		b.Fatal("headquarters did not answer the birth within 20 s")
	}
}

func (d *drain) awaitLedger(site *harness.Site, n int) {
	db := openLedger(d.b, site)
	defer db.Close()
	began := time.Now()
	for got := 0; got < n; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 3*time.Minute {
			d.b.Fatalf("%d of %d records in the ledger after 3 minutes", got, n)
		}
		if err := db.QueryRow(`select count(*) from records where seq > 1`).Scan(&got); err != nil {
			d.b.Fatal(err)
		}
	}
}

// rssAnon is the memory of a process that is its own, not the mapped file's, in bytes.
func rssAnon(b *testing.B, pid int) int64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib << 10
}

// BenchmarkBinaryARMv7 is the size of the box's program, static, without symbols. Aim: 12 MB.
func BenchmarkBinaryARMv7(b *testing.B) {
	out := filepath.Join(b.TempDir(), "evalpad")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, "evalpad/cmd/evalpad")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm", "GOARM=7", "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, text)
	}
	info, err := os.Stat(out)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB")
	b.ReportMetric(0, "ns/op")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
