package linktest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"evalpad/test/harness"
)

// RealBroker is a mosquitto in a process of its own, on a free port of loopback.
type RealBroker struct {
	t       testing.TB
	program string
	dir     string
	port    int

	mu      sync.Mutex // held while it starts or ends; a test may kill from another goroutine
	running *exec.Cmd  // nil while stopped
	ended   chan struct{}
	log     buffer
}

// Mosquitto starts a mosquitto with anonymous access and the given further lines of configuration
// (mosquitto.conf(5)); it is killed when the test ends. Where mosquitto is not installed the test is
// skipped and counted.
func Mosquitto(t testing.TB, conf ...string) *RealBroker {
	t.Helper()
	m := &RealBroker{t: t, program: harness.Need(t, "mosquitto"), dir: t.TempDir(), port: freePort(t)}
	lines := append([]string{
		fmt.Sprintf("listener %d 127.0.0.1", m.port), "allow_anonymous true",
		"user root", // or it would leave its directory to the user mosquitto; void unless root starts it
		"persistence_location " + m.dir + "/",
	}, conf...)
	text := strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(m.conf(), []byte(text), 0o600); err != nil {
		t.Fatalf("write mosquitto's configuration: %v", err)
	}
	t.Cleanup(m.Kill)
	m.start()
	return m
}

func (m *RealBroker) conf() string { return filepath.Join(m.dir, "mosquitto.conf") }

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("look for a free port: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (m *RealBroker) start() {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	cmd := exec.Command(m.program, "-c", m.conf())
	cmd.Stdout, cmd.Stderr = &m.log, &m.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // should the test itself be killed
	if err := cmd.Start(); err != nil {
		m.t.Fatalf("start mosquitto: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	m.running, m.ended = cmd, ended
	m.awaitReady()
}

// awaitReady knocks until mosquitto accepts.
func (m *RealBroker) awaitReady() {
	m.t.Helper()
	limit := time.After(10 * time.Second)
	knock := time.NewTicker(5 * time.Millisecond)
	defer knock.Stop()
	for {
		if conn, err := net.Dial("tcp", m.Address()); err == nil {
			conn.Close()
			return
		}
		select {
		case <-knock.C:
		case <-m.ended:
			m.t.Fatalf("mosquitto ended at once:\n%s", m.log.String())
		case <-limit:
			m.t.Fatalf("mosquitto does not listen on %s after 10 s:\n%s", m.Address(), m.log.String())
		}
	}
}

// Address is where mosquitto listens, as host:port.
func (m *RealBroker) Address() string { return fmt.Sprintf("127.0.0.1:%d", m.port) }

// URL is where mosquitto listens, as mqtt://127.0.0.1:40123.
func (m *RealBroker) URL() string { return "mqtt://" + m.Address() }

// Log is what mosquitto has written so far.
func (m *RealBroker) Log() string { return m.log.String() }

// Kill ends mosquitto as a crash would: what it had not yet saved is gone.
func (m *RealBroker) Kill() { m.end(syscall.SIGKILL) }

// Stop ends mosquitto in order; with persistence it saves what it has.
func (m *RealBroker) Stop() { m.end(syscall.SIGTERM) }

// Restart starts mosquitto again on the same port, after killing it if it still runs.
func (m *RealBroker) Restart() {
	m.t.Helper()
	m.Kill()
	m.start()
}

// Reload has mosquitto read its access list anew.
func (m *RealBroker) Reload() { m.tell(syscall.SIGHUP) }

// Freeze stops mosquitto where it stands: its lines stay and nothing is answered, until Thaw.
func (m *RealBroker) Freeze() { m.tell(syscall.SIGSTOP) }

// Thaw lets a frozen mosquitto go on.
func (m *RealBroker) Thaw() { m.tell(syscall.SIGCONT) }

func (m *RealBroker) tell(signal syscall.Signal) {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.running.Process.Signal(signal); err != nil {
		m.t.Fatalf("send %v to mosquitto: %v", signal, err)
	}
}

func (m *RealBroker) end(signal syscall.Signal) {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running == nil {
		return
	}
	m.running.Process.Signal(signal)
	select {
	case <-m.ended:
	case <-time.After(10 * time.Second):
		m.t.Errorf("mosquitto does not end within 10 s of %v", signal)
		m.running.Process.Kill()
		<-m.ended
	}
	m.running = nil
}

// buffer is written by a process and read by a test.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
