package wire_test

import (
	"fmt"
	"testing"

	"evalpad/sync/wire"
)

// Codes are on customers' slips: they never change.
func TestCode(t *testing.T) {
	for id, want := range map[string]string{"9f3c2a7e51d0b846": "987C-CHF9", "": "KHFK-7MPD"} {
		if got := wire.Code(id); got != want {
			t.Errorf("code of %q is %s, want %s", id, got, want)
		}
	}
}

func TestCodesSeldomMeet(t *testing.T) {
	seen := map[string]int{}
	for i := range 100_000 {
		seen[wire.Code(fmt.Sprintf("%016x", i))]++
	}
	if len(seen) < 99_990 {
		t.Errorf("100,000 evaluations have %d codes", len(seen))
	}
}
