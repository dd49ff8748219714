package main

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"evalpad/device/serialpad/profiles"
	"evalpad/sync/wire"
)

// TestPadRules: headquarters is told what each key means, whoever said so, and by which bytes.
func TestPadRules(t *testing.T) {
	shipped, err := profiles.Shipped.ReadFile("ff68.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), "own.yaml")
	bytes, err := profiles.Shipped.ReadFile("byte.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(bytes), "profile: byte", "profile: own", 1)
	if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	counters, _ := open(t, "screen: {listen: 127.0.0.1:0}\nprofiles: "+filepath.Dir(own)+"\ncounters:\n"+
		"  - {counter: c01, pad: {serial: {port: /dev/ttyS8, profile: ff68}}}\n"+
		"  - {counter: c02, pad: {serial: {port: /dev/ttyS9, profile: own, keys: {0a: 5, 02: 1}}}}\n"+
		"  - {counter: c03, pad: {gpio: {keys: {GPIO17: 5, GPIO27: 1}, debounce: 20ms}}}\n"+
		"  - {counter: c04, pad: {usb: {port: /dev/input/by-id/none, keys: {KEY_KP1: 5}, actions: {KEY_ENTER: prompt}}}}\n")
	var got [][]wire.PadRules
	for _, c := range counters {
		got = append(got, c.PadRules)
	}
	want := [][]wire.PadRules{
		{
			{Pad: "serial", Profile: "ff68", ProfileSHA256: sum(shipped), Keys: map[string]wire.Score{"03": 5, "02": 4, "01": 3, "00": 2}},
			{Pad: "touch"},
		},
		{{Pad: "serial", Profile: "own", ProfileSHA256: sum([]byte(text)), Keys: map[string]wire.Score{"0A": 5, "02": 1}}},
		{{Pad: "gpio", Keys: map[string]wire.Score{"GPIO17": 5, "GPIO27": 1}, DebounceMS: 20}},
		{{Pad: "usb", Keys: map[string]wire.Score{"KEY_KP1": 5}, Actions: map[string]string{"KEY_ENTER": "prompt"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func sum(text []byte) *wire.Hash { return new(wire.Hash(sha256.Sum256(text))) }
