package hidkeys_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/hidkeys"
)

func TestNew(t *testing.T) {
	good := func() hidkeys.Options {
		return hidkeys.Options{
			Port: "/dev/input/by-id/usb-x-event-kbd", Keys: map[string]int{"KEY_KP1": 1, "KEY_5": 5},
			Actions: map[string]string{"KEY_ENTER": "prompt"}, Uptime: func() time.Duration { return 0 },
		}
	}
	keys, err := hidkeys.New(good())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := keys.String(), "usb keypad /dev/input/by-id/usb-x-event-kbd KEY_5=5 KEY_KP1=1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, c := range []struct {
		spoil func(*hidkeys.Options)
		want  string
	}{
		{func(o *hidkeys.Options) { o.Port = "" }, "no port"},
		{func(o *hidkeys.Options) { o.Keys = nil }, "no keys"},
		{func(o *hidkeys.Options) { o.Keys["KEY_KP2"] = 6 }, "score 6"},
		{func(o *hidkeys.Options) { o.Keys["KEY_KP2"] = 0 }, "score 0"},
		{func(o *hidkeys.Options) { o.Keys["KP2"] = 2 }, `"KP2"`},
		{func(o *hidkeys.Options) { o.Keys["KEY_-"] = 2 }, `"KEY_-"`},
		{func(o *hidkeys.Options) { o.Actions["KEY_NO"] = "prompt" }, `"KEY_NO"`},
		{func(o *hidkeys.Options) { o.Actions["KEY_ENTER"] = "explode" }, "want prompt or cancel"},
		{func(o *hidkeys.Options) { o.Actions["KEY_KP1"] = "cancel" }, "a score and an action"},
		{func(o *hidkeys.Options) { o.Uptime = nil }, "no uptime"},
	} {
		o := good()
		c.spoil(&o)
		if _, err := hidkeys.New(o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want an error with %q", err, c.want)
		}
	}
}

// TestCodes looks at names from all over the kernel's list: one word too many or too few would move
// all that follow.
func TestCodes(t *testing.T) {
	codes := hidkeys.Codes()
	for name, want := range map[string]uint16{
		"KEY_ESC": 1, "KEY_1": 2, "KEY_0": 11, "KEY_BACKSPACE": 14, "KEY_ENTER": 28, "KEY_A": 30, "KEY_LEFTSHIFT": 42,
		"KEY_SPACE": 57, "KEY_F1": 59, "KEY_NUMLOCK": 69, "KEY_KP7": 71, "KEY_KPMINUS": 74, "KEY_KPPLUS": 78,
		"KEY_KP0": 82, "KEY_KPDOT": 83, "KEY_ZENKAKUHANKAKU": 85, "KEY_102ND": 86, "KEY_KPENTER": 96, "KEY_KPSLASH": 98,
		"KEY_DELETE": 111, "KEY_KPEQUAL": 117, "KEY_COMPOSE": 127, "KEY_MENU": 139, "KEY_CALC": 140,
		"KEY_KPLEFTPAREN": 179, "KEY_F13": 183, "KEY_F24": 194,
	} {
		if got := codes[name]; got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	if len(codes) != 139+16 {
		t.Errorf("%d names, want 155", len(codes))
	}
}

// TestContract runs the driver in real time, as every driver is.
func TestContract(t *testing.T) {
	devicetest.Contract(t, func(t *testing.T) devicetest.Bench {
		r := newRig(t)
		keys, err := hidkeys.New(r.options)
		if err != nil {
			t.Fatal(err)
		}
		return devicetest.Bench{Driver: keys, Press: func() error {
			for deadline := time.Now().Add(time.Second); !r.pad.IsOpen(); after(ms) {
				if time.Now().After(deadline) {
					return errors.New("the keypad was never opened")
				}
			}
			after(50 * ms) // its first look at the keys
			r.pad.Press(kp5, 80*ms)
			after(250 * ms)
			return nil
		}}
	})
}

// TestKernel asks the real kernel for a keypad that is not there, and for a file that is none.
func TestKernel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for port, want := range map[string]string{
		file + "-not": "no such file",
		file:          "open keypad " + file,
		"/dev/null":   "open keypad /dev/null",
		"/dev/ptmx":   "open keypad /dev/ptmx",
	} {
		pad, err := hidkeys.OpenEvdev(port)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v; want an error with %q", port, pad, err, want)
		}
	}
	o := newRig(t).options
	o.Open, o.Port = nil, file+"-not"
	keys, err := hidkeys.New(o)
	if err != nil {
		t.Fatal(err)
	}
	in := make(chan device.Signal)
	go keys.Run(t.Context(), in, nil)
	if s := <-in; s.Kind != device.Lost || s.Reason != "no keypad "+o.Port || !strings.Contains(s.Detail, "no such file") {
		t.Errorf("got %+v", s)
	}
}
