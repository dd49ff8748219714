package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"evalpad/cmd/internal/config"
	"evalpad/device/touch"
)

// TestScreenIsWhatTheFileSays follows every key of screen: into the page's options.
func TestScreenIsWhatTheFileSays(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       touch.Options
	}{
		{"nothing", "", touch.Options{Listen: "127.0.0.1:8090", Voice: touch.Voice{Volume: 60, QuietVolume: 25}}},
		{"silent", "screen: {voice: {output: none}}\n", touch.Options{
			Listen: "127.0.0.1:8090", Voice: touch.Voice{Mute: true, Volume: 60, QuietVolume: 25},
		}},
		{
			"everything", `screen: {listen: "127.0.0.1:0", hotline: "95599", languages: [en, zh], words: W, voice: {output: headphones, folder: W, volume: 80, quiet: {from: "18:00", to: "08:30", volume: 10}}}` + "\n",
			touch.Options{
				Listen: "127.0.0.1:0", Hotline: "95599", Languages: []string{"en", "zh"}, Words: "W",
				Voice: touch.Voice{
					Folder: "W", Earphones: true, Volume: 80, QuietVolume: 10,
					QuietFrom: 18 * time.Hour, QuietTo: 8*time.Hour + 30*time.Minute,
				},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			pad := readPad(t, strings.ReplaceAll(c.text, "W", folder))
			got := screenOf(pad.Screen, &clock{}, nil)
			if c.want.Words != "" {
				c.want.Words, c.want.Voice.Folder = folder, folder
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(touch.Options{}, "Uptime", "Log")); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func readPad(t *testing.T, text string) config.Pad {
	t.Helper()
	file := filepath.Join(t.TempDir(), "evalpad.yaml")
	text = "device: p\nheadquarters: {broker: mqtt://127.0.0.1}\ncounters: [{counter: c01}]\n" + text
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	pad, err := config.ReadPad(file)
	if err != nil {
		t.Fatal(err)
	}
	return pad
}

// TestCheckReadsTheWords finds in check what the page would refuse at run.
func TestCheckReadsTheWords(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "zh.json"), []byte(`{"thank":"谢谢"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	pad := readPad(t, "screen: {words: "+folder+"}\n")
	err := checkScreen(pad.Screen)
	if faults, ok := errors.AsType[config.Faults](err); !ok || !strings.Contains(faults[0].Words, `"thank" is nothing that the page says`) {
		t.Errorf("a slip in a file of words: %v", err)
	}
	pad.Screen.Words = ""
	if err := checkScreen(pad.Screen); err != nil {
		t.Errorf("the shipped words: %v", err)
	}
	pad.Screen.Listen, pad.Screen.Words = "", folder
	if err := checkScreen(pad.Screen); err != nil {
		t.Errorf("a screen that is off: %v", err)
	}
}

// TestCodeStandsAtTheScreensCounter: a keypad has nothing to show it on.
func TestCodeStandsAtTheScreensCounter(t *testing.T) {
	counters, _ := open(t, "screen: {listen: 127.0.0.1:0}\nqr: {address: https://rate.bank.example/r}\ncounters:\n"+
		"  - {counter: c04, pad: {serial: {port: /dev/ttyS9, profile: ff68}}}\n  - counter: c05\n")
	var got []string
	for _, c := range counters {
		got = append(got, c.Counter+" "+c.QR)
	}
	if diff := cmp.Diff([]string{"c04 ", "c05 https://rate.bank.example/r"}, got); diff != "" {
		t.Errorf("where the code stands (-want +got):\n%s", diff)
	}
}
