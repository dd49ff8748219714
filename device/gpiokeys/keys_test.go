package gpiokeys_test

import (
	"bytes"
	"errors"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/gpiokeys"
)

func TestNew(t *testing.T) {
	good := func() gpiokeys.Options {
		return gpiokeys.Options{Keys: map[string]int{"GPIO17": 5, "GPIO4": 1}, Uptime: func() time.Duration { return 0 }}
	}
	keys, err := gpiokeys.New(good())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := keys.String(), "gpio keys GPIO17=5 GPIO4=1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, c := range []struct {
		spoil func(*gpiokeys.Options)
		want  string
	}{
		{func(o *gpiokeys.Options) { o.Keys = nil }, "no keys"},
		{func(o *gpiokeys.Options) { o.Keys = map[string]int{"GPIO17": 6} }, "score 6"},
		{func(o *gpiokeys.Options) { o.Keys = map[string]int{"GPIO17": 0} }, "score 0"},
		{func(o *gpiokeys.Options) { o.Keys = map[string]int{"": 1} }, "line"},
		{func(o *gpiokeys.Options) { o.Active = "lo" }, "want low or high"},
		{func(o *gpiokeys.Options) { o.Pull = "hard" }, "want up, down or none"},
		{func(o *gpiokeys.Options) { o.Debounce = 4 * ms }, "debounce 4ms"},
		{func(o *gpiokeys.Options) { o.Debounce = 101 * ms }, "debounce 101ms"},
		{func(o *gpiokeys.Options) { o.Uptime = nil }, "no uptime"},
		{func(o *gpiokeys.Options) { o.LampsActive = "hi" }, "want low or high"},
		{func(o *gpiokeys.Options) { o.Lamps.Ask = "GPIO17" }, "a key and a lamp"},
		{func(o *gpiokeys.Options) { o.Lamps.Ask, o.Lamps.Buzzer = "GPIO5", "GPIO5" }, "two lamps on one line"},
		{func(o *gpiokeys.Options) { o.Keys = manyKeys(65) }, "65 keys"},
	} {
		o := good()
		c.spoil(&o)
		if _, err := gpiokeys.New(o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want an error with %q", err, c.want)
		}
	}
}

func manyKeys(n int) map[string]int {
	keys := map[string]int{}
	for i := range n {
		keys["gpiochip0:"+strconv.Itoa(i)] = 1 + i%5
	}
	return keys
}

// TestContract runs the driver in real time, as every driver is.
func TestContract(t *testing.T) {
	devicetest.Contract(t, func(t *testing.T) devicetest.Bench {
		r := newRig(t)
		r.options.Lamps = gpiokeys.Lamps{Thanks: "THANKS"}
		keys, err := gpiokeys.New(r.options)
		if err != nil {
			t.Fatal(err)
		}
		return devicetest.Bench{Driver: keys, Press: func() error {
			for deadline := time.Now().Add(time.Second); !r.chip.IsOpen("GPIO17"); after(ms) {
				if time.Now().After(deadline) {
					return errors.New("the lines were never opened")
				}
			}
			after(50 * ms) // its first look at the line
			r.press("GPIO17", 80*ms)
			after(250 * ms)
			return nil
		}, Thanks: func() int { return r.lit("THANKS") }}
	})
}

// TestKernel asks the real kernel for a line that no machine has.
func TestKernel(t *testing.T) {
	keys, err := gpiokeys.New(gpiokeys.Options{
		Keys: map[string]int{"NO-SUCH-LINE": 1}, Uptime: func() time.Duration { return time.Hour },
	})
	if err != nil {
		t.Fatal(err)
	}
	in := make(chan device.Signal)
	ctx := t.Context()
	go keys.Run(ctx, in, nil)
	s := <-in
	want := "find line NO-SUCH-LINE: " + gpiokeys.ErrNoLine.Error()
	if s.Kind != device.Lost || s.Reason != "no line NO-SUCH-LINE" || s.Detail != want {
		t.Errorf("got %+v", s)
	}
}

// TestAlone opens a line together with others only where periph's sets mean that line by its name.
func TestAlone(t *testing.T) {
	lines := []string{"GPIO0", "", "NC", "NC", ""}
	for offset, want := range []bool{false, true, false, true, true} {
		if got := gpiokeys.Alone(lines, offset); got != want {
			t.Errorf("line %d of %q alone: %v, want %v", offset, lines, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	chips := []gpiokeys.Chip{
		{"gpiochip0", "pinctrl-bcm2711", []string{"ID_SDA", "", "GPIO2", "WAKE", "9:1"}},
		{"gpiochip1", "raspberrypi-exp-gpio", []string{"BT_ON", "gpiochip1-WAKE", "WAKE2"}},
		{"gpiochip2", "mcp23017", []string{"", "", "gpiochip2-LATE"}},
		{"gpiochip3", "mcp23017", []string{"", ""}},
	}
	for _, c := range []struct {
		name         string
		chip, offset int
		err          error
	}{
		{"GPIO2", 0, 2, nil},
		{"BT_ON", 1, 0, nil},
		{"gpiochip1:2", 1, 2, nil},
		{"pinctrl-bcm2711:1", 0, 1, nil},
		{"9:1", 0, 4, nil},
		{"LATE", 2, 2, nil},           // periph has put the chip's name before it
		{"gpiochip1-WAKE", 1, 1, nil}, // as the technician saw it written
		{"WAKE", 0, 0, gpiokeys.ErrManyLines},
		{"mcp23017:1", 0, 0, gpiokeys.ErrManyLines},
		{"mcp23017:2", 2, 2, nil},
		{"gpiochip0:5", 0, 0, gpiokeys.ErrNoLine},
		{"gpiochip0:-1", 0, 0, gpiokeys.ErrNoLine},
		{"gpiochip0:x", 0, 0, gpiokeys.ErrNoLine},
		{"gpiochip9:0", 0, 0, gpiokeys.ErrNoLine},
		{"GPIO99", 0, 0, gpiokeys.ErrNoLine},
		{":1", 0, 0, gpiokeys.ErrNoLine},
	} {
		chip, offset, err := gpiokeys.Place(chips, c.name)
		if !errors.Is(err, c.err) || err == nil && (chip != c.chip || offset != c.offset) {
			t.Errorf("%s: got chip %d offset %d, %v; want chip %d offset %d, %v", c.name, chip, offset, err, c.chip, c.offset, c.err)
		}
	}
}

// TestStandardFiles closes stdin where periph does, and sees the same file there afterwards.
func TestStandardFiles(t *testing.T) {
	before := becomeStdin(t)
	boom := errors.New("boom")
	got := gpiokeys.KeepingStandardFiles(func() error {
		if err := syscall.Close(0); err != nil {
			t.Fatal(err)
		}
		return boom
	})
	if !errors.Is(got, boom) {
		t.Errorf("got %v, want what the function returned", got)
	}
	if after := onStdin(t); after != before {
		t.Errorf("stdin is file %d now, want %d", after, before)
	}
}

// becomeStdin puts a file of its own on stdin, which go test leaves to /dev/null.
func becomeStdin(t *testing.T) (inode uint64) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "stdin"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	was, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(syscall.Dup3(was, 0, 0), syscall.Close(was)); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Dup3(int(f.Fd()), 0, 0); err != nil {
		t.Fatal(err)
	}
	return onStdin(t)
}

func onStdin(t *testing.T) (inode uint64) {
	t.Helper()
	var stat syscall.Stat_t
	if err := syscall.Fstat(0, &stat); err != nil {
		t.Fatal(err)
	}
	return stat.Ino
}

// TestInit finds a machine without GPIO in order, and the standard logger redirected.
func TestInit(t *testing.T) {
	if err := gpiokeys.Init(); err != nil {
		t.Fatal(err)
	}
	if err := gpiokeys.Init(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var words bytes.Buffer
		r.options.Log = slog.New(slog.NewTextHandler(&words, nil))
		log.Print("call to WaitForEdge() when line hasn't been configured")
		r.run(t)
		log.Print("periph says hello") // as a log would that ends in the standard logger
		after(time.Second)
		r.stop()
		if got := words.String(); strings.Count(got, "periph says") != 1 || !strings.Contains(got, "hasn't been configured") {
			t.Errorf("periph's words in our log:\n%s", got)
		}
	})
}
