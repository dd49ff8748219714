package devicetest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"evalpad/device/devicetest"

	"github.com/google/go-cmp/cmp"
)

// The CRCs are those of another program, and of the standard's example for 01 02 01 00.
func TestModbusBytes(t *testing.T) {
	bits, counter := devicetest.NewModbusKeys(t, devicetest.ModbusBits), devicetest.NewModbusKeys(t, devicetest.ModbusCounter)
	for _, c := range []struct {
		name          string
		module        *devicetest.ModbusKeys
		before        func() error
		asked, answer string // "" none
	}{
		{"no key", bits, nil, "01 02 00 00 00 08 79 CC", "01 02 01 00 A1 88"},
		{"a key held", bits, func() error { return bits.Hold(3) }, "01 02 00 00 00 08 79 CC", "01 02 01 08 A0 4E"},
		{"two keys held", bits, func() error { return bits.Hold(0) }, "01 02 00 00 00 08 79 CC", "01 02 01 09 61 8E"},
		{"one input", bits, nil, "01 02 00 03 00 01 49 CA", "01 02 01 01 60 48"},
		{"no such input", bits, nil, "01 02 00 08 00 01 38 08", "01 82 02 C1 61"},
		{"coils", bits, nil, "01 01 00 00 00 08 3D CC", "01 81 01 81 90"},
		{"a function of another length", bits, nil, "01 11 C0 2C", "01 91 01 8C 50"},
		{"another address", bits, nil, "02 02 00 00 00 08 79 FF", ""},
		{"wrong sum", bits, nil, "01 02 00 00 00 08 79 CD", ""},
		{"key let go", bits, func() error { bits.Release(0); bits.Release(3); return nil }, "01 02 00 00 00 08 79 CC", "01 02 01 00 A1 88"},

		{"never pressed", counter, nil, "01 03 00 00 00 02 C4 0B", "01 03 04 00 00 00 00 FA 33"},
		{"pressed once", counter, func() error { return counter.Press(2) }, "01 03 00 00 00 02 C4 0B", "01 03 04 00 03 00 01 CB F3"},
		{"and another", counter, func() error { return counter.Press(0) }, "01 03 00 00 00 02 C4 0B", "01 03 04 00 01 00 02 2A 32"},
		{"the count only", counter, nil, "01 03 00 01 00 01 D5 CA", "01 03 02 00 02 39 85"},
		{"no such register", counter, nil, "01 03 00 02 00 01 25 CA", "01 83 02 C0 F1"},
		{"no register at all", counter, nil, "01 03 00 00 00 00 45 CA", "01 83 03 01 31"},
		{"inputs", counter, nil, "01 02 00 00 00 08 79 CC", "01 82 01 81 60"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.before != nil {
				if err := c.before(); err != nil {
					t.Fatal(err)
				}
			}
			port := host(t, c.module)
			says(t, port, c.asked)
			if c.answer == "" {
				wantSilence(t, port)
				return
			}
			wantRead(t, port, c.answer)
		})
	}
}

func TestModbusHeard(t *testing.T) {
	m := devicetest.NewModbusKeys(t, devicetest.ModbusBits)
	port := host(t, m)
	m.Mute(true)
	says(t, port, "01 02 00", "00 00 08 79 CC") // in pieces, and not answered
	wantSilence(t, port)
	m.Mute(false)
	says(t, port, "01 02 00 00")
	time.Sleep(100 * time.Millisecond) // silence ends it
	says(t, port, "01 02 00 00 00 08 79 CC")
	wantRead(t, port, "01 02 01 00 A1 88")
	want := []devicetest.ModbusRequest{{Function: 2, Count: 8}, {Function: 2, Count: 8}}
	if diff := cmp.Diff(want, m.Heard()); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

func TestModbusPressUntilRead(t *testing.T) {
	m := devicetest.NewModbusKeys(t, devicetest.ModbusBits)
	port := host(t, m)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	pressed := make(chan error, 1)
	go func() { pressed <- m.PressUntilRead(ctx, 1, 2) }()
	held := 0
	for done := false; !done; {
		says(t, port, "01 02 00 01 00 01 E8 0A")
		switch read := readHex(t, port, 6); read {
		case "01 02 01 01 60 48":
			held++
		case "01 02 01 00 A1 88":
		default:
			t.Fatalf("host read %s", read)
		}
		select {
		case err := <-pressed:
			if done = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
	}
	if held < 2 {
		t.Errorf("the key was seen held %d times, want 2 at least", held)
	}
	says(t, port, "01 02 00 01 00 01 E8 0A")
	wantRead(t, port, "01 02 01 00 A1 88")
}

func TestPlugModbus(t *testing.T) {
	link := t.TempDir() + "/pad"
	_, low := devicetest.PlugModbusKeys(link, 0, devicetest.ModbusBits)
	_, high := devicetest.PlugModbusKeys(link, 248, devicetest.ModbusBits)
	_, other := devicetest.PlugModbusKeys(link, 1, "coils")
	if low == nil || high == nil || other == nil {
		t.Errorf("taken: %v, %v, %v", low, high, other)
	}
	if m := devicetest.NewModbusKeys(t, devicetest.ModbusBits); errors.Join(m.Hold(-1)) == nil || m.Hold(8) == nil {
		t.Error("a key that is not there could be held")
	}
}
