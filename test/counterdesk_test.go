package test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"evalpad/test/harness"
)

const deskSecret = "0123456789abcdef0123456789abcdef"

// desk is a counter_desk: section on loopback with its token file.
func desk(t *testing.T, s *harness.Site, listen string) string {
	t.Helper()
	writeFile(t, filepath.Join(s.Dir, "desk.token"), deskSecret+"\n")
	return fmt.Sprintf("counter_desk: {listen: %q, allow: [127.0.0.1], token_file: desk.token}\n", listen)
}

// TestCounterDesk is a whole box: off unless it is written, then a prompt by curl that reaches a record.
func TestCounterDesk(t *testing.T) {
	curl := harness.Need(t, "curl")
	s := harness.NewSite(t)
	const rest = "screen: {listen: 127.0.0.1:0}\ncounters: [{counter: c03}]\n"
	box := s.Evalpad(t, "mqtt://127.0.0.1:1", rest)
	if got := listening(t, box.PID()); len(got) != 1 || strings.Contains(box.Log(), "counter_desk=") {
		t.Errorf("without counter_desk the box listens on %v, want the screen alone", got)
	}
	box.Kill()
	box = s.Evalpad(t, "mqtt://127.0.0.1:1", desk(t, s, "127.0.0.1:0")+rest)
	if got := listening(t, box.PID()); len(got) != 2 {
		t.Errorf("with counter_desk the box listens on %v, want two", got)
	}
	out, err := exec.Command(curl, "-sS", "--fail-with-body", "-X", "POST", "-H", "Authorization: Bearer "+deskSecret,
		"-d", `{"ticket": "A12", "service": "priority"}`, box.Says("counter_desk")+"api/v1/counters/c03/prompt").CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"answer":"asked"`) {
		t.Errorf("curl: %v\n%s", err, out)
	}
	if got := s.Status(t)["degraded"]; strings.Contains(fmt.Sprint(got), "counter-desk") {
		t.Errorf("degraded: %v", got)
	}
	if err := box.Stop(); err != nil {
		t.Errorf("the box did not leave in peace: %v", err)
	}
}

// TestCounterDeskClosed takes its port away: the box runs on, says so, and opens the desk when it can.
func TestCounterDeskClosed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := harness.NewSite(t)
	box := s.Evalpad(t, "mqtt://127.0.0.1:1", desk(t, s, taken.Addr().String())+"screen: {listen: 127.0.0.1:0}\ncounters: [{counter: c03}]\n")
	if box.Says("counter_desk") != "closed" {
		t.Errorf("the box says %q", box.Says("counter_desk"))
	}
	logs := func(box *harness.Program, words string) {
		t.Helper()
		harness.Eventually(t, 5*time.Second, "the log line "+words, func() bool { return strings.Contains(box.Log(), words) })
	}
	logs(box, "counter desk not open")
	out, _, code := harness.Run(t, "evalpad", "status", "-c", s.EvalpadConfig)
	if code != 0 || !strings.Contains(out, "counter-desk closed: the tellers' program cannot prompt; ratings go on") {
		t.Errorf("status (%d):\n%s", code, out)
	}
	if got := s.Status(t)["counters"]; got == nil {
		t.Error("the box does not serve its counters")
	}
	taken.Close()
	harness.Eventually(t, 20*time.Second, "the desk to open", func() bool {
		return !strings.Contains(fmt.Sprint(s.Status(t)["degraded"]), "counter-desk")
	})
	writeFile(t, filepath.Join(s.Dir, "desk.token"), "short")
	if err := box.Stop(); err != nil {
		t.Errorf("the box did not leave in peace: %v", err)
	}
	logs(s.Again(t, "evalpad"), "a token of 5 characters: write 24 to 256")
}

// listening is what a process listens on, as the kernel has it.
func listening(t *testing.T, pid int) (addresses []string) {
	t.Helper()
	inodes := map[string]bool{}
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(links) == 0 {
		t.Fatalf("%d files, %v", len(links), err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil {
			inodes[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
		}
	}
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			const listens = "0A"
			if f := strings.Fields(line); len(f) > 9 && f[3] == listens && inodes[f[9]] {
				addresses = append(addresses, f[1])
			}
		}
	}
	return addresses
}
