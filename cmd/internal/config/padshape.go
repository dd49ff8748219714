package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// padShape is evalpad.yaml. Lists and optional parts are made as they are met.
func padShape(p *Pad) shape {
	hq := &p.Headquarters
	return mapping(
		key{"device", level(&p.Device)},
		key{"region", level(&p.Region)},
		key{"branch", level(&p.Branch)},
		key{"data_dir", path(&p.DataDir)},
		key{"headquarters", mapping(
			key{"broker", broker(&hq.Broker)},
			key{"topic_root", levels(&hq.TopicRoot)},
			key{"ca", path(&hq.CA)},
			key{"cert", path(&hq.Cert)},
			key{"key", path(&hq.Key)},
			key{"settle_on", oneOf(&hq.SettleOn, SettleOnReceipt, SettleOnPuback)},
		)},
		key{"screen", mapping(key{"listen", listenOrOff(&p.Screen.Listen)})},
		key{"outbox", mapping(
			key{"max", size(&p.Outbox.Max, "1MiB", "256MiB")},
			key{"history", span(&p.Outbox.History, "1d", "365d")},
		)},
		key{"counters", list("counters, as - counter: c01", func() shape {
			p.Counters = append(p.Counters, DefaultCounter(""))
			return counterShape(&p.Counters[len(p.Counters)-1])
		})},
	)
}

func counterShape(c *Counter) shape {
	return mapping(
		key{"counter", level(&c.Counter)},
		key{"business", level(&c.Business)},
		key{"ask", ask(&c.Ask)},
		key{"window", span(&c.Window, "15s", "120s")},
		key{"rules", mapping(
			key{"lock_out", span(&c.Rules.LockOut, "0s", "10s")},
			key{"hammer", hammer(&c.Rules.Hammer)},
		)},
		key{"pad", padOf(c)},
	)
}

// ask reads the dimensions in the order in which they are asked.
func ask(to *[]string) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		var asked []string
		list("dimensions, as [overall]", func() shape {
			asked = append(asked, "")
			return oneOf(&asked[len(asked)-1], "overall", "attitude", "efficiency", "compliance")
		})(s, way, n)
		*to = asked
	}
}

// hammer reads the rule, or a plain 0 that turns it off, as does a 0 in any of its keys.
func hammer(h *Hammer) shape {
	rule := mapping(
		key{"presses", number(&h.Presses, "0 to turn it off, or 2 to 100", func(v int) bool {
			return v == 0 || 2 <= v && v <= 100
		})},
		key{"within", span(&h.Within, "0s", "60s")},
		key{"pause", span(&h.Pause, "0s", "60s")},
	)
	return func(s *sheet, way string, n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && n.Value == "0" {
			*h = Hammer{}
			return
		}
		rule(s, way, n)
		if h.Presses == 0 || h.Within == 0 || h.Pause == 0 {
			*h = Hammer{}
		}
	}
}

func padOf(c *Counter) shape {
	return mapping(
		key{"serial", func(s *sheet, way string, n *yaml.Node) {
			c.Serial = &SerialPad{Baud: 9600, Address: 1, Ack: "echo"}
			serialShape(c.Serial)(s, way, n)
		}},
		key{"gpio", func(s *sheet, way string, n *yaml.Node) {
			c.GPIO = &GPIOPad{Active: "low", Debounce: defaultDebounce}
			gpioShape(c.GPIO)(s, way, n)
		}},
	)
}

// Profiles are the names of the shipped pad profiles.
var Profiles = []string{"ff68"}

// bauds are the rates that pads and every USB adapter know.
var bauds = []int{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200}

func serialShape(p *SerialPad) shape {
	return mapping(
		key{"port", path(&p.Port)},
		key{"baud", number(&p.Baud, "a usual rate, as 9600 or 115200", func(v int) bool { return slices.Contains(bauds, v) })},
		key{"profile", oneOf(&p.Profile, Profiles...)},
		key{"address", whole(&p.Address, 1, 127)},
		key{"ack", oneOf(&p.Ack, "echo", "short")},
	)
}

func gpioShape(p *GPIOPad) shape {
	return mapping(
		key{"keys", keyMap(&p.Keys)},
		key{"active", oneOf(&p.Active, "low", "high")},
		key{"pull", oneOf(&p.Pull, "up", "down", "none")},
		key{"debounce", span(&p.Debounce, "5ms", "100ms")},
	)
}

// keyMap reads which line means which score.
func keyMap(to *map[string]int) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.MappingNode, "each line with its score, as {GPIO17: 5, GPIO27: 1}") {
			return
		}
		if len(n.Content) == 0 {
			s.fault(n, "keys: write each line with its score, as {GPIO17: 5, GPIO27: 1}")
		}
		scores, lines := map[string]int{}, map[int]string{}
		eachPair(s, way, n, func(name, value *yaml.Node) {
			line := name.Value
			if !isLine(line) {
				s.fault(name, "line %s: write a line's name as GPIO17, or gpiochip0:17", quote(line))
				return
			}
			var score int
			whole(&score, 1, 5)(s, under(way, "score of "+line), value)
			if other, twice := lines[score]; twice && score != 0 {
				s.fault(value, "score %d is %s already: give each key a score of its own", score, other)
			}
			scores[line], lines[score] = score, line
		})
		*to = scores
	}
}

// isLine holds for a GPIO line's name in the kernel, as GPIO17, PA3, P9_12 or 2712_WAKE, and for an
// offset on a chip that is named by node or label, as gpiochip0:17 or 9030000.pl061:3. A bare number
// is neither: boards count their pins in three ways.
func isLine(v string) bool {
	name, offset, onChip := strings.Cut(v, ":")
	if onChip && (len(offset) > 4 || !isDigits(offset)) {
		return false
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,+@-"
	return name != "" && len(name) <= 31 && strings.Trim(name, letters) == "" && !isDigits(name)
}

func isDigits(v string) bool { return v != "" && strings.Trim(v, "0123456789") == "" }
