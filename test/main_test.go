// Package test is where real programs meet: built binaries, mosquitto, pseudo-terminals, Chromium.
package test

import (
	"flag"
	"os"
	"testing"

	"evalpad/test/harness"
)

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "16") // tests that say t.Parallel wait for a network; they need no core of their own
	code := m.Run()
	harness.RemoveBuilt()
	os.Exit(code)
}
