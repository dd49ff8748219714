package serialpad_test

import (
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
)

// A pad that was without power counts its numbers anew: what it sends under an old one is another press,
// and a thank-you that comes late for the old one must not pass for the new one's.
func TestHelloForgetsWhatWasNotThanked(t *testing.T) {
	fake := devicetest.NewLine(t)
	run := start(t, newPad(t, speaks(t, "line", fake.Path(), nil)))
	if err := fake.Press(2); err != nil { // 01,K2, never thanked: the power fails
		t.Fatal(err)
	}
	before := run.next()
	if before.Kind != device.Press {
		t.Fatalf("%+v", before)
	}
	if err := fake.PowerUp(); err != nil {
		t.Fatal(err)
	}
	if s := run.next(); s.Kind != device.Other {
		t.Fatalf("%+v", s)
	}
	if err := fake.Press(2); err != nil { // 01,K2 of another customer
		t.Fatal(err)
	}
	after := run.next()
	if after.Kind != device.Press {
		t.Fatalf("%+v", after)
	}
	run.show(device.Show{Kind: device.Thanks, For: before.ID})
	run.show(device.Show{Kind: device.Nod})
	if n := fake.Thanks(); n != 0 {
		t.Errorf("the pad was thanked %d times for a press that is not safe", n)
	}
	run.show(device.Show{Kind: device.Thanks, For: after.ID})
	for fake.Thanks() == 0 && t.Context().Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
}
