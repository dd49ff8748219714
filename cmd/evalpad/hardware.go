package main

import (
	"fmt"
	"log/slog"

	"evalpad/agent"
	"evalpad/agent/evaluation"
	"evalpad/cmd/internal/config"
	"evalpad/device"
	"evalpad/device/gpiokeys"
	"evalpad/device/serialpad"
	"evalpad/device/touch"
	"evalpad/sync/wire"
)

// hardware opens the drivers that the configuration names, and returns the touch page's address, ""
// where there is none. This is the one place where hardware enters.
func hardware(pad config.Pad, c *clock, log *slog.Logger) (counters []agent.Counter, page string, err error) {
	for _, at := range pad.Counters {
		log := log.With("counter", at.Counter)
		pads, err := keypads(at, c, log)
		if err != nil {
			return nil, "", fmt.Errorf("counter %s: %w", at.Counter, err)
		}
		ui := "keys"
		if at.Screen {
			screen, err := touch.New(touch.Options{Listen: pad.Screen.Listen, Uptime: c.Uptime, Log: log})
			if err != nil {
				return nil, "", fmt.Errorf("counter %s: %w", at.Counter, err)
			}
			pads, ui, page = append(pads, screen), "normal", screen.URL()
		}
		counters = append(counters, agent.Counter{
			Counter: at.Counter, Business: at.Business,
			Rules: evaluation.Rules{Ask: dimensions(at.Ask), Window: at.Window, UI: ui},
			Pads:  pads,
		})
	}
	return counters, page, nil
}

// keypads opens what a counter has beside the screen: one keypad, or none.
func keypads(at config.Counter, c *clock, log *slog.Logger) (pads []device.Driver, err error) {
	if s := at.Serial; s != nil {
		d, err := serialpad.New(serialpad.Options{
			Port: s.Port, Baud: s.Baud, Profile: s.Profile, Address: s.Address, Ack: s.Ack, Uptime: c.Uptime, Log: log,
		})
		if err != nil {
			return nil, err
		}
		pads = append(pads, d)
	}
	if g := at.GPIO; g != nil {
		d, err := gpiokeys.New(gpiokeys.Options{
			Keys: g.Keys, Active: g.Active, Pull: g.Pull, Debounce: g.Debounce, Uptime: c.Uptime, Log: log,
		})
		if err != nil {
			return nil, err
		}
		pads = append(pads, d)
	}
	return pads, nil
}

func dimensions(ask []string) (d []wire.Dimension) {
	for _, a := range ask {
		d = append(d, wire.Dimension(a))
	}
	return d
}
