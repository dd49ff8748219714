package serialpad_test

import (
	"context"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/serialpad"
)

// counters puts the pads of several counters on one line.
func counters(t *testing.T, w wish, addresses ...int) (pads []*serialpad.Pad) {
	t.Helper()
	bus, err := serialpad.NewBus(w.Options)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		pad, err := bus.Pad(serialpad.Counter{Address: address})
		if err != nil {
			t.Fatal(err)
		}
		pads = append(pads, pad)
	}
	return pads
}

// Each counter hears its own customers, whatever the others do; noise is counted once.
func TestCountersShareALine(t *testing.T) {
	fakes := devicetest.NewFF68Bus(t, 1, 2, 3)
	pads := counters(t, at(t, fakes[0].Path()), 1, 2, 3)
	if got, want := pads[1].String(), "serial pad "+fakes[0].Path()+" (ff68) at address 2"; got != want {
		t.Errorf("a pad on a shared line is called %q, want %q", got, want)
	}
	var runs []*run
	for _, pad := range pads {
		runs = append(runs, start(t, pad))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for round := range byte(3) {
		thanked := make(chan error, 3)
		for i, fake := range fakes {
			go func() { thanked <- fake.PressUntilThanked(ctx, (round+byte(i))%4, 500*time.Millisecond) }()
		}
		for i, run := range runs {
			run.wantPress(2 + (int(round)+i)%4)
		}
		for range fakes {
			if err := <-thanked; err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := fakes[0].Write(raw(t, "00 11 22"+"FF 68 03 03 68 84 11 00 95 16"+bad)); err != nil {
		t.Fatal(err)
	}
	runs[0].wantRefused(device.ReasonNoise)
	runs[0].wantRefused(device.ReasonForeign) // address 4 is nobody's
	runs[0].wantPress(2)
}

// A cable that is pulled is lost to every counter, and back for every one; a counter that leaves takes
// the line from nobody, and finds it again.
func TestCountersComeAndGo(t *testing.T) {
	fakes := devicetest.NewFF68Bus(t, 1, 2)
	pads := counters(t, at(t, fakes[0].Path()), 1, 2)
	stays := start(t, pads[0])
	if err := fakes[0].Press(3); err != nil {
		t.Fatal(err)
	}
	stays.wantPress(5)
	for range 3 {
		ctx, leave := context.WithCancel(t.Context())
		in, left := make(chan device.Signal), make(chan error, 1)
		go func() { left <- pads[1].Run(ctx, in, nil) }()
		go func() { _ = fakes[1].PressUntilThanked(ctx, 0, 100*time.Millisecond) }()
		if s := <-in; s.Kind != device.Press || s.Score != 2 {
			t.Fatalf("the second counter heard %+v", s)
		}
		leave()
		if err := <-left; err != nil {
			t.Fatal(err)
		}
		time.Sleep(150 * time.Millisecond) // the key that was not thanked is not heard by the first
		if err := fakes[0].Press(1); err != nil {
			t.Fatal(err)
		}
		stays.wantPress(3)
		time.Sleep(150 * time.Millisecond)
	}
	other := start(t, pads[1])
	thanked := make(chan error, 1)
	go func() { thanked <- fakes[1].PressUntilThanked(t.Context(), 0, 100*time.Millisecond) }()
	other.wantPress(2)
	if err := <-thanked; err != nil {
		t.Fatal(err)
	}
	if err := fakes[0].Unplug(); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*run{stays, other} {
		if s := r.next(); s.Kind != device.Lost {
			t.Fatalf("after the cable was pulled heard %+v", s)
		}
	}
	if err := fakes[0].Replug(); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*run{stays, other} {
		if s := r.next(); s.Kind != device.Back {
			t.Fatalf("after the cable was plugged in heard %+v", s)
		}
	}
}

func TestBusRefusesASecondPadOfAnAddress(t *testing.T) {
	bus, err := serialpad.NewBus(at(t, "/dev/ttyS0").Options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Pad(serialpad.Counter{Address: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Pad(serialpad.Counter{Address: 1}); err == nil {
		t.Error("a second pad of address 1 was taken")
	}
}
