package devicetest_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/device/devicetest"
)

// inputs reads what waits at a keypad, an event a word: type/code/value.
func inputs(t *testing.T, pad *devicetest.OpenKeypad) (words []string) {
	t.Helper()
	const word = bits.UintSize / 8
	raw := make([]byte, 100*(2*word+8))
	n, err := pad.Read(raw, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for raw = raw[:n]; len(raw) > 0; raw = raw[2*word+8:] {
		rest := raw[2*word:]
		words = append(words, fmt.Sprintf("%d/%d/%d", binary.NativeEndian.Uint16(rest),
			binary.NativeEndian.Uint16(rest[2:]), binary.NativeEndian.Uint32(rest[4:])))
	}
	return words
}

func openKeypad(t *testing.T) (*devicetest.Keypad, *devicetest.OpenKeypad) {
	t.Helper()
	k := devicetest.NewKeypad(func() time.Duration { return time.Hour }, 79)
	open, err := k.Open("here")
	if err != nil {
		t.Fatal(err)
	}
	return k, open
}

func TestKeypadTellsWholePackets(t *testing.T) {
	k, open := openKeypad(t)
	k.Press(79, 0)
	want := []string{"4/4/458831", "1/79/1", "0/0/0", "4/4/458831", "1/79/0", "0/0/0"}
	if diff := cmp.Diff(want, inputs(t, open)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestKeypadDropsAllOfAFullQueue fills it: 21 packets of three are 63 events, and the 64th is one too
// many.
func TestKeypadDropsAllOfAFullQueue(t *testing.T) {
	k, open := openKeypad(t)
	for range 11 {
		k.Press(79, 0)
	}
	want := []string{"0/3/0", "4/4/458831", "1/79/0", "0/0/0"}
	if diff := cmp.Diff(want, inputs(t, open)); diff != "" || k.Drops() != 1 {
		t.Errorf("dropped %d times (-want +got):\n%s", k.Drops(), diff)
	}
}

func TestKeypadStateTakesItsEventsOutOfTheQueue(t *testing.T) {
	k, open := openKeypad(t)
	k.Set(79, true)
	keys := make([]byte, 96)
	if err := open.Down(keys); err != nil || keys[9] != 1<<7 {
		t.Fatalf("keys %v, %v; want bit 79", keys, err)
	}
	if got := inputs(t, open); slices.Contains(got, "1/79/1") {
		t.Errorf("still waiting: %v", got)
	}
}

func TestKeypadPulled(t *testing.T) {
	k, open := openKeypad(t)
	if _, err := k.Open("here"); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("opened twice: %v", err)
	}
	k.Set(79, true)
	k.Unplug()
	if _, err := open.Read(make([]byte, 100), time.Second); !errors.Is(err, syscall.ENODEV) {
		t.Errorf("read of a pulled keypad: %v", err)
	}
	if _, err := k.Open("here"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("open of a pulled keypad: %v", err)
	}
	if err := open.Close(); err != nil {
		t.Error(err)
	}
	k.Plug()
	k.Press(79, 0)
	if typed := k.Typed(); !slices.Equal(typed, []uint16{79}) {
		t.Errorf("typed %v, want what was pressed while nobody had it", typed)
	}
}
