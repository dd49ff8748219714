package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"evalpad/agent/control"
)

// Site is a headquarters and one box on this machine, with their folders and configurations.
type Site struct {
	Dir             string
	InspectorConfig string
	EvalpadConfig   string
	Through         []string // the command that becomes the box's agent; empty: it is started itself
}

// NewSite makes the folders.
func NewSite(t testing.TB) *Site {
	t.Helper()
	dir, err := os.MkdirTemp("", "site-") // short: a socket's path has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &Site{
		Dir: dir, InspectorConfig: filepath.Join(dir, "inspector.yaml"), EvalpadConfig: filepath.Join(dir, "evalpad.yaml"),
	}
}

// Inspector starts headquarters; broker is its own broker: section, as {url: mqtt://…}.
func (s *Site) Inspector(t testing.TB, broker string) *Program {
	t.Helper()
	s.write(t, s.InspectorConfig, fmt.Sprintf("data_dir: hq\nbroker: %s\nweb: {listen: 127.0.0.1:0}\n", broker))
	return Start(t, "inspector", "serve", "-c", s.InspectorConfig)
}

// Evalpad starts the box; more are further sections of its configuration, counters among them, and
// headquarters further keys of that section.
func (s *Site) Evalpad(t testing.TB, broker, more string, headquarters ...string) *Program {
	t.Helper()
	hq := strings.Join(append([]string{fmt.Sprintf("broker: %q", broker)}, headquarters...), ", ")
	s.write(t, s.EvalpadConfig, fmt.Sprintf(
		"device: pad-1\nregion: r11\nbranch: b0731\ndata_dir: box\nheadquarters: {%s}\n%s", hq, more))
	return StartThrough(t, s.Through, "evalpad", "run", "-c", s.EvalpadConfig)
}

// Again starts the box, or headquarters, with the configuration that it had.
func (s *Site) Again(t testing.TB, name string) *Program {
	t.Helper()
	if name == "inspector" {
		return Start(t, "inspector", "serve", "-c", s.InspectorConfig)
	}
	return StartThrough(t, s.Through, "evalpad", "run", "-c", s.EvalpadConfig)
}

func (s *Site) write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Cases asks headquarters by its command, as an inspector does.
func (s *Site) Cases(t testing.TB) (cases []map[string]any) {
	t.Helper()
	out, errs, code := Run(t, "inspector", "cases", "list", "--all", "--json", "-c", s.InspectorConfig)
	if code != 0 {
		return nil // headquarters is down just now
	}
	if err := json.Unmarshal([]byte(out), &cases); err != nil {
		t.Fatalf("read cases: %v\n%s%s", err, out, errs)
	}
	return cases
}

// Status asks the box how it stands, at its socket; nil while it is down.
func (s *Site) Status(t testing.TB) (status map[string]any) {
	t.Helper()
	var answer bytes.Buffer
	if err := control.Ask(t.Context(), filepath.Join(s.Dir, "box", "evalpad.sock"), "/status", &answer); err != nil {
		return nil
	}
	if err := json.Unmarshal(answer.Bytes(), &status); err != nil {
		t.Fatalf("read status: %v\n%s", err, answer.Bytes())
	}
	return status
}

// Waiting is how many records wait on the box; -1 while it is down.
func (s *Site) Waiting(t testing.TB) int {
	t.Helper()
	box, _ := s.Status(t)["outbox"].(map[string]any)
	waiting, ok := box["waiting"].(float64)
	if !ok {
		return -1
	}
	return int(waiting)
}
