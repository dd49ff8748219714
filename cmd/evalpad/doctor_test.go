package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"evalpad/agent"
	"evalpad/agent/control"
	"evalpad/device/devicetest"
	"evalpad/device/serialpad"
	"evalpad/device/serialpad/profiles"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// clinic is a machine with devices that are files, and an agent that says what the test wants.
type clinic struct {
	dir    string
	doctor *doctor
	status *agent.Status
	lines  map[string]error
}

func newClinic(t *testing.T) *clinic {
	c := &clinic{dir: t.TempDir(), lines: map[string]error{}}
	for _, node := range []string{"ttyUSB0", "ttyUSB1", "ttyS0", "event3"} {
		c.write(t, "dev/"+node, "")
	}
	c.link(t, "dev/serial/by-id/usb-A", "../../ttyUSB0")
	c.link(t, "dev/input/by-id/usb-K-event-kbd", "../../event3")
	c.doctor = &doctor{
		dev:    filepath.Join(c.dir, "dev"),
		access: func(string) error { return nil },
		try:    func(string) error { return nil },
		line:   func(name string) error { return c.lines[name] },
		ask: func(context.Context, string) (*agent.Status, error) {
			if c.status == nil {
				return nil, control.ErrNotRunning
			}
			return c.status, nil
		},
	}
	return c
}

func (c *clinic) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(c.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func (c *clinic) link(t *testing.T, name, to string) {
	t.Helper()
	path := filepath.Join(c.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(to, path)); err != nil {
		t.Fatal(err)
	}
}

// serves makes an agent run that serves these counters.
func (c *clinic) serves(counters ...string) {
	c.status = &agent.Status{Version: "v1"}
	for i, name := range counters {
		state := agent.CounterState{Counter: name, LastMS: -1}
		if i == 0 {
			state.Seen, state.Accepted, state.LastMS = 12, 11, 75_000
		}
		c.status.Counters = append(c.status.Counters, state)
	}
}

const wellBox = `  - {counter: c03, pad: {serial: {port: dev/serial/by-id/usb-A, profile: ff68}}}
  - {counter: c04, pad: {serial: {port: dev/ttyS0, profile: mine, keys: {01: 5, 02: 1}}}}
  - {counter: c05, pad: {gpio: {keys: {GPIO17: 5, GPIO27: 1}, lamps: {ask: GPIO4}}}}
  - {counter: c06, pad: {usb: {port: dev/input/by-id/usb-K-event-kbd, keys: {KEY_1: 5, KEY_2: 1}}}}
`

// TestDoctorGolden examines boxes that are well and boxes that are not; a golden file is what the
// technician then reads.
func TestDoctorGolden(t *testing.T) {
	const usbName = "  - {counter: c03, pad: {serial: {port: dev/ttyUSB0, profile: ff68}}}\n"
	for name, c := range map[string]struct {
		counters string
		change   func(c *clinic)
		chinese  bool
	}{
		"well":          {counters: wellBox, change: func(c *clinic) { c.serves("c03", "c04", "c05", "c06") }},
		"well-chinese":  {counters: wellBox, change: func(c *clinic) { c.serves("c03", "c04", "c05", "c06") }, chinese: true},
		"configuration": {counters: "  - {counter: c03, bruad: 1}\n  - counter: c03\n"},
		"no-agent":      {counters: usbName + "  - {counter: c04, pad: {serial: {port: dev/ttyUSB1, profile: ff68}}}\n"},
		"no-agent-held": {counters: wellBox, change: func(c *clinic) { c.doctor.try = refuse("%s is in use by another program", syscall.EWOULDBLOCK) }},
		"nothing-there": {counters: "  - {counter: c03, pad: {serial: {port: dev/none, profile: ff68}}}\n  - {counter: c04, pad: {usb: {port: dev/event3, keys: {KEY_1: 5}}}}\n", change: func(c *clinic) { c.serves("c03") }},
		"no-rights":     {counters: wellBox, change: func(c *clinic) { c.doctor.access = refuse("%s", syscall.EACCES); c.serves("c03", "c04", "c05", "c06") }},
		"degraded": {counters: wellBox, change: func(c *clinic) {
			c.serves("c03", "c04", "c05", "c06")
			c.status.Degraded = []string{"c03 pad-lost", "c05 stuck-key", "offline"}
			c.lines["GPIO27"] = fmt.Errorf("no GPIO chip has this line")
		}},
		"agent-is-deaf": {counters: wellBox, change: func(c *clinic) {
			c.doctor.ask = func(context.Context, string) (*agent.Status, error) {
				return nil, errors.New("ask the agent: permission denied")
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			clinic := newClinic(t)
			clinic.write(t, "mine/mine.yaml", "profile: mine\nframe: {layout: DATA, data: {least: 1, most: 1}}\nhears: [{data: KEY, means: press}]\nvectors: [{hears: 31, means: key 31}]\n")
			clinic.write(t, "evalpad.yaml", "device: p\nscreen: {listen: \"\"}\nprofiles: mine\nheadquarters: {broker: mqtt://127.0.0.1}\ncounters:\n"+c.counters)
			clinic.doctor.chinese = c.chinese
			if c.change != nil {
				c.change(clinic)
			}
			clinic.doctor.examine(t.Context(), filepath.Join(clinic.dir, "evalpad.yaml"))
			var said bytes.Buffer
			if err := clinic.doctor.print(&said, false); err != nil {
				t.Fatal(err)
			}
			verdict := clinic.doctor.verdict()
			if (verdict == nil) != strings.HasPrefix(name, "well") {
				t.Errorf("verdict %v", verdict)
			}
			got := strings.ReplaceAll(said.String(), clinic.dir, "BOX")
			got = strings.ReplaceAll(got, "group "+groupName(uint32(os.Getgid())), "group GROUP")
			got = strings.ReplaceAll(got, "-aG "+groupName(uint32(os.Getgid())), "-aG GROUP")
			golden(t, name, fmt.Sprintf("%s%v\n", got, verdict))
		})
	}
}

func refuse(words string, why error) func(string) error {
	return func(path string) error { return fmt.Errorf(words+"%w", path, silentError{why}) }
}

// silentError is its cause to errors.Is, and says nothing.
type silentError struct{ error }

func (e silentError) Error() string { return "" }
func (e silentError) Unwrap() error { return e.error }

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "doctor", name+".golden")
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestDoctorOnThisMachine runs the command itself: on a port that is held, on one that is not, and before
// an agent's socket.
func TestDoctorOnThisMachine(t *testing.T) {
	pads := devicetest.NewFF68(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "evalpad.yaml")
	text := "device: p\nscreen: {listen: \"\"}\nheadquarters: {broker: mqtt://127.0.0.1}\ndata_dir: .\ncounters: [{counter: c03, pad: {serial: {port: " + pads.Path() + ", profile: ff68}}}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := doctored(t, file); err == nil || !strings.Contains(said, "pad can be opened") || !strings.Contains(said, "✗ agent") {
		t.Errorf("no agent: %v\n%s", err, said)
	}
	held, err := serialpad.OpenTap(pads.Path(), profiles.Line{})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if said, err := doctored(t, file); err == nil || !strings.Contains(said, "fuser -v "+pads.Path()) {
		t.Errorf("a port that is held: %v\n%s", err, said)
	}
	serve(t, filepath.Join(dir, agent.SocketFile), agent.Status{Version: "v1", Counters: []agent.CounterState{{Counter: "c03", LastMS: -1}}})
	if said, err := doctored(t, file); err != nil || strings.Contains(said, "✗") || !strings.Contains(said, "nothing was pressed") {
		t.Errorf("an agent that is well: %v\n%s", err, said)
	}
	said, err := doctored(t, file, "--json")
	var all []symptom
	if err != nil || json.Unmarshal([]byte(said), &all) != nil || len(all) != 5 || !all[4].OK || all[4].Name != "c03 pad" {
		t.Errorf("json: %v\n%s", err, said)
	}
	if said, err := doctored(t, filepath.Join(dir, "none")); err == nil || !strings.Contains(said, fs.ErrNotExist.Error()[:4]) {
		t.Errorf("no file: %v\n%s", err, said)
	}
}

func doctored(t *testing.T, file string, more ...string) (string, error) {
	var out bytes.Buffer
	root := commands()
	root.SetOut(&out)
	root.SetArgs(append([]string{"doctor", "-c", file}, more...))
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// serve answers as an agent does.
func serve(t *testing.T, socket string, status agent.Status) {
	t.Helper()
	door, err := control.Open(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		_ = door.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { control.Say(w, status) }))
	})
	t.Cleanup(func() { stop(); serving.Wait() })
}
