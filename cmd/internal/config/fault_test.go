package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"evalpad/cmd/internal/config"
)

// TestNonsenseIsCut reads files of unknown keys: the counters follow them, so all places are known.
func TestNonsenseIsCut(t *testing.T) {
	for _, c := range []struct {
		wrong, told int
		last        string
	}{
		{100, 100, `102:1: unknown key "wrong100"`},
		{101, 101, "103:1: and 1 more from here on: correct those above first"},
		{300, 101, "103:1: and 200 more from here on: correct those above first"},
		{20_000, 101, "103:1: and 19900 more from here on: correct those above first"},
	} {
		var text strings.Builder
		for i := range c.wrong {
			fmt.Fprintf(&text, "wrong%d:\n", i+1)
		}
		_, err := readText(t, text.String()+"counters: [{counter: c}]\n")
		faults, _ := errors.AsType[config.Faults](err)
		if len(faults) != c.told {
			t.Errorf("%d wrong keys: %d faults, want %d", c.wrong, len(faults), c.told)
			continue
		}
		if got := faults[len(faults)-1].String(); !strings.Contains(got, c.last) {
			t.Errorf("%d wrong keys: the last line is %q, want %q", c.wrong, got, c.last)
		}
		if got := faults[99].String(); !strings.Contains(got, `:102:1: unknown key "wrong100"`) {
			t.Errorf("%d wrong keys: the hundredth line is %q", c.wrong, got)
		}
	}
}
