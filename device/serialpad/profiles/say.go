package profiles

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// change is how a frame is made into its acknowledgement.
type change struct {
	name string
	fn   *byte // nil leaves FUNC
	data []byte
	drop bool // data replaces DATA
	bare bool
}

// thanked reads the variants of the thank-you.
func (c *checker) thanked(p *Protocol) {
	for i, t := range p.profile.Thanks {
		p.thanks = append(p.thanks, c.change(fmt.Sprintf("thanks/%d", i), t))
	}
	if p.profile.Refusal != (Thanks{}) {
		p.refusal = new(c.change("refusal", p.profile.Refusal))
	}
}

func (c *checker) change(way string, t Thanks) change {
	made := change{name: t.Name, bare: t.Bare, drop: t.Data != ""}
	if !levelName.MatchString(t.Name) {
		c.fault(way+"/name", "name %.20q: write one of a-z, 0-9 and hyphens", t.Name)
	}
	if t.Func != "" {
		b, err := oneByte(t.Func)
		if err != nil {
			c.fault(way+"/func", "%.20q: %v", t.Func, err)
		}
		made.fn = &b
	}
	if made.drop && t.Data != "none" {
		var err error
		if made.data, err = Bytes(t.Data); err != nil {
			c.fault(way+"/data", "%v", err)
		}
	}
	return made
}

func (p *Protocol) acknowledge(f Frame, by change) string {
	if by.fn != nil {
		f.Function = *by.fn
	}
	if by.drop {
		f = Frame{Address: f.Address, Function: f.Function, Number: f.Number, any: f.any}
		f.setData(by.data)
	}
	return string(p.out.append(nil, f, by.bare))
}

// say is a Say made ready.
type say struct {
	role     byte
	fn, num  byte
	data     []piece
	question bool // it names the question
}

// said reads what the host says on its own account, and when.
func (c *checker) said(p *Protocol) {
	p.says = map[string]say{}
	for _, name := range slices.Sorted(maps.Keys(p.profile.Says)) {
		p.says[name] = c.say("says/"+name, p, p.profile.Says[name])
	}
	for show, names := range p.profile.Shows.byName() {
		for _, name := range names {
			if _, known := p.says[name]; !known {
				c.fault("shows/"+show, "%.20q is not said above: write one of %s", name, or(p.says))
			}
		}
	}
}

func (s Shows) byName() map[string][]string {
	return map[string][]string{"open": s.Open, "ask": s.Ask, "thanks": s.Thanks, "idle": s.Idle, "fault": s.Fault}
}

func (c *checker) say(way string, p *Protocol, s Say) say {
	made := say{role: c.role(way+"/to", p, s.To)}
	var err error
	if s.Func != "" {
		if made.fn, err = oneByte(s.Func); err != nil {
			c.fault(way+"/func", "%.20q: %v", s.Func, err)
		}
	}
	if s.Num != "" {
		if made.num, err = oneByte(s.Num); err != nil {
			c.fault(way+"/num", "%.20q: %v", s.Num, err)
		}
	}
	words, err := split(s.Data)
	if err != nil {
		c.fault(way+"/data", "%v", err)
	}
	for _, word := range words {
		b, ok := literal(word)
		name, text := strings.CutSuffix(word, "x")
		switch {
		case ok:
			made.data = append(made.data, piece{bytes: b})
		case word == wordQuestion && len(p.questions) > 0, name == wordWindow:
			made.data = append(made.data, piece{word: name, text: text})
			made.question = made.question || word == wordQuestion
		default:
			c.fault(way+"/data", "%.20q: write a byte as 0B, a text as 'Q,', WINDOW, WINDOWx, or QUESTION with questions above", word)
		}
	}
	return made
}

// Question is what a customer is asked, for which a pad is to be made to ask.
type Question struct {
	Dimension string
	Window    time.Duration // how long it waits
}

func (p *Protocol) speak(name string, to byte, q Question) string {
	s := p.says[name]
	f := Frame{Address: to + s.role, Function: s.fn, Number: s.num}
	var data []byte
	seconds := min(max(int((q.Window+time.Second-1)/time.Second), 1), 255)
	for _, piece := range s.data {
		switch {
		case piece.word == wordQuestion:
			data = append(data, p.questions[q.Dimension])
		case piece.word == wordWindow && piece.text:
			data = strconv.AppendInt(data, int64(seconds), 10)
		case piece.word == wordWindow:
			data = append(data, byte(seconds))
		default:
			data = append(data, piece.bytes...)
		}
	}
	f.setData(data)
	return string(p.out.append(nil, f, false))
}
