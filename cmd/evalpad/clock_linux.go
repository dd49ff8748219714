package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"evalpad/agent/evaluation"
	"evalpad/sync/wire"
)

// clock reads the box's clocks. The boot id tells boots apart; uptime is CLOCK_BOOTTIME, which goes
// on while the box sleeps and no one can set.
type clock struct{ boot string }

func openClock() (*clock, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, fmt.Errorf("read the boot id: %w", err)
	}
	return &clock{strings.TrimSpace(string(b))}, nil
}

const clockBootTime = 7 // CLOCK_BOOTTIME, include/uapi/linux/time.h

// Uptime is the time since this boot began.
func (c *clock) Uptime() time.Duration {
	var ts syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockBootTime, uintptr(unsafe.Pointer(&ts)), 0)
	if errno != 0 {
		panic("clock_gettime(CLOCK_BOOTTIME): " + errno.Error()) // in every kernel since 2.6.39
	}
	return time.Duration(ts.Nano())
}

// Now is all that the clocks say.
func (c *clock) Now() evaluation.Moment {
	m := evaluation.Moment{Boot: c.boot, Uptime: c.Uptime(), Wall: time.Now(), Clock: wire.ClockUnset}
	m.Error, m.Clock = wallState()
	return m
}

const (
	timexUnsync = 0x40 // STA_UNSYNC, include/uapi/linux/timex.h
	timesyncOK  = "/run/systemd/timesync/synchronized"
)

// wallState says whether the wall clock is known to be set. A plausible year proves nothing: a box
// without a battery starts with the time at which it was last switched off.
func wallState() (time.Duration, wire.ClockState) {
	var t syscall.Timex // no mode set: read only, which needs no privilege
	if _, err := syscall.Adjtimex(&t); err == nil && t.Status&timexUnsync == 0 {
		return time.Duration(t.Maxerror) * time.Microsecond, wire.ClockSet
	}
	if _, err := os.Stat(timesyncOK); err == nil {
		return 0, wire.ClockSet
	}
	return 0, wire.ClockUnset
}
