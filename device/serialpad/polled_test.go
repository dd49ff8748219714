package serialpad_test

import (
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
)

func TestInputsAreKeys(t *testing.T) {
	fake := devicetest.NewModbusKeys(t, devicetest.ModbusBits)
	run := start(t, newPad(t, speaks(t, "modbus-keys", fake.Path(), fiveInputs)))
	press := onceAsked(t, fake)
	for range 3 {
		if err := press(); err != nil {
			t.Fatal(err)
		}
		run.wantPress(2)
		time.Sleep(300 * time.Millisecond) // a finger's pause
	}
	for _, key := range []int{6, 0} { // nothing is mapped to the first
		if err := fake.PressUntilRead(t.Context(), key, 3); err != nil {
			t.Fatal(err)
		}
	}
	run.wantPress(5)
}

// A module without power is lost after a second, and what was pressed then is nobody's press.
func TestSilentModuleIsLost(t *testing.T) {
	for _, variant := range []string{devicetest.ModbusBits, devicetest.ModbusCounter} {
		t.Run(variant, func(t *testing.T) {
			fake := devicetest.NewModbusKeys(t, variant)
			profile, keys := "modbus-keys", fiveInputs
			if variant == devicetest.ModbusCounter {
				profile, keys = "modbus-counter", fiveBytes
			}
			run := start(t, newPad(t, speaks(t, profile, fake.Path(), keys)))
			press := onceAsked(t, fake)
			if err := press(); err != nil {
				t.Fatal(err)
			}
			run.wantPress(2)
			fake.Mute(true)
			asked := len(fake.Heard())
			run.want(device.Signal{Kind: device.Lost, Reason: "the pad at address 1 does not answer"})
			if n := len(fake.Heard()) - asked; n > 12 { // each waits for 100 ms at least
				t.Errorf("a module that is silent was asked %d times before it was lost", n)
			}
			if err := fake.Press(3); err != nil {
				t.Fatal(err)
			}
			fake.Mute(false)
			run.want(device.Signal{Kind: device.Back})
			for asked := len(fake.Heard()); len(fake.Heard()) < asked+3; { // no key is seen held at first
				time.Sleep(5 * time.Millisecond)
			}
			if err := fake.PressUntilRead(t.Context(), 0, 3); err != nil {
				t.Fatal(err)
			}
			run.wantPress(5)
		})
	}
}

// A register tells only the last key: a press that another one has covered is counted, not guessed.
func TestPressesBetweenTwoAnswersAreCounted(t *testing.T) {
	fake := devicetest.NewModbusKeys(t, devicetest.ModbusCounter)
	run := start(t, newPad(t, speaks(t, "modbus-counter", fake.Path(), fiveBytes)))
	press := onceAsked(t, fake)
	if err := press(); err != nil {
		t.Fatal(err)
	}
	run.wantPress(2)
	for _, key := range []int{0, 1, 4} { // faster than anybody asks
		if err := fake.Hold(key); err != nil {
			t.Fatal(err)
		}
		fake.Release(key)
	}
	var missed, presses int
	for missed+presses < 3 {
		switch s := run.next(); {
		case s.Kind == device.Press:
			presses++
		case s.Reason == "missed-press":
			missed++
		default:
			t.Fatalf("heard %+v", s)
		}
	}
	if presses < 1 {
		t.Errorf("%d presses and %d missed ones, want at least the last press", presses, missed)
	}
}
