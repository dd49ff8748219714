package gpiokeys_test

import (
	"errors"
	"testing"

	"evalpad/device/gpiokeys"
)

// TestExists asks the kernel of this machine for a line that no board has. Which line is which, TestPlace
// tries.
func TestExists(t *testing.T) {
	for _, name := range []string{"no line is called so", "gpiochip99:0"} {
		if err := gpiokeys.Exists(name); !errors.Is(err, gpiokeys.ErrNoLine) {
			t.Errorf("%s: got %v, want %v", name, err, gpiokeys.ErrNoLine)
		}
	}
}
