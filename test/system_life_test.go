package test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"evalpad/sync/wire"
	"evalpad/test/harness"
	"evalpad/test/trial"
	"evalpad/test/vm"
	"evalpad/test/vm/orders"
)

// aClick is a press of a key without any bouncing.
var aClick = []vm.Step{{Closed: true, For: 250 * time.Millisecond}, {Closed: false, For: keyOpen}}

// twoNames starts the agent where /dev has a second name for the GPIO chip, as on a Raspberry Pi, and
// another program has one of its lines. It runs and says so; every other key counts, and that one does
// once its line is free.
func (s *system) twoNames(t *testing.T) {
	s.stop(t)
	s.box.Link("gpiochip0", "/dev/gpiochip4")
	s.box.Take("GPIO25")
	s.box.StartAgent()
	harness.Eventually(t, 20*time.Second, "mode pad-lost of c4", func() bool { return s.degraded(t, "c4 pad-lost") })
	time.Sleep(time.Second) // every other line is open by then
	var touches []touch
	for key, score := range keyScores {
		touches = append(touches, s.touch(t, key, score, aClick))
		time.Sleep(keyRearm)
	}
	s.box.Give()
	back := harness.Eventually(t, 20*time.Second, "the line that is free again", func() bool { return !s.degraded(t, "c4 pad-lost") })
	judged, lost, duplicated := s.wantTouches(t, "c1", touches)
	j, l, d := s.wantTouches(t, "c4", []touch{s.touch(t, "GPIO25", 2, aClick)})
	judged, lost, duplicated = judged+j, lost+l, duplicated+d
	trial.Report(t, trial.Trial{
		Fault: "two names for one GPIO chip, and a line that another program has", Injected: "a link in /dev, a line requested first",
		Tried: judged, Lost: lost, Duplicated: duplicated, Recovery: back, Planted: "line-tried-once",
	})
}

// stop ends the agent in order.
func (s *system) stop(t *testing.T) {
	t.Helper()
	if e := s.box.StopAgent(syscall.SIGTERM); e.Code != 0 || e.Took > 5*time.Second {
		t.Errorf("after SIGTERM the agent left with %d after %s, want 0 within 5 s", e.Code, e.Took)
	}
}

// restarted ends the agent under a customer's hand, in order and not, and starts it again at once.
func (s *system) restarted(t *testing.T) {
	const rounds = 4
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var pressing sync.WaitGroup
	keys := s.changing(1000)
	var touches []touch
	pressing.Go(func() { touches = s.customers(ctx, t, s.keypad, keys) })
	for i := range rounds {
		time.Sleep(time.Duration(1000+s.rnd.IntN(2000)) * time.Millisecond)
		if i%2 == 0 {
			s.stop(t)
		} else {
			s.box.StopAgent(syscall.SIGKILL)
		}
		s.box.StartAgent()
	}
	time.Sleep(2 * time.Second)
	cancel()
	pressing.Wait()
	_, lost, duplicated := s.wantTouches(t, "c2", touches)
	trial.Report(t, trial.Trial{
		Fault: "agent ended under a customer's hand", Injected: "SIGTERM and SIGKILL on the board",
		Tried: rounds, Lost: lost, Duplicated: duplicated,
	})
}

// What an agent at which nobody presses may take at most: of one core, which is emulated, shared with
// whatever runs beside, and many times slower than a box's own; and wakeups a second, which do not
// depend on the processor. A loop that spins takes a whole core.
const (
	idleShare   = 0.40
	idleWakeups = 400.0
)

// idle looks what the agent costs while nobody presses.
func (s *system) idle(t *testing.T) {
	const minute = time.Minute
	began, before, woken := time.Now(), s.box.Processor(), s.box.Wakeups()
	time.Sleep(minute)
	seconds := time.Since(began).Seconds()
	share := (s.box.Processor() - before).Seconds() / seconds
	wakeups := float64(s.box.Wakeups()-woken) / seconds
	t.Logf("the idle agent, with five pads, takes %.1f %% of the emulated core, an upper bound, and wakes %.0f times a second", 100*share, wakeups)
	if share > idleShare || wakeups > idleWakeups {
		t.Errorf("the idle agent: want at most %.0f %% of the core and %.0f wakeups a second", 100*idleShare, idleWakeups)
	}
	if r := s.box.Agent(); r.Revived != 0 {
		t.Errorf("the agent has ended by itself %d times", r.Revived)
	}
}

// poweredOff switches the box off in order under a customer's hand, and with it the pad, which forgets
// what it was sending; and on again with the same disk.
func (s *system) poweredOff(t *testing.T) {
	ca := s.box.Read(orders.Etc + "/ca.pem")
	ctx, cancel := context.WithCancel(t.Context())
	var pressing sync.WaitGroup
	var touches []touch
	keys := s.changing(1000)
	pressing.Go(func() { touches = s.cutShort(ctx, keys) })
	time.Sleep(time.Duration(1000+s.rnd.IntN(1000)) * time.Millisecond)
	off := s.box.PowerOff()
	cancel()
	pressing.Wait()
	if err := errors.Join(s.keypad.Unplug(), s.keypad.Replug()); err != nil { // nothing is left on the line
		t.Fatal(err)
	}
	s.boot(t, ca)
	t.Logf("the box was off after %s", off.Round(time.Millisecond))
	touches = append(touches, s.customers(t.Context(), t, s.keypad, keys[:5])...)
	_, lost, duplicated := s.wantTouches(t, "c2", touches)
	trial.Report(t, trial.Trial{
		Fault: "box powered off under a customer's hand", Injected: "the board's power off, a boot from the same disk",
		Tried: 1, Lost: lost, Duplicated: duplicated,
	})
}

// cutShort presses at the board's own pad until ctx is done. The last press was not thanked by then: no
// promise was given, and none is broken whether it is kept or not.
func (s *system) cutShort(ctx context.Context, keys []byte) (touches []touch) {
	for _, key := range keys {
		of := touch{key: fmt.Sprintf("key %02d", key), score: wire.Score(key) + 2, least: 1, most: 1}
		if err := s.keypad.PressUntilThanked(ctx, key, resendEvery); err != nil {
			of.least = 0
			return append(touches, of)
		}
		touches = append(touches, of)
		time.Sleep(customerLeaves)
	}
	return touches
}
