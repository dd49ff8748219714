package serialpad

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/serialpad/profiles"

	"github.com/creack/pty"
	"go.yaml.in/yaml/v4"
)

var line9600 = profiles.Line{Baud: 9600, Parity: "none", Bits: 8, Stop: 1}

func ff68(t testing.TB) *profiles.Protocol {
	t.Helper()
	return protocol(t, "ff68")
}

// protocol compiles a shipped profile.
func protocol(t testing.TB, name string) *profiles.Protocol {
	t.Helper()
	text, err := profiles.Shipped.ReadFile(name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var p profiles.Profile
	if err := yaml.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	made, err := profiles.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Protocol is protocol for the tests outside.
var Protocol = protocol

// counting counts the reads of a port.
type counting struct {
	tty
	reads *atomic.Int64
}

func (c counting) Read(b []byte) (int, error) {
	c.reads.Add(1)
	return c.tty.Read(b)
}

// dead is a hung-up terminal as tarm shows it: every read finds nothing at once.
type dead struct{ tty }

func (dead) Read([]byte) (int, error) { return 0, io.EOF }

// readsIn keeps the port at path for half a second, each opening changed by spoil, and counts tarm's reads.
func readsIn(t *testing.T, path string, spoil func(*port)) int64 {
	t.Helper()
	var reads atomic.Int64
	c := cable{
		open: func() (*port, error) {
			p, err := openPort(path, line9600)
			if err == nil {
				spoil(p)
				p.tty = counting{p.tty, &reads}
			}
			return p, err
		},
		protocol: ff68(t), line: line9600, uptime: func() time.Duration { return 0 }, tell: func(context.Context, news) {},
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
	defer cancel()
	c.keep(ctx)
	return 2 * reads.Load()
}

// An idle line is waited for and not read; one that is hung up, and cannot be waited for, is given up
// after a few reads.
func TestReadsDoNotSpin(t *testing.T) {
	fake := devicetest.NewFF68(t)
	if idle := readsIn(t, fake.Path(), func(*port) {}); idle != 0 {
		t.Errorf("%d reads a second of an idle line, want none", idle)
	}
	unplugged := readsIn(t, fake.Path(), func(p *port) {
		p.tty = dead{p.tty}
		_ = p.node.Close()
	})
	if unplugged < maxEarly || unplugged > 50 {
		t.Errorf("%d reads a second of a line hung up, want %d to 50", unplugged, maxEarly)
	}
}

// aTerminal opens a pair whose master nobody reads.
func aTerminal(t *testing.T) (slave string) {
	t.Helper()
	master, node, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = master.Close(), node.Close() })
	return node.Name()
}

func TestReadNoticesAnotherDevice(t *testing.T) {
	link := filepath.Join(t.TempDir(), "pad")
	point := func(to string) {
		t.Helper()
		_ = os.Remove(link)
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	point(aTerminal(t))
	p, err := openPort(link, line9600)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	buf := make([]byte, 8)
	if n, err := p.Read(buf, readTimeout); n != 0 || err != nil {
		t.Fatalf("a silent line read %d, %v; want 0, nil", n, err)
	}
	point(aTerminal(t)) // and the old one is not hung up
	_, err = p.Read(buf, readTimeout)
	l, ok := errors.AsType[loss](err)
	if !ok || l.sentence != link+" was unplugged" {
		t.Errorf("read after the link was moved: %v, want %s was unplugged", err, link)
	}
}

// Nobody reads the other side and there is no flow control to blame: the port must be given up, and
// giving it up must not wait for what is stuck in it.
func TestPortThatTakesNothing(t *testing.T) {
	p, err := openPort(aTerminal(t), line9600)
	if err != nil {
		t.Fatal(err)
	}
	frame := []byte(strings.Repeat("\x55", 512))
	began := time.Now()
	for err == nil && time.Since(began) < 5*time.Second {
		began = time.Now()
		err = p.Write(frame)
	}
	if took := time.Since(began); took > 2*writeTimeout {
		t.Errorf("the write that failed took %v, want %v", took, writeTimeout)
	}
	if l, ok := errors.AsType[loss](err); !ok || l.sentence != p.path+" takes no bytes" {
		t.Errorf("write: %v, want %s takes no bytes", err, p.path)
	}
	began = time.Now()
	p.Close()
	if took := time.Since(began); took > time.Second {
		t.Errorf("closing took %v, want less than a second", took)
	}
}

// flushed notes whether it was flushed before it was closed.
type flushed struct {
	tty
	calls []string
}

func (f *flushed) Flush() error { f.calls = append(f.calls, "flush"); return f.tty.Flush() }
func (f *flushed) Close() error { f.calls = append(f.calls, "close"); return f.tty.Close() }

// A terminal of the test's kind does not wait for its output at closing, as a serial port does: so
// what would save us half a minute there is looked at here.
func TestCloseDropsWhatIsStuckButNotTheLastWords(t *testing.T) {
	p, err := openPort(aTerminal(t), line9600)
	if err != nil {
		t.Fatal(err)
	}
	f := &flushed{tty: p.tty}
	p.tty = f
	began := time.Now()
	if err := p.Write([]byte("thank you")); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if took := time.Since(began); took < lastWords || took > time.Second {
		t.Errorf("closing took %v, want the last words' %v", took, lastWords)
	}
	if got := strings.Join(f.calls, " "); got != "flush close" {
		t.Errorf("closing called %q, want flush close", got)
	}
}

func TestHungUpPort(t *testing.T) {
	fake := devicetest.NewFF68(t)
	p, err := openPort(fake.Path(), line9600)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := fake.Unplug(); err != nil {
		t.Fatal(err)
	}
	_, readErr := p.Read(make([]byte, 8), readTimeout)
	for _, err := range []error{readErr, p.Write([]byte("thank you"))} {
		if l, ok := errors.AsType[loss](err); !ok || l.sentence != p.path+" was unplugged" {
			t.Errorf("a port hung up: %v, want %s was unplugged", err, p.path)
		}
	}
}

func TestStuckWriterEndsTheUse(t *testing.T) {
	p, err := openPort(aTerminal(t), line9600)
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan news, 1)
	c := cable{protocol: ff68(t), line: line9600, uptime: func() time.Duration { return 0 }, tell: func(_ context.Context, n news) { opened <- n }}
	ended := make(chan error, 1)
	go func() { ended <- c.use(t.Context(), p) }()
	write := (<-opened).write
	late := time.After(10 * time.Second)
	for {
		select {
		case write <- outgoing{frame: strings.Repeat("\x55", 512)}:
		case err := <-ended:
			if err == nil || err.Error() != p.path+" takes no bytes" {
				t.Errorf("the port was given up with %v, want %s takes no bytes", err, p.path)
			}
			return
		case <-late:
			t.Fatal("a port that takes nothing is still in use")
		}
	}
}

func TestUnthankedIsBounded(t *testing.T) {
	u := unthanked{within: sameWithin}
	now := time.Hour
	add := func(id, thanks string, body ...byte) {
		f := profiles.MakeFrame(body[0], body[1], 0, body[2:]...)
		u.add(device.Signal{Kind: device.Refused, ID: id, At: now}, f, thanks, false)
	}
	add("kept", "ack", 1, 1, 0x0B)
	for i := range 1000 {
		add("refused", "", 2, byte(i), byte(i>>8))
	}
	if len(u.list) != maxUnthanked {
		t.Errorf("%d frames are waiting, want %d", len(u.list), maxUnthanked)
	}
	if got, _ := u.shown("kept"); got != "ack" {
		t.Errorf("the frame to be thanked made way for refused ones")
	}
	now += sameWithin
	add("late", "", 3, 3, 3)
	if len(u.list) != 1 {
		t.Errorf("%d frames are waiting 2 s later, want 1", len(u.list))
	}
}
