package serialpad

import (
	"testing"
	"time"

	"evalpad/device/serialpad/profiles"
)

func TestCrossed(t *testing.T) {
	prompt, key, other := profiles.MakeFrame(1, 1, 0, 0x0B), profiles.MakeFrame(0x81, 0x11, 0, 0), profiles.MakeFrame(0x81, 0x11, 0, 3)
	const at = 10 * time.Second
	for _, c := range []struct {
		name   string
		heard  profiles.Frame
		at     time.Duration
		before []profiles.Frame // heard between
		want   bool
	}{
		{"at once", key, at, nil, true},
		{"heard before, taken up after", key, at - 20*time.Millisecond, nil, true},
		{"just in time", key, at + crossing - 1, nil, true},
		{"too late", key, at + crossing, nil, false},
		{"another key", other, at, nil, false},
		{"another key between", key, at, []profiles.Frame{other}, false},
		{"the older of two acknowledged", prompt, at, nil, true},
		{"one acknowledged between", key, at, []profiles.Frame{prompt}, false},
		{"itself between", key, at, []profiles.Frame{key}, false}, // it is acknowledged again, and added again
	} {
		list := thanked{within: crossing}
		list.add([]profiles.Frame{prompt}, at-time.Millisecond)
		list.add([]profiles.Frame{key}, at)
		for _, f := range c.before {
			list.crossed(f, at)
		}
		if got := list.crossed(c.heard, c.at); got != c.want {
			t.Errorf("%s: crossed is %v, want %v", c.name, got, c.want)
		}
	}
}
