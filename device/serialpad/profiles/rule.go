package profiles

import (
	"slices"
	"strings"

	"evalpad/device"
)

// rule is a Rule made ready.
type rule struct {
	role  byte // what is added to the counter's address
	any   bool // any role
	funcs [256]bool
	data  pattern
	keys  *[256]bool // nil: any
	means string
	ack   string
}

// What a message can mean, besides the kinds of device.Signal that have the same name.
const (
	meansPress    = string(device.Press)
	meansUnmapped = "unmapped" // a key that has no meaning to us: refused and counted
	meansHello    = "hello"    // the pad has been without power: as other, and its numbers begin anew
)

var meanings = []string{
	meansPress, string(device.Prompt), string(device.Cancel), string(device.TellerIn), string(device.TellerOut),
	string(device.Other), meansHello, meansUnmapped,
}

// The acknowledgements of a message.
const (
	ackSame   = "same"   // the frame itself
	ackThanks = "thanks" // as a key is thanked
	ackNone   = "none"
)

func (c *checker) rule(way string, p *Protocol, r Rule) rule {
	out := rule{means: r.Means, ack: r.Ack}
	out.role, out.any = c.role(way+"/from", p, r.From), r.From == ""
	out.data = c.pattern(way+"/data", r.Data)
	c.functions(way+"/func", p, r.Func, &out.funcs)
	if r.Key != "" {
		out.keys = new([256]bool)
		c.set(way+"/key", r.Key, out.keys)
	}
	if !slices.Contains(meanings, r.Means) {
		c.fault(way+"/means", "means %.20q: write %s", r.Means, strings.Join(meanings, ", "))
	}
	hasKey := slices.ContainsFunc(out.data, func(p piece) bool { return p.word == wordKey })
	if !hasKey && (r.Means == meansPress || r.Key != "") {
		c.fault(way+"/data", "no KEY in it: write where the key stands, as 'K' KEYx")
	}
	switch {
	case r.Ack == "" && r.Means == meansPress && len(p.thanks) > 0:
		out.ack = ackThanks
	case r.Ack == "", r.Ack == ackNone:
		out.ack = ""
	case r.Ack == ackThanks && len(p.thanks) == 0:
		c.fault(way+"/ack", "ack thanks: write what it is, as thanks: [{name: ok, func: 01}]")
	case r.Ack != ackSame && r.Ack != ackThanks:
		c.fault(way+"/ack", "ack %.20q: write same, thanks or none", r.Ack)
	}
	if r.Means == meansUnmapped && out.ack != "" {
		c.fault(way+"/ack", "what is refused is never acknowledged: remove ack")
	}
	return out
}

func (c *checker) role(way string, p *Protocol, name string) byte {
	if name == "" {
		return 0
	}
	plus, known := p.roles[name]
	if !known {
		c.fault(way, "role %.20q is not known: write one of address: {roles: …}", name)
	}
	return plus
}

// functions reads 11, 01 02 or not 11.
func (c *checker) functions(way string, p *Protocol, s string, funcs *[256]bool) {
	if s != "" && !p.in.hasPart(function) {
		c.fault(way, "the layout has no FUNC: remove func")
		return
	}
	listed, not := strings.CutPrefix(s, "not ")
	if s != "" {
		c.set(way, listed, funcs)
	}
	for i := range funcs {
		funcs[i] = s == "" || funcs[i] != not
	}
}

func (c *checker) set(way, s string, bytes *[256]bool) {
	listed, err := manyBytes(s)
	if err != nil {
		c.fault(way, "%v", err)
	}
	for _, b := range listed {
		bytes[b] = true
	}
}

func (l *layout) hasPart(k kind) bool {
	return slices.ContainsFunc(l.parts, func(p part) bool { return p.kind == k })
}

// fits reports whether a frame is this message of the counter at the address, and what is in it.
func (r *rule) fits(f *Frame, role byte) (found, bool) {
	if !r.any && role != r.role || !r.funcs[f.Function] {
		return found{}, false
	}
	in, ok := r.data.match(f.Data())
	return in, ok && (r.keys == nil || r.keys[in.key])
}
