package main

import (
	"context"
	"log/slog"
	"sync"

	"evalpad/agent"
	"evalpad/agent/counterdesk"
	"evalpad/cmd/internal/config"
)

// counterDesk is the prompt API, nil where it is off. What is wrong with it dims it and stops nothing.
func counterDesk(c *config.CounterDesk, a *agent.Agent, log *slog.Logger) *counterdesk.Server {
	if c == nil {
		return nil
	}
	o := counterdesk.Options{
		Listen: c.Listen, Allow: c.Allow, TokenFile: c.TokenFile, Counters: map[string]counterdesk.Desk{},
		Degraded: a.DimCounterDesk, Log: log,
	}
	if c.TLS != nil {
		o.Cert, o.Key = c.TLS.Cert, c.TLS.Key
	}
	for name, desk := range a.Desks() {
		o.Counters[name] = desk
	}
	desk, err := counterdesk.New(o)
	if err != nil {
		log.Error("counter desk not made", "error", err)
		a.DimCounterDesk(err)
		return nil
	}
	return desk
}

// deskWord is the desk's word of the ready line; no word where it is off.
func deskWord(desk *counterdesk.Server) string {
	switch {
	case desk == nil:
		return ""
	case desk.URL() == "":
		return " counter_desk=closed"
	}
	return " counter_desk=" + desk.URL()
}

// runBoth runs the agent with the desk beside it, and waits for both.
func runBoth(ctx context.Context, a *agent.Agent, desk *counterdesk.Server) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var beside sync.WaitGroup
	if desk != nil {
		beside.Go(func() { _ = desk.Run(ctx) }) // nil always: what goes wrong dims it
	}
	err = a.Run(ctx)
	stop()
	beside.Wait()
	return err
}
