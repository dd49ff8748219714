package harness

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Program is a real process of one of our programs that has said it is ready.
type Program struct {
	Name string
	says map[string]string
	cmd  *exec.Cmd
	done chan struct{}
	err  error
	mu   sync.Mutex
	log  bytes.Buffer
}

// startTime is how long a program may take until it is ready, on a machine that does other things.
const startTime = 30 * time.Second

// Start runs a program and waits for its ready line. It is killed when the test ends; its log is
// shown if the test has failed.
func Start(t testing.TB, name string, args ...string) *Program {
	t.Helper()
	return StartUntil(t, name, "ready ", args...)
}

// StartUntil is Start for a program that says in other words that it is ready.
func StartUntil(t testing.TB, name, ready string, args ...string) *Program {
	t.Helper()
	return begin(t, name, ready, append([]string{Built(t, name)}, args...))
}

// StartThrough is Start for a program that another command becomes, as unshare does.
func StartThrough(t testing.TB, through []string, name string, args ...string) *Program {
	t.Helper()
	return begin(t, name, "ready ", slices.Concat(through, []string{Built(t, name)}, args))
}

func begin(t testing.TB, name, ready string, args []string) *Program {
	t.Helper()
	p, err := start(args[0], ready, args[1:]...)
	if err != nil {
		t.Fatalf("start %s %v: %v\n%s", name, args, err, p.Log())
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("--- %s said:\n%s", name, tail(p.Log(), 40))
		}
	})
	return p
}

func start(path, ready string, args ...string) (*Program, error) {
	p := &Program{Name: path, cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // no orphan if the test is killed
	p.cmd.Stderr = lockedWriter{p}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return p, err
	}
	if err := p.cmd.Start(); err != nil {
		return p, err
	}
	said := make(chan string, 1)
	go p.read(out, ready, said)
	select {
	case line, ok := <-said:
		if !ok {
			return p, fmt.Errorf("it ended before it was ready: %w", p.err)
		}
		p.says = wordsOf(line)
		return p, nil
	case <-time.After(startTime):
		p.Kill()
		return p, fmt.Errorf("not ready within %s", startTime)
	}
}

// read copies what the program prints, finds its ready line, and waits for its end.
func (p *Program) read(out io.Reader, ready string, said chan<- string) {
	defer close(p.done)
	defer close(said)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fmt.Fprintln(lockedWriter{p}, lines.Text())
		if strings.HasPrefix(strings.TrimSpace(lines.Text()), ready) {
			select {
			case said <- lines.Text():
			default: // said already
			}
		}
	}
	p.err = p.cmd.Wait()
}

// wordsOf reads the words of a ready line, as screen=http://…
func wordsOf(line string) map[string]string {
	says := map[string]string{}
	for w := range strings.FieldsSeq(line) {
		key, value, _ := strings.Cut(w, "=")
		says[key] = value
	}
	return says
}

type lockedWriter struct{ p *Program }

func (w lockedWriter) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.p.log.Write(b)
}

// Says is a word of the ready line, as Says("web").
func (p *Program) Says(key string) string { return p.says[key] }

// Log is all that the program has printed so far.
func (p *Program) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// PID is the process id.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Kill ends the program as a power cut would, and returns when it has gone. Twice is once.
func (p *Program) Kill() {
	_ = p.cmd.Process.Kill() // it may have gone already
	<-p.done
}

// Stop asks the program to leave, and returns how it left; an error if it takes more than 6 s.
func (p *Program) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have gone already
	select {
	case <-p.done:
		return p.err
	case <-time.After(6 * time.Second):
		p.Kill()
		return fmt.Errorf("%s did not leave within 6 s", p.Name)
	}
}

// Run runs a program to its end and returns what it printed and its exit code.
func Run(t testing.TB, name string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(Built(t, name), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("run %s %v: %v", name, args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
