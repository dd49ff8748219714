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
	if err := fake.Press(0x00); err != nil {
		t.Fatal(err)
	}
	after := run.want(press(2, bad)) // not taken for the press before
	run.show(device.Show{Kind: device.Thanks, For: before.ID})
	run.show(device.Show{Kind: device.Ask, For: after.ID})
	run.wantFrames(fake, ask, ask, thanksBad, ask)
}

// Pads that come back begin anew: neither is a press taken for one before, nor is one thanked for it.
func TestUnpluggedIsForgotten(t *testing.T) {
	fake := devicetest.NewFF68(t)
	o := options(t, fake, "")
	o.Uptime = func() time.Duration { return time.Minute } // so that less than 2 s pass
	run := start(t, newPad(t, o))
	if err := fake.Press(0x00); err != nil {
		t.Fatal(err)
	}
	before := run.want(press(2, bad))
	if err := fake.Unplug(); err != nil {
		t.Fatal(err)
	}
	run.want(device.Signal{Kind: device.Lost, Reason: fake.Path() + " was unplugged"})
	if err := fake.Replug(); err != nil {
		t.Fatal(err)
	}
	run.want(device.Signal{Kind: device.Back})
	if err := fake.Press(0x00); err != nil {
		t.Fatal(err)
	}
	after := run.want(press(2, bad))
	run.show(device.Show{Kind: device.Thanks, For: before.ID})
	fence := run.fence(fake)
	run.show(device.Show{Kind: device.Thanks, For: after.ID})
	run.wantFrames(fake, fence, thanksBad)
	if err := fake.Unplug(); err != nil {
		t.Fatal(err)
	}
	run.want(device.Signal{Kind: device.Lost, Reason: fake.Path() + " was unplugged"})
	if err := fake.Replug(); err != nil {
		t.Fatal(err)
	}
	run.want(device.Signal{Kind: device.Back})
	if err := fake.Press(0x00); err != nil {
		t.Fatal(err)
	}
	run.want(press(2, bad)) // no frame of these pads crosses what others were thanked for
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
