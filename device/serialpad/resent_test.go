package serialpad_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/serialpad"
)

func TestResentIsTheSamePress(t *testing.T) {
	fake := devicetest.NewFF68(t)
	o := options(t, fake, "")
	var now atomic.Int64
	o.Uptime = func() time.Duration { return time.Duration(now.Load()) }
	pad := newPad(t, o)
	run := start(t, pad)
	send := func(at time.Duration, frame string) {
		t.Helper()
		now.Store(int64(at))
		if _, err := fake.Write(raw(t, frame)); err != nil {
			t.Fatal(err)
		}
	}
	send(10*time.Second, bad)
	first := run.want(press(2, bad))
	if first.At != 10*time.Second {
		t.Errorf("the press was at %v, want 10s", first.At)
	}
	for i := range 3 { // each less than 2 s after the last sight, and the last 5.7 s after the first
		send(10*time.Second+time.Duration(i+1)*1900*time.Millisecond, bad[3:])
		awaitResent(t, pad, uint64(i+1))
	}
	send(16*time.Second, best) // another key is another press
	second := run.want(press(5, best))
	run.show(device.Show{Kind: device.Thanks, For: second.ID})
	thanksBest := "FF 68 03 03 68 81 01 03 85 16"
	run.wantFrames(fake, thanksBest)

	send(17700*time.Millisecond, bad) // 2 s after the last sight
	third := run.want(press(2, bad))
	if first.ID == third.ID || first.Echo != third.Echo {
		t.Errorf("signals %s and %s echo %q and %q, want two IDs and one echo", first.ID, third.ID, first.Echo, third.Echo)
	}
	run.show(device.Show{Kind: device.Thanks, For: first.ID}) // would thank for the third as well
	fence := run.fence(fake)
	run.wantFrames(fake, thanksBest, fence)
	run.show(device.Show{Kind: device.Thanks, For: third.ID})
	run.wantFrames(fake, thanksBest, fence, thanksBad)

	send(17900*time.Millisecond, bad) // 200 ms after the thank-you
	run.want(press(2, bad))
	if got := pad.Resent(); got != 3 {
		t.Errorf("%d frames resent, want 3", got)
	}
}

func awaitResent(t *testing.T, pad *serialpad.Pad, want uint64) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); pad.Resent() < want; <-time.After(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d frames resent, want %d", pad.Resent(), want)
		}
	}
}

func TestUnmappedKeyIsCountedOnce(t *testing.T) {
	fake := devicetest.NewFF68(t)
	pad := newPad(t, options(t, fake, ""))
	run := start(t, pad)
	for range 4 {
		if err := fake.Press(0x04); err != nil {
			t.Fatal(err)
		}
	}
	frame := "FF 68 03 03 68 81 11 04 96 16"
	run.want(device.Signal{Kind: device.Refused, Reason: device.ReasonUnmappedKey, Detail: frame})
	awaitResent(t, pad, 3)
}

// The short acknowledgement is the same for every key: it must not go out for an older press while
// a younger one is not safe.
func TestShortAcknowledgementWaitsForTheYoungest(t *testing.T) {
	fake := devicetest.NewFF68(t)
	run := start(t, newPad(t, options(t, fake, "short")))
	for _, frame := range []string{bad, best} {
		if _, err := fake.Write(raw(t, frame)); err != nil {
			t.Fatal(err)
		}
	}
	older, younger := run.want(press(2, bad)), run.want(press(5, best))
	run.show(device.Show{Kind: device.Ask, For: older.ID})
	fence := run.fence(fake)
	run.wantFrames(fake, fence)
	run.show(device.Show{Kind: device.Thanks, For: younger.ID})
	run.show(device.Show{Kind: device.Ask})
	run.wantFrames(fake, fence, short, ask)
}

func TestPadRepeatsUntilThanked(t *testing.T) {
	for _, ack := range []string{"echo", "short"} {
		t.Run(ack, func(t *testing.T) {
			fake := devicetest.NewFF68(t)
			pad := newPad(t, options(t, fake, ack))
			run := start(t, pad)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			thanked := make(chan error, 1)
			go func() { thanked <- fake.PressUntilThanked(ctx, 0x00, 10*time.Millisecond) }()
			s := run.want(press(2, bad))
			awaitResent(t, pad, 5)
			run.show(device.Show{Kind: device.Ask, For: s.ID})
			if err := <-thanked; err != nil {
				t.Error(err)
			}
		})
	}
}
