package wire

import (
	"errors"
	"fmt"
)

// RulesInForce is in the event rules, which a box seals at each start: everything at its counters that
// bends a rating, so that nobody can tilt a counter in its configuration unseen. It is one event of all
// counters or, where that would be longer than a record may be, one event a counter, numbered in
// unbroken order of their records.
type RulesInForce struct {
	Part     int            `json:"part"` // 1 to Parts
	Parts    int            `json:"parts"`
	Counters []CounterRules `json:"counters"`
}

// CounterRules are the rules of one counter, defaults filled in. Times are in milliseconds; 0 is off.
type CounterRules struct {
	Counter   string      `json:"counter"`
	Business  string      `json:"business"`
	Ask       []Dimension `json:"ask"` // in their order
	FirstMS   int64       `json:"first_ms"`
	WindowMS  int64       `json:"window_ms"`
	LockOutMS int64       `json:"lock_out_ms"`
	Hammer    *HammerRule `json:"hammer,omitempty"` // nil: off
	Reasons   []string    `json:"reasons"`
	Closing   string      `json:"closing,omitempty"` // a time of day at the box, as 17:30
	Pads      []PadRules  `json:"pads"`
}

// HammerRule is when presses at an idle pad are joined, and for how long.
type HammerRule struct {
	Presses  int   `json:"presses"`
	WithinMS int64 `json:"within_ms"`
	PauseMS  int64 `json:"pause_ms"`
}

// The kinds of pads.
const (
	PadSerial = "serial"
	PadGPIO   = "gpio"
	PadUSB    = "usb"
	PadTouch  = "touch"
)

// PadRules are what a pad makes of a press. Keys are named as the configuration names them.
type PadRules struct {
	Pad           string            `json:"pad"`                      // serial, gpio, usb or touch
	Profile       string            `json:"profile,omitempty"`        // of a serial pad
	ProfileSHA256 *Hash             `json:"profile_sha256,omitempty"` // of the profile's file, as sha256sum prints it
	Keys          map[string]Score  `json:"keys,omitempty"`
	Actions       map[string]string `json:"actions,omitempty"` // keys that prompt or cancel
	DebounceMS    int64             `json:"debounce_ms,omitempty"`
}

// Validate says what in the rules cannot be believed.
func (r RulesInForce) Validate() error {
	if r.Part < 1 || r.Part > r.Parts || len(r.Counters) == 0 {
		return fmt.Errorf("part %d of %d with %d counters: no such part", r.Part, r.Parts, len(r.Counters))
	}
	seen := map[string]bool{}
	for _, c := range r.Counters {
		switch {
		case !ValidLevel(c.Counter):
			return fmt.Errorf("counter %.50q: want 1 to 40 of a-z, 0-9 and hyphen", c.Counter)
		case seen[c.Counter]:
			return errors.New("counter " + c.Counter + " is there twice")
		}
		seen[c.Counter] = true
	}
	return nil
}
