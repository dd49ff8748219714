package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"evalpad/cmd/internal/config"
)

// FuzzRead asks of any bytes: no panic, every fault has a place and words, and what is read has a
// screen at one counter or, where it is off, at none.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "f.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		pad, padErr := config.ReadPadOn(file, "/nowhere")
		if padErr == nil {
			checkScreens(t, pad)
		}
		_, inspectorErr := config.ReadInspector(file)
		_, templateErr := config.ReadTemplate(file)
		for _, err := range []error{padErr, inspectorErr, templateErr} {
			checkFaults(t, err)
		}
	})
}

func checkFaults(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	faults, ok := errors.AsType[config.Faults](err)
	if !ok || len(faults) == 0 {
		t.Fatalf("got %T %v, want faults", err, err)
	}
	if len(faults) > 101 {
		t.Errorf("%d faults, want a hundred and the rest's number at most", len(faults))
	}
	for _, f := range faults {
		if f.Line < 1 || f.Column < 1 || f.Words == "" || strings.ContainsAny(f.Words, "\n\x00") || len(f.Words) > 600 {
			t.Errorf("fault %+q", f)
		}
	}
}
