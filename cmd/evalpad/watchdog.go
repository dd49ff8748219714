package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"evalpad/agent"
)

// keepWatch tells systemd that the agent lives, at half of the unit's WatchdogSec, for as long as every
// loop of it comes back from its work within WatchdogSec. Where one does not, it falls silent: systemd
// then kills the process, which is safe at every moment, and starts it anew. A network that is dead
// keeps no loop from coming back.
func keepWatch(ctx context.Context, a *agent.Agent, log *slog.Logger) {
	within, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("systemd's watchdog is not served", "error", err)
	}
	if within <= 0 {
		return
	}
	tick := time.NewTicker(within / 2)
	defer tick.Stop()
	for {
		if stuck := a.Stuck(ctx, within); len(stuck) > 0 {
			log.Error("the agent is stuck; systemd will start it anew", "loops", stuck, "for_longer_than", within)
		} else if _, err := daemon.SdNotify(false, daemon.SdNotifyWatchdog); err != nil {
			log.Warn("systemd not told", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
