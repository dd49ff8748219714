package rulebook_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/internal/rulebook"
	"evalpad/sync/wire"
)

func between(from, to time.Duration) *rulebook.Range[time.Duration] {
	return &rulebook.Range[time.Duration]{From: from, To: to}
}

var (
	sum = wire.Hash{0xAB}

	template = rulebook.Template{
		Every: rulebook.Section{
			Ask: [][]wire.Dimension{{wire.Attitude, wire.Efficiency}, {wire.Overall}}, Window: between(20*time.Second, time.Minute),
			First: between(30*time.Second, 90*time.Second), LockOut: between(5*time.Second, 5*time.Second),
			Hammer:  &rulebook.Hammer{Presses: &rulebook.Range[int]{From: 3, To: 10}, Pause: between(10*time.Second, time.Minute)},
			Reasons: []string{"waiting", "attitude"}, Closing: between(16*time.Hour, 18*time.Hour+30*time.Minute), Pads: []string{"serial", "gpio", "touch"},
		},
		Business: map[string]rulebook.Section{"credit": {
			Ask: [][]wire.Dimension{{wire.Attitude, wire.Efficiency}}, Hammer: &rulebook.Hammer{Presses: &rulebook.Range[int]{From: 4, To: 4}},
		}},
		Pads: map[string]rulebook.Section{
			"serial": {Profiles: map[string]string{"ff68": sum.String(), "line": rulebook.Any}, Keys: map[string]int{"03": 5, "00": 2}},
			"gpio":   {Debounce: between(10*time.Millisecond, 50*time.Millisecond), Window: between(time.Minute, time.Minute)},
		},
	}
)

// good is a counter within the template.
func good() wire.CounterRules {
	return wire.CounterRules{
		Counter: "c03", Business: "credit", Ask: []wire.Dimension{wire.Attitude, wire.Efficiency}, FirstMS: 60_000, WindowMS: 30_000,
		LockOutMS: 5000, Hammer: &wire.HammerRule{Presses: 4, WithinMS: 10_000, PauseMS: 30_000}, Reasons: []string{"waiting"}, Closing: "17:30",
		Pads: []wire.PadRules{
			{Pad: "serial", Profile: "ff68", ProfileSHA256: &sum, Keys: map[string]wire.Score{"03": 5, "00": 2}}, {Pad: "touch"},
		},
	}
}

// TestOutside bends one rule of a good counter at a time: each is found and said with both values.
func TestOutside(t *testing.T) {
	if found := template.Outside(good()); len(found) > 0 {
		t.Fatalf("a good counter is outside: %q", found)
	}
	for want, bend := range map[string]func(*wire.CounterRules){
		"ask [efficiency, attitude], the template wants [attitude, efficiency]": func(c *wire.CounterRules) {
			c.Ask = []wire.Dimension{wire.Efficiency, wire.Attitude}
		},
		"first 15s, the template wants 30s to 1m30s":                                                  func(c *wire.CounterRules) { c.FirstMS = 15_000 },
		"window 1m0.001s, the template wants 20s to 1m0s":                                             func(c *wire.CounterRules) { c.WindowMS = 60_001 },
		"lock_out 0s, the template wants 5s":                                                          func(c *wire.CounterRules) { c.LockOutMS = 0 },
		"hammer.presses 3, the template wants 4":                                                      func(c *wire.CounterRules) { c.Hammer.Presses = 3 },
		"hammer.pause 5s, the template wants 10s to 1m0s":                                             func(c *wire.CounterRules) { c.Hammer.PauseMS = 5000 },
		"reasons money, the template wants waiting or attitude":                                       func(c *wire.CounterRules) { c.Reasons = []string{"waiting", "money"} },
		"closing never, the template wants 16:00 to 18:30":                                            func(c *wire.CounterRules) { c.Closing = "" },
		"closing 18:31, the template wants 16:00 to 18:30":                                            func(c *wire.CounterRules) { c.Closing = "18:31" },
		"pad usb, the template wants serial or gpio or touch":                                         func(c *wire.CounterRules) { c.Pads[1].Pad = "usb"; c.Pads[1].Keys = nil },
		"profile pj06, the template wants ff68 or line":                                               func(c *wire.CounterRules) { c.Pads[0].Profile = "pj06" },
		"profile ff68 with sha256 " + (wire.Hash{}).String() + ", the template wants " + sum.String(): func(c *wire.CounterRules) { c.Pads[0].ProfileSHA256 = &wire.Hash{} },
		"keys of serial {00: 5, 03: 2}, the template wants {03: 5, 00: 2}": func(c *wire.CounterRules) {
			c.Pads[0].Keys = map[string]wire.Score{"03": 2, "00": 5}
		},
		"debounce 100ms, the template wants 10ms to 50ms": func(c *wire.CounterRules) {
			c.WindowMS = 60_000
			c.Pads[1] = wire.PadRules{Pad: "gpio", DebounceMS: 100}
		},
		"window 30s, the template wants 1m0s": func(c *wire.CounterRules) { // a gpio counter's own
			c.Pads[1] = wire.PadRules{Pad: "gpio", DebounceMS: 30}
		},
	} {
		c := good()
		bend(&c)
		if diff := cmp.Diff([]string{want}, template.Outside(c)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestOffIsNothing: a rule that is off is held against the range as 0.
func TestOffIsNothing(t *testing.T) {
	c := good()
	c.Hammer = nil
	want := []string{"hammer.presses 0, the template wants 4", "hammer.pause 0s, the template wants 10s to 1m0s"}
	if diff := cmp.Diff(want, template.Outside(c)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestOtherBusiness: what a business or a pad does not name is that of every counter.
func TestOtherBusiness(t *testing.T) {
	c := good()
	c.Business, c.Ask, c.Hammer.Presses = "household", []wire.Dimension{wire.Overall}, 9
	if found := template.Outside(c); len(found) > 0 {
		t.Errorf("outside: %q", found)
	}
	if found := (rulebook.Template{}).Outside(c); len(found) > 0 {
		t.Errorf("a template that wants nothing finds %q", found)
	}
}
