package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"evalpad/agent/evaluation"
	"evalpad/sync/wire"
)

// clock reads the box's clocks, for which no privilege is needed. The boot id tells boots apart;
// uptime is CLOCK_BOOTTIME, which goes on while the box sleeps and no one can set.
type clock struct {
	boot     string
	adjtimex func() (status int32, maxError time.Duration, err error)
	timesync string // the file that systemd-timesyncd touches at each synchronisation
}

func openClock() (*clock, error) {
	boot, err := bootID("/proc/sys/kernel/random/boot_id", os.Getenv("BOOT_ID"))
	if err != nil {
		return nil, err
	}
	return &clock{boot, adjtimex, "/run/systemd/timesync/synchronized"}, nil
}

// bootID is the kernel's, as 8-4-4-4-12 hexadecimal digits. A service that may not see it (ProcSubset=pid)
// is told by its unit (Environment=BOOT_ID=%b), where it stands without hyphens.
func bootID(file, told string) (string, error) {
	b, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	id := strings.ReplaceAll(told, "-", "")
	if raw, bad := hex.DecodeString(id); bad != nil || len(raw) != 16 {
		return "", fmt.Errorf("read the boot id: %w, and BOOT_ID is %.50q: write Environment=BOOT_ID=%%b into the unit", err, told)
	}
	return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-"), nil
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

// Now is all that the clocks say, read within a millisecond of each other if the box lets us.
func (c *clock) Now() evaluation.Moment {
	m := evaluation.Moment{Boot: c.boot}
	for range 3 {
		before := c.Uptime()
		m.Wall = time.Now()
		if m.Uptime = c.Uptime(); m.Uptime-before < time.Millisecond {
			break
		}
	}
	m.Error, m.Clock = c.state(m.Wall)
	return m
}

const (
	timexUnsync = 0x40 // STA_UNSYNC, include/uapi/linux/timex.h
	// rootDistance is the worst that systemd-timesyncd takes from a server (RootDistanceMaxSec=).
	rootDistance = 5 * time.Second
	// worstDrift is how fast a clock runs off that nobody corrects: one part in so many.
	worstDrift = 5000
)

// state says whether the wall clock is known to be set, and how far it may be off. A plausible year
// proves nothing: a box without a battery starts with the time at which it was last switched off.
//
// The kernel knows both, where it may be asked (ProtectClock= forbids that); it knows of chrony, ntpd
// and timesyncd. Else timesyncd's file tells when it last synchronised, from which the error grows.
func (c *clock) state(wall time.Time) (time.Duration, wire.ClockState) {
	if status, maxError, err := c.adjtimex(); err == nil && status&timexUnsync == 0 {
		return maxError, wire.ClockSet
	}
	file, err := os.Stat(c.timesync)
	if err != nil {
		return 0, wire.ClockUnset
	}
	since := wall.Sub(file.ModTime())
	if since < -rootDistance { // somebody has put the clock back since
		return 0, wire.ClockUnset
	}
	return rootDistance + max(since, 0)/worstDrift, wire.ClockSet
}

// adjtimex asks the kernel; no mode is set, so nothing is changed and no privilege is needed.
func adjtimex() (status int32, maxError time.Duration, err error) {
	var t syscall.Timex
	if _, err := syscall.Adjtimex(&t); err != nil {
		return 0, 0, fmt.Errorf("adjtimex: %w", err)
	}
	return t.Status, time.Duration(t.Maxerror) * time.Microsecond, nil
}
