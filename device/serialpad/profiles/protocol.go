package profiles

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Protocol is a Profile made ready: what a make of pad speaks.
type Protocol struct {
	profile   Profile
	in, out   *layout
	roles     map[string]byte
	keys      map[byte]int
	questions map[string]byte // dimension → code
	rules     []rule
	thanks    []change
	refusal   *change // nil: what is not taken is not answered
	says      map[string]say
	asks      map[string]way
	poll      *Poll
}

// Compile makes a protocol of a profile. It returns Faults, in the order of the file: what cannot be
// read, what contradicts itself, and the vectors that do not come out.
func Compile(p Profile) (*Protocol, error) {
	c := checker{}
	made := &Protocol{profile: p}
	c.name(p)
	c.line(&made.profile.Line)
	c.addresses(made)
	c.keys(made)
	if p.Modbus != (Modbus{}) {
		c.modbus(made)
	} else {
		c.frames(made)
	}
	if len(c.faults) == 0 {
		c.vectors(made)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return made, nil
}

// frames reads all that makes frames and gives them their meaning.
func (c *checker) frames(p *Protocol) {
	p.in = c.layout("frame", p.profile.Frame)
	p.out = p.in
	if p.profile.FrameOut.Layout != "" {
		p.out = c.layout("frame_out", p.profile.FrameOut)
	}
	if p.in == nil || p.out == nil {
		return
	}
	if got := p.in.hasPart(address); got != (p.profile.Address.Last > 0) {
		c.fault("address", "addresses go with ADDR in the layout of the frame, and it with them: write both or neither")
	}
	c.thanked(p)
	if len(p.profile.Hears) == 0 {
		c.fault("hears", "no message: write at least {data: KEY, means: press}")
	}
	for i, r := range p.profile.Hears {
		p.rules = append(p.rules, c.rule(fmt.Sprintf("hears/%d", i), p, r))
	}
	c.said(p)
	c.asked(p)
}

var levelName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

func (c *checker) name(p Profile) {
	if !levelName.MatchString(p.Profile) {
		c.fault("profile", "profile %.40q: write a name of a-z, 0-9 and hyphens", p.Profile)
	}
	if p.ThanksAfter < 0 || p.ThanksAfter > 500*time.Millisecond {
		c.fault("thanks_after", "thanks_after %v: write 0 to 500ms", p.ThanksAfter)
	}
}

func (c *checker) line(l *Line) {
	*l = l.WithDefaults()
	switch {
	case !slices.Contains(Bauds, l.Baud):
		c.fault("line/baud", "baud %d: write one of %v", l.Baud, Bauds)
	case l.Parity != "none" && l.Parity != "odd" && l.Parity != "even":
		c.fault("line/parity", "parity %.20q: write none, odd or even", l.Parity)
	case l.Bits != 7 && l.Bits != 8:
		c.fault("line/bits", "bits %d: write 7 or 8", l.Bits)
	case l.Stop != 1 && l.Stop != 2:
		c.fault("line/stop", "stop %d: write 1 or 2", l.Stop)
	}
}

func (c *checker) addresses(p *Protocol) {
	a := p.profile.Address
	p.roles = map[string]byte{}
	if a.Last == 0 && a.First == 0 && len(a.Roles) == 0 {
		return
	}
	if a.First < 0 || a.Last < a.First || a.Last > 255 {
		c.fault("address", "addresses %d to %d: write first and last, 0 to 255", a.First, a.Last)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Roles)) {
		plus, err := oneByte(a.Roles[name])
		if err != nil {
			c.fault("address/roles/"+name, "%.20q: %v, which is added to the counter's address", a.Roles[name], err)
		} else if a.Last+int(plus) > 255 {
			c.fault("address/roles/"+name, "address %d and %s are more than a byte", a.Last, a.Roles[name])
		}
		p.roles[name] = plus
	}
}

func (c *checker) keys(p *Protocol) {
	var err error
	if p.keys, err = ReadKeys(p.profile.Keys); err != nil {
		c.fault("keys", "%v", err)
	}
	p.questions = map[string]byte{}
	for _, dimension := range slices.Sorted(maps.Keys(p.profile.Questions)) {
		code, ok := literal(p.profile.Questions[dimension])
		if !ok || len(code) != 1 {
			c.fault("questions/"+dimension, "%.20q: write a byte, or a letter as 'A'", p.profile.Questions[dimension])
			continue
		}
		p.questions[dimension] = code[0]
	}
}

// ReadKeys reads a map from key, in hexadecimal, to score, 1 to 5.
func ReadKeys(keys map[string]int) (map[byte]int, error) {
	read := map[byte]int{}
	for _, word := range slices.Sorted(maps.Keys(keys)) {
		key, err := oneByte(word)
		switch score := keys[word]; {
		case err != nil:
			return nil, fmt.Errorf("key %.20q: %w", word, err)
		case score < 1 || score > 5:
			return nil, fmt.Errorf("key %s has score %d: write 1 to 5, 5 best", word, score)
		case read[key] != 0:
			return nil, fmt.Errorf("key %02X is here twice: keep one", key)
		default:
			read[key] = score
		}
	}
	return read, nil
}

// Name is the profile's name.
func (p *Protocol) Name() string { return p.profile.Profile }

// About says what make of pad this is.
func (p *Protocol) About() string { return p.profile.About }

// Line is how the port is set where the branch says nothing.
func (p *Protocol) Line() Line { return p.profile.Line }

// Addresses are the lowest and the highest address of a counter; 0 and 0 where there are none.
func (p *Protocol) Addresses() (first, last int) {
	return p.profile.Address.First, p.profile.Address.Last
}

// Keys gives the profile's own map from key to score; empty where the branch must say.
func (p *Protocol) Keys() map[byte]int { return maps.Clone(p.keys) }

// Acks names the variants of the thank-you, the default first.
func (p *Protocol) Acks() (names []string) {
	for _, t := range p.profile.Thanks {
		names = append(names, t.Name)
	}
	return names
}

// Says names what the host can make the pad do, sorted.
func (p *Protocol) Says() []string { return slices.Sorted(maps.Keys(p.says)) }

// Checked reports whether frames carry a check, so that a whole one on a line is no accident.
func (p *Protocol) Checked() bool { return p.in.hasPart(check) }

// ThanksAfter is how long a thank-you is held back.
func (p *Protocol) ThanksAfter() time.Duration { return p.profile.ThanksAfter }

// Numbered reports whether messages carry a number, so that one that is sent again can be told from
// the same key pressed again, however late it comes.
func (p *Protocol) Numbered() bool { return p.in != nil && p.in.hasPart(number) }

// Repeats reports whether the pad sends a message again until it is answered.
func (p *Protocol) Repeats() bool {
	return len(p.thanks) > 0 || slices.ContainsFunc(p.rules, func(r rule) bool { return r.ack != "" })
}

// Poll is how the pad is asked, nil for a pad that speaks by itself.
func (p *Protocol) Poll() *Poll { return p.poll }

// Text writes a frame as the pad sends it, in hexadecimal.
func (p *Protocol) Text(f Frame) string { return fmt.Sprintf("% X", p.in.append(nil, f, false)) }

// or lists what there is to write, as "a, b or c".
func or[V any](choices map[string]V) string {
	names := slices.Sorted(maps.Keys(choices))
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
