package keynames_test

import (
	"testing"

	"evalpad/device/hidkeys/keynames"
)

// TestCodes looks at names from all over the kernel's list: one word too many or too few would move
// all that follow.
func TestCodes(t *testing.T) {
	for name, want := range map[string]uint16{
		"KEY_ESC": 1, "KEY_1": 2, "KEY_0": 11, "KEY_BACKSPACE": 14, "KEY_ENTER": 28, "KEY_A": 30, "KEY_LEFTSHIFT": 42,
		"KEY_SPACE": 57, "KEY_F1": 59, "KEY_NUMLOCK": 69, "KEY_KP7": 71, "KEY_KPMINUS": 74, "KEY_KPPLUS": 78,
		"KEY_KP0": 82, "KEY_KPDOT": 83, "KEY_ZENKAKUHANKAKU": 85, "KEY_102ND": 86, "KEY_KPENTER": 96, "KEY_KPSLASH": 98,
		"KEY_DELETE": 111, "KEY_KPEQUAL": 117, "KEY_COMPOSE": 127, "KEY_MENU": 139, "KEY_CALC": 140,
		"KEY_KPLEFTPAREN": 179, "KEY_F13": 183, "KEY_F24": 194,
	} {
		if got, ok := keynames.Code(name); !ok || got != want || keynames.Of(want) != name {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	var all int
	for code := range uint16(1000) {
		if _, ok := keynames.Code(keynames.Of(code)); ok {
			all++
		}
	}
	if all != 139+16 {
		t.Errorf("%d names, want 155", all)
	}
}
