package test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"evalpad/device/devicetest"
	"evalpad/sync/wire"
	"evalpad/test/harness"
	"evalpad/test/trial"
	"evalpad/test/vm"
)

// keyScores are the keys of counter c1.
var keyScores = map[string]wire.Score{"GPIO17": 5, "GPIO27": 4, "GPIO22": 3, "GPIO23": 2, "GPIO24": 1}

// How the hand at counter c1 moves. The driver lets a key count again 250 ms after its press and
// 100 ms after it was let go; the emulated processor gets a margin.
const (
	keyRearm  = 350 * time.Millisecond
	keyOpen   = 200 * time.Millisecond
	keyHeld   = 150 * time.Millisecond
	handMoves = 10 * time.Millisecond // and what judging waits: from one key to the next, since within 50 ms two are a hand
)

// keys presses the keys on the board's own lines with switches that bounce, and lets sparks jump between
// the presses. Every press is one evaluation with its score, and nothing else is.
func (s *system) keys(t *testing.T) {
	names := slices.Sorted(maps.Keys(keyScores))
	free := map[string]time.Time{}
	var touches []touch
	worst, sparks, last := 0, 0, ""
	presses := atLength(12, 200)
	for i := range presses {
		key := names[s.rnd.IntN(len(names))]
		for key == last && i%5 != 0 { // the same key twice in a row is rare, but not never
			key = names[s.rnd.IntN(len(names))]
		}
		time.Sleep(time.Until(free[key]))
		steps := vm.Press(s.rnd)
		if i%10 == 1 {
			steps = vm.Worst(worst)
			worst++
		}
		down := time.Now()
		touches = append(touches, s.touch(t, key, keyScores[key], steps))
		free[key] = latest(down.Add(keyRearm), time.Now().Add(keyOpen))
		if last = key; i%3 == 2 {
			other := names[(slices.Index(names, key)+1)%len(names)]
			time.Sleep(max(handMoves, time.Until(free[other])))
			touches = append(touches, s.spark(t, other))
			free[other] = time.Now().Add(keyRearm)
			sparks++
		}
		time.Sleep(handMoves)
	}
	t.Logf("%d presses, %d of them by the worst switch, and %d sparks", presses, worst, sparks)
	judged, lost, duplicated := s.wantTouches(t, "c1", touches)
	trial.Report(t, trial.Trial{
		Fault: "switches that bounce, and sparks", Injected: "GPIO lines of an emulated board, moved from outside",
		Tried: judged, Lost: lost, Duplicated: duplicated, Planted: "debounce-off, rearmed-at-once",
	})
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// customerLeaves is how long it takes until the next customer presses: a frame that comes within
// 100 ms of its thanks has crossed it on the line.
const customerLeaves = 200 * time.Millisecond

// customers press at an ff68 pad, which repeats itself until it is thanked, until ctx is done or each of
// the keys was pressed. It returns what was thanked.
func (s *system) customers(ctx context.Context, t *testing.T, pad *devicetest.FF68, keys []byte) (touches []touch) {
	for _, key := range keys {
		if ctx.Err() != nil {
			break
		}
		// A customer who has begun to press is thanked, even if the box has to come back first.
		patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
		began := time.Now()
		err := pad.PressUntilThanked(patient, key, resendEvery)
		cancel()
		if err != nil {
			t.Errorf("press of key %02d: never thanked: %v", key, err)
			break
		}
		touches = append(touches, s.repeated(key, time.Since(began)))
		time.Sleep(customerLeaves)
	}
	return touches
}

// repeated is the press of a key that was thanked after a while. A repeat of its that is on the line then
// is known by the box if it hears it within 100 ms, which a board that stands still does not.
func (s *system) repeated(key byte, after time.Duration) touch {
	of := touch{key: fmt.Sprintf("key %02d", key), score: wire.Score(key) + 2, least: 1, most: 1}
	time.Sleep(customerLeaves)
	if stalled := s.box.Stalled(); after > resendEvery && stalled > pressLate {
		of.most, of.doubt = 2, stalled
	}
	return of
}

// ratings draws keys of an ff68 pad: 00 dissatisfied (2) to 03 very satisfied (5).
func (s *system) ratings(n int) []byte {
	keys := make([]byte, n)
	for i := range keys {
		keys[i] = byte(s.rnd.IntN(4))
	}
	return keys
}

// changing are ratings of which no two in a row are the same: over a restart, or a cable that was out,
// the same frame within two seconds is the same press, whoever has pressed.
func (s *system) changing(n int) []byte {
	keys := s.ratings(n)
	for i := 1; i < n; i++ {
		if keys[i] == keys[i-1] {
			keys[i] = (keys[i] + 1 + byte(s.rnd.IntN(3))) % 4
		}
	}
	return keys
}

// keypads presses at two serial pads: at the board's own port, and at a USB adapter.
func (s *system) keypads(t *testing.T) {
	presses := atLength(5, 40)
	var judged, lost, duplicated int
	for counter, pad := range map[string]*devicetest.FF68{"c2": s.keypad, "c3": s.usb} {
		j, l, d := s.wantTouches(t, counter, s.customers(t.Context(), t, pad, s.ratings(presses)))
		judged, lost, duplicated = judged+j, lost+l, duplicated+d
	}
	trial.Report(t, trial.Trial{
		Fault: "nothing: serial keypads at a board's port and at a USB adapter", Injected: "QEMU's pci-serial and usb-serial",
		Tried: judged, Lost: lost, Duplicated: duplicated, Planted: "",
	})
}

// lossTime is within how long a pulled keypad must be noticed. A port that was open for less than
// openLongEnough is a loose plug to the driver, which then waits for longer.
const (
	lossTime       = 2 * time.Second
	openLongEnough = 5500 * time.Millisecond
)

// unplugged pulls the USB adapter while customers press, and plugs it in again.
func (s *system) unplugged(t *testing.T) {
	rounds := atLength(1, 6)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var pressing sync.WaitGroup
	keys := s.changing(1000)
	var touches []touch
	pressing.Go(func() { touches = s.customers(ctx, t, s.usb, keys) })
	var slowest time.Duration
	var pulled []time.Duration // by the box's uptime
	for i := range rounds {
		if i > 0 {
			time.Sleep(openLongEnough)
		}
		time.Sleep(time.Duration(s.rnd.IntN(1000)) * time.Millisecond)
		pulled = append(pulled, s.box.Uptime())
		back := s.pull(t, time.Duration(200+s.rnd.IntN(1000))*time.Millisecond)
		slowest = max(slowest, back)
	}
	stop()
	pressing.Wait()
	_, lost, duplicated := s.wantTouches(t, "c3", touches)
	s.wantLosses(t, pulled)
	trial.Report(t, trial.Trial{
		Fault: "USB keypad unplugged under a customer's hand", Injected: "QEMU's device_del and device_add",
		Tried: rounds, Lost: lost, Duplicated: duplicated, Recovery: slowest, Planted: "port-left-open",
	})
}

// pull takes the adapter out for a while. It returns how long it took, from plugging in, until the
// keypad was thanked again.
func (s *system) pull(t *testing.T, out time.Duration) time.Duration {
	t.Helper()
	s.box.Unplug()
	if err := s.usb.Unplug(); err != nil { // what the pad sends from now on goes nowhere
		t.Fatal(err)
	}
	time.Sleep(out)
	if err := s.usb.Replug(); err != nil {
		t.Fatal(err)
	}
	thanks := s.usb.Thanks()
	plugged := time.Now()
	s.box.Plug()
	harness.Eventually(t, 30*time.Second, "a thank-you after plugging in", func() bool { return s.usb.Thanks() > thanks })
	back := time.Since(plugged)
	// The kernel gives the next free number: ttyUSB1 would say that somebody still holds the old port.
	if target := s.box.Target(vm.USBKeypad); target != "/dev/ttyUSB0" {
		t.Errorf("the keypad is back as %s: the agent has not closed the port that it lost", target)
	}
	return back
}

// wantLosses looks for what headquarters was told of each round, and when the box had noticed.
func (s *system) wantLosses(t *testing.T, pulled []time.Duration) {
	t.Helper()
	events := s.events(t, "c3")
	var told []wire.EventName
	for _, e := range events {
		told = append(told, e.Event)
	}
	if want := slices.Repeat([]wire.EventName{wire.EventPadLost, wire.EventPadBack}, len(pulled)); !slices.Equal(told, want) {
		t.Fatalf("events of c3: got %v, want %v", told, want)
	}
	for i, at := range pulled {
		after := time.Duration(events[2*i].At.UptimeMS)*time.Millisecond - at
		t.Logf("pulled, and noticed after %s: %s", after.Round(time.Millisecond), events[2*i].Words)
		if after > lossTime {
			t.Errorf("the pulled keypad was noticed after %s, want within %s", after, lossTime)
		}
	}
}

// keyboard types at the USB keyboard, where this version of the agent has a driver for one.
func (s *system) keyboard(t *testing.T) {
	if !slices.Contains(s.counters(t), "c5") {
		t.Log("this version has no driver for USB keyboards: nothing to press")
		return
	}
	var touches []touch
	for range atLength(5, 40) {
		score := 1 + s.rnd.IntN(5)
		began := time.Now()
		s.box.Type(keyHeld, fmt.Sprintf("kp_%d", score))
		late := time.Since(began) - 2*keyHeld
		touches = append(touches, s.judge(touch{key: fmt.Sprintf("KP%d", score), score: wire.Score(score), least: 1, most: 1}, late))
		time.Sleep(keyRearm)
	}
	judged, lost, duplicated := s.wantTouches(t, "c5", touches)
	trial.Report(t, trial.Trial{
		Fault: "nothing: keys of a USB keyboard", Injected: "QEMU's usb-kbd",
		Tried: judged, Lost: lost, Duplicated: duplicated,
	})
}

// counters are those that the agent serves.
func (s *system) counters(t *testing.T) (names []string) {
	t.Helper()
	list, _ := s.box.Status()["counters"].([]any)
	for _, at := range list {
		counter, _ := at.(map[string]any)
		names = append(names, fmt.Sprint(counter["counter"]))
	}
	return names
}
