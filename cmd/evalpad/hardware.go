package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"evalpad/agent"
	"evalpad/agent/evaluation"
	"evalpad/cmd/internal/config"
	"evalpad/device"
	"evalpad/device/gpiokeys"
	"evalpad/device/hidkeys"
	"evalpad/device/serialpad"
	"evalpad/device/serialpad/profiles"
	"evalpad/device/touch"
	"evalpad/sync/wire"
)

// bench is what the counters' drivers are made with, and the serial lines that they share.
type bench struct {
	clock    *clock
	profiles string // folder, or ""
	lines    map[string]*serialpad.Bus
}

// hardware opens the drivers that the configuration names, and returns the touch page's address, ""
// where there is none. This is the one place where hardware enters.
func hardware(pad config.Pad, c *clock, log *slog.Logger) (counters []agent.Counter, page string, err error) {
	h := bench{clock: c, profiles: pad.Profiles, lines: map[string]*serialpad.Bus{}}
	for _, at := range pad.Counters {
		log := log.With("counter", at.Counter)
		pads, err := h.keypads(at, log)
		if err != nil {
			return nil, "", fmt.Errorf("counter %s: %w", at.Counter, err)
		}
		told, err := padRules(at, h.profiles)
		if err != nil {
			return nil, "", fmt.Errorf("counter %s: %w", at.Counter, err)
		}
		ui, qr := "keys", ""
		if at.Screen {
			screen, err := touch.New(screenOf(pad.Screen, c, log))
			if err != nil {
				return nil, "", fmt.Errorf("counter %s: %w", at.Counter, err)
			}
			pads, ui, page, qr = append(pads, screen), "normal", screen.URL(), pad.QR
		}
		counters = append(counters, agent.Counter{
			Counter: at.Counter, Business: at.Business,
			Rules: rules(at, ui, pad.Closing),
			Pads:  pads, QR: qr, PadRules: told,
		})
	}
	return counters, page, nil
}

// screenOf is what the configuration says of the touch page.
func screenOf(s config.Screen, c *clock, log *slog.Logger) touch.Options {
	v := s.Voice
	return touch.Options{
		Listen: s.Listen, Uptime: c.Uptime, Hotline: s.Hotline, Languages: s.Languages, Words: s.Words, Log: log,
		Voice: touch.Voice{
			Folder: v.Folder, Mute: v.Output == config.OutputNone, Earphones: v.Output == config.OutputHeadphones,
			Volume: v.Volume, QuietVolume: v.Quiet.Volume, QuietFrom: v.Quiet.From, QuietTo: v.Quiet.To,
		},
	}
}

// checkScreen says what is wrong with what the configuration names for the touch page, as a file of words.
func checkScreen(s config.Screen) error {
	if s.Listen == "" {
		return nil
	}
	if err := touch.Check(screenOf(s, &clock{}, nil)); err != nil {
		return config.Faults{{File: cmp.Or(s.Words, "screen"), Line: 1, Column: 1, Words: err.Error()}}
	}
	return nil
}

// keypads opens what a counter has beside the screen: one keypad, or none.
func (h *bench) keypads(at config.Counter, log *slog.Logger) (pads []device.Driver, err error) {
	if s := at.Serial; s != nil {
		d, err := h.serialPad(s, log)
		if err != nil {
			return nil, err
		}
		pads = append(pads, d)
	}
	if g := at.GPIO; g != nil {
		d, err := gpiokeys.New(gpiokeys.Options{
			Keys: g.Keys, Active: g.Active, Pull: g.Pull, Debounce: g.Debounce, Uptime: h.clock.Uptime, Log: log,
			Lamps: lamps(g.Lamps), LampsActive: g.Lamps.Active,
		})
		if err != nil {
			return nil, err
		}
		pads = append(pads, d)
	}
	if u := at.USB; u != nil {
		d, err := h.usbKeypad(u, log)
		if err != nil {
			return nil, err
		}
		pads = append(pads, d)
	}
	return pads, nil
}

// usbKeypad is a keypad with the lamps beside it.
func (h *bench) usbKeypad(u *config.USBPad, log *slog.Logger) (device.Driver, error) {
	face, err := gpiokeys.NewFace(gpiokeys.FaceOptions{
		Lamps: lamps(u.Lamps), Active: u.Lamps.Active, Pad: "usb keypad " + u.Port, Uptime: h.clock.Uptime, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return hidkeys.New(hidkeys.Options{
		Port: u.Port, Keys: u.Keys, Actions: u.Actions, Uptime: h.clock.Uptime, Log: log,
		Face: face, Tells: slices.Sorted(maps.Keys(u.Lamps.Questions)),
	})
}

func lamps(l config.Lamps) gpiokeys.Lamps {
	return gpiokeys.Lamps{Ask: l.Ask, Thanks: l.Thanks, Fault: l.Fault, Buzzer: l.Buzzer, Questions: l.Questions}
}

// serialPad puts a counter on its serial line, which it may share with others.
func (h *bench) serialPad(s *config.SerialPad, log *slog.Logger) (device.Driver, error) {
	bus, open := h.lines[s.Port]
	if !open {
		protocol, err := config.Profile(s.Profile, h.profiles)
		if err != nil {
			return nil, fmt.Errorf("pad profile %s: %w", s.Profile, err)
		}
		bus, err = serialpad.NewBus(serialpad.Options{
			Port: s.Port, Line: profiles.Line{Baud: s.Baud, Parity: s.Parity}, Protocol: protocol, Uptime: h.clock.Uptime, Log: log,
		})
		if err != nil {
			return nil, err
		}
		h.lines[s.Port] = bus
	}
	keys, err := profiles.ReadKeys(s.Keys)
	if err != nil {
		return nil, err
	}
	return bus.Pad(serialpad.Counter{Address: s.Address, Keys: keys, Ack: s.Ack, Asks: s.Asks})
}

// rules are what the configuration says of how a counter asks.
func rules(at config.Counter, ui string, closing time.Duration) evaluation.Rules {
	h := at.Rules.Hammer
	return evaluation.Rules{
		Ask: dimensions(at.Ask), Window: at.Window, First: at.First, UI: ui, Reasons: at.Reasons,
		LockOut: at.Rules.LockOut, Hammer: evaluation.Hammer{Presses: h.Presses, Within: h.Within, Pause: h.Pause},
		Closing: closing,
	}
}

func dimensions(ask []string) (d []wire.Dimension) {
	for _, a := range ask {
		d = append(d, wire.Dimension(a))
	}
	return d
}
