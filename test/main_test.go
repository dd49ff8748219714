// Package test is where real programs meet: built binaries, mosquitto, pseudo-terminals, Chromium.
package test

import (
	"os"
	"testing"

	"evalpad/test/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.RemoveBuilt()
	os.Exit(code)
}
