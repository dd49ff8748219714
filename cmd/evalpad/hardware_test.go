package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"evalpad/agent"
	"evalpad/cmd/internal/config"
)

// TestPadsOfACounter opens what a file names: the screen's counter has the page beside its keypad.
// A serial driver waits for its port in Run, so that none need be there.
func TestPadsOfACounter(t *testing.T) {
	const (
		free   = "screen: {listen: 127.0.0.1:0}\n"
		three  = "  - {counter: c03, ask: [attitude, efficiency, compliance], pad: {serial: {port: /dev/ttyS8, profile: ff68}}}\n"
		serial = "  - {counter: c04, pad: {serial: {port: /dev/ttyS9, profile: ff68}}}\n"
		bare   = "  - counter: c05\n"
		gpio   = "  - {counter: c06, pad: {gpio: {keys: {GPIO17: 5, GPIO27: 1}, lamps: {ask: GPIO5, active: low}}}}\n"
		usb    = "  - {counter: c07, pad: {usb: {port: /dev/input/by-id/none, keys: {KEY_KP1: 5, KEY_KP2: 1}, actions: {KEY_ENTER: prompt}}}}\n"
	)
	for _, c := range []struct {
		name, text string
		want       []string
		page       bool
	}{
		{"at the first", free + "counters:\n" + three + serial, []string{"c03 normal serial touch", "c04 keys serial"}, true},
		{"at the one without a pad", free + "counters:\n" + serial + bare, []string{"c04 keys serial", "c05 normal touch"}, true},
		{"off", "screen: {listen: \"\"}\ncounters:\n" + serial, []string{"c04 keys serial"}, false},
		{"every kind", "screen: {listen: \"\"}\ncounters:\n" + serial + gpio + usb, []string{"c04 keys serial", "c06 keys gpio", "c07 keys usb"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			counters, page := open(t, c.text)
			var got []string
			for _, at := range counters {
				got = append(got, inWords(at))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("counters (-want +got):\n%s", diff)
			}
			if got := strings.HasPrefix(page, "http://127.0.0.1:"); got != c.page {
				t.Errorf("page %q, want one: %t", page, c.page)
			}
		})
	}
}

// Counters on one line share its bus; each is named with its address.
func TestCountersOnOneLine(t *testing.T) {
	counters, _ := open(t, "screen: {listen: \"\"}\ncounters:\n"+
		"  - {counter: c01, pad: {serial: {port: /dev/ttyS9, profile: ff68, address: 1}}}\n"+
		"  - {counter: c02, pad: {serial: {port: /dev/ttyS9, profile: ff68, address: 2}}}\n"+
		"  - {counter: c03, pad: {serial: {port: /dev/ttyS8, profile: pj06, keys: {01: 5, 02: 1}}}}\n")
	var got []string
	for _, at := range counters {
		got = append(got, at.Pads[0].String())
	}
	want := []string{
		"serial pad /dev/ttyS9 (ff68) at address 1", "serial pad /dev/ttyS9 (ff68) at address 2", "serial pad /dev/ttyS8 (pj06)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pads (-want +got):\n%s", diff)
	}
}

// open opens the hardware of a file, and closes what was opened at the test's end.
func open(t *testing.T, text string) ([]agent.Counter, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "evalpad.yaml")
	text = "device: p\nheadquarters: {broker: mqtt://127.0.0.1}\n" + text
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	pad, err := config.ReadPad(file)
	if err != nil {
		t.Fatal(err)
	}
	counters, page, err := hardware(pad, &clock{boot: "boot"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, counters) })
	return counters, page
}

// end runs each driver under a context that is done, which closes it.
func end(t *testing.T, counters []agent.Counter) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	for _, at := range counters {
		for _, pad := range at.Pads {
			if err := pad.Run(ctx, nil, nil); err != nil {
				t.Errorf("end %s: %v", pad, err)
			}
		}
	}
}

// inWords is a counter's name, its ui and the first word of each of its pads.
func inWords(at agent.Counter) string {
	words := []string{at.Counter, at.Rules.UI}
	for _, pad := range at.Pads {
		kind, _, _ := strings.Cut(pad.String(), " ")
		words = append(words, kind)
	}
	return strings.Join(words, " ")
}
