package config

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const defaultDebounce = 30 * time.Millisecond

// padRules fills the defaults that depend on other keys and notes the faults that only show when
// keys are seen together. root is where /proc and /sys are found.
func padRules(s *sheet, p *Pad, root string) {
	headquartersRules(s, p)
	deviceRule(s, p, root)
	screen := screenRules(s, p)
	voiceRules(s, p.Screen.Voice)
	languageRules(s, p.Screen)
	qrRules(s, p)
	counterDeskRules(s, p.CounterDesk)
	profileRules(s, p.Profiles)
	if len(p.Counters) == 0 && !s.wrong("counters") {
		s.faultOf("counters", "no counter: write counters: with at least one - counter: c01")
	}
	for i := range p.Counters {
		counterRules(s, under("counters", strconv.Itoa(i)), &p.Counters[i], screen, p.Profiles)
	}
	uniqueRules(s, p.Counters)
}

func headquartersRules(s *sheet, p *Pad) {
	hq := p.Headquarters
	if !s.has("headquarters/broker") && !s.wrong("headquarters") {
		s.faultOf("headquarters", "no broker: write headquarters: {broker: mqtts://host:8883}")
	}
	certRules(s, "headquarters", hq.Cert, hq.Key)
	if hq.Broker == "" {
		return // where it is decides what is required below
	}
	local := isLocalBroker(hq.Broker)
	for _, level := range []struct {
		name, alone, sample string
		value               *string
	}{{"region", "r00", "r11", &p.Region}, {"branch", "b0000", "b0731", &p.Branch}} {
		switch {
		case s.has(level.name):
		case local:
			*level.value = level.alone
		default:
			s.faultOf(level.name, "no %s: write %s: %s, as headquarters calls it", level.name, level.name, level.sample)
		}
	}
}

// certRules refuses half a pair.
func certRules(s *sheet, way, cert, key string) {
	switch {
	case cert != "" && !s.has(under(way, "key")):
		s.faultOf(under(way, "cert"), "cert without key: write key: beside it")
	case key != "" && !s.has(under(way, "cert")):
		s.faultOf(under(way, "key"), "key without cert: write cert: beside it")
	}
}

func deviceRule(s *sheet, p *Pad, root string) {
	if s.has("device") {
		return
	}
	name, err := DeviceName(root)
	if err != nil {
		s.faultOf("device", "no device, and %s: write device: with a name of its own for this box", err)
		return
	}
	p.Device = name
}

// counterRules looks at one counter; screen says where the screen is, folder where profiles may be.
func counterRules(s *sheet, way string, c *Counter, screen, folder string) {
	if s.wrong(way) {
		return
	}
	if !s.has(under(way, "counter")) {
		s.faultOf(way, "a counter without a name: write counter: c01")
	}
	pad := under(way, "pad")
	var kinds []string
	var keypad teller
	if c.Serial != nil {
		kinds = append(kinds, "serial")
		keypad = serialRules(s, under(pad, "serial"), c.Serial, folder)
	}
	if c.GPIO != nil {
		kinds = append(kinds, "gpio")
		keypad = gpioRules(s, under(pad, "gpio"), c)
	}
	if c.USB != nil {
		kinds = append(kinds, "usb")
		keypad = usbRules(s, under(pad, "usb"), c)
	}
	switch {
	case len(kinds) > 1:
		s.faultOf(pad, "two pads: keep %s", or(kinds))
	case !c.hasKeypad() && s.has(pad) && !s.wrong(pad):
		s.faultOf(pad, "pad without serial, gpio and usb: write one, or remove pad and let the touch page serve")
	}
	askRules(s, under(way, "ask"), c, keypad, screen)
	reasonRules(s, under(way, "reasons"), c)
	if c.First == 0 && c.Screen {
		c.First = max(time.Minute, c.Window) // an old hand finds the page late
	}
	c.First = cmp.Or(c.First, c.Window)
}

// teller is what a keypad tells its customer of the questions.
type teller struct {
	told []string // those of which it tells that they are asked
	how  string   // what to write so that it tells them; "" where nothing helps
}

// first puts it before what else there is to write.
func (t teller) first() string {
	if t.how == "" {
		return ""
	}
	return t.how + ", or "
}

// askRules wants a pad that tells the customer which of several questions is asked: the screen, or a
// keypad that can. Beside the screen, keys that cannot answer the one it shows.
func askRules(s *sheet, way string, c *Counter, keypad teller, screen string) {
	seen := map[string]bool{}
	for i, d := range c.Ask {
		if d != "" && seen[d] {
			s.faultOf(under(way, strconv.Itoa(i)), "ask %s is here for the second time: remove one", quote(d))
		}
		seen[d] = true
	}
	switch {
	case len(c.Ask) == 0 && !s.wrong(way):
		s.faultOf(way, "ask nothing: write ask: [overall]")
	case len(c.Ask) > 1 && c.hasKeypad() && !c.Screen && len(keypad.told) == 0:
		s.faultOf(way, "%d questions on a pad that cannot show which one it asks: write %sask: [overall], or give this counter the screen, which %s",
			len(c.Ask), keypad.first(), screen)
	case len(c.Ask) > 1 && seen["overall"]:
		s.faultOf(way, "overall stands alone: write ask: [overall], or remove it")
	case len(c.Ask) > 1 && c.hasKeypad() && !c.Screen:
		untold(s, way, c, keypad)
	}
}

// untold refuses what is asked of a customer who cannot see that it is.
func untold(s *sheet, way string, c *Counter, keypad teller) {
	for i, d := range c.Ask {
		if d != "" && !slices.Contains(keypad.told, d) {
			s.faultOf(under(way, strconv.Itoa(i)), "ask %s on a pad that tells of %s only: write %sremove it", quote(d), strings.Join(keypad.told, " and "), keypad.first())
		}
	}
}

// mostReasonCodes is how many reasons fit on the page.
const mostReasonCodes = 6

func reasonRules(s *sheet, way string, c *Counter) {
	switch {
	case len(c.Reasons) > 0 && !c.Screen:
		s.faultOf(way, "reasons on a counter without the screen, which alone can ask for them: remove the key")
	case len(c.Reasons) > mostReasonCodes:
		s.faultOf(way, "%d reasons: write %d at most, which is what the page has room for", len(c.Reasons), mostReasonCodes)
	}
	for i, code := range c.Reasons {
		if slices.Contains(c.Reasons[:i], code) && code != "" {
			s.faultOf(under(way, strconv.Itoa(i)), "reason %s is here for the second time: remove one", quote(code))
		}
	}
}

func gpioRules(s *sheet, way string, c *Counter) teller {
	p := c.GPIO
	if !s.wrong(way) && !s.has(under(way, "keys")) {
		s.faultOf(way, "gpio pad without keys: write keys: {GPIO17: 5, …}, each line with its score")
	}
	if p.Pull == "" {
		p.Pull = map[string]string{"low": "up", "high": "down"}[p.Active]
	}
	return lampRules(s, under(way, "lamps"), &p.Lamps, c.Ask)
}

// lampRules refuses a lamp that would never be lit.
func lampRules(s *sheet, way string, l *Lamps, ask []string) teller {
	l.Active = cmp.Or(l.Active, "high")
	told := slices.Sorted(maps.Keys(l.Questions))
	for _, d := range told {
		if d != "" && !slices.Contains(ask, d) {
			s.faultOf(under(way, "ask/"+d), "a lamp for %s, which this counter does not ask: remove it, or write ask: [%s, …]", d, d)
		}
	}
	return teller{told, "a lamp for each, as lamps: {ask: {attitude: GPIO5, efficiency: GPIO6}}"}
}

func usbRules(s *sheet, way string, c *Counter) teller {
	if s.wrong(way) {
		return teller{}
	}
	p := c.USB
	if !s.has(under(way, "port")) {
		s.faultOf(way, "usb pad without port: write port: /dev/input/by-id/…-event-kbd")
	}
	if !s.has(under(way, "keys")) {
		s.faultOf(way, "usb pad without keys: write keys: {KEY_KP1: 5, …}, each key with its score")
	}
	for name := range p.Actions {
		if _, both := p.Keys[name]; both {
			s.faultOf(under(way, "actions/"+name), "key %s has a score already: keep one", name)
		}
	}
	return lampRules(s, under(way, "lamps"), &p.Lamps, c.Ask)
}
