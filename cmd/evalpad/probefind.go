package main

import (
	"context"
	"errors"
	"time"

	"evalpad/cmd/evalpad/internal/probing"
	"evalpad/device/serialpad/profiles"
)

// foundPad is what is known so far of the pad at the port.
type foundPad struct {
	may      []probing.Finding   // what it may be, as of the last press
	presses  [][]probing.Finding // of each key, the best first
	ack      string              // the thank-you that silenced it; "" is none, or not known
	silenced bool
	goesOn   bool          // no thank-you silenced it
	every    time.Duration // how often it repeats itself; 0: it does not
	sent     time.Duration // when the frame of the last press was seen last
	protocol *profiles.Protocol
	keys     []byte
	scores   []int
	own      bool // the scores are the profile's own
}

// errOtherRate is that two keys say the same at this rate.
var errOtherRate = errors.New("another rate")

// keys finds the pad, and has its keys pressed, until they are told apart.
func (p *probe) keys(ctx context.Context) (*foundPad, error) {
	for {
		pad, err := p.find(ctx)
		if err != nil {
			return nil, err
		}
		if err := p.learn(ctx, pad); err != errOtherRate {
			return pad, err
		}
	}
}

// find waits for the best key, at one rate after the other, until a press is understood.
func (p *probe) find(ctx context.Context) (*foundPad, error) {
	for first := true; len(p.ways) > 0; first = false {
		way := p.ways[0]
		p.ways = p.ways[1:]
		if err := p.open(way); err != nil {
			return nil, err
		}
		if first {
			p.tell("Press the BEST key of the customer's pad. If nothing is shown below, press Enter here.",
				"请按客户评价器上“最好”的键。如果下面没有任何显示，请在此按回车键。")
		} else {
			p.tell("Trying %s: press the BEST key again, or Enter to go on.", "改用 %s：请再按一次“最好”的键，或按回车键继续。", wayWords(way))
		}
		may, err := p.best(ctx, first)
		switch {
		case err != nil:
			return nil, err
		case len(may) > 0 && (may[0].Likely() || probing.Special(may)):
			return p.got(may), nil
		case len(may) > 0:
			p.unlikely[way] = may
		}
	}
	return p.second()
}

func (p *probe) got(may []probing.Finding) *foundPad {
	p.tell("Understood at %s: %s.", "在 %s 下识别：%s。", wayWords(p.way), p.names(may))
	return &foundPad{may: may, presses: [][]probing.Finding{may}, sent: may[0].Press.At}
}

// second takes the likeliest rate at which a pad without a check made some sense after all.
func (p *probe) second() (*foundPad, error) {
	for _, way := range p.allWays() {
		if may := p.unlikely[way]; len(may) > 0 {
			delete(p.unlikely, way)
			if err := p.open(way); err != nil {
				return nil, err
			}
			return p.got(may), nil
		}
	}
	return nil, errors.New(p.say(
		"probe: no press was understood at any rate: check the cable, the pair and its power; then look at the bytes with --raw",
		"probe: 各种速率下都无法识别按键：请检查接线、线对和电源，再用 --raw 查看原始字节"))
}

// best waits for the best key at the rate at hand, and gives what it may be of; nothing: on to the next
// rate. A line that stays silent may be one whose pads must be asked, or told to ask.
func (p *probe) best(ctx context.Context, first bool) ([]probing.Finding, error) {
	told := false
	for {
		ev, err := p.hear(ctx, p.wish.wait)
		if err != nil {
			return nil, err
		}
		switch {
		case ev.typed && ev.line != "":
			p.tell("(only Enter means something here)", "（此处只需按回车键）")
		case len(ev.presses) > 0 && (ev.presses[0].Sure() || len(p.slaves) > 0):
			return ev.presses, nil
		case len(ev.presses) > 0:
			return p.twice(ctx, ev.presses)
		case len(ev.burst) > 0 && p.notACustomers(ev.burst):
		case len(ev.burst) > 0:
			p.tell("That is no frame of any profile at %s.", "在 %s 下不是任何已知型号的数据。", wayWords(p.way))
			return nil, nil
		case len(p.slaves) > 0:
			p.tell("The module answers, and none of its inputs has changed: press the BEST key and hold it for a second.",
				"模块有应答，但输入没有变化：请按住“最好”的键一秒钟。")
		case first:
			first = false
			if err := p.search(ctx); err != nil {
				return nil, err
			}
		case !told:
			told = true
			if asked, err := p.pleaseAll(); err != nil || !asked {
				return nil, err
			}
		default:
			return nil, nil
		}
	}
}

// notACustomers says of a whole frame that it is not a customer's key: the rate is right.
func (p *probe) notACustomers(b probing.Burst) bool {
	for _, f := range p.crowd.Others(b) {
		if f.Press.Reason == "" {
			p.tell("That is %s of profile %s, and no key of the customer's pad.", "这是 %s（型号 %s），不是客户评价器的按键。", f.Press, f.Profile())
			return true
		}
	}
	return false
}

// twice wants the same key once more: without a check, that it says the same is all the proof there is.
func (p *probe) twice(ctx context.Context, once []probing.Finding) ([]probing.Finding, error) {
	p.tell("A press without a check. Press the BEST key once more.", "该数据没有校验。请再按一次“最好”的键。")
	for {
		ev, err := p.hear(ctx, p.wish.wait)
		if err != nil {
			return nil, err
		}
		if len(ev.burst) > 0 || ev.typed || p.lines == nil {
			return probing.Both(once, ev.presses), nil
		}
	}
}

// pleaseAll makes pads ask whose own rate this is: some take no press before. It reports whether there
// was anything to say.
func (p *probe) pleaseAll() (asked bool, err error) {
	for _, protocol := range p.protocols {
		frames := probing.Please(protocol, 0, p.wish.wait)
		if protocol.Line() != p.way || len(frames) == 0 {
			continue
		}
		for _, frame := range frames {
			if err := p.send(frame); err != nil {
				return false, err
			}
		}
		asked = true
	}
	if asked {
		p.tell("The pad has been told to ask, as some must be. Press the BEST key.", "已向评价器发出“请评价”指令（有的型号需要）。请按“最好”的键。")
	}
	return asked, nil
}

// names lists profiles, with the address where there is one.
func (p *probe) names(all []probing.Finding) (names string) {
	for i, f := range all {
		if i > 0 {
			names += p.say(" or ", " 或 ")
		}
		names += f.Profile()
		if f.Press.Address > 0 {
			names += p.say(" at address %d", "（地址 %d）", f.Press.Address)
		}
	}
	return names
}
