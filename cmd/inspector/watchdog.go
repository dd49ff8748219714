package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"evalpad/cmd/inspector/internal/app"
)

// keepWatch tells systemd that headquarters lives, at half of the unit's WatchdogSec, for as long as
// its way in answers. A broker that is away is no reason to be killed; a ledger on a disk that never
// comes back is one, and what was not thanked for comes again.
func keepWatch(ctx context.Context, a *app.App, log *slog.Logger) {
	within, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("systemd's watchdog is not served", "error", err)
	}
	if within <= 0 {
		return
	}
	tick := time.NewTicker(within / 2)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := lives(ctx, a, within/2); err != nil {
			log.Error("headquarters is stuck; systemd will start it anew", "error", err)
		} else if _, err := daemon.SdNotify(false, daemon.SdNotifyWatchdog); err != nil {
			log.Warn("systemd not told", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// lives is nil if headquarters answers within d.
func lives(ctx context.Context, a *app.App, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return a.Lives(ctx)
}
