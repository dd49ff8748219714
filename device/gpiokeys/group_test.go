package gpiokeys_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/gpiokeys"
)

// openings notes which lines are opened together.
type openings struct {
	bank
	mu   sync.Mutex
	seen []string
}

func (o *openings) Open(names []string, pull string) (gpiokeys.Lines, error) {
	lines, err := o.bank.Open(names, pull)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil {
		o.seen = append(o.seen, strings.Join(names, " "))
	}
	return lines, err
}

func (o *openings) sorted() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(slices.Values(o.seen))
}

func TestLinesOfAChipAreOpenedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		o := &openings{bank: bank{r.chip, devicetest.NewGPIO("X1", "gpiochip1:7", "X2")}}
		r.options.Chips = o
		r.options.Keys = map[string]int{"GPIO17": 5, "X1": 4, "gpiochip1:7": 3, "GPIO24": 1, "X2": 2}
		r.run(t)
		for _, name := range []string{"GPIO17", "X1", "gpiochip1:7", "X2", "GPIO24"} {
			chip := o.of(name)
			chip.Bounce(name, false, 60*ms)
			chip.Set(name, true)
			after(400 * ms)
		}
		want := []string{"press GPIO17", "press X1", "press gpiochip1:7", "press X2", "press GPIO24"}
		if diff := cmp.Diff(want, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"GPIO17 GPIO24", "X1 X2", "gpiochip1:7"}, o.sorted()); diff != "" {
			t.Errorf("opened together (-want +got):\n%s", diff)
		}
	})
}

// TestTwoKeysOnTwoChips refuses a hand that lies on both.
func TestTwoKeysOnTwoChips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		other := devicetest.NewGPIO("X1")
		r.options.Chips = bank{r.chip, other}
		r.options.Keys = map[string]int{"GPIO17": 5, "X1": 1}
		r.run(t)
		r.chip.Set("GPIO17", false)
		after(40 * ms)
		other.Bounce("X1", false, 100*ms)
		other.Set("X1", true)
		r.chip.Set("GPIO17", true)
		after(500 * ms)
		if diff := cmp.Diff([]string{"two-keys GPIO17 X1"}, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestAChipThatIsPulledTakesNoOtherAway pulls one of two chips: its keys are lost and come back
// together, and the other's count all the while.
func TestAChipThatIsPulledTakesNoOtherAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		other := devicetest.NewGPIO("X1", "X2")
		o := &openings{bank: bank{r.chip, other}}
		r.options.Chips = o
		r.options.Keys = map[string]int{"GPIO17": 5, "X1": 1, "X2": 2}
		r.run(t)
		other.Unplug()
		for range 10 {
			after(time.Second)
			r.press("GPIO17", 60*ms)
		}
		other.Plug()
		after(11 * time.Second)
		other.Bounce("X2", false, 60*ms)
		other.Set("X2", true)
		after(300 * ms)
		got := words(r.stop())
		want := append([]string{"lost no line X1"}, slices.Repeat([]string{"press GPIO17"}, 10)...)
		if diff := cmp.Diff(append(want, "back ", "press X2"), got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"GPIO17", "X1 X2", "X1 X2"}, o.sorted()); diff != "" {
			t.Errorf("opened together (-want +got):\n%s", diff)
		}
	})
}

// TestEverySetOfBusyLinesLeavesTheOthers takes each set of lines away at the start and gives it back.
func TestEverySetOfBusyLinesLeavesTheOthers(t *testing.T) {
	names := []string{"GPIO17", "GPIO22", "GPIO23", "GPIO24"}
	for set := range 1 << len(names) {
		t.Run(fmt.Sprintf("%04b", set), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.options.Keys = map[string]int{"GPIO17": 5, "GPIO22": 3, "GPIO23": 2, "GPIO24": 1}
				busy := func(i int) bool { return set>>i&1 == 1 }
				for i, name := range names {
					r.chip.SetBusy(name, busy(i))
				}
				r.run(t)
				var want []string
				pressAll := func(counts func(int) bool) {
					for i, name := range names {
						r.press(name, 60*ms)
						after(time.Second)
						if counts(i) {
							want = append(want, "press "+name)
						}
					}
				}
				pressAll(func(i int) bool { return !busy(i) })
				for _, name := range names {
					r.chip.SetBusy(name, false)
				}
				after(21 * time.Second)
				pressAll(func(int) bool { return true })
				got := r.stop()
				if diff := cmp.Diff(want, words(only(got, device.Press))); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if lost, back := len(only(got, device.Lost)), len(only(got, device.Back)); lost != min(set, 1) || back != lost {
					t.Errorf("told %d times lost and %d times back", lost, back)
				}
			})
		})
	}
}

// TestALineThatIsNotThereYet takes the presses of the others, and finds it when it comes.
func TestALineThatIsNotThereYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		chips := &lateChips{bank: bank{r.chip}, late: devicetest.NewGPIO("X1")}
		r.options.Chips = chips
		r.options.Keys = map[string]int{"GPIO17": 5, "X1": 1}
		r.run(t)
		r.press("GPIO17", 60*ms)
		after(time.Minute)
		chips.plug()
		after(11 * time.Second)
		chips.late.Bounce("X1", false, 60*ms)
		chips.late.Set("X1", true)
		after(300 * ms)
		want := []string{"lost no line X1", "press GPIO17", "back ", "press X1"}
		if diff := cmp.Diff(want, words(r.stop())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// lateChips are chips of which one is plugged in later.
type lateChips struct {
	mu   sync.Mutex
	bank bank
	late *devicetest.GPIO
}

func (l *lateChips) plug() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bank = append(l.bank, l.late)
}

func (l *lateChips) now() bank {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bank
}

func (l *lateChips) Find(name string) (string, error) { return l.now().Find(name) }

func (l *lateChips) Open(names []string, pull string) (gpiokeys.Lines, error) {
	return l.now().Open(names, pull)
}

func (l *lateChips) Out(name string, high bool) (gpiokeys.Output, error) {
	return l.now().Out(name, high)
}

// TestStormTakesNoOtherKeyAway presses keys whose neighbour on the chip moves all the time, at rates
// from a loose wire's to more than the kernel's queue can take.
func TestStormTakesNoOtherKeyAway(t *testing.T) {
	for _, every := range []time.Duration{50 * time.Microsecond, 100 * time.Microsecond, 400 * time.Microsecond, ms, 3 * ms, 11 * ms} {
		t.Run(every.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.run(t)
				var storm sync.WaitGroup
				calm := make(chan struct{})
				storm.Go(func() {
					for high := false; ; high = !high {
						select {
						case <-calm:
							r.chip.Set("GPIO17", true)
							return
						default:
							r.chip.Bounce("GPIO17", high, every)
						}
					}
				})
				after(time.Second)
				var at []time.Duration
				for range 20 {
					at = append(at, r.uptime())
					r.press("GPIO24", 80*ms)
					after(313 * ms)
				}
				close(calm)
				storm.Wait()
				after(time.Second)
				r.press("GPIO17", 60*ms)
				after(300 * ms)
				got := only(r.stop(), device.Press)
				if len(got) != 21 || got[20].Detail != "GPIO17" {
					t.Fatalf("%d presses, want 20 of GPIO24 and one of GPIO17: %v", len(got), words(got))
				}
				for i, s := range got[:20] {
					if late := s.At - at[i]; late < 0 || late > 25*ms {
						t.Errorf("press %d is stamped %v after it began", i, late)
					}
				}
				if lost := r.chip.Lost("GPIO17"); every < 100*time.Microsecond && lost == 0 {
					t.Error("the kernel's queue was never full: the test proves less than it says")
				}
			})
		})
	}
}
