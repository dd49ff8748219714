package test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"evalpad/test/harness"
)

// The lamps of firmware-notes/line/line.ino, and two of its keys.
const (
	thanksLamp, askLamp, faultLamp = "9", "10", "11"
	keyBest, keyBad, keyWorst      = "2", "5", "6" // K5, K2, K1
)

// sketch is the reference pad, compiled for this machine and at one end of a pseudo-terminal.
type sketch struct {
	t     *testing.T
	slave *os.File // the host's end
	keys  io.Writer
	says  chan string // each change of a lamp, as "9 1"
	began time.Time   // it got its power after that
}

// newSketch compiles the pad with every warning an error, and gives it power. Such tests mostly wait,
// so they do it side by side.
func newSketch(t *testing.T, flags ...string) *sketch {
	t.Helper()
	t.Parallel()
	cc, dir := harness.Need(t, "cc"), t.TempDir()
	program, source := filepath.Join(dir, "pad"), "../firmware-notes/line"
	flags = append(flags, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-I"+source+"/host")
	out, err := exec.Command(cc, append(flags, "-xc", source+"/line.ino", source+"/host/host.c", "-o", program)...).CombinedOutput()
	if err != nil {
		t.Fatalf("compile the pad: %v\n%s", err, out)
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	s := &sketch{t: t, says: make(chan string, 1024)}
	if _, err := term.MakeRaw(int(slave.Fd())); err != nil {
		t.Fatal(err)
	}
	if s.slave, err = os.OpenFile(slave.Name(), os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.slave.Close() })
	s.power(program, master)
	return s
}

func (s *sketch) power(program string, line *os.File) {
	s.t.Helper()
	cmd := exec.Command(program)
	cmd.ExtraFiles, cmd.Stderr = []*os.File{line}, os.Stderr // descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.began = time.Now()
	keys, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err, err2, cmd.Start(), line.Close()); err != nil {
		s.t.Fatal(err)
	}
	s.keys = keys
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			s.says <- lines.Text()
		}
	}()
	s.t.Cleanup(func() {
		_ = keys.Close() // its end
		<-read
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("the pad ended with %v", err)
		}
	})
}

func (s *sketch) tell(format string, args ...any) {
	s.t.Helper()
	if _, err := fmt.Fprintf(s.keys, format+"\n", args...); err != nil {
		s.t.Fatal(err)
	}
}

// press is a finger: 60 ms, and as long until the next one.
func (s *sketch) press(pin string) {
	s.t.Helper()
	s.tell("press %s", pin)
}

func (s *sketch) send(lines string) {
	s.t.Helper()
	if _, err := s.slave.WriteString(lines); err != nil {
		s.t.Fatal(err)
	}
}

// want reads one line of the pad.
func (s *sketch) want(line string) {
	s.t.Helper()
	if got := s.hear(3*time.Second, len(line)+2); got != line+"\r\n" {
		s.t.Fatalf("the pad sent %q, want %q", got, line)
	}
}

// silent wants nothing, for longer than a repeat may take.
func (s *sketch) silent() {
	s.t.Helper()
	if got := s.hear(1200*time.Millisecond, 1); got != "" {
		s.t.Fatalf("the pad sent %q, want nothing", got)
	}
}

func (s *sketch) hear(within time.Duration, n int) string {
	s.t.Helper()
	if err := s.slave.SetReadDeadline(time.Now().Add(within)); err != nil {
		s.t.Fatal(err)
	}
	buf := make([]byte, n)
	n, _ = io.ReadFull(s.slave, buf) // what has come is what counts
	return string(buf[:n])
}

// shows waits for a lamp to change; the others may change before it.
func (s *sketch) shows(lamp, to string) {
	s.t.Helper()
	late := time.After(5 * time.Second)
	for {
		select {
		case said := <-s.says:
			if said == lamp+" "+to {
				return
			}
		case <-late:
			s.t.Fatalf("pin %s did not become %s within 5 s", lamp, to)
		}
	}
}

// dark wants that the lamp has not been lit since the last look.
func (s *sketch) dark(lamp string) {
	s.t.Helper()
	for {
		select {
		case said := <-s.says:
			if said == lamp+" 1" {
				s.t.Fatalf("pin %s is lit", lamp)
			}
		default:
			return
		}
	}
}

// hello is what every session begins with.
func (s *sketch) hello() {
	s.t.Helper()
	s.want("$01,00,H*22FB")
	s.send("$01,00,A*B3D2\r\n")
}

func TestSketchChecksum(t *testing.T) {
	s := newSketch(t)
	s.tell("crc 123456789")
	for said := range s.says {
		if !strings.Contains(said, " ") { // not a lamp
			if said != "29B1" {
				t.Errorf("the checksum of 123456789 is %s, want 29B1", said)
			}
			return
		}
	}
}

// Power-up: hello is repeated under 00 until it is answered, and the first key is 01.
func TestSketchHello(t *testing.T) {
	s := newSketch(t)
	for range 4 {
		s.want("$01,00,H*22FB")
	}
	if took := time.Since(s.began); took < 1500*time.Millisecond {
		t.Errorf("hello four times within %s, want 500 ms between them at least", took)
	}
	s.shows(faultLamp, "1") // nobody has answered for 3 s
	s.press(keyBest)        // waits behind it
	s.hello()
	s.want("$01,01,K5*BA31")
}

// Press → line → answer → thank-you, the same for the best and the worst key, and never before.
func TestSketchPress(t *testing.T) {
	s := newSketch(t)
	s.hello()
	for _, c := range []struct{ pin, line, answer string }{
		{keyBest, "$01,01,K5*BA31", "$01,01,A*84E2\r\n"},
		{keyWorst, "$01,02,K1*6169", "$01,02,A*DDB2\n"}, // LF alone will do
	} {
		s.press(c.pin)
		s.want(c.line)
		s.dark(thanksLamp)
		s.send(c.answer)
		s.shows(thanksLamp, "1")
		s.shows(thanksLamp, "0")
	}
	s.silent()
}

// A lost answer: the same number again, and no thank-you for another's answer or a damaged one.
func TestSketchLostAnswer(t *testing.T) {
	s := newSketch(t)
	s.hello()
	s.press(keyBest)
	s.want("$01,01,K5*BA31")
	for _, other := range []string{
		"$02,01,A*4A02\r\n", "$01,00,A*B3D2\r\n", "$01,01,A*84E3\r\n", "$01,01,A\r\n", "$01,02,A*DDB2\r\n", "$01,01,K5*BA31\r\n",
	} {
		s.send(other)
		s.want("$01,01,K5*BA31")
	}
	s.dark(thanksLamp)
	s.send("noise$01,0$01,01,A*84E2\r\n")
	s.shows(thanksLamp, "1")
	s.silent()
	s.press(keyBest)
	s.want("$01,02,K5*21ED")
}

// Eight messages wait their turn, hello among them; the ninth is not taken, and the fault lamp says so.
func TestSketchQueue(t *testing.T) {
	s := newSketch(t, "-DWORRY_MS=60000") // so that it is not lit for want of an answer
	for range 7 {
		s.press(keyBest)
	}
	s.dark(thanksLamp)
	s.press(keyBest)
	s.shows(faultLamp, "1")
	s.hello()
	line := s.hear(3*time.Second, 15)
	for n := 0; line == "$01,00,H*22FB\r\n" && n < 10; n++ { // it has said hello more than once by now
		line = s.hear(3*time.Second, 15)
	}
	if line += s.hear(3*time.Second, 1); line != "$01,01,K5*BA31\r\n" {
		t.Fatalf("after hello the pad sent %q", line)
	}
	s.send("$01,01,A*84E2\r\n")
	for _, l := range []struct{ line, answer string }{
		{"$01,02,K5*21ED", "$01,02,A*DDB2\r\n"}, {"$01,03,K5*5759", "$01,03,A*EA82\r\n"}, {"$01,04,K5*0674", "$01,04,A*6F12\r\n"},
		{"$01,05,K5*70C0", "$01,05,A*5822\r\n"}, {"$01,06,K5*EB1C", "$01,06,A*0172\r\n"}, {"$01,07,K5*9DA8", "$01,07,A*3642\r\n"},
	} {
		s.want(l.line)
		s.send(l.answer)
	}
	s.silent()
}

// Contacts bounce: one press is one message.
func TestSketchBounce(t *testing.T) {
	s := newSketch(t)
	s.hello()
	s.tell("bounce %s 20", keyBest)
	s.tell("hold %s", keyBest)
	s.tell("bounce %s 5", keyBest)
	s.tell("free %s", keyBest)
	s.tell("bounce %s 5", keyBest)
	s.want("$01,01,K5*BA31")
	s.send("$01,01,A*84E2\r\n")
	s.silent()
}

// What the host makes it show; and a key that is not taken is repeated no more and not thanked.
func TestSketchShows(t *testing.T) {
	s := newSketch(t)
	s.hello()
	s.send("$01,00,Q,O,30*33DC\r\n")
	s.shows(askLamp, "1")
	s.send("$01,00,I*32DA\r\n")
	s.shows(askLamp, "0")
	s.send("$01,00,F*C335\r\n")
	s.shows(faultLamp, "1")
	s.send("$01,00,I*32DA\r\n")
	s.shows(faultLamp, "0")
	s.send("$01,00,B*83B1\r\n")
	s.shows("8", "1")
	s.press(keyBest)
	s.want("$01,01,K5*BA31")
	s.send("$01,01,N*750D\r\n")
	s.silent()
	s.dark(thanksLamp)
}

// TestSketchAtTheCounter has the pad thanked by the real agent, and its press become a case.
func TestSketchAtTheCounter(t *testing.T) {
	s, site := newSketch(t), harness.NewSite(t)
	inspector := site.Inspector(t, "{listen: 127.0.0.1:0}")
	site.Evalpad(t, inspector.Says("broker"), fmt.Sprintf(`screen: {listen: ""}
counters:
  - counter: c03
    pad: {serial: {port: %s, profile: line, address: 1}}
`, s.slave.Name()))
	s.press(keyBad)
	s.shows(thanksLamp, "1")
	harness.Eventually(t, 10*time.Second, "a case", func() bool { return len(site.Cases(t)) == 1 })
}
