package serialpad_test

import (
	"sync/atomic"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/serialpad"
)

// line is a pad that runs, with the cable to it and the clock by which it runs.
type line struct {
	*run
	pad  *serialpad.Pad
	fake *devicetest.FF68
	now  atomic.Int64
}

func newLine(t *testing.T, ack string, odd ...func(*wish)) *line {
	t.Helper()
	l := &line{fake: devicetest.NewFF68(t)}
	l.now.Store(int64(10 * time.Second))
	o := options(t, l.fake, ack)
	o.Uptime = func() time.Duration { return time.Duration(l.now.Load()) }
	for _, change := range odd {
		change(&o)
	}
	l.pad = newPad(t, o)
	l.run = start(t, l.pad)
	return l
}

// after lets the clock go on and sends a frame.
func (l *line) after(d time.Duration, frame string) {
	l.t.Helper()
	l.now.Add(int64(d))
	if _, err := l.fake.Write(raw(l.t, frame)); err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) thank(s device.Signal) {
	l.t.Helper()
	l.show(device.Show{Kind: device.Thanks, For: s.ID})
}

func TestFrameThatCrossesItsThanksIsTheSamePress(t *testing.T) {
	for _, c := range []struct{ ack, thanks string }{{"echo", thanksBad}, {"short", short}} {
		t.Run(c.ack, func(t *testing.T) {
			l := newLine(t, c.ack)
			l.after(0, bad)
			l.thank(l.want(press(2, bad)))
			l.wantFrames(l.fake, c.thanks)
			l.after(199*time.Millisecond, bad)
			awaitResent(t, l.pad, 1)
			l.wantFrames(l.fake, c.thanks, c.thanks)
			l.after(199*time.Millisecond, bad) // after the second thanks
			awaitResent(t, l.pad, 2)
			l.wantFrames(l.fake, c.thanks, c.thanks, c.thanks)
			l.after(200*time.Millisecond, bad)
			l.want(press(2, bad))
			l.wantFrames(l.fake, c.thanks, c.thanks, c.thanks, l.fence(l.fake))
			if got := l.pad.Resent(); got != 2 {
				t.Errorf("%d frames resent, want 2", got)
			}
		})
	}
}

func TestAnotherFrameEndsTheCrossing(t *testing.T) {
	foreign := "FF 68 03 03 68 82 11 00 93 16"
	for _, c := range []struct {
		name, frame string
		want        device.Signal
	}{
		{"another key", best, press(5, best)},
		{"another pad's key", foreign, device.Signal{Kind: device.Refused, Reason: device.ReasonForeign, Detail: foreign}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine(t, "")
			l.after(0, bad)
			l.thank(l.want(press(2, bad)))
			l.after(10*time.Millisecond, c.frame)
			l.want(c.want)
			l.after(10*time.Millisecond, bad)
			l.want(press(2, bad))
		})
	}
}

// A frame that only comes again is another one as well; bytes that are no frame are not.
func TestResentFrameEndsTheCrossingAndNoiseDoesNot(t *testing.T) {
	l := newLine(t, "")
	l.after(0, best)
	l.want(press(5, best))
	l.after(0, bad)
	l.thank(l.want(press(2, bad)))
	l.after(10*time.Millisecond, "00"+bad)
	l.want(device.Signal{Kind: device.Refused, Reason: device.ReasonNoise, Detail: "00"})
	awaitResent(t, l.pad, 1)
	l.after(10*time.Millisecond, best)
	awaitResent(t, l.pad, 2)
	l.after(10*time.Millisecond, bad)
	l.want(press(2, bad))
}

// One short acknowledgement thanks for both keys, so that either of them can cross it.
func TestEitherOfTwoThankedAtOnceCanCross(t *testing.T) {
	for _, frame := range []string{bad, best} {
		l := newLine(t, "short")
		l.after(0, bad)
		older := l.want(press(2, bad))
		l.after(0, best)
		younger := l.want(press(5, best))
		l.thank(older)
		l.thank(younger)
		l.wantFrames(l.fake, short)
		l.after(10*time.Millisecond, frame)
		awaitResent(t, l.pad, 1)
		l.wantFrames(l.fake, short, short)
	}
}
