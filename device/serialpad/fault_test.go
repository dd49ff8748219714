package serialpad_test

import (
	"testing"
	"time"

	"evalpad/device"
)

const (
	prompt = "FF 68 03 03 68 01 01 0B 0D 16"
	key04  = "FF 68 03 03 68 81 11 04 96 16"
)

var prompted = device.Signal{Kind: device.Prompt, By: "caller keypad", Detail: prompt, Echo: prompt}

// Nothing that was signalled is kept: what the pad sends again is a new signal, and only that one's
// show thanks it.
func TestFaultMakesTheNextTryNew(t *testing.T) {
	l := newLine(t, "")
	l.after(0, bad)
	first := l.want(press(2, bad))
	l.show(device.Show{Kind: device.Fault})
	l.after(500*time.Millisecond, bad)
	second := l.want(press(2, bad))
	if first.ID == second.ID || first.Echo != second.Echo {
		t.Errorf("signals %s and %s echo %q and %q, want two IDs and one echo", first.ID, second.ID, first.Echo, second.Echo)
	}
	l.after(500*time.Millisecond, bad)
	awaitResent(t, l.pad, 1)
	l.thank(second)
	l.wantFrames(l.fake, thanksBad)
	l.thank(first) // went with the second
	l.wantFrames(l.fake, thanksBad, l.fence(l.fake))
}

// A fault that names a signal has kept that one, and says nothing of the others.
func TestFaultThatNamesASignalForgetsNone(t *testing.T) {
	l := newLine(t, "")
	l.after(0, bad)
	l.want(press(2, bad))
	l.after(0, prompt)
	p := l.want(prompted)
	l.show(device.Show{Kind: device.Fault, For: p.ID})
	l.wantFrames(l.fake, prompt)
	l.after(500*time.Millisecond, bad)
	awaitResent(t, l.pad, 1)
}

// The fault was for the press before it; this one was on its way to the desk and is kept.
func TestKeptAfterAFaultIsThanked(t *testing.T) {
	l := newLine(t, "")
	l.after(0, bad)
	s := l.want(press(2, bad))
	l.show(device.Show{Kind: device.Fault})
	l.thank(s)
	l.wantFrames(l.fake, thanksBad)
}

// What is safe already, and waits for its acknowledgement only, is safe in spite of a fault.
func TestFaultLeavesWhatIsSafe(t *testing.T) {
	l := newLine(t, "short")
	l.after(0, bad)
	older := l.want(press(2, bad))
	l.after(0, best)
	l.want(press(5, best))
	l.thank(older) // held back: it would thank for the younger one too
	l.show(device.Show{Kind: device.Fault})
	l.after(500*time.Millisecond, bad)
	awaitResent(t, l.pad, 1)
	l.after(0, best)
	l.thank(l.want(press(5, best)))
	l.wantFrames(l.fake, short)
}
