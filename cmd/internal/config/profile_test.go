package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"evalpad/cmd/internal/config"
)

// TestShippedProfiles reads every profile as a branch's file is read, and so tries its vectors.
func TestShippedProfiles(t *testing.T) {
	for _, name := range config.ShippedProfiles() {
		if p, err := config.Profile(name, ""); err != nil || p.Name() != name {
			t.Errorf("profile %s: %v", name, err)
		}
	}
}

// The example in the notes is what a branch will copy: it must be right as it stands.
func TestProfileOfTheNotes(t *testing.T) {
	page, err := os.ReadFile("../../../firmware-notes/pads/profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	folder := t.TempDir()
	write(t, filepath.Join(folder, "corner.yaml"), text)
	p, err := config.Profile("corner", folder)
	if err != nil {
		t.Fatal(err)
	}
	if first, last := p.Addresses(); first != 1 || last != 63 {
		t.Errorf("addresses %d to %d", first, last)
	}
	if _, err := config.Profile("center", folder); !errors.Is(err, config.ErrNoProfile) {
		t.Errorf("a profile that is not there: %v", err)
	}
}

// A branch's own profile is found in its folder, and cannot take the place of a shipped one.
func TestProfilesOfABranch(t *testing.T) {
	folder := t.TempDir()
	const own = "profile: own\nframe: {layout: DATA, data: {least: 1, most: 1}}\nkeys: {31: 5, 32: 1}\n" +
		"hears: [{data: KEY, means: press}]\nvectors: [{hears: 31, means: press 5}]\n"
	write(t, filepath.Join(folder, "profiles/own.yaml"), own)
	box := filepath.Join(folder, "evalpad.yaml")
	write(t, box, "headquarters: {broker: mqtt://127.0.0.1}\ndevice: p\nprofiles: profiles\n"+
		"counters: [{counter: c01, pad: {serial: {port: /dev/ttyS0, profile: own}}}]\n")
	pad, err := config.ReadPad(box)
	if err != nil {
		t.Fatal(err)
	}
	if got := pad.Counters[0].Serial; got.Profile != "own" || got.Baud != 9600 || got.Ack != "" {
		t.Errorf("read %+v", got)
	}
	write(t, filepath.Join(folder, "profiles/ff68.yaml"), own)
	wantFault(t, box, `holds ff68.yaml, and a shipped profile has that name: give yours another`)
	write(t, filepath.Join(folder, "profiles/own.yaml"), strings.Replace(own, "press 5", "press 4", 1))
	wantFault(t, box, `profile "own" is wrong: `)
}

func wantFault(t *testing.T, file, words string) {
	t.Helper()
	if _, err := config.ReadPad(file); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("reading %s failed with %v, want a fault with %q", file, err, words)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
