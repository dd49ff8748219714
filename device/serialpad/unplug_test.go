package serialpad_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
)

func TestUnplugAndReplug(t *testing.T) {
	fake := devicetest.NewFF68(t)
	run := start(t, newPad(t, options(t, fake, "")))
	lost := device.Signal{Kind: device.Lost, Reason: fake.Path() + " was unplugged"}
	if err := fake.Press(0x00); err != nil {
		t.Fatal(err)
	}
	before := run.want(press(2, bad))
	for range 2 {
		if _, err := fake.Write(raw(t, best[:17])); err != nil { // the cable goes in mid-frame
			t.Fatal(err)
		}
		began := time.Now()
		if err := fake.Unplug(); err != nil {
			t.Fatal(err)
		}
		run.want(lost)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("loss was told after %v, want within 2 s", took)
		}
		run.show(device.Show{Kind: device.Ask, For: before.ID}) // nobody to be thanked; asked when they are back
		if err := fake.Replug(); err != nil {
			t.Fatal(err)
		}
		run.want(device.Signal{Kind: device.Back})
		if _, err := fake.Write(raw(t, best[17:])); err != nil { // the other half is noise
			t.Fatal(err)
		}
		run.want(device.Signal{Kind: device.Refused, Reason: device.ReasonNoise, Detail: strings.TrimSpace(best[17:])})
	}
	if err := fake.Press(0x03); err != nil {
		t.Fatal(err)
	}
	after := run.want(press(5, best))
	run.show(device.Show{Kind: device.Thanks, For: before.ID}) // thanked long ago, to nobody
	run.show(device.Show{Kind: device.Ask, For: after.ID})
	run.wantFrames(fake, ask, ask, "FF 68 03 03 68 81 01 03 85 16", ask)
}

// The cable goes while a press waits for its thanks, or right after them: the pad has not heard them,
// and sends the press again. It is thanked then, and is no second press. After a minute it is another
// pad, or another customer.
func TestPressUnderAPulledCableIsOnePress(t *testing.T) {
	for _, c := range []struct {
		name    string
		thanked string // when: before the cable goes, while it is out, or after it is back
		away    time.Duration
		same    bool
	}{
		{"thanked before", "before", time.Second, true},
		{"thanked while it is out", "out", 30 * time.Second, true},
		{"thanked after", "after", 30 * time.Second, true},
		{"thanked before, back after a minute", "before", time.Minute, false},
		{"not thanked, back after a minute", "after", time.Minute, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine(t, "")
			l.after(0, bad)
			s := l.want(press(2, bad))
			if c.thanked == "before" {
				l.thank(s)
				l.wantFrames(l.fake, thanksBad)
			}
			if err := l.fake.Unplug(); err != nil {
				t.Fatal(err)
			}
			l.want(device.Signal{Kind: device.Lost, Reason: l.fake.Path() + " was unplugged"})
			if c.thanked == "out" {
				l.thank(s)
			}
			l.now.Add(int64(c.away))
			if err := l.fake.Replug(); err != nil {
				t.Fatal(err)
			}
			l.want(device.Signal{Kind: device.Back})
			l.after(500*time.Millisecond, bad)
			if !c.same {
				l.want(press(2, bad))
				return
			}
			awaitResent(t, l.pad, 1)
			if c.thanked == "after" {
				l.thank(s)
			}
			before := map[string][]string{"before": {thanksBad}}[c.thanked]
			l.wantFrames(l.fake, append(before, thanksBad)...)
			l.after(400*time.Millisecond, bad) // and now it is another one
			l.want(press(2, bad))
		})
	}
}

func TestPortThatIsNotThereYet(t *testing.T) {
	fake := devicetest.NewFF68(t)
	if err := fake.Unplug(); err != nil {
		t.Fatal(err)
	}
	run := start(t, newPad(t, options(t, fake, "")))
	run.want(device.Signal{Kind: device.Lost, Reason: "waiting for " + fake.Path()})
	if err := fake.Replug(); err != nil {
		t.Fatal(err)
	}
	run.want(device.Signal{Kind: device.Back})
	if err := fake.Press(0x03); err != nil {
		t.Fatal(err)
	}
	run.want(press(5, best))
}

func TestLossIsToldOnce(t *testing.T) {
	fake := devicetest.NewFF68(t)
	o := options(t, fake, "")
	var log logbook
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	run := start(t, newPad(t, o))
	log.await(t, "port open", 1)
	if err := fake.Unplug(); err != nil {
		t.Fatal(err)
	}
	run.want(device.Signal{Kind: device.Lost, Reason: fake.Path() + " was unplugged"})
	log.await(t, "waiting for", 1) // a new reason is for the log alone
	if err := fake.Replug(); err != nil {
		t.Fatal(err)
	}
	run.want(device.Signal{Kind: device.Back})
}

func TestBusyPort(t *testing.T) {
	fake := devicetest.NewFF68(t)
	first := start(t, newPad(t, options(t, fake, "")))
	first.show(device.Show{Kind: device.Idle})
	if err := fake.Press(0x03); err != nil {
		t.Fatal(err)
	}
	first.want(press(5, best)) // so it has the port
	second := start(t, newPad(t, options(t, fake, "")))
	second.want(device.Signal{Kind: device.Lost, Reason: fake.Path() + " is in use by another program"})
	if err := fake.Press(0x02); err != nil {
		t.Fatal(err)
	}
	first.want(press(4, "FF 68 03 03 68 81 11 02 94 16")) // and loses no byte of it
}

func TestNotASerialPort(t *testing.T) {
	run := start(t, newPad(t, at(t, "/dev/null")))
	run.want(device.Signal{Kind: device.Lost, Reason: "/dev/null is not a serial port"})
}
