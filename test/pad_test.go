package test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"evalpad/test/harness"
)

// TestSimulatedPad presses the keys of PAD=… make run through a pipe. A press that was thanked, or that
// could not be, becomes a case at headquarters all the same.
func TestSimulatedPad(t *testing.T) {
	for _, c := range []struct {
		make, keys string
		shows      []string
	}{
		{"ff68", "p\n2\n", []string{"请评价 please rate", "谢谢 thank you"}},
		{"line", "2\n", []string{"谢谢 thank you"}},
		{"modbus-keys", "2\n", nil},
	} {
		t.Run(c.make, func(t *testing.T) {
			r := startRun(t, c.make, nil)
			for _, key := range strings.SplitAfter(c.keys, "\n") {
				if _, err := io.WriteString(r.keys, key); err != nil {
					t.Fatal(err)
				}
				time.Sleep(100 * time.Millisecond) // the fingers of one person
			}
			for _, want := range c.shows {
				harness.Eventually(t, 10*time.Second, "the pad to show "+want, func() bool { return strings.Contains(r.text(), want) })
			}
			harness.Eventually(t, 10*time.Second, "a case", func() bool { return len(r.site.Cases(t)) == 1 })
			if _, err := io.WriteString(r.keys, "q\n"); err != nil {
				t.Fatal(err)
			}
			r.wantEnd(t)
		})
	}
}

// TestSimulatedPadAtTerminal presses single keys at a terminal, which is as it was at the end.
func TestSimulatedPadAtTerminal(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = master.Close(), slave.Close() })
	before, err := term.GetState(int(slave.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	r := startRun(t, "ff68", slave)
	harness.Eventually(t, 5*time.Second, "a raw terminal", func() bool {
		now, err := term.GetState(int(slave.Fd()))
		return err == nil && *now != *before
	})
	if _, err := master.WriteString("5"); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, 10*time.Second, "thanks, on a line of its own", func() bool {
		return strings.Contains(r.text(), "谢谢 thank you\r\n")
	})
	if _, err := master.Write([]byte{0x03}); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	r.wantEnd(t)
	after, err := term.GetState(int(slave.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal is not as it was: %v\nbefore %+v\nafter  %+v", err, *before, *after)
	}
}

func TestSimulatedPadUnknown(t *testing.T) {
	cmd := exec.Command(harness.Built(t, "run"), "-dir", t.TempDir(), "-pad", "ff86")
	out, err := cmd.CombinedOutput()
	if want := "PAD=ff86: want one of ff68, pj06,"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v, %s; want %s", err, out, want)
	}
}

// ran is one make run.
type ran struct {
	site *harness.Site
	cmd  *exec.Cmd
	keys io.WriteCloser // its input, where that is a pipe
	done chan struct{}
	err  error // readable once done is closed
	mu   sync.Mutex
	out  bytes.Buffer
}

// startRun starts make run with a simulated pad and waits until its keys can be pressed: at a terminal,
// or else at a pipe.
func startRun(t *testing.T, pad string, terminal *os.File) *ran {
	t.Helper()
	bin, site := filepath.Dir(harness.Built(t, "run")), harness.NewSite(t)
	r := &ran{site: site, done: make(chan struct{})}
	r.cmd = exec.Command(filepath.Join(bin, "run"), "-bin", bin, "-dir", site.Dir)
	r.cmd.Env = append(os.Environ(), "PAD="+pad)
	r.cmd.Stdout, r.cmd.Stderr = r, r
	var err error
	if terminal != nil {
		r.cmd.Stdin = terminal
	} else if r.keys, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.err = r.cmd.Wait(); close(r.done) }()
	t.Cleanup(func() {
		_ = r.cmd.Process.Signal(syscall.SIGTERM) // it may have gone already
		<-r.done
		if t.Failed() {
			t.Logf("make run said:\n%s", r.text())
		}
	})
	harness.Eventually(t, 30*time.Second, "the legend", func() bool { return strings.Contains(r.text(), "退出 quit") })
	return r
}

func (r *ran) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(b)
}

func (r *ran) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}

// wantEnd waits until both programs and the pad have gone.
func (r *ran) wantEnd(t *testing.T) {
	t.Helper()
	select {
	case <-r.done:
		if r.err != nil {
			t.Errorf("make run ended with %v", r.err)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("make run has not ended within 15 s of q")
	}
	if !strings.Contains(r.text(), "stopping both") {
		t.Error("it did not say that it stops both")
	}
	if _, err := os.Lstat(filepath.Join(r.site.Dir, "pad")); err == nil {
		t.Error("the pad is still plugged in")
	}
}
