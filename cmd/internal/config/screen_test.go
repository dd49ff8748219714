package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/internal/config"
)

func TestWhereTheScreenStands(t *testing.T) {
	const (
		serial = "  - {counter: serial, pad: {serial: {port: /dev/ttyS0, profile: ff68}}}\n"
		keys   = "  - {counter: keys, pad: {gpio: {keys: {GPIO17: 5, GPIO27: 1}}}}\n"
		bare   = "  - counter: bare\n"
		asking = "  - {counter: asking, ask: [efficiency, attitude], pad: {serial: {port: /dev/ttyS1, profile: ff68}}}\n"
	)
	for _, c := range []struct{ name, screen, counters, want string }{
		{"the one without a pad", "", bare, "bare"},
		{"without a pad, in the middle", "", serial + bare + keys, "bare"},
		{"without a pad, last", "", serial + keys + bare, "bare"},
		{"all have keypads", "", serial + keys, "serial"},
		{"several dimensions beside a keypad", "", asking + serial + keys, "asking"},
		{"on a free port", `screen: {listen: "localhost:0"}`, keys + serial, "keys"},
		{"off", `screen: {listen: ""}`, serial + keys, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			pad, err := readText(t, c.screen+"\ncounters:\n"+c.counters)
			if err != nil {
				t.Fatal(err)
			}
			checkScreens(t, pad)
			got := ""
			if i := slices.IndexFunc(pad.Counters, func(c config.Counter) bool { return c.Screen }); i >= 0 {
				got = pad.Counters[i].Counter
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("the screen's counter (-want +got):\n%s", diff)
			}
		})
	}
}

// readText reads a box's file whose broker is on this machine and that goes on with text.
func readText(t *testing.T, text string) (config.Pad, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "f.yaml")
	text = "device: p\nheadquarters: {broker: mqtt://127.0.0.1}\n" + text
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.ReadPad(file)
}

// checkScreens holds for every file that is read without a fault.
func checkScreens(t *testing.T, pad config.Pad) {
	t.Helper()
	screens := 0
	for _, c := range pad.Counters {
		keypad := c.Serial != nil || c.GPIO != nil || c.USB != nil
		if c.Screen {
			screens++
		}
		if !c.Screen && (!keypad || len(c.Ask) != 1 && !tells(c)) {
			t.Errorf("counter %s without the screen: keypad %t, ask %v", c.Counter, keypad, c.Ask)
		}
	}
	if on := pad.Screen.Listen != ""; screens > 1 || (screens == 1) != on {
		t.Errorf("%d screens, screen on is %t", screens, on)
	}
}

// tells reports whether a keypad may tell which question it asks.
func tells(c config.Counter) bool {
	switch {
	case c.GPIO != nil:
		return len(c.GPIO.Lamps.Questions) >= len(c.Ask)
	case c.USB != nil:
		return len(c.USB.Lamps.Questions) >= len(c.Ask)
	}
	return c.Serial != nil && (c.Serial.Asks != "" || c.Serial.Profile == "line")
}
