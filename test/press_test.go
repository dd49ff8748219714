package test

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"evalpad/device/devicetest"
	"evalpad/sync/linktest"
	"evalpad/sync/wire"
	"evalpad/test/harness"
)

// dissatisfied is the frame of the key 不满意 as an ff68 pad sends it.
var dissatisfied = []byte{0xFF, 0x68, 0x03, 0x03, 0x68, 0x81, 0x11, 0x00, 0x92, 0x16}

const oneSerialCounter = `screen: {listen: ""}
counters:
  - counter: c03
    business: credit
    ask: [overall]
    rules: {lock_out: 0, hammer: 0}
    pad: {serial: {port: %s, profile: ff68}}
`

// TestPressToClock: a frame at the counter becomes, within a second, an alert that any MQTT client
// sees, a case with both deadlines exact to the millisecond, and a countdown on the page.
func TestPressToClock(t *testing.T) {
	sub := harness.Need(t, "mosquitto_sub")
	broker, site, pad := linktest.Mosquitto(t), harness.NewSite(t), devicetest.NewFF68(t)
	inspector := site.Inspector(t, "{url: "+broker.URL()+"}")
	site.Evalpad(t, broker.URL(), fmt.Sprintf(oneSerialCounter, pad.Path()))
	alerts := subscribe(t, sub, broker, "evalpad/v1/+/+/+/alert")
	harness.Eventually(t, 20*time.Second, "headquarters has thanked for the first records", func() bool { return site.Waiting(t) == 0 })

	pressed := time.Now()
	if _, err := pad.Write(dissatisfied); err != nil {
		t.Fatal(err)
	}
	var alert wire.Record
	select {
	case line := <-alerts:
		t.Logf("press to a plain subscriber: %s", time.Since(pressed).Round(100*time.Microsecond))
		if took := time.Since(pressed); took > time.Second {
			t.Errorf("the alert took %s, want within 1 s", took)
		}
		r, err := wire.ParseRecord(line)
		if err != nil {
			t.Fatal(err)
		}
		alert = r
	case <-time.After(5 * time.Second):
		t.Fatal("no alert within 5 s")
	}
	wantCase(t, site, alert, pressed)
	wantCountdown(t, inspector.Says("web"))
	if pad.Thanks() != 1 {
		t.Errorf("thank-yous at the pad: got %d, want 1", pad.Thanks())
	}
}

// subscribe is an inspector's own MQTT client.
func subscribe(t *testing.T, program string, broker *linktest.RealBroker, filter string) <-chan []byte {
	t.Helper()
	host, port, _ := strings.Cut(broker.Address(), ":")
	cmd := exec.Command("stdbuf", "-oL", program, "-h", host, "-p", port, "-q", "1", "-t", filter, "-d")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines, subscribed := make(chan []byte, 64), make(chan bool)
	go func() {
		scan := bufio.NewScanner(out)
		for scan.Scan() {
			switch text := scan.Text(); {
			case strings.HasPrefix(text, "Subscribed"):
				close(subscribed)
			case strings.HasPrefix(text, "{"):
				lines <- []byte(text)
			}
		}
	}()
	select {
	case <-subscribed:
	case <-time.After(5 * time.Second):
		t.Fatal("mosquitto_sub did not subscribe within 5 s")
	}
	return lines
}

func wantCase(t *testing.T, site *harness.Site, alert wire.Record, pressed time.Time) {
	t.Helper()
	var cases []map[string]any
	harness.Eventually(t, 5*time.Second, "a case", func() bool { cases = site.Cases(t); return len(cases) == 1 })
	c := cases[0]
	raised, err := alert.Alert()
	if err != nil {
		t.Fatal(err)
	}
	if c["evaluation"] != raised.Evaluation.Evaluation {
		t.Errorf("case of evaluation %v, want the alert's %s", c["evaluation"], raised.Evaluation.Evaluation)
	}
	rated := instant(t, c, "rated_at")
	for name, want := range map[string]time.Duration{"investigate_by": 2 * time.Hour, "plan_by": 24 * time.Hour} {
		if got := instant(t, c, name).Sub(rated); got != want {
			t.Errorf("%s is rated_at + %s, want exactly %s", name, got, want)
		}
	}
	if off := rated.Sub(pressed).Abs(); off > 2*time.Second {
		t.Errorf("rated_at is off by %s", off)
	}
	if c["late"] != false || c["time_uncertain"] != false || c["state"] != "open" {
		t.Errorf("late %v, time_uncertain %v, state %v: want false, false, open", c["late"], c["time_uncertain"], c["state"])
	}
}

func instant(t *testing.T, c map[string]any, name string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(c[name]))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return at
}

// wantCountdown looks at the page as an inspector does: the clock of the case runs without a reload.
func wantCountdown(t *testing.T, page string) {
	t.Helper()
	browser := harness.Browser(t, 1280, 800)
	open(t, browser, page)
	first := countdown(t, browser)
	if !strings.HasPrefix(first, "剩 1:59:") && first != "剩 2:00:00" {
		t.Errorf("remaining: got %q, want just under two hours", first)
	}
	harness.Eventually(t, 5*time.Second, "the clock to move by itself", func() bool { return countdown(t, browser) != first })
	shoot(t, browser, "board.png")
}

// TestWords: each bad input gets its sentence and its exit code.
func TestWords(t *testing.T) {
	site := harness.NewSite(t)
	good := "device: pad-1\nregion: r11\nbranch: b0731\nheadquarters: {broker: mqtt://127.0.0.1:1883}\n"
	for name, tc := range map[string]struct {
		program, config string
		args            []string
		want            string
		code            int
	}{
		"a typo": {"evalpad", good + "scren: {}\ncounters: [{counter: c03}]\n", []string{"check"},
			`evalpad.yaml:5:1: unknown key "scren"; did you mean "screen"?`, 2},
		"a bare word":     {"evalpad", good, []string{"chekc"}, `unknown command "chekc"`, 2},
		"an unknown flag": {"evalpad", good, []string{"run", "--fast"}, "unknown flag: --fast", 2},
		"no agent":        {"evalpad", good + "data_dir: box\ncounters: [{counter: c03}]\n", []string{"status"}, "no agent is running here", 1},
		"no inspector":    {"inspector", "data_dir: hq\n", []string{"cases", "list"}, "no inspector is running here", 1},
		"in the clear":    {"inspector", "web: {listen: 0.0.0.0:8080}\n", []string{"check"}, "can be reached from other machines", 2},
	} {
		t.Run(name, func(t *testing.T) {
			path := site.EvalpadConfig
			if tc.program == "inspector" {
				path = site.InspectorConfig
			}
			writeFile(t, path, tc.config)
			_, errs, code := harness.Run(t, tc.program, append(tc.args, "-c", path)...)
			if !strings.Contains(errs, tc.want) || code != tc.code {
				t.Errorf("exit %d, words %q; want exit %d and %q", code, errs, tc.code, tc.want)
			}
		})
	}
}
