package test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"evalpad/device/devicetest"
	"evalpad/sync/linktest"
	"evalpad/sync/wire"
	"evalpad/test/harness"
	"evalpad/test/trial"
)

// illness is one place in the agent where a loop never comes back from its work, once a file of its
// name is there.
type illness struct {
	name     string
	file     string
	old, new string
	loops    []string // that the agent then names
}

var illnesses = []illness{
	{name: "disk", file: "agent/pulse.go", old: "			return end()\n", new: "			ill(`disk`)\n			return end()\n", loops: []string{"store"}},
	{name: "driver", file: "device/serialpad/run.go", old: "		var taker chan<- device.Signal\n", new: "		var taker chan<- device.Signal\n		ill(`driver`)\n", loops: []string{"serial pad"}},
	{name: "uplink", file: "sync/uplink/session.go", old: "		s.o.Busy(turnTime)\n		if work == nil {\n", new: "		s.o.Busy(turnTime)\n		ill(`uplink`)\n		if work == nil {\n", loops: []string{"uplink"}},
}

// Times of the watchdog rig. systemd would wait for as long as it has told the agent; on a machine
// that does other things ours is more patient.
const (
	watchdogTime  = 2 * time.Second
	watchPatience = 3 * watchdogTime
)

// TestWatchdog makes a loop of the real agent hang. The agent falls silent, a supervisor that stands
// in for systemd kills it and starts it anew, and of all that was thanked before, while it hung, and
// after, nothing is lost and nothing is there twice.
func TestWatchdog(t *testing.T) {
	sick := buildIll(t)
	for _, i := range illnesses {
		t.Run(i.name, func(t *testing.T) {
			t.Parallel()
			watched := newWatched(t, sick)
			for range 5 {
				watched.press()
			}
			watched.wantTicks(2)
			watched.fall(i)
			took := watched.kill(i)
			for range 3 {
				watched.press()
			}
			lost, twice := watched.account()
			trial.Report(t, trial.Trial{
				Fault: "a loop of the agent hangs: " + i.name, Injected: "planted in the real program; a supervisor kills it as systemd does",
				Tried: 1, Lost: lost, Duplicated: twice, Recovery: took, Planted: "watchdog-without-progress",
			})
		})
	}
}

// watched is a site with an agent under a supervisor, and one pad.
type watched struct {
	t       *testing.T
	site    *harness.Site
	agent   *harness.Program
	pad     *devicetest.FF68
	said    chan string // to the supervisor
	sickbed string
	thanked []wire.Score
}

func newWatched(t *testing.T, sick string) *watched {
	broker := linktest.Mosquitto(t)
	w := &watched{t: t, site: harness.NewSite(t), pad: devicetest.NewFF68(t), said: make(chan string, 64), sickbed: t.TempDir()}
	w.site.Inspector(t, "{url: "+broker.URL()+"}")
	become := filepath.Join(w.site.Dir, "become.sh")
	script := fmt.Sprintf("export NOTIFY_SOCKET=%s WATCHDOG_USEC=%d EVALPAD_ILL=%s\nshift\nexec %s \"$@\"\n",
		w.listen(), watchdogTime.Microseconds(), w.sickbed, sick)
	writeFile(t, become, script)
	w.site.Through = []string{"/bin/sh", become} // read, not executed: a file that some other fork still has open cannot be
	w.agent = w.site.Evalpad(t, broker.URL(), fmt.Sprintf(oneSerialCounter, w.pad.Path()))
	return w
}

// listen is systemd's end of sd_notify: a datagram socket, named in NOTIFY_SOCKET.
func (w *watched) listen() (path string) {
	w.t.Helper()
	path = filepath.Join(w.site.Dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	go func() {
		defer close(w.said)
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			w.said <- string(buf[:n])
		}
	}()
	return path
}

// press is the next customer's, who presses another key than the one before and again and again
// until thanked.
func (w *watched) press() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	key := byte(len(w.thanked) % 4)
	if err := w.pad.PressUntilThanked(ctx, key, resendEvery); err != nil {
		w.t.Errorf("press %d was never thanked: %v", len(w.thanked), err)
		return
	}
	w.thanked = append(w.thanked, wire.Score(key)+2)
}

// tick waits for a sign of life; false if none comes within the supervisor's patience.
func (w *watched) tick() bool {
	bored := time.After(watchPatience)
	for {
		select {
		case s, open := <-w.said:
			if !open {
				w.t.Fatal("the supervisor's socket has closed")
			}
			if s == "WATCHDOG=1" {
				return true
			}
		case <-bored:
			return false
		}
	}
}

// wantTicks waits for n signs of life.
func (w *watched) wantTicks(n int) {
	w.t.Helper()
	for i := range n {
		if !w.tick() {
			w.t.Fatalf("sign of life %d of %d did not come within %s", i+1, n, watchPatience)
		}
	}
}

// fall makes the agent ill.
func (w *watched) fall(i illness) {
	w.t.Helper()
	writeFile(w.t, filepath.Join(w.sickbed, i.name), "")
}

// kill is what systemd does when no sign of life comes any more; a customer presses all the while,
// and is thanked by the next agent at the latest. It returns how long that took.
func (w *watched) kill(i illness) time.Duration {
	w.t.Helper()
	fell := time.Now()
	pressed := make(chan struct{})
	go func() {
		defer close(pressed)
		w.press()
	}()
	for limit := time.Now().Add(time.Minute); w.tick(); {
		if time.Now().After(limit) {
			w.t.Fatalf("with its %s hanging the agent still says that it lives", i.name)
		}
	}
	for _, loop := range i.loops {
		if !strings.Contains(w.agent.Log(), "the agent is stuck") || !strings.Contains(w.agent.Log(), loop) {
			w.t.Errorf("the agent does not say that its %s is stuck", loop)
		}
	}
	w.agent.Kill()
	if err := os.Remove(filepath.Join(w.sickbed, i.name)); err != nil {
		w.t.Fatal(err)
	}
	w.agent = w.site.Again(w.t, "evalpad")
	<-pressed
	return time.Since(fell)
}

// account reads the ledger: how many of the thanked are not there, and how many are too many.
func (w *watched) account() (lost, twice int) {
	w.t.Helper()
	harness.Eventually(w.t, time.Minute, "everything receipted", func() bool { return w.site.Waiting(w.t) == 0 })
	var got []wire.Score
	for _, r := range (&rig{t: w.t, site: w.site}).records() {
		if r.Kind != wire.KindEvaluation {
			continue
		}
		e, err := r.Evaluation()
		if err != nil {
			w.t.Fatal(err)
		}
		if score, rated := e.Scores[wire.Overall]; rated {
			got = append(got, score)
		}
	}
	if !slices.Equal(got, w.thanked) {
		w.t.Errorf("thanked %v, in the ledger %v", w.thanked, got)
	}
	return max(0, len(w.thanked)-len(got)), max(0, len(got)-len(w.thanked))
}

// buildIll builds the agent with all illnesses planted. The source stays as it is; what another
// overlay has changed already stays changed.
func buildIll(t *testing.T) (path string) {
	t.Helper()
	dir := t.TempDir()
	replace := overlaid(t)
	for n, i := range illnesses {
		file, err := filepath.Abs(filepath.Join("..", i.file))
		if err != nil {
			t.Fatal(err)
		}
		source, err := os.ReadFile(cmp.Or(replace[file], file))
		if err != nil {
			t.Fatal(err)
		}
		if count := strings.Count(string(source), i.old); count != 1 {
			t.Fatalf("%s holds %q %d times, want once: the illness has been outgrown", i.file, i.old, count)
		}
		replace[file] = filepath.Join(dir, fmt.Sprintf("sick%d.go", n))
		writeFile(t, replace[file], strings.Replace(string(source), i.old, i.new, 1))
		germ := filepath.Join(dir, fmt.Sprintf("germ%d.go", n))
		writeFile(t, germ, fmt.Sprintf(germText, filepath.Base(filepath.Dir(i.file))))
		replace[filepath.Join(filepath.Dir(file), "ill.go")] = germ
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "evalpad")
	writeFile(t, filepath.Join(dir, "overlay.json"), string(overlay))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=test",
		"-overlay", filepath.Join(dir, "overlay.json"), "-o", path, "evalpad/cmd/evalpad")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build an agent with the illnesses: %v\n%s", err, out)
	}
	return path
}

// germText is the file that lets a package fall ill.
const germText = `package %s

import (
	"os"
	"path/filepath"
)

func ill(name string) {
	if _, err := os.Stat(filepath.Join(os.Getenv("EVALPAD_ILL"), name)); err == nil {
		select {}
	}
}
`

// overlaid is what the overlay in GOFLAGS replaces, where this test hunts a mutant.
func overlaid(t *testing.T) map[string]string {
	t.Helper()
	path, found := strings.CutPrefix(os.Getenv("GOFLAGS"), "-overlay=")
	if !found {
		return map[string]string{}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var overlay struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &overlay); err != nil {
		t.Fatal(err)
	}
	return maps.Clone(overlay.Replace)
}
