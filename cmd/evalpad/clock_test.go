package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"evalpad/sync/wire"
)

func TestBootID(t *testing.T) {
	const id = "0f3c9c1e-5a0b-4c7e-9d0e-2b8a4c6d8e10"
	seen, hidden := filepath.Join(t.TempDir(), "boot_id"), filepath.Join(t.TempDir(), "none")
	if err := os.WriteFile(seen, []byte(id+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ file, told, want string }{
		"the kernel's":                {seen, "", id},
		"the kernel's, not the told":  {seen, strings.Repeat("a", 32), id},
		"told by the unit":            {hidden, strings.ReplaceAll(id, "-", ""), id},
		"told with hyphens":           {hidden, id, id},
		"not told":                    {hidden, "", ""},
		"told something else":         {hidden, "%b", ""},
		"told too few of its digits":  {hidden, id[:20], ""},
		"told as many other letters ": {hidden, strings.Repeat("z", 32), ""},
	} {
		got, err := bootID(tc.file, tc.told)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, tc.want)
		}
		if err != nil && !strings.Contains(err.Error(), "Environment=BOOT_ID=%b") {
			t.Errorf("%s: %v does not say what to write", name, err)
		}
	}
}

// TestWallClockIsSet asks kernels and timesyncds that say every kind of thing.
func TestWallClockIsSet(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		status int32
		kernel error
		synced time.Duration // before now; 0: timesyncd has not synchronised
		want   wire.ClockState
		off    time.Duration
	}{
		"the kernel says so":                {want: wire.ClockSet, off: 40 * time.Millisecond},
		"the kernel says no":                {status: timexUnsync, want: wire.ClockUnset},
		"not allowed to ask":                {kernel: syscall.EPERM, want: wire.ClockUnset},
		"not allowed, timesyncd did it":     {kernel: syscall.EPERM, synced: time.Second, want: wire.ClockSet, off: rootDistance + 200*time.Microsecond},
		"timesyncd did it a day ago":        {status: timexUnsync, synced: 24 * time.Hour, want: wire.ClockSet, off: rootDistance + 17280*time.Millisecond},
		"put back to before timesyncd's":    {kernel: syscall.EPERM, synced: -time.Hour, want: wire.ClockUnset},
		"timesyncd did it, slewing back it": {kernel: syscall.EPERM, synced: -time.Second, want: wire.ClockSet, off: rootDistance},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "synchronized")
			if tc.synced != 0 {
				at := now.Add(-tc.synced)
				if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chtimes(file, at, at)); err != nil {
					t.Fatal(err)
				}
			}
			c := clock{timesync: file, adjtimex: func() (int32, time.Duration, error) { return tc.status, 40 * time.Millisecond, tc.kernel }}
			off, got := c.state(now)
			if got != tc.want || off != tc.off {
				t.Errorf("got %s ± %v, want %s ± %v", got, off, tc.want, tc.off)
			}
		})
	}
}

// TestClocksOfThisMachine reads the real ones.
func TestClocksOfThisMachine(t *testing.T) {
	c, err := openClock()
	if err != nil {
		t.Fatal(err)
	}
	a, b := c.Now(), c.Now()
	if len(a.Boot) != 36 || b.Uptime < a.Uptime || a.Uptime <= 0 || time.Since(a.Wall).Abs() > time.Hour {
		t.Errorf("got %+v, then %+v", a, b)
	}
}
