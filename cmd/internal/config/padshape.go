package config

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"evalpad/device/hidkeys/keynames"
	"evalpad/device/serialpad/profiles"
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
		key{"screen", screenShape(&p.Screen)},
		key{"qr", mapping(key{"address", pageAddress(&p.QR)})},
		key{"counter_desk", counterDeskShape(&p.CounterDesk)},
		key{"outbox", mapping(
			key{"max", size(&p.Outbox.Max, "1MiB", "256MiB")},
			key{"history", span(&p.Outbox.History, "1d", "365d")},
		)},
		key{"closing", timeOfDay(&p.Closing)},
		key{"profiles", path(&p.Profiles)},
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
		key{"first", span(&c.First, "15s", "120s")},
		key{"reasons", reasons(&c.Reasons)},
		key{"rules", mapping(
			key{"lock_out", span(&c.Rules.LockOut, "0s", "10s")},
			key{"hammer", hammer(&c.Rules.Hammer)},
		)},
		key{"pad", padOf(c)},
	)
}

// questions are the dimensions that a counter can ask.
var questions = []string{"overall", "attitude", "efficiency", "compliance"}

// ask reads the dimensions in the order in which they are asked.
func ask(to *[]string) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		var asked []string
		list("dimensions, as [overall]", func() shape {
			asked = append(asked, "")
			return oneOf(&asked[len(asked)-1], questions...)
		})(s, way, n)
		*to = asked
	}
}

// reasons reads the codes among which a customer may choose.
func reasons(to *[]string) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		var codes []string
		list("codes, as [waiting, attitude]", func() shape {
			codes = append(codes, "")
			return level(&codes[len(codes)-1])
		})(s, way, n)
		*to = codes
	}
}

// timeOfDay reads a time as 17:30.
func timeOfDay(to *time.Duration) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		const want = "a time of day, as \"17:30\""
		if !s.is(way, n, yaml.ScalarNode, want) {
			return
		}
		at, err := time.Parse("15:04", n.Value)
		if err != nil {
			s.fault(n, "%s %s: write %s", called(way), quote(n.Value), want)
			return
		}
		*to = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
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
			c.Serial = &SerialPad{}
			serialShape(c.Serial)(s, way, n)
		}},
		key{"gpio", func(s *sheet, way string, n *yaml.Node) {
			c.GPIO = &GPIOPad{Active: "low", Debounce: defaultDebounce}
			gpioShape(c.GPIO)(s, way, n)
		}},
		key{"usb", func(s *sheet, way string, n *yaml.Node) {
			c.USB = &USBPad{}
			usbShape(c.USB)(s, way, n)
		}},
	)
}

func serialShape(p *SerialPad) shape {
	return mapping(
		key{"port", path(&p.Port)},
		key{"baud", number(&p.Baud, "a usual rate, as 9600 or 115200", func(v int) bool { return slices.Contains(profiles.Bauds, v) })},
		key{"parity", oneOf(&p.Parity, "none", "odd", "even")},
		key{"profile", level(&p.Profile)},
		key{"address", whole(&p.Address, 0, 255)},
		key{"ack", level(&p.Ack)},
		key{"asks", level(&p.Asks)},
		key{"keys", keyMap(&p.Keys, keyKind{"key", "{01: 5, 02: 1}", "a key's byte in hexadecimal, as 0A", isByte})},
	)
}

func gpioShape(p *GPIOPad) shape {
	return mapping(
		key{"keys", keyMap(&p.Keys, keyKind{"line", "{GPIO17: 5, GPIO27: 1}", "a line's name as GPIO17, or gpiochip0:17", isLine})},
		key{"active", oneOf(&p.Active, "low", "high")},
		key{"pull", oneOf(&p.Pull, "up", "down", "none")},
		key{"debounce", span(&p.Debounce, "5ms", "100ms")},
		key{"lamps", lampsShape(&p.Lamps)},
	)
}

func lampsShape(l *Lamps) shape {
	return mapping(
		key{"ask", askLamps(l)},
		key{"thanks", line(&l.Thanks)},
		key{"fault", line(&l.Fault)},
		key{"buzzer", line(&l.Buzzer)},
		key{"active", oneOf(&l.Active, "low", "high")},
	)
}

// askLamps reads one lamp for whatever is asked, or a lamp each for the questions.
func askLamps(l *Lamps) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			line(&l.Ask)(s, way, n)
			return
		}
		if len(n.Content) == 0 {
			s.fault(n, "lamps that tell of no question: write each with its line, as {attitude: GPIO5, efficiency: GPIO6}")
		}
		l.Questions = map[string]string{}
		eachPair(s, way, n, func(name, value *yaml.Node) {
			var question, lamp string
			oneOf(&question, questions...)(s, under(way, "question"), name)
			line(&lamp)(s, under(way, name.Value), value)
			l.Questions[question] = lamp
		})
	}
}

func usbShape(p *USBPad) shape {
	return mapping(
		key{"port", path(&p.Port)},
		key{"keys", keyMap(&p.Keys, keyKind{"key", "{KEY_KP1: 5, KEY_KP2: 1}", "a key's name in the kernel, as KEY_KP1", isKeyName})},
		key{"actions", actions(&p.Actions)},
		key{"lamps", lampsShape(&p.Lamps)},
	)
}

func line(to *string) shape { return word(to, "a line's name as GPIO17, or gpiochip0:17", isLine) }

// keyKind is what a pad's keys are called.
type keyKind struct {
	called, sample, want string
	good                 func(string) bool
}

// keyMap reads which key means which score.
func keyMap(to *map[string]int, kind keyKind) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.MappingNode, "each "+kind.called+" with its score, as "+kind.sample) {
			return
		}
		if len(n.Content) == 0 {
			s.fault(n, "keys: write each %s with its score, as %s", kind.called, kind.sample)
		}
		scores, keys := map[string]int{}, map[int]string{}
		eachPair(s, way, n, func(name, value *yaml.Node) {
			key := name.Value
			if !kind.good(key) {
				s.fault(name, "%s %s: write %s", kind.called, quote(key), kind.want)
				return
			}
			var score int
			whole(&score, 1, 5)(s, under(way, "score of "+key), value)
			if other, twice := keys[score]; twice && score != 0 {
				s.fault(value, "score %d is %s already: give each key a score of its own", score, other)
			}
			scores[key], keys[score] = score, key
		})
		*to = scores
	}
}

// actions reads what a key does that is no score.
func actions(to *map[string]string) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.MappingNode, "each key with what it does, as {KEY_ENTER: prompt}") {
			return
		}
		*to = map[string]string{}
		eachPair(s, way, n, func(name, value *yaml.Node) {
			if !isKeyName(name.Value) {
				s.fault(name, "key %s: write a key's name in the kernel, as KEY_ENTER", quote(name.Value))
				return
			}
			var action string
			oneOf(&action, "prompt", "cancel")(s, under(way, name.Value), value)
			(*to)[name.Value] = action
		})
	}
}

// isByte holds for a byte in hexadecimal, one or two digits.
func isByte(v string) bool {
	return v != "" && len(v) <= 2 && strings.Trim(v, "0123456789ABCDEFabcdef") == ""
}

// isKeyName holds for a key's name in the kernel (linux/input-event-codes.h).
func isKeyName(v string) bool {
	_, ok := keynames.Code(v)
	return ok
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
