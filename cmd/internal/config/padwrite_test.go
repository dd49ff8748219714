package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/internal/config"
)

const head = "# 本网点 / our branch\ndevice: p   # name\nheadquarters: {broker: mqtt://127.0.0.1}\n"

var found = config.SerialPad{Port: "/dev/serial/by-id/usb-1", Baud: 9600, Profile: "ff68", Address: 3, Ack: "short"}

const foundText = "serial: {port: /dev/serial/by-id/usb-1, baud: 9600, profile: ff68, address: 3, ack: short}"

// TestWriteSerial replaces a pad in every way in which a file may have it written, and changes nothing
// else. PART stands for the new pad.
func TestWriteSerial(t *testing.T) {
	for name, c := range map[string]struct{ before, after string }{
		"none, in a block": {
			"counters:\n  - counter: c03 # left\n    # asked\n    ask: [overall]\n",
			"counters:\n  - counter: c03 # left\n    pad:\n      PART\n    # asked\n    ask: [overall]\n"},
		"none, and the file ends": {
			"counters:\n- counter: c03",
			"counters:\n- counter: c03\n  pad:\n    PART"},
		"none, in braces": {
			"counters: [{counter: c03, ask: [overall]}] # all\n",
			"counters: [{counter: c03, pad: {PART}, ask: [overall]}] # all\n"},
		"no value": {
			"counters:\n  - counter: c03\n    pad: # to be found\n    window: 30s\n",
			"counters:\n  - counter: c03\n    pad: {PART} # to be found\n    window: 30s\n"},
		"in braces": {
			"counters:\n  - {counter: c03, pad: {serial: {port: '/dev/a}', profile: byte, keys: {01: 5}}}, window: 30s} # 左\n",
			"counters:\n  - {counter: c03, pad: {PART}, window: 30s} # 左\n"},
		"half in braces": {
			"counters:\n  - counter: c03\n    pad:   # socket 2\n      serial: {port: /dev/ttyUSB0, profile: ff68}   # old\n  - counter: c04\n    pad: {serial: {port: /dev/x, profile: line}}\n",
			"counters:\n  - counter: c03\n    pad:   # socket 2\n      PART   # old\n  - counter: c04\n    pad: {serial: {port: /dev/x, profile: line}}\n"},
		"in blocks, with comments": {
			"counters:\n  - counter: c03\n    pad:\n      serial:\n        port: \"/dev/#1\" # behind the desk\n\n        # as the maker says\n        profile: ff68 # four keys\n\n    window: 45s\n",
			"counters:\n  - counter: c03\n    pad:\n      # behind the desk\n      # as the maker says\n      PART # four keys\n\n    window: 45s\n"},
		"another kind, behind Chinese": {
			"counters:\n  - {\"counter\": c03, business: \"credit\", pad: {gpio: {keys: {GPIO17: 5}}}} # 窗口\n",
			"counters:\n  - {\"counter\": c03, business: \"credit\", pad: {PART}} # 窗口\n"},
		"behind Chinese on its line": {
			"counters: [{counter: c02, pad: {serial: {port: /dev/左窗, profile: ff68}}}, {counter: c03, pad: {usb: {port: /a, keys: {KEY_A: 5}}}}]\n",
			"counters: [{counter: c02, pad: {serial: {port: /dev/左窗, profile: ff68}}}, {counter: c03, pad: {PART}}]\n"},
		"lines of Windows": {
			"counters:\r\n  - counter: c03\r\n    window: 30s\r\n",
			"counters:\r\n  - counter: c03\r\n    pad:\r\n      PART\r\n    window: 30s\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			file := written(t, head+c.before)
			if err := config.WriteSerial(file, "c03", found); err != nil {
				t.Fatal(err)
			}
			want := head + strings.ReplaceAll(c.after, "PART", foundText)
			if diff := cmp.Diff(want, text(t, file)); diff != "" {
				t.Errorf("new file (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(head+c.before, text(t, file+".bak")); diff != "" {
				t.Errorf("old file (-want +got):\n%s", diff)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("mode %v, %v; want 0640", info.Mode(), err)
			}
			wantFolder(t, file, "evalpad.yaml", "evalpad.yaml.bak")
		})
	}
}

// TestWriteSerialRefuses leaves every file as it is that cannot be changed cleanly, or would be wrong.
func TestWriteSerialRefuses(t *testing.T) {
	const pad = "counters:\n  - counter: c03\n    pad: {serial: {port: /dev/x, profile: byte, keys: {01: 5}}}\n"
	for name, c := range map[string]struct {
		before, counter string
		pad             config.SerialPad
		want            string
	}{
		"no such counter":        {head + pad, "c04", found, `no counter "c04"`},
		"no YAML":                {head + "counters: [", "c03", found, "not YAML"},
		"empty":                  {"", "c03", found, "the file is empty"},
		"wrong elsewhere":        {head + "bruad: 1\n" + pad, "c03", found, `evalpad.yaml:4:1: unknown key "bruad"`},
		"unknown profile":        {head + pad, "c03", config.SerialPad{Port: "/dev/x", Profile: "nobody"}, `no profile "nobody"`},
		"two scores":             {head + pad, "c03", config.SerialPad{Port: "/dev/x", Profile: "byte", Keys: map[string]int{"01": 5, "02": 5}}, "score 5 is"},
		"comments within braces": {head + "counters:\n  - {counter: c03, pad: {serial: { # why\n  port: /dev/x, profile: ff68}}}\n", "c03", found, "comments between its braces"},
		"a text of many lines":   {head + "counters:\n  - counter: c03\n    pad:\n      serial:\n        port: /dev/a\n          b\n", "c03", found, "not cut cleanly"},
		"an alias":               {head + "counters:\n  - counter: c03\n    pad: {serial: {port: /dev/x, profile: &a ff68}}\n  - counter: c04\n    pad: {serial: {port: /dev/y, profile: *a}}\n", "c03", found, "unknown anchor"},
		"shared line":            {head + pad + "  - counter: c04\n    pad: {serial: {port: /dev/serial/by-id/usb-1, profile: line}}\n", "c03", found, "speaks another profile"},
	} {
		t.Run(name, func(t *testing.T) {
			file := written(t, c.before)
			err := config.WriteSerial(file, c.counter, c.pad)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "/.evalpad") {
				t.Errorf("got %v, want words about %q that name the file", err, c.want)
			}
			if diff := cmp.Diff(c.before, text(t, file)); diff != "" {
				t.Errorf("the file was changed (-want +got):\n%s", diff)
			}
			wantFolder(t, file, "evalpad.yaml")
		})
	}
	if err := config.WriteSerial(filepath.Join(t.TempDir(), "none"), "c03", found); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
}

// TestWriteSerialThroughALink keeps the link, and changes what it leads to.
func TestWriteSerialThroughALink(t *testing.T) {
	file := written(t, head+"counters: [{counter: c03}]\n")
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := config.WriteSerial(link, "c03", found); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != file || !strings.Contains(text(t, file), foundText) {
		t.Errorf("link to %s, %v; file %s", to, err, text(t, file))
	}
}

// TestOnlyPadDiffers is the last look before a file is written: no edit is known that it stops.
func TestOnlyPadDiffers(t *testing.T) {
	const before = "device: p\ncounters:\n  - {counter: c03, pad: {x: 1}, window: 30s}\n  - {counter: c04, pad: {x: 1}}\n"
	for change, want := range map[[2]string]bool{
		{"c03, pad: {x: 1}", "c03, pad: {y: [2]}"}: true,
		{"c03, pad: {x: 1}, ", "c03, "}:            true,
		{"c04, pad: {x: 1}", "c04, pad: {x: 2}"}:   false,
		{"device: p", "device: q"}:                 false,
		{"window: 30s", "window: '30s'"}:           true,
		{"window: 30s", "window: 31s"}:             false,
		{"window: 30s", "window: 30s, ask: []"}:    false,
		{", window: 30s", ""}:                      false,
		{"device: p", "Device: p"}:                 false,
	} {
		after := strings.Replace(before, change[0], change[1], 1)
		if got := config.OnlyPadDiffers(before, after, "c03"); got != want || after == before {
			t.Errorf("%q to %q: %t, want %t", change[0], change[1], got, want)
		}
	}
}

// FuzzWriteSerial changes any text: it is refused, or differs in the pad alone, every comment still in it.
func FuzzWriteSerial(f *testing.F) {
	for _, body := range []string{
		"counters:\n  - counter: c03 # a\n", "counters: [{counter: c03, pad: {usb: {port: 'it''s', keys: {KEY_A: 5}}}}]",
		"counters:\n- counter: \"c03\"\n  pad:\n    serial:\n      port: /a#b # b\n      keys: {01: 5, # c\n       02: 4}\n      profile: byte\n#d\n",
		"counters:\n  - ? counter\n    : c03\n", "counters:\n  - counter: |\n      c03\n", "counters:\n  - counter: c03\n    pad:\n      serial:\n", "---\ncounters:\n  - &a\n    counter: c03\n    <<: *a\n",
	} {
		f.Add(head + body)
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, before string) {
		after, err := config.WithSerial("evalpad.yaml", []byte(before), "c03", found)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("refused without words")
			}
			return
		}
		if !strings.Contains(string(after), foundText) {
			t.Fatalf("%q does not say what was found", after)
		}
		if diff := cmp.Diff(config.CommentsOf(before), config.CommentsOf(string(after))); diff != "" {
			t.Fatalf("comments of %q in %q (-want +got):\n%s", before, after, diff)
		}
	})
}

// TestText writes what a reader reads back, whatever the port is called.
func TestText(t *testing.T) {
	for _, port := range []string{"/dev/ttyS0", "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0", "/dev/a b", "/dev/it's, {it}: #1", "/dev/x:"} {
		file := written(t, head+"counters: [{counter: c03}]\n")
		pad := config.SerialPad{Port: port, Profile: "byte", Keys: map[string]int{"0E": 5, "1": 2, "FF": 1}}
		if err := config.WriteSerial(file, "c03", pad); err != nil {
			t.Errorf("port %s: %v\n%s", port, err, text(t, file))
		}
	}
	if got, want := (config.SerialPad{Port: "/a", Profile: "byte", Keys: map[string]int{"41": 1, "42": 5}}).Text(), "serial: {port: /a, profile: byte, keys: {42: 5, 41: 1}}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestOutline reads where things are from files that are wrong elsewhere.
func TestOutline(t *testing.T) {
	file := written(t, "data_dir: here\nprofiles: mine\ncounters:\n  - counter: c03\n    pad: {serial: {bruad: 1}}\n  - {}\n")
	want := config.Outline{DataDir: filepath.Join(filepath.Dir(file), "here"), Profiles: filepath.Join(filepath.Dir(file), "mine"), Counters: []string{"c03"}}
	if got, err := config.ReadOutline(file); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, body := range []string{"[", "word"} {
		if got, err := config.ReadOutline(written(t, body)); err == nil || got.DataDir != config.DefaultPad().DataDir {
			t.Errorf("%q: got %+v, %v", body, got, err)
		}
	}
}

func written(t *testing.T, body string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "evalpad.yaml")
	if err := os.WriteFile(file, []byte(body), 0o640); err != nil {
		t.Fatal(err)
	}
	return file
}

func text(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func wantFolder(t *testing.T, file string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("folder (-want +got):\n%s", diff)
	}
}
