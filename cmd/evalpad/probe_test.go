package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"evalpad/cmd/internal/config"
	"evalpad/device/devicetest"
)

func TestMain(m *testing.M) {
	os.Setenv("LC_ALL", "C.UTF-8") // what is typed and read below is English
	os.Exit(m.Run())
}

// person stands at a pad and does what the screen says.
type person struct {
	t      *testing.T
	press  []func() // the keys, best to worst
	scores []int    // of these keys
	says   []answer // to what the screen says; each once
	proof  []func() // what is pressed in the proof; nil: as press
	in     *io.PipeWriter

	ctx    context.Context // nil is the test's
	stopAt string          // at these words the person hits Ctrl-C,
	stop   func()          // which is this
	hangUp string          // at these words nobody types any more
	onLine func(line string)
	slow   time.Duration // how much longer than others the person takes

	mu     sync.Mutex
	screen bytes.Buffer
	half   string
	jobs   chan func()
	known  int // keys, as the screen says
}

// answer is what a person types when the screen says certain words.
type answer struct{ to, line string }

// Write is the screen: the person reads every whole line.
func (p *person) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.screen.Write(b)
	p.half += string(b)
	for {
		line, rest, whole := strings.Cut(p.half, "\n")
		if !whole {
			return len(b), nil
		}
		p.half = rest
		p.read(line)
	}
}

func (p *person) read(line string) {
	switch {
	case p.stopAt != "" && strings.Contains(line, p.stopAt):
		p.do(p.stop)
		return
	case p.hangUp != "" && strings.Contains(line, p.hangUp):
		p.do(func() { p.in.Close() })
		return
	case p.onLine != nil:
		p.onLine(line)
	}
	for i, a := range p.says {
		if strings.Contains(line, a.to) {
			p.says = slices.Delete(slices.Clone(p.says), i, i+1)
			p.do(func() { p.type1(a.line) })
			return
		}
	}
	switch {
	case strings.Contains(line, "BEST key"):
		p.do(p.press[0])
	case strings.HasPrefix(line, "Key "):
		var known int
		if _, err := fmt.Sscanf(line, "Key %d is known", &known); err != nil || known <= p.known {
			return // said again
		}
		p.known = known
		if known < len(p.press) {
			p.do(p.press[known])
		} else {
			p.do(func() { p.type1("") })
		}
	case strings.HasPrefix(line, "Is that what stands"):
		p.do(func() { p.type1("") })
	case strings.HasPrefix(line, "Press: "):
		proof := p.proof
		if proof == nil {
			proof = p.press
		}
		if at := slices.Index(p.scores, int(line[len("Press: ")]-'0')); at >= 0 {
			p.do(proof[at])
		}
	}
}

// do does it a moment later, as people do.
func (p *person) do(job func()) {
	p.jobs <- func() { time.Sleep(150*time.Millisecond + p.slow); job() }
}

func (p *person) type1(line string) { _, _ = io.WriteString(p.in, line+"\n") }

// run runs evalpad with the person before it, and gives what the screen showed.
func (p *person) run(args ...string) (screen string, err error) {
	p.t.Helper()
	var in *io.PipeReader
	in, p.in = io.Pipe()
	p.jobs = make(chan func(), 1000)
	var hands sync.WaitGroup
	hands.Go(func() {
		for job := range p.jobs {
			job()
		}
	})
	ctx, cancel := context.WithTimeout(p.context(), 2*time.Minute)
	defer cancel()
	root := commands()
	root.SetArgs(args)
	root.SetOut(p)
	root.SetIn(in)
	err = root.ExecuteContext(ctx)
	in.Close()
	p.mu.Lock()
	close(p.jobs)
	p.mu.Unlock()
	hands.Wait()
	return p.screen.String(), err
}

func (p *person) context() context.Context {
	if p.ctx == nil {
		return p.t.Context()
	}
	return p.ctx
}

// box is a configuration with a counter c03 that has no pad yet.
func box(t *testing.T) (file, data string) {
	t.Helper()
	dir := t.TempDir()
	file, data = filepath.Join(dir, "evalpad.yaml"), filepath.Join(dir, "data")
	text := "# 本网点\nheadquarters: {broker: mqtt://127.0.0.1}\ndevice: p\ndata_dir: data\ncounters:\n  - counter: c03 # left\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, data
}

// stand is a simulated pad with a person before it, at the end of a wire.
type stand struct {
	port   string
	press  []func()
	scores []int
	says   []answer
	want   string // behind the port, in the part that is written
}

// ff68 is a pad that repeats itself until it is thanked. It hears the wanted variant of its thanks only.
func standFF68(t *testing.T, baud, address int, deaf func([]byte) bool) (stand, *devicetest.FF68) {
	pads := devicetest.NewFF68Bus(t, address)
	s := stand{port: strung(t, pads[0].Path(), baud, deaf), scores: []int{5, 4, 3, 2}}
	hand := newFinger(t)
	for _, key := range []byte{3, 2, 1, 0} {
		s.press = append(s.press, hand.on(func(ctx context.Context) error { return pads[0].PressUntilThanked(ctx, key, 400*time.Millisecond) }))
	}
	return s, pads[0]
}

// finger presses keys of a pad that repeats a key until it is thanked, or another one is pressed.
type finger struct {
	t      *testing.T
	cancel context.CancelFunc
	done   chan struct{}
}

func newFinger(t *testing.T) *finger {
	f := &finger{t: t}
	t.Cleanup(f.lift)
	return f
}

func (f *finger) lift() {
	if f.cancel != nil {
		f.cancel()
		<-f.done
	}
}

func (f *finger) on(press func(context.Context) error) func() {
	return func() {
		f.lift()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		f.cancel, f.done = cancel, done
		go func() {
			defer close(done)
			_ = press(ctx) // a pad that nobody thanks is no error here
		}()
	}
}

func once(t *testing.T, press func() error) func() {
	return func() {
		if err := press(); err != nil {
			t.Error(err)
		}
	}
}

var stands = map[string]func(t *testing.T) stand{
	"ff68": func(t *testing.T) stand {
		s, pads := standFF68(t, 9600, 1, nil)
		t.Cleanup(func() {
			if got, want := pads.Thanks(), 2*len(s.press); got < want {
				t.Errorf("%d thanks for %d presses", got, want)
			}
		})
		s.want = "baud: 9600, profile: ff68, address: 1, ack: echo}"
		return s
	},
	"ff68 short thanks at 19200 and address 107": func(t *testing.T) stand {
		s, _ := standFF68(t, 19200, 107, func(b []byte) bool { return b[0] == 0xFF && b[6] == 0x01 }) // it takes no echo
		s.want = "baud: 19200, profile: ff68, address: 107, ack: short}"
		return s
	},
	"jt905": func(t *testing.T) stand {
		pad := devicetest.NewJT905(t)
		s := stand{port: strung(t, pad.Path(), 9600, nil), scores: []int{4, 3, 2, 1}, want: "baud: 9600, profile: jt905, ack: echo}"}
		hand := newFinger(t)
		for _, rating := range []byte{1, 2, 3, 4} {
			s.press = append(s.press, hand.on(func(ctx context.Context) error { return pad.PressUntilThanked(ctx, rating, 400*time.Millisecond) }))
		}
		return s
	},
	"line at 115200 and address 5": func(t *testing.T) stand {
		pad := devicetest.NewLineBus(t, 5)[0]
		s := stand{port: strung(t, pad.Path(), 115200, nil), scores: []int{5, 4, 3, 2, 1}, want: "baud: 115200, profile: line, address: 5, ack: stored}"}
		hand := newFinger(t)
		for score := range 5 {
			s.press = append(s.press, hand.on(func(ctx context.Context) error { return pad.PressUntilThanked(ctx, 5-score, 400*time.Millisecond) }))
		}
		return s
	},
	"pj06": func(t *testing.T) stand {
		pad := devicetest.NewPJ06(t)
		s := stand{port: strung(t, pad.Path(), 19200, nil), scores: []int{5, 4, 3, 2, 1}, says: []answer{{"Did the pad just ask", "y"}}}
		s.want = "baud: 19200, profile: pj06, keys: {06: 5, 05: 4, 04: 3, 03: 2, 02: 1}}"
		for key := range byte(5) {
			s.press = append(s.press, once(t, func() error { return pad.Press(6 - key) }))
		}
		t.Cleanup(func() {
			if !slices.ContainsFunc(pad.Heard(), func(c devicetest.PJ06Command) bool { return c.Command == 0x20 }) {
				t.Error("the pad was never told to ask, so nobody can have seen it")
			}
		})
		return s
	},
	"byte": func(t *testing.T) stand { return standByte(t, 9600, "byte", "12345") },
	"byte of three keys at 4800": func(t *testing.T) stand {
		s := standByte(t, 4800, "byte", "ABC")
		s.scores = []int{4, 3, 2}
		s.want = "baud: 4800, profile: byte, keys: {41: 4, 42: 3, 43: 2}}"
		return s
	},
	"byte that looks like pj06": func(t *testing.T) stand {
		s := standByte(t, 9600, "byte", "\x01\x02\x03\x04\x05")
		s.says = []answer{{"Did the pad just ask", "n"}}
		return s
	},
	"modbus-keys": func(t *testing.T) stand {
		pad, err := devicetest.PlugModbusKeys(filepath.Join(t.TempDir(), "pad"), 1, devicetest.ModbusBits)
		return standModbus(t, pad, err, 9600, "baud: 9600, profile: modbus-keys, address: 1, keys: {00: 5, 01: 4, 02: 3, 03: 2, 04: 1}}")
	},
	"modbus-counter at 19200 and address 7": func(t *testing.T) stand {
		pad, err := devicetest.PlugModbusKeys(filepath.Join(t.TempDir(), "pad"), 7, devicetest.ModbusCounter)
		return standModbus(t, pad, err, 19200, "baud: 19200, profile: modbus-counter, address: 7, keys: {01: 5, 02: 4, 03: 3, 04: 2, 05: 1}}")
	},
}

func standByte(t *testing.T, baud int, profile, keys string) stand {
	pad := devicetest.NewByteKeys(t)
	s := stand{port: strung(t, pad.Path(), baud, nil), scores: []int{5, 4, 3, 2, 1}}
	for _, key := range []byte(keys) {
		s.press = append(s.press, once(t, func() error { return pad.Press(key) }))
	}
	if keys == "12345" {
		s.want = "baud: 9600, profile: byte, keys: {31: 5, 32: 4, 33: 3, 34: 2, 35: 1}}"
	} else {
		s.want = "baud: 9600, profile: byte, keys: {01: 5, 02: 4, 03: 3, 04: 2, 05: 1}}"
	}
	return s
}

func standModbus(t *testing.T, pad *devicetest.ModbusKeys, err error, baud int, want string) stand {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pad.Unplug() })
	s := stand{port: strung(t, pad.Path(), baud, nil), scores: []int{5, 4, 3, 2, 1}, want: want}
	for key := range 5 {
		s.press = append(s.press, once(t, func() error {
			if err := pad.Hold(key); err != nil {
				return err
			}
			time.Sleep(400 * time.Millisecond) // half a second, says the screen
			pad.Release(key)
			return nil
		}))
	}
	return s
}

// together runs subtests that wait more than they work: all at once, whatever -parallel says.
type together struct {
	t    *testing.T
	runs sync.WaitGroup
}

// atOnce makes a group; its maker waits for it.
func atOnce(t *testing.T) *together {
	t.Parallel()
	all := &together{t: t}
	return all
}

func (a *together) run(name string, f func(*testing.T)) { a.runs.Go(func() { a.t.Run(name, f) }) }

// TestProbeFindsEveryPad has a person press the keys of every make of pad that can be simulated: profile,
// rate, address, thank-you and map are found, written, and kept as a record that can be played again.
func TestProbeFindsEveryPad(t *testing.T) {
	all := atOnce(t)
	defer all.runs.Wait()
	for name, make := range stands {
		all.run(name, func(t *testing.T) {
			s := make(t)
			file, data := box(t)
			who := &person{t: t, press: s.press, scores: s.scores, says: s.says}
			screen, err := who.run("probe", s.port, "-c", file, "--counter", "c03", "--write", "--by", "li", "--wait", "2500ms")
			if err != nil {
				t.Fatalf("%v\n%s", err, screen)
			}
			t.Log(screen)
			want := "  - counter: c03 # left\n    pad:\n      serial: {port: " + s.port + ", " + s.want + "\n"
			text, err := os.ReadFile(file)
			if err != nil || !strings.HasSuffix(string(text), want) || !strings.HasPrefix(string(text), "# 本网点\n") {
				t.Errorf("the file says (%v)\n%s\nwant\n%s", err, text, want)
			}
			if _, err := config.ReadPad(file); err != nil {
				t.Error(err)
			}
			wantRecord(t, file, data, len(s.press))
		})
	}
}

// wantRecord wants one record for people, and one that plays.
func wantRecord(t *testing.T, file, data string, keys int) {
	t.Helper()
	fixtures, _ := filepath.Glob(filepath.Join(data, "probe", "*-c03.fixture"))
	records, _ := filepath.Glob(filepath.Join(data, "probe", "*-c03.txt"))
	if len(fixtures) != 1 || len(records) != 1 {
		t.Fatalf("records %q, fixtures %q; want one of each", records, fixtures)
	}
	text, err := os.ReadFile(records[0])
	if err != nil || strings.Count(string(text), "\nkey ") != keys || !strings.Contains(string(text), "\nby        li\n") {
		t.Errorf("record (%v)\n%s", err, text)
	}
	played, err := (&person{t: t}).run("probe", "--replay", fixtures[0], "-c", file)
	if err != nil || !strings.Contains(played, "signals as they were") {
		t.Errorf("replay: %v\n%s", err, played)
	}
	kept, err := os.ReadFile(fixtures[0])
	if err != nil {
		t.Fatal(err)
	}
	if *update { // for the tests of package probing
		name := strings.Split(strings.TrimPrefix(t.Name(), "TestProbeFindsEveryPad/"), "/")[0]
		if err := os.WriteFile(filepath.Join("internal", "probing", "testdata", name+".fixture"), kept, 0o644); err != nil {
			t.Error(err)
		}
	}
	changed := strings.Replace(string(kept), "= press 5\n", "= press 1\n", 1)
	changed = strings.Replace(changed, "= press 2\n", "= press 1\n", 1) // of those without a 5
	if err := os.WriteFile(fixtures[0], []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	if played, err := (&person{t: t}).run("probe", "--replay", fixtures[0], "-c", file); err == nil || !strings.Contains(err.Error(), "when the pad was probed") {
		t.Errorf("a fixture whose signals were changed: %v\n%s", err, played)
	}
}
