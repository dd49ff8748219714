package gpiokeys_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"evalpad/device"
	"evalpad/device/gpiokeys"
)

// pipes are chips whose lines never move. Their waits are what periph's are: a read with a deadline
// on a descriptor that the kernel polls; and their levels cost one system call.
type pipes struct {
	waits chan struct{}
	alone bool // each line is a group of its own
}

func (p pipes) Find(name string) (string, error) {
	if p.alone {
		return name, nil
	}
	return "gpiochip0", nil
}

func (p pipes) Out(string, bool) (gpiokeys.Output, error) { return nil, errors.New("no outputs") }
func (p pipes) Open([]string, string) (gpiokeys.Lines, error) {
	r, w, err := os.Pipe()
	return pipeLines{p, r, w}, err
}

type pipeLines struct {
	pipes
	r, w *os.File
}

func (l pipeLines) Wait(timeout time.Duration) (int, bool, error) {
	l.waits <- struct{}{}
	if err := l.r.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return 0, false, err
	}
	_, err := l.r.Read(make([]byte, 48))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return 0, false, err
}

func (l pipeLines) Read() (uint64, error) {
	var stat syscall.Stat_t
	return 1<<5 - 1, syscall.Fstat(0, &stat)
}

func (l pipeLines) Close() error { return errors.Join(l.r.Close(), l.w.Close()) }

// BenchmarkIdle is what eight pads of five keys cost while nobody presses: processor time as a share
// of one core, to be under 1 % where lines can be opened together, and waits a second.
func BenchmarkIdle(b *testing.B) {
	const pads = 8
	b.Run("no-pad", func(b *testing.B) { idle(b, 0, false) })
	b.Run("together", func(b *testing.B) {
		if share := idle(b, pads, false); share > 0.01 {
			b.Errorf("%d idle pads take %.2f %% of a core, want under 1 %%", pads, 100*share)
		}
	})
	b.Run("each-alone", func(b *testing.B) { idle(b, pads, true) })
}

func idle(b *testing.B, pads int, alone bool) (share float64) {
	const watched = 3 * time.Second
	waits := make(chan struct{}, 1<<16)
	ctx, leave := context.WithCancel(b.Context())
	var running sync.WaitGroup
	for i := range pads {
		keys, err := gpiokeys.New(gpiokeys.Options{
			Keys: fiveKeys(i), Chips: pipes{waits, alone}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Uptime: bootTime,
		})
		if err != nil {
			b.Fatal(err)
		}
		running.Go(func() { _ = keys.Run(ctx, make(chan device.Signal), make(chan device.Show)) })
	}
	time.Sleep(time.Second) // the first looks are quicker
	before, used := len(waits), processorTime(b)
	began := time.Now()
	time.Sleep(watched)
	used, wall := processorTime(b)-used, time.Since(began)
	leave()
	running.Wait()
	share = float64(used) / float64(wall)
	b.ReportMetric(100*share, "%core")
	b.ReportMetric(float64(len(waits)-before)/wall.Seconds(), "waits/s")
	b.ReportMetric(0, "ns/op")
	return share
}

func fiveKeys(pad int) map[string]int {
	keys := map[string]int{}
	for score := 1; score <= 5; score++ {
		keys[fmt.Sprintf("GPIO%d", 10*pad+score)] = score
	}
	return keys
}

// bootTime asks the kernel, as a box does.
func bootTime() time.Duration {
	var ts syscall.Timespec
	_, _, _ = syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 7, uintptr(unsafe.Pointer(&ts)), 0)
	return time.Duration(ts.Nano())
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
