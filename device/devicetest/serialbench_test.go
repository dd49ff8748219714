package devicetest_test

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"evalpad/device/devicetest"

	"github.com/google/go-cmp/cmp"
)

// says makes the host send frames in hexadecimal.
func says(t *testing.T, port *os.File, frames ...string) {
	t.Helper()
	for _, frame := range frames {
		raw, err := hex.DecodeString(strings.ReplaceAll(frame, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := port.Write(raw); err != nil {
			t.Fatal(err)
		}
	}
}

// wantText reads as much text as is wanted.
func wantText(t *testing.T, port *os.File, want string) {
	t.Helper()
	if err := port.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len(want))
	if n, err := io.ReadFull(port, buf); err != nil || string(buf) != want {
		t.Fatalf("host read %q, %v; want %q", buf[:n], err, want)
	}
}

// wantSilence fails if the pad sends anything.
func wantSilence(t *testing.T, port *os.File) {
	t.Helper()
	if err := port.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64)
	if n, err := port.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("host read % X, %v; want nothing", buf[:n], err)
	}
}

type shower interface {
	AwaitShown(ctx context.Context, n int) ([]devicetest.Sight, error)
}

// wantShown waits for so many sights and wants exactly these.
func wantShown(t *testing.T, pad shower, want ...devicetest.Sight) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	got, err := pad.AwaitShown(ctx, len(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
}

// wantReceived waits for so many frames and wants exactly these, in hexadecimal.
func wantReceived(t *testing.T, pad interface {
	Await(ctx context.Context, n int) ([][]byte, error)
}, want ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	frames, err := pad.Await(ctx, len(want))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, frame := range frames {
		got = append(got, strings.ToUpper(hex.EncodeToString(frame)))
	}
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], " ", "")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

// untilThanked runs a press that repeats itself, answers after its second sight, and tells whether
// the pad took that for its thanks.
func untilThanked(t *testing.T, press func(context.Context) error, twice, answer func()) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	thanked := make(chan error, 1)
	go func() { thanked <- press(ctx) }()
	twice()
	answer()
	select {
	case err := <-thanked:
		return err
	case <-time.After(300 * time.Millisecond):
		cancel()
		return <-thanked
	}
}
