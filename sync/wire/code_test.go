package wire_test

import (
	"fmt"
	"strings"
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

// A code is read as it is said on the telephone, and what is none is refused with the shape of one.
func TestReadCode(t *testing.T) {
	for _, said := range []string{"987C-CHF9", "987cchf9", " 987c chf9 "} {
		if got, err := wire.ReadCode(said); got != "987C-CHF9" || err != nil {
			t.Errorf("%q is read as %q, %v", said, got, err)
		}
	}
	for _, said := range []string{"", "987C", "987C-CHF90", "987C-CHF1", "A87C-CHF9", "987C-CHFß", "９87C-CHF9"} {
		if got, err := wire.ReadCode(said); err == nil || !strings.Contains(err.Error(), "as 7KQM-X3RD") {
			t.Errorf("%q is read as %q, %v: want its shape", said, got, err)
		}
	}
}
