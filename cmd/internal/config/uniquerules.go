package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// owners remembers which counter has what nobody else may have.
type owners struct {
	s  *sheet
	of map[string]int
}

// claim gives a thing to the i-th counter, or says at the place whose it is already.
func (o owners) claim(i int, kind, what, at string) {
	first, taken := o.of[kind+what]
	if !taken {
		o.of[kind+what] = i
		return
	}
	o.s.faultOf(at, "%s %s belongs to %s: give each counter its own", kind, quote(what), o.name(first))
}

func (o owners) name(i int) string {
	return fmt.Sprintf("the counter of line %d", o.s.line(under("counters", strconv.Itoa(i))))
}

// uniqueRules refuses what two counters cannot share: their name, a keypad, a GPIO line, an address on
// a serial line.
func uniqueRules(s *sheet, counters []Counter) {
	o := owners{s, map[string]int{}}
	for i, c := range counters {
		way := under("counters", strconv.Itoa(i))
		if c.Counter != "" {
			o.claim(i, "counter", c.Counter, under(way, "counter"))
		}
		if c.USB != nil && c.USB.Port != "" {
			o.claim(i, "port", c.USB.Port, under(way, "pad/usb/port"))
		}
		if c.USB != nil {
			o.lamps(i, under(way, "pad/usb/lamps"), c.USB.Lamps)
		}
		if c.GPIO != nil {
			o.lines(i, under(way, "pad/gpio"), c.GPIO)
		}
		if c.Serial != nil && c.Serial.Port != "" {
			o.seat(counters, i, under(way, "pad/serial"))
		}
	}
}

func (o owners) lines(i int, way string, g *GPIOPad) {
	for _, line := range slices.Sorted(maps.Keys(g.Keys)) {
		o.claim(i, "line", line, under(way, "keys/"+line))
	}
	o.lamps(i, under(way, "lamps"), g.Lamps)
}

func (o owners) lamps(i int, way string, l Lamps) {
	for _, lamp := range []struct{ name, line string }{{"ask", l.Ask}, {"thanks", l.Thanks}, {"fault", l.Fault}, {"buzzer", l.Buzzer}} {
		if lamp.line != "" {
			o.claim(i, "line", lamp.line, under(way, lamp.name))
		}
	}
	for _, question := range slices.Sorted(maps.Keys(l.Questions)) {
		if line := l.Questions[question]; line != "" {
			o.claim(i, "line", line, under(way, "ask/"+question))
		}
	}
}

// seat gives a counter its address on a serial line, which it may share with counters whose pads speak
// the same and at the same speed.
func (o owners) seat(counters []Counter, i int, way string) {
	p := counters[i].Serial
	first, shared := o.of["port"+p.Port]
	if !shared {
		o.of["port"+p.Port] = i
	} else {
		q := counters[first].Serial
		switch {
		case q == nil || p.Profile != q.Profile && p.Profile != "" && q.Profile != "":
			o.s.faultOf(under(way, "port"), "port %s belongs to %s, whose pad speaks another profile: give it a line of its own", quote(p.Port), o.name(first))
			return
		case p.Baud != q.Baud || p.Parity != q.Parity:
			o.s.faultOf(under(way, "port"), "port %s is set otherwise by %s: write the same baud and parity, or give it a line of its own", quote(p.Port), o.name(first))
			return
		case p.Address == 0:
			o.s.faultOf(under(way, "port"), "port %s belongs to %s, and pads of profile %s have no address to tell them apart: give it a line of its own", quote(p.Port), o.name(first), p.Profile)
			return
		}
	}
	at := under(way, "address")
	if !o.s.has(at) {
		at = under(way, "port")
	}
	o.claim(i, "address", fmt.Sprintf("%d of %s", p.Address, p.Port), at)
}
