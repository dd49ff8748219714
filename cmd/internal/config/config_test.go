package config_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/internal/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestFaults reads every file of testdata/pad, inspector, profile and template: each shows one kind of fault,
// and its golden file is what a technician then reads.
func TestFaults(t *testing.T) {
	readers := map[string]func(string) error{
		"pad":       func(p string) error { _, err := config.ReadPadOn(p, "/nowhere"); return err },
		"inspector": func(p string) error { _, err := config.ReadInspector(p); return err },
		"profile":   func(p string) error { _, err := config.ReadProfile(p); return err },
		"template":  func(p string) error { _, err := config.ReadTemplate(p); return err },
	}
	for folder, read := range readers {
		t.Run(folder, func(t *testing.T) {
			t.Chdir(filepath.Join("testdata", folder))
			files, err := filepath.Glob("*.yaml")
			if err != nil || len(files) < 7 {
				t.Fatalf("%d files, %v", len(files), err)
			}
			for _, file := range files {
				checkGolden(t, file, read(file))
			}
		})
	}
}

func checkGolden(t *testing.T, file string, err error) {
	t.Helper()
	faults, ok := errors.AsType[config.Faults](err)
	if !ok || len(faults) == 0 {
		t.Errorf("%s: got %v, want faults", file, err)
		return
	}
	golden := strings.TrimSuffix(file, ".yaml") + ".golden"
	got := err.Error() + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestGoldensHaveFiles notices a golden file whose case is gone.
func TestGoldensHaveFiles(t *testing.T) {
	goldens, err := filepath.Glob("testdata/*/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, golden := range goldens {
		if _, err := os.Stat(strings.TrimSuffix(golden, ".golden") + ".yaml"); err != nil {
			t.Error(err)
		}
	}
}

func TestSamplePad(t *testing.T) {
	got, err := config.ReadPad("testdata/good/evalpad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := config.DefaultPad()
	want.Device, want.Region, want.Branch = "pad-0731-03", "r11", "b0731"
	want.Headquarters.Broker = "mqtts://mqtt.bank.example:8883"
	want.Headquarters.CA = inGood(t, "ca.pem")
	want.Headquarters.Cert = inGood(t, "device.pem")
	want.Headquarters.Key = inGood(t, "device.key")
	c03, c04 := config.DefaultCounter("c03"), config.DefaultCounter("c04")
	c03.Business, c03.First, c04.First = "credit", time.Minute, 30*time.Second
	c03.Ask, c03.Screen = []string{"attitude", "efficiency", "compliance"}, true
	c03.Serial = &config.SerialPad{
		Port: "/dev/serial/by-id/usb-FTDI_FT232R_A5XK3RJT-if00-port0",
		Baud: 9600, Parity: "none", Profile: "ff68", Address: 1, Ack: "echo",
	}
	c04.GPIO = &config.GPIOPad{
		Keys:   map[string]int{"GPIO17": 5, "GPIO27": 4, "GPIO22": 3, "GPIO23": 2, "GPIO24": 1},
		Active: "low", Pull: "up", Debounce: 30 * time.Millisecond,
		Lamps: config.Lamps{Active: "high"},
	}
	want.Counters = []config.Counter{c03, c04}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("evalpad.yaml (-want +got):\n%s", diff)
	}
}

func TestSampleInspector(t *testing.T) {
	got, err := config.ReadInspector("testdata/good/inspector.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.DefaultInspector(), got); diff != "" {
		t.Errorf("the sample says the defaults (-want +got):\n%s", diff)
	}
}

// TestEveryKey reads files that use what the samples leave out.
func TestEveryKey(t *testing.T) {
	got, err := config.ReadPadOn("testdata/good/everything.yaml", machine(t, "proc/device-tree/serial-number", "10000000ABCDEF01\x00"))
	if err != nil {
		t.Fatal(err)
	}
	c1, c2, c3 := config.DefaultCounter("c01"), config.DefaultCounter("c02"), config.DefaultCounter("3")
	c1.Ask, c1.Screen = []string{"attitude", "efficiency", "compliance"}, true
	c1.Window, c1.First, c2.First, c3.First = 2*time.Minute, 2*time.Minute, 30*time.Second, 30*time.Second
	c1.Rules = config.Rules{}
	c2.Rules = config.Rules{LockOut: 10 * time.Second}
	c2.Serial = &config.SerialPad{Port: inGood(t, "ttyPad"), Baud: 115200, Parity: "none", Profile: "ff68", Address: 127, Ack: "short"}
	c3.Rules.Hammer = config.Hammer{Presses: 3, Within: time.Minute, Pause: time.Minute}
	c3.GPIO = &config.GPIOPad{
		Keys:   map[string]int{"gpiochip0:17": 5, "9030000.pl061:3": 1, "P9_12": 2},
		Active: "high", Pull: "down", Debounce: 30 * time.Millisecond,
		Lamps: config.Lamps{Active: "high"},
	}
	want := config.Pad{
		Device: "pad-10000000abcdef01", Region: "r00", Branch: "b0000", DataDir: inGood(t, "data"),
		Headquarters: config.Headquarters{Broker: "mqtt://localhost:1883", TopicRoot: "bank/pads/v1", SettleOn: config.SettleOnPuback},
		Screen: config.Screen{
			Listen: "[::1]:0", Hotline: "400-600-5588 转 3", Languages: []string{"zh", "ug", "en"}, Words: inGood(t, "words"),
			Voice: config.Voice{
				Output: config.OutputHeadphones, Folder: inGood(t, "."), Volume: 80,
				Quiet: config.Quiet{From: 18 * time.Hour, To: 8*time.Hour + 30*time.Minute, Volume: 10},
			},
		},
		QR:       "https://rate.bank.example/r",
		Outbox:   config.Outbox{Max: 1 << 20, History: 36 * time.Hour},
		Counters: []config.Counter{c1, c2, c3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("everything.yaml (-want +got):\n%s", diff)
	}
}

// TestQuestionsOnKeypads reads keypads that tell which of several questions they ask.
func TestQuestionsOnKeypads(t *testing.T) {
	got, err := config.ReadPad("testdata/good/questions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Counters[0].Serial; s.Asks != "stars" {
		t.Errorf("serial pad %+v, want asks: stars", s)
	}
	gpio := config.Lamps{Questions: map[string]string{"attitude": "GPIO5", "efficiency": "GPIO6"}, Thanks: "GPIO13", Active: "high"}
	if diff := cmp.Diff(gpio, got.Counters[1].GPIO.Lamps); diff != "" {
		t.Errorf("gpio lamps (-want +got):\n%s", diff)
	}
	usb := config.Lamps{Questions: map[string]string{"efficiency": "GPIO19", "compliance": "GPIO20"}, Active: "low"}
	if diff := cmp.Diff(usb, got.Counters[2].USB.Lamps); diff != "" {
		t.Errorf("usb lamps (-want +got):\n%s", diff)
	}
}

func TestEveryKeyOfHeadquarters(t *testing.T) {
	got, err := config.ReadInspector("testdata/good/headquarters.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := config.DefaultInspector()
	want.DataDir = inGood(t, "../data")
	want.Broker = config.Broker{
		URL: "mqtts://mqtt.bank.example:8883", CA: "/etc/ca.pem",
		Cert: inGood(t, "c.pem"), Key: inGood(t, "k.pem"), ClientID: "inspector-2",
	}
	want.Store = "postgres://inspector:hunter2@db.bank.example/evalpad"
	want.Web = config.Listener{Listen: "0.0.0.0:8443", TLS: &config.TLS{Cert: inGood(t, "web.pem"), Key: inGood(t, "web.key")}}
	want.Enrol = config.Listener{Listen: "127.0.0.1:0"}
	want.QR = &config.QRDesk{Listen: "127.0.0.1:0", TokenFile: inGood(t, "qr.token"), GoodFor: 2 * time.Hour}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headquarters.yaml (-want +got):\n%s", diff)
	}
}

// TestBytes holds what no editor shows: each is one fault at one place.
func TestBytes(t *testing.T) {
	const good = "headquarters: {broker: mqtt://127.0.0.1}\ndevice: p\ncounters: [{counter: c}]\n"
	for _, c := range []struct{ name, text, want string }{
		{"byte order mark", "\ufeff" + good, ""},
		{"Windows' line ends", strings.ReplaceAll(good, "\n", "\r\n"), ""},
		{"NUL", good + "region: r\x00\n", "4:10: control character U+0000: remove it"},
		{"second byte order mark", good + "\ufeff", "4:1: control character U+FEFF: remove it"},
		{"Latin-1", good + "# gr\xfcn\n", "4:5: byte 0xfc is not UTF-8: save the file as UTF-8"},
		{"UTF-16", "\xff\xfea\x00", "1:1: byte 0xff is not UTF-8: save the file as UTF-8"},
		{"NUL in quotes", good + `data_dir: "/a\0"` + "\n", `4:11: data_dir "/a\x00": write the path of a file`},
		{"256 KiB", good + strings.Repeat("#", config.MaxFile-len(good)), ""},
		{"a byte more", good + strings.Repeat("#", config.MaxFile-len(good)+1), "1:1: longer than 256 KiB: this is not the file meant"},
		{"a megabyte", strings.Repeat("a: 1\n", 1<<20/5), "1:1: longer than 256 KiB: this is not the file meant"},
		{"deep", strings.Repeat("[", 20000), "1:10001: not YAML: exceeded max depth of 10000"},
		{"long word", "device: " + strings.Repeat("x", 99) + "\n" + good[:41] + "counters: [{counter: c}]\n",
			`1:9: device "` + strings.Repeat("x", 40) + `…": write 1 to 40 of a-z, 0-9 and hyphen`},
	} {
		file := filepath.Join(t.TempDir(), "f.yaml")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := config.ReadPad(file)
		got := ""
		if err != nil {
			got = strings.ReplaceAll(err.Error(), file+":", "")
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNoFile(t *testing.T) {
	_, err := config.ReadPad(filepath.Join(t.TempDir(), "none.yaml"))
	if _, isFaults := errors.AsType[config.Faults](err); isFaults || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want the operating system's error", err)
	}
	if _, err := config.ReadInspector(t.TempDir()); err == nil {
		t.Error("a folder was read as a file")
	}
}

func TestFaultsAreInOrder(t *testing.T) {
	_, err := config.ReadPadOn("testdata/pad/everything-at-once.yaml", "/nowhere")
	faults, _ := errors.AsType[config.Faults](err)
	inOrder := slices.IsSortedFunc(faults, func(a, b config.Fault) int {
		return (a.Line-b.Line)*1000 + a.Column - b.Column
	})
	if len(faults) < 10 || !inOrder {
		t.Errorf("%d faults, in order %t:\n%v", len(faults), inOrder, err)
	}
}

func inGood(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata/good", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
