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

// The sums are worked out by hand: 06^21^01^07^01 is 20, and so on.
func TestJT905Bytes(t *testing.T) {
	pad := devicetest.NewJT905(t)
	port := host(t, pad)
	for _, c := range []struct {
		number uint32
		rating byte
		want   string
	}{
		{7, 0x01, "7E 06 21 01 00 00 00 07 01 20 7E"},
		{7, 0x04, "7E 06 21 01 00 00 00 07 04 25 7E"},
		{0x01020304, 0x02, "7E 06 21 01 01 02 03 04 02 20 7E"},
		{0x00007E7D, 0x04, "7E 06 21 01 00 00 7D 02 7D 01 04 21 7E"}, // numbers that have to be escaped
		{0x0000005A, 0x02, "7E 06 21 01 00 00 00 5A 02 7D 02 7E"},    // a sum of 7E
		{0x00000059, 0x02, "7E 06 21 01 00 00 00 59 02 7D 01 7E"},    // a sum of 7D
	} {
		if err := pad.Rate(c.number, c.rating); err != nil {
			t.Fatal(err)
		}
		wantRead(t, port, c.want)
	}
}

func TestJT905HearsFrames(t *testing.T) {
	pad := devicetest.NewJT905(t)
	port := host(t, pad)
	if err := pad.Rate(0x7E7D, 4); err != nil {
		t.Fatal(err)
	}
	says(t, port,
		"7E 06 00 02 00", "04 7E", // please rate, in pieces
		"7E 06 00 02 00 05 7E",                      // wrong sum
		"7E 05 00 02 00 07 7E",                      // another device type
		"7E 06 21 81 00 00 7D 02 7D 03 04 A1 7E",    // no such escape
		"7E 06 21 81 00 00 7D 02 7D 01 04 A1 7E",    // the rating, sent back
		"7E 06 21 81 00 00 7D 02 7D 01 03 A6 7E",    // another rating under its number
		"7E 06 21 81 00 00 00 08 01 AF 7E 30 7E 7E") // one that was never sent; junk
	wantShown(t, pad, devicetest.SightAsk, devicetest.SightThanks)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := pad.Await(ctx, 8); err != nil {
		t.Fatal(err)
	}
	want := []devicetest.JT905Message{
		{Function: 0x02, Data: []byte{0}},
		{Vendor: 0x21, Function: 0x81, Data: []byte{0, 0, 0x7E, 0x7D, 4}},
		{Vendor: 0x21, Function: 0x81, Data: []byte{0, 0, 0x7E, 0x7D, 3}},
		{Vendor: 0x21, Function: 0x81, Data: []byte{0, 0, 0, 8, 1}},
	}
	if diff := cmp.Diff(want, pad.Heard()); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	if n := pad.Thanks(); n != 1 {
		t.Errorf("%d thank-yous, want 1", n)
	}
}

func TestJT905RepeatsUntilThanked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(rating []byte) // of the rating that is sent back
		want   error
	}{
		"sent back":       {func([]byte) {}, nil},
		"another rating":  {func(r []byte) { r[4] = 1 }, context.Canceled},
		"another number":  {func(r []byte) { r[3]++ }, context.Canceled},
		"nothing with it": {func(r []byte) { r[0], r[1], r[2], r[3], r[4] = 0, 0, 0, 0, 0 }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			pad := devicetest.NewJT905(t)
			port := host(t, pad)
			var first, again []byte
			err := untilThanked(t,
				func(ctx context.Context) error { return pad.PressUntilThanked(ctx, 3, 20*time.Millisecond) },
				func() { first, again = readFrame(t, port), readFrame(t, port) },
				func() {
					rating := plain(first)[3:8]
					c.change(rating)
					says(t, port, fmt.Sprintf("% X", back(rating)))
				})
			if !errors.Is(err, c.want) {
				t.Errorf("until thanked: %v, want %v", err, c.want)
			}
			if string(first) != string(again) {
				t.Errorf("the repeat % X differs from % X", again, first)
			}
		})
	}
}

// readFrame reads from one 7E to the next.
func readFrame(t *testing.T, port *os.File) (frame []byte) {
	t.Helper()
	if err := port.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 1)
	for len(frame) < 2 || frame[len(frame)-1] != 0x7E {
		if _, err := io.ReadFull(port, one); err != nil {
			t.Fatal(err)
		}
		frame = append(frame, one[0])
	}
	return frame
}

// plain and back are the host's own way with the escapes.
func plain(frame []byte) (inside []byte) {
	for i := 1; i < len(frame)-1; i++ {
		switch {
		case frame[i] != 0x7D:
			inside = append(inside, frame[i])
		case frame[i+1] == 0x02:
			inside = append(inside, 0x7E)
			i++
		default:
			inside = append(inside, 0x7D)
			i++
		}
	}
	return inside
}

func back(rating []byte) []byte {
	inside := append([]byte{0x06, 0x21, 0x81}, rating...)
	sum := byte(0)
	for _, b := range inside {
		sum ^= b
	}
	frame := []byte{0x7E}
	for _, b := range append(inside, sum) {
		switch b {
		case 0x7E:
			frame = append(frame, 0x7D, 0x02)
		case 0x7D:
			frame = append(frame, 0x7D, 0x01)
		default:
			frame = append(frame, b)
		}
	}
	return append(frame, 0x7E)
}
