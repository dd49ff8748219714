package devicetest_test

import (
	"errors"
	"testing"

	"evalpad/device/devicetest"

	"github.com/google/go-cmp/cmp"
)

func TestPJ06Bytes(t *testing.T) {
	pad := devicetest.NewPJ06(t)
	port := host(t, pad)
	for key := range byte(6) {
		if err := pad.Press(key + 1); err != nil {
			t.Fatal(err)
		}
	}
	wantRead(t, port, "01 02 03 04 05 06")
	for _, key := range []byte{0, 7} {
		if err := pad.Press(key); err == nil {
			t.Errorf("key %02X is not on the pad and was pressed", key)
		}
	}
}

func TestPJ06HearsFrames(t *testing.T) {
	pad := devicetest.NewPJ06(t)
	port := host(t, pad)
	// In pieces, with data that look like a header and a tail, and with what is no frame between.
	says(t, port, "55", "AA 03 13 1A", "00 1A", "55 AA 02 15 05 1A FF 55 AA 02 1F 00 1A", "55 AA 02 20 00 1B", "55 AA 02 20 00 1A")
	wantReceived(t, pad,
		"55 AA 03 13 1A 00 1A", "55 AA 02 15 05 1A", "FF", "55 AA 02 1F 00 1A",
		"55", "AA", "02", "20", "00", "1B", "55 AA 02 20 00 1A")
	want := []devicetest.PJ06Command{
		{Command: 0x13, Data: []byte{0x1A, 0x00}}, {Command: 0x15, Data: []byte{5}},
		{Command: 0x1F, Data: []byte{0}}, {Command: 0x20, Data: []byte{0}},
	}
	if diff := cmp.Diff(want, pad.Heard()); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	wantShown(t, pad, devicetest.SightStars, devicetest.SightWelcome, devicetest.SightAsk)
}

func TestByteKeysBytes(t *testing.T) {
	pad := devicetest.NewByteKeys(t)
	port := host(t, pad)
	for _, key := range []byte{0x31, 0x00, 0x11, 0x13, 0x03, 0xFF, 0x0D} {
		if err := pad.Press(key); err != nil {
			t.Fatal(err)
		}
	}
	wantRead(t, port, "31 00 11 13 03 FF 0D")
	says(t, port, "41 42")
	wantReceived(t, pad, "41", "42")
}

// What every pad at a cable does when that is pulled and put in again.
func TestPadsUnplugged(t *testing.T) {
	for name, pad := range map[string]interface {
		Path() string
		Unplug() error
		Replug() error
		Write([]byte) (int, error)
	}{
		"pj06": devicetest.NewPJ06(t), "byte": devicetest.NewByteKeys(t), "jt905": devicetest.NewJT905(t),
		"line": devicetest.NewLine(t), "modbus": devicetest.NewModbusKeys(t, devicetest.ModbusBits),
	} {
		t.Run(name, func(t *testing.T) {
			port := host(t, pad)
			if err := pad.Unplug(); err != nil {
				t.Fatal(err)
			}
			if n, err := port.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("reading from an unplugged pad: %d, %v", n, err)
			}
			if _, err := pad.Write([]byte{1}); err == nil {
				t.Error("an unplugged pad could send")
			}
			if err := errors.Join(pad.Replug(), pad.Replug()); err != nil {
				t.Fatal(err)
			}
			port = host(t, pad)
			if _, err := pad.Write([]byte{0x31}); err != nil {
				t.Fatal(err)
			}
			wantRead(t, port, "31")
		})
	}
}
