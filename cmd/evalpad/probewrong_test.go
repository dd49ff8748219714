package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"evalpad/cmd/evalpad/internal/probing"
	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
	"evalpad/device/devicetest"
	"evalpad/device/serialpad"
	"evalpad/device/serialpad/profiles"
)

// probed runs a person's probe of a stand without writing, at the rate and profile that are known, which
// is fast.
func (p *person) probed(file, port string, more ...string) (string, error) {
	return p.run(append([]string{"probe", port, "-c", file, "--wait", "1s"}, more...)...)
}

// TestProbeSaysWrongPresses: the person presses the wrong keys, too few, too many, and says what cannot be.
func TestProbeSaysWrongPresses(t *testing.T) {
	pad := func(t *testing.T, keys string) (string, []func()) {
		fake := devicetest.NewByteKeys(t)
		var press []func()
		for _, key := range []byte(keys) {
			press = append(press, once(t, func() error { return fake.Press(key) }))
		}
		return fake.Path(), press
	}
	all := atOnce(t)
	defer all.runs.Wait()
	both := func(a, b func()) func() { return func() { a(); time.Sleep(300 * time.Millisecond); b() } }
	for name, c := range map[string]struct {
		keys   string
		change func(press []func()) // what is pressed instead
		proof  func(press []func()) []func()
		says   []answer
		scores []int
		want   []string // on the screen
		fails  string
	}{
		"a key twice": {
			keys: "123", proof: func(p []func()) []func() { return []func(){p[0], both(p[0], p[1]), p[2]} },
			want: []string{"✗ 31 is 4 satisfied (满意), which has been pressed already.", "All 3 keys are proved."},
		},
		"a later key": {
			keys: "123", proof: func(p []func()) []func() { return []func(){both(p[2], p[0]), p[1], p[2]} },
			want: []string{"✗ 33 is 2 dissatisfied (不满意); wanted is 4 satisfied (满意).", "All 3 keys are proved."},
		},
		"a key that was not learnt": {
			keys: "1234", change: func(p []func()) {}, proof: func(p []func()) []func() { return []func(){both(p[3], p[0]), p[1], p[2]} },
			says: []answer{{"Key 3 is known", ""}},
			want: []string{"✗ 34 has no score", "All 3 keys are proved."},
		},
		"the same key while learning": {
			keys: "123", change: func(p []func()) { p[1] = both(p[0], p[1]) },
			want: []string{"That is key 1 again.", "Key 2 is known."},
		},
		"two keys at once": {
			keys: "123", change: func(p []func()) { one, two := p[1], p[2]; p[1] = both(func() { one(); two() }, one) },
			want: []string{"press one key at a time", "All 3 keys are proved."},
		},
		"one key": {
			keys: "12", change: func(p []func()) {}, says: []answer{{"Press the BEST key once more", ""}},
			fails: "no press was understood",
		},
		"six keys": {
			keys: "123456", proof: func(p []func()) []func() { return p[:5] },
			says: []answer{{"a sixth key", ""}}, want: []string{"it is left out", "34: 2, 35: 1}"},
		},
		"two keys for one score": {
			keys: "123", says: []answer{{"Is that what stands", "5 5 2"}, {"Is that what stands", "5 3 2"}}, scores: []int{5, 3, 2},
			want: []string{"That cannot be: two keys for score 5.", "keys: {31: 5, 32: 3, 33: 2}}"},
		},
		"never the right one": {
			keys: "12", proof: func(p []func()) []func() { return []func(){p[1], p[1]} }, fails: "10 wrong presses",
		},
	} {
		all.run(name, func(t *testing.T) {
			file, data := box(t)
			before := content(t, file)
			port, press := pad(t, c.keys)
			who := &person{t: t, press: press, says: c.says, scores: map[int][]int{2: {4, 2}, 3: {4, 3, 2}, 4: {4, 3, 2}, 6: {5, 4, 3, 2, 1}}[len(c.keys)]}
			if c.scores != nil {
				who.scores = c.scores
			}
			who.proof = press
			if c.proof != nil {
				who.proof = c.proof(append([]func(){}, press...))
			}
			if c.change != nil {
				who.press = append([]func(){}, press...)
				c.change(who.press)
			}
			screen, err := who.probed(file, port, "--baud", "9600", "--profile", "byte")
			for _, want := range c.want {
				if !strings.Contains(screen, want) {
					t.Errorf("the screen does not say %q", want)
				}
			}
			if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
				t.Errorf("got %v, want %q", err, c.fails)
			}
			if c.fails != "" {
				if left, _ := filepath.Glob(filepath.Join(data, "*")); len(left) > 0 {
					t.Errorf("a probe that failed has left %q", left)
				}
			}
			if content(t, file) != before {
				t.Error("the configuration was changed")
			}
			if t.Failed() {
				t.Log(screen)
			}
		})
	}
}

func content(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestProbeKnowsWhatItDoesNot: a pad that goes on sending, and one that never does, have no proved thanks.
func TestProbeKnowsWhatItDoesNot(t *testing.T) {
	pads, all := devicetest.NewFF68(t), atOnce(t)
	defer all.runs.Wait()
	for name, c := range map[string]struct {
		stand func(t *testing.T) stand
		want  string
	}{
		"goes on": {func(t *testing.T) stand {
			s, _ := standFF68(t, 9600, 1, func([]byte) bool { return true })
			return s
		}, "The pad goes on sending"},
		"sends once": {func(t *testing.T) stand {
			s := stand{port: pads.Path(), scores: []int{5, 4, 3, 2}}
			for _, key := range []byte{3, 2, 1, 0} {
				s.press = append(s.press, once(t, func() error { return pads.Press(key) }))
			}
			return s
		}, "profile: ff68, address: 1}"},
	} {
		all.run(name, func(t *testing.T) {
			file, _ := box(t)
			s := c.stand(t)
			who := &person{t: t, press: s.press, scores: s.scores, slow: 600 * time.Millisecond} // meanwhile a pad repeats itself
			screen, err := who.probed(file, s.port, "--baud", "9600")
			if err != nil || !strings.Contains(screen, c.want) || strings.Contains(screen, "ack:") || strings.Contains(screen, "again.") {
				t.Errorf("%v\n%s\nwant %q, no ack, and no repeat taken for a press", err, screen, c.want)
			}
		})
	}
}

// TestProbePortIsBusy: the agent has the port, and is not robbed of it.
func TestProbePortIsBusy(t *testing.T) {
	pads := devicetest.NewFF68(t)
	held, err := serialpad.OpenTap(pads.Path(), profiles.Line{})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	file, _ := box(t)
	screen, err := (&person{t: t}).probed(file, pads.Path())
	if err == nil || !strings.Contains(err.Error(), "is in use by another program") || !strings.Contains(err.Error(), "systemctl stop evalpad") {
		t.Errorf("got %v\n%s", err, screen)
	}
	if _, err := (&person{t: t}).probed(file, pads.Path()+"-none"); err == nil || !strings.Contains(err.Error(), "there is no such port") {
		t.Errorf("no port: %v", err)
	}
}

// TestProbeStopped: Ctrl-C at any time leaves nothing changed, and the port free.
func TestProbeStopped(t *testing.T) {
	all := atOnce(t)
	defer all.runs.Wait()
	for _, at := range []string{"Press the BEST key", "Key 2 is known", "Is that what stands", "Press: 3"} {
		all.run(at, func(t *testing.T) {
			fake := devicetest.NewByteKeys(t)
			file, data := box(t)
			before := content(t, file)
			ctx, stop := context.WithCancel(t.Context())
			who := &person{t: t, ctx: ctx, stopAt: at, stop: stop, scores: []int{4, 3, 2}}
			for _, key := range []byte("ABC") {
				who.press = append(who.press, once(t, func() error { return fake.Press(key) }))
			}
			screen, err := who.probed(file, fake.Path(), "--baud", "9600", "--profile", "byte", "--write", "--counter", "c03")
			if err == nil || !strings.Contains(err.Error(), "nothing was changed") || command.ExitCode(&strings.Builder{}, err) != command.Failed {
				t.Errorf("got %v\n%s", err, screen)
			}
			left, _ := filepath.Glob(filepath.Join(data, "*"))
			if content(t, file) != before || len(left) > 0 {
				t.Errorf("left %q, file\n%s", left, content(t, file))
			}
			free, err := serialpad.OpenTap(fake.Path(), profiles.Line{})
			if err != nil {
				t.Fatal(err)
			}
			free.Close()
		})
	}
}

// TestProbeWithoutAnswers: remote hands have forgotten a line; the probe says so and ends.
func TestProbeWithoutAnswers(t *testing.T) {
	fake := devicetest.NewByteKeys(t)
	file, _ := box(t)
	who := &person{t: t, scores: []int{4, 2}, hangUp: "Key 2 is known"}
	for _, key := range []byte("AB") {
		who.press = append(who.press, once(t, func() error { return fake.Press(key) }))
	}
	if screen, err := who.probed(file, fake.Path(), "--baud", "9600", "--profile", "byte"); !errors.Is(err, errNobody) {
		t.Errorf("got %v\n%s", err, screen)
	}
}

// TestProbeRaw shows bytes and what they are, and ends at Enter.
func TestProbeRaw(t *testing.T) {
	pads := devicetest.NewFF68(t)
	file, _ := box(t)
	who := &person{t: t, says: []answer{{"bad-checksum ✗", ""}}}
	who.onLine = func(line string) {
		if strings.Contains(line, "at 9600 bit/s: what comes is shown") {
			who.do(once(t, func() error { return pads.Press(3) }))
			who.do(once(t, pads.Prompt))
			who.do(once(t, func() error {
				_, err := pads.Write([]byte{0xFF, 0x68, 3, 3, 0x68, 0x81, 0x11, 3, 0x94, 0x16})
				return err
			}))
		}
	}
	screen, err := who.probed(file, pads.Path(), "--raw")
	for _, want := range []string{"< FF 68 03 03 68 81 11 03 95 16\n", "ff68: press 03 at address 1 ✓\n", "ff68: prompt at address 1 ✓\n", "ff68: bad-checksum ✗\n"} {
		if err != nil || !strings.Contains(screen, want) {
			t.Errorf("%v: the screen does not say %q\n%s", err, want, screen)
		}
	}
}

// TestProbeWords: a wrong command is refused before a port is touched.
func TestProbeWords(t *testing.T) {
	file, _ := box(t)
	for want, args := range map[string][]string{
		"--baud 9601: write one of":    {"/dev/x", "--baud", "9601"},
		"say for which counter":        {"/dev/x", "--write"},
		`knows the counters ["c03"]`:   {"/dev/x", "--write", "--counter", "c09"},
		"wants one port":               {"/dev/x", "/dev/y"},
		"pad profile ff86: no such":    {"/dev/x", "--profile", "ff86"},
		"--wait 1ms: write":            {"/dev/x", "--wait", "1ms"},
		"open /none: no such file":     {"--replay", "/none"},
		"--replay plays a file: leave": {"/dev/x", "--replay", "/none"},
		"read fixture: line 2: want":   {"--replay", file},
		"unknown flag: --rawer":        {"/dev/x", "--rawer"},
	} {
		if _, err := (&person{t: t}).run(append([]string{"probe", "-c", file}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", args, err, want)
		}
	}
}

// TestProbeSilentLine: modules are asked at even parity too, then pads are told to ask, and nothing is found.
func TestProbeSilentLine(t *testing.T) {
	t.Parallel()
	fake := devicetest.NewPJ06(t)
	file, _ := box(t)
	who := &person{t: t, press: []func(){func() {}}, says: []answer{{"Press the BEST key", ""}, {"Press the BEST key", ""}, {"Press the BEST key", ""}}}
	screen, err := who.probed(file, fake.Path(), "--baud", "19200")
	order := []string{"  19200 bit/s\n", "  19200 bit/s 8E1\n", "No module answers", "> 55 AA 02 20 00 1A\n", "told to ask"}
	for _, want := range order {
		_, rest, found := strings.Cut(screen, want)
		if !found {
			t.Errorf("the screen does not say %q in its turn", want)
		}
		screen = rest
	}
	if err == nil || !strings.Contains(err.Error(), "no press was understood") || len(fake.Heard()) != 2 {
		t.Errorf("%v; the pad was told %v", err, fake.Heard())
	}
}

// TestWays tries every parity that a profile has, 8N1 first.
func TestWays(t *testing.T) {
	made := func(name, line string) *profiles.Protocol {
		file := filepath.Join(t.TempDir(), name+".yaml")
		text := "profile: " + name + "\nline: " + line + "\nframe: {layout: DATA, data: {least: 1, most: 1}}\nhears: [{data: KEY, means: press}]\nvectors: [{hears: 31, means: key 31}]\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := config.ReadProfile(file)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := &probe{wish: probeWish{baud: 4800}, protocols: []*profiles.Protocol{made("e", "{parity: even, bits: 7}"), made("n", "{baud: 1200}"), made("o", "{parity: even, bits: 7, stop: 2}")}}
	var got []string
	for _, way := range p.allWays() {
		got = append(got, wayWords(way))
	}
	if want := []string{"4800 bit/s", "4800 bit/s 7E1", "4800 bit/s 7E2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	burst := probing.Burst{{Bytes: []byte("1")}}
	for _, way := range p.allWays() { // each profile listens in its own way alone
		if found := probing.NewCrowd(p.protocols, way).Hear(burst); len(found) != 1 {
			t.Errorf("at %s: %d profiles", wayWords(way), len(found))
		}
	}
	p.wish.baud, p.protocols = 0, p.protocols[:1]
	if all := p.allWays(); len(all) != 8 || wayWords(all[0]) != "9600 bit/s 7E1" {
		t.Errorf("got %v", all)
	}
}

// TestPorts lists what is there once, under its lasting name.
func TestPorts(t *testing.T) {
	dev := t.TempDir()
	for _, dir := range []string{"serial/by-id", "serial/by-path", "input/by-id"} {
		if err := os.MkdirAll(filepath.Join(dev, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, node := range []string{"ttyUSB0", "ttyUSB1", "ttyAMA0", "gpiochip0", "input/event3"} {
		if err := os.WriteFile(filepath.Join(dev, node), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"serial/by-id/usb-A": "../../ttyUSB0", "serial/by-path/1": "../../ttyUSB0", "serial/by-path/2": "../../ttyUSB1",
		"input/by-id/usb-K-event-kbd": "../event3", "gpiochip4": "gpiochip0", "serial/by-id/usb-gone": "../../ttyUSB7",
	} {
		if err := os.Symlink(to, filepath.Join(dev, link)); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dev, name) }
	want := []portFound{
		{at("serial/by-id/usb-A"), at("ttyUSB0"), true}, {at("serial/by-path/2"), at("ttyUSB1"), true}, {at("ttyAMA0"), "", true},
		{at("input/by-id/usb-K-event-kbd"), at("input/event3"), false}, {at("gpiochip0"), "", false},
	}
	if got := ports(dev); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for port, want := range map[string]string{"ttyUSB0": "serial/by-id/usb-A", "ttyUSB1": "serial/by-path/2", "ttyAMA0": "ttyAMA0", "ttyUSB9": "ttyUSB9"} {
		if got := byName(dev, at(port)); got != at(want) {
			t.Errorf("%s is called %s, want %s", port, got, want)
		}
	}
	var screen strings.Builder
	lines := make(chan string, 3)
	lines <- "9"
	lines <- "4"
	lines <- "2"
	p := &probe{out: &screen, lines: lines, dev: dev}
	if got, err := p.choosePort(t.Context()); err != nil || got != at("serial/by-path/2") {
		t.Errorf("chose %s, %v", got, err)
	}
	if s := screen.String(); !strings.Contains(s, "from 1 to 5") || !strings.Contains(s, "usb-K-event-kbd is no serial port") {
		t.Error(s)
	}
	if _, err := (&probe{out: &screen, dev: t.TempDir()}).choosePort(t.Context()); err == nil {
		t.Error("a machine without ports offered one")
	}
}

// TestProbeInChinese shows Chinese to a Chinese technician.
func TestProbeInChinese(t *testing.T) {
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	file, _ := box(t)
	fake := devicetest.NewByteKeys(t)
	who := &person{t: t, hangUp: "请按客户评价器上“最好”的键"}
	screen, err := who.probed(file, fake.Path(), "--baud", "9600", "--profile", "byte")
	if err == nil || !strings.Contains(err.Error(), "各种速率下都无法识别按键") || strings.Contains(screen, "Press") {
		t.Errorf("%v\n%s", err, screen)
	}
}

// TestAgentKeepsProbeOut runs a driver, as the agent does, and a probe beside it.
func TestAgentKeepsProbeOut(t *testing.T) {
	pads := devicetest.NewFF68(t)
	protocol, err := config.Profile("ff68", "")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	driver, err := serialpad.New(serialpad.Options{Port: pads.Path(), Protocol: protocol, Uptime: func() time.Duration { return time.Since(began) }}, serialpad.Counter{Address: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = driver.Run(ctx, nil, nil) })
	defer running.Wait()
	defer stop()
	file, _ := box(t)
	for { // until the driver has the port
		tap, err := serialpad.OpenTap(pads.Path(), protocol.Line())
		if err != nil {
			break
		}
		tap.Close()
		time.Sleep(20 * time.Millisecond)
	}
	_, err = (&person{t: t, hangUp: "BEST key"}).probed(file, pads.Path())
	if err == nil || !strings.Contains(err.Error(), "is in use by another program") {
		t.Errorf("a probe beside the agent ended with %v", err)
	}
}
