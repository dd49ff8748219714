package serialpad_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/serialpad"
)

// speaks is a wish for pads of a profile at a port.
func speaks(t *testing.T, profile, port string, keys map[byte]int) wish {
	w := at(t, port)
	w.Protocol = serialpad.Protocol(t, profile)
	w.Address, _ = w.Protocol.Addresses()
	w.Keys = keys
	return w
}

var (
	fiveBytes  = map[byte]int{1: 5, 2: 4, 3: 3, 4: 2, 5: 1}
	fiveInputs = map[byte]int{0: 5, 1: 4, 2: 3, 3: 2, 4: 1}
)

// TestContractOfEveryMake holds every shipped profile to what package device promises of a driver.
func TestContractOfEveryMake(t *testing.T) {
	for name, bench := range map[string]func(t *testing.T) devicetest.Bench{
		"line": func(t *testing.T) devicetest.Bench {
			fake := devicetest.NewLine(t)
			return devicetest.Bench{
				Driver: newPad(t, speaks(t, "line", fake.Path(), nil)),
				Press:  func() error { return fake.Press(1) }, Thanks: fake.Thanks,
			}
		},
		"jt905": func(t *testing.T) devicetest.Bench {
			fake := devicetest.NewJT905(t)
			return devicetest.Bench{
				Driver: newPad(t, speaks(t, "jt905", fake.Path(), nil)),
				Press:  func() error { return fake.Press(3) }, Thanks: fake.Thanks,
			}
		},
		"pj06": func(t *testing.T) devicetest.Bench {
			fake := devicetest.NewPJ06(t)
			return devicetest.Bench{Driver: newPad(t, speaks(t, "pj06", fake.Path(), fiveBytes)), Press: func() error { return fake.Press(4) }}
		},
		"byte": func(t *testing.T) devicetest.Bench {
			fake := devicetest.NewByteKeys(t)
			return devicetest.Bench{Driver: newPad(t, speaks(t, "byte", fake.Path(), fiveBytes)), Press: func() error { return fake.Press(4) }}
		},
		"modbus-keys": func(t *testing.T) devicetest.Bench {
			fake := devicetest.NewModbusKeys(t, devicetest.ModbusBits)
			return devicetest.Bench{Driver: newPad(t, speaks(t, "modbus-keys", fake.Path(), fiveInputs)), Press: onceAsked(t, fake)}
		},
		"modbus-counter": func(t *testing.T) devicetest.Bench {
			fake := devicetest.NewModbusKeys(t, devicetest.ModbusCounter)
			return devicetest.Bench{Driver: newPad(t, speaks(t, "modbus-counter", fake.Path(), fiveBytes)), Press: onceAsked(t, fake)}
		},
	} {
		t.Run(name, func(t *testing.T) { devicetest.Contract(t, bench) })
	}
}

// onceAsked presses a key of a module that the host has found: what was pressed before is nobody's. It
// holds the key until the host has looked, however busy the machine is.
func onceAsked(t *testing.T, fake *devicetest.ModbusKeys) func() error {
	return func() error {
		for len(fake.Heard()) < 3 {
			time.Sleep(5 * time.Millisecond)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		return fake.PressUntilRead(ctx, 3, 3)
	}
}

// wantPress wants the next signal to be a press of that score, and thanks for it.
func (r *run) wantPress(score int) {
	r.t.Helper()
	s := r.next()
	if s.Kind != device.Press || s.Score != score {
		r.t.Fatalf("heard %+v, want a press with score %d", s, score)
	}
	r.show(device.Show{Kind: device.Thanks, For: s.ID})
}

func (r *run) wantRefused(reason string) {
	r.t.Helper()
	if s := r.next(); s.Kind != device.Refused || s.Reason != reason {
		r.t.Fatalf("heard %+v, want a refusal for %s", s, reason)
	}
}

// A pad that never repeats itself may be pressed twice at once: both count.
func TestSameByteTwiceIsTwoPresses(t *testing.T) {
	fake := devicetest.NewByteKeys(t)
	run := start(t, newPad(t, speaks(t, "byte", fake.Path(), fiveBytes)))
	for range 2 {
		if err := fake.Press(5); err != nil {
			t.Fatal(err)
		}
		run.wantPress(1)
	}
	if err := fake.Press(9); err != nil {
		t.Fatal(err)
	}
	run.wantRefused(device.ReasonUnmappedKey)
}

// The retail pad is told how long the question waits, and then asks.
func TestPJ06AsksForAsLongAsTheWindow(t *testing.T) {
	fake := devicetest.NewPJ06(t)
	run := start(t, newPad(t, speaks(t, "pj06", fake.Path(), fiveBytes)))
	run.show(device.Show{Kind: device.Ask, Step: 1, Steps: 1, Window: 30 * time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := fake.Await(ctx, 3); err != nil {
		t.Fatal(err)
	}
	want := []string{"55 AA 02 1F 00 1A", "55 AA 03 13 1E 00 1A", "55 AA 02 20 00 1A"} // welcome came first
	run.wantCable(fake, want...)
}

// A message that is sent again under its number is the same press, however late; the same key under
// the next number is another one; and after a hello the old numbers are forgotten.
func TestLineNumbersTellPressesApart(t *testing.T) {
	fake := devicetest.NewLine(t)
	pad := newPad(t, speaks(t, "line", fake.Path(), nil))
	run := start(t, pad)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(fake.Press(2))
	run.wantPress(2)
	time.Sleep(300 * time.Millisecond) // longer than any crossing: the acknowledgement was lost
	must(fake.Again())
	awaitResent(t, pad, 1)
	must(fake.Press(2))
	run.wantPress(2)
	must(fake.PowerUp())
	if s := run.next(); s.Kind != device.Other {
		t.Fatalf("a hello is heard as %+v", s)
	}
	must(fake.Press(2)) // number 01, as the first of all
	run.wantPress(2)
	must(fake.Press(7))
	run.wantRefused(device.ReasonUnmappedKey)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for len(fake.Shown()) == 0 || fake.Shown()[len(fake.Shown())-1] != devicetest.SightRefused {
		if _, err := fake.AwaitShown(ctx, len(fake.Shown())+1); err != nil {
			t.Fatalf("the pad was not told that its key is not taken: %v; shown %q", err, fake.Shown())
		}
	}
}

// The line protocol's pad shows which question is asked, and says which it answers.
func TestLineAsksEachQuestion(t *testing.T) {
	fake := devicetest.NewLine(t)
	run := start(t, newPad(t, speaks(t, "line", fake.Path(), nil)))
	if err := fake.Press(5); err != nil { // the port is open once this is heard
		t.Fatal(err)
	}
	run.wantPress(5)
	for _, dimension := range []string{"attitude", "efficiency", "compliance"} {
		run.show(device.Show{Kind: device.Ask, Dimension: dimension, Step: 1, Steps: 3, Window: 15 * time.Second})
	}
	if err := fake.Say("K2,E"); err != nil {
		t.Fatal(err)
	}
	if s := run.next(); s.Kind != device.Press || s.Score != 2 || s.Dimension != "efficiency" {
		t.Fatalf("heard %+v, want a 2 for efficiency", s)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := fake.Await(ctx, 4); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range fake.Heard() {
		if strings.HasPrefix(m.Body, "Q") {
			got = append(got, m.Body)
		}
	}
	if want := "Q,A,15 Q,E,15 Q,C,15"; strings.Join(got, " ") != want {
		t.Errorf("the pad was asked %q, want %s", got, want)
	}
}
