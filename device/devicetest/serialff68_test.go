package devicetest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"evalpad/device/devicetest"

	"github.com/google/go-cmp/cmp"
)

// host opens the port as a program at the counter would.
func host(t *testing.T, pad interface{ Path() string }) *os.File {
	t.Helper()
	port, err := os.OpenFile(pad.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = port.Close() })
	return port
}

func wantRead(t *testing.T, port *os.File, want string) {
	t.Helper()
	if got := readHex(t, port, (len(want)+1)/3); got != want {
		t.Fatalf("host read %s; want %s", got, want)
	}
}

// readHex reads n bytes, or what comes of them within 5 s.
func readHex(t *testing.T, port *os.File, n int) string {
	t.Helper()
	if err := port.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, n)
	n, _ = io.ReadFull(port, buf)
	return fmt.Sprintf("% X", buf[:n])
}

// The bytes are those of the byte table, written out by hand, and arrive unchanged in a terminal
// that no driver has set up: 03, 11 and 16 mean something to one that is not raw.
func TestFF68Bytes(t *testing.T) {
	pad := devicetest.NewFF68(t)
	for want, send := range map[string]func() error{
		"FF 68 03 03 68 81 11 00 92 16":             func() error { return pad.Press(0x00) },
		"FF 68 03 03 68 81 11 03 95 16":             func() error { return pad.Press(0x03) },
		"FF 68 03 03 68 01 01 0B 0D 16":             pad.Prompt,
		"FF 68 03 03 68 01 01 0E 10 16":             pad.Cancel,
		"FF 68 07 07 68 01 01 01 02 00 03 0F 17 16": func() error { return pad.Login("1203") },
		"FF 68 04 04 68 01 01 04 0F 15 16":          pad.Logout,
		"13 11 03 16 0A 0D FF 7F":                   func() error { _, err := pad.Write([]byte("\x13\x11\x03\x16\x0A\x0D\xFF\x7F")); return err },
	} {
		if err := send(); err != nil {
			t.Fatal(err)
		}
		wantRead(t, host(t, pad), want)
	}
}

func TestFF68RepeatsUntilThanked(t *testing.T) {
	press := func(ctx context.Context, pad *devicetest.FF68) error {
		return pad.PressUntilThanked(ctx, 0x00, 10*time.Millisecond)
	}
	prompt := func(ctx context.Context, pad *devicetest.FF68) error {
		return pad.PromptUntilThanked(ctx, 10*time.Millisecond)
	}
	const pressed, prompted = "FF 68 03 03 68 81 11 00 92 16", "FF 68 03 03 68 01 01 0B 0D 16"
	for _, c := range []struct {
		name   string
		send   func(context.Context, *devicetest.FF68) error
		sent   string
		thanks string
		want   error
	}{
		{"echo", press, pressed, "\xFF\x68\x03\x03\x68\x81\x01\x00\x82\x16", nil},
		{"short", press, pressed, "\x68\x02\x02\x68\x81\x01\x82\x16", nil},
		{"echo of another key", press, pressed, "\xFF\x68\x03\x03\x68\x81\x01\x03\x85\x16", context.DeadlineExceeded},
		{"please rate", press, pressed, "\xFF\x68\x03\x03\x68\x81\x01\x0B\x8D\x16", context.DeadlineExceeded},
		{"prompt", prompt, prompted, "\xFF\x68\x03\x03\x68\x01\x01\x0B\x0D\x16", nil},
		{"prompt, asked for a rating", prompt, prompted, "\xFF\x68\x03\x03\x68\x81\x01\x0B\x8D\x16", context.DeadlineExceeded},
		{"prompt, a key thanked", prompt, prompted, "\xFF\x68\x03\x03\x68\x81\x01\x00\x82\x16", context.DeadlineExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			pad := devicetest.NewFF68(t)
			port := host(t, pad)
			patience := 10 * time.Second
			if c.want != nil {
				patience = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			thanked := make(chan error, 1)
			go func() { thanked <- c.send(ctx, pad) }()
			for range 2 {
				wantRead(t, port, c.sent)
			}
			if _, err := port.WriteString(c.thanks); err != nil {
				t.Fatal(err)
			}
			if err := <-thanked; !errors.Is(err, c.want) {
				t.Errorf("until thanked: %v, want %v", err, c.want)
			}
		})
	}
}

func TestFF68ReceivesFramesWhole(t *testing.T) {
	pad := devicetest.NewFF68(t)
	port := host(t, pad)
	for _, piece := range []string{"\xFF\x68\x03", "\x03\x68\x81\x01\x00\x82\x16\x68\x02\x02\x68\x81\x01", "\x82\x16"} {
		if _, err := port.WriteString(piece); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	got, err := pad.Await(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]byte{[]byte("\xFF\x68\x03\x03\x68\x81\x01\x00\x82\x16"), []byte("\x68\x02\x02\x68\x81\x01\x82\x16")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := pad.Thanks(); n != 2 {
		t.Errorf("%d thank-yous, want 2", n)
	}
}

func TestFF68Unplugged(t *testing.T) {
	pad := devicetest.NewFF68(t)
	port := host(t, pad)
	if err := errors.Join(pad.Unplug(), pad.Unplug()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(pad.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link of an unplugged pad: %v, want none", err)
	}
	if n, err := port.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("reading from an unplugged pad: %d, %v", n, err)
	}
	if err := pad.Press(0); err == nil {
		t.Error("pressing a key of an unplugged pad did not fail")
	}
	if err := errors.Join(pad.Replug(), pad.Replug(), pad.Press(1)); err != nil {
		t.Fatal(err)
	}
	wantRead(t, host(t, pad), "FF 68 03 03 68 81 11 01 93 16")
}

// Two counters' pads on one pair: each thanks for itself, one plug pulls both.
func TestFF68Bus(t *testing.T) {
	pads := devicetest.NewFF68Bus(t, 1, 3)
	port := host(t, pads[0])
	if err := errors.Join(pads[0].Press(0x03), pads[1].Press(0x00)); err != nil {
		t.Fatal(err)
	}
	wantRead(t, port, "FF 68 03 03 68 81 11 03 95 16")
	wantRead(t, port, "FF 68 03 03 68 83 11 00 94 16")
	says(t, port, "FF 68 03 03 68 83 01 00 84 16", "FF 68 03 03 68 81 01 0B 8D 16")
	wantShown(t, pads[1], devicetest.SightThanks)
	wantShown(t, pads[0], devicetest.SightAsk)
	if err := pads[1].Unplug(); err != nil {
		t.Fatal(err)
	}
	if err := pads[0].Press(0x03); err == nil {
		t.Error("a pad whose cable is out could be pressed")
	}
}

func TestPlugFF68Address(t *testing.T) {
	for _, address := range []int{0, 128} {
		if _, err := devicetest.PlugFF68(t.TempDir()+"/pad", address); err == nil {
			t.Errorf("address %d was taken", address)
		}
	}
}
