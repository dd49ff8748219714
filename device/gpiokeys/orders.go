package gpiokeys

import (
	"slices"
	"time"

	"evalpad/device"
)

const (
	thanksFor    = 2 * time.Second
	beepFor      = 100 * time.Millisecond
	maxUnthanked = 64 // presses that nobody has answered; the oldest is forgotten
)

// lit is which lamps are lit, and whether the buzzer sounds.
type lit struct {
	ask, thanks, fault, buzzer bool
	question                   string // whose own lamp is lit; "" is none
}

// orders are what the lamps have been told. They know no clock and no line.
type orders struct {
	asked     device.Show // the question that waits; without a kind, none
	fault     bool
	thanks    time.Duration // boot time until which the thank-you is lit
	beep      time.Duration
	unthanked []string // IDs of presses that the desk has taken and not answered
}

// signalled notes a press that is to be thanked: each once, and nothing but a press.
func (o *orders) signalled(s device.Signal) {
	if s.Kind != device.Press {
		return
	}
	if o.unthanked = append(o.unthanked, s.ID); len(o.unthanked) > maxUnthanked {
		o.unthanked = o.unthanked[1:]
	}
}

// show takes what the desk wants to be shown. The press that it names is safe, whatever else it says.
func (o *orders) show(now time.Duration, s device.Show) {
	if at := slices.Index(o.unthanked, s.For); at >= 0 {
		o.unthanked = slices.Delete(o.unthanked, at, at+1)
		o.thanks, o.beep = now+thanksFor, now+beepFor
	}
	if s.Kind == device.Nod {
		return
	}
	question := device.Show{}
	if s.Kind == device.Ask {
		question = device.Show{Kind: s.Kind, Dimension: s.Dimension, Step: s.Step}
	}
	if s.Kind == device.Ask && question != o.asked {
		o.beep = now + beepFor
	}
	o.asked, o.fault = question, s.Kind == device.Fault
	if o.fault && s.For == "" {
		o.unthanked = nil // none of them is kept
	}
}

// lit says what is lit now, and after how long that changes by itself, 0 if it does not.
func (o *orders) lit(now time.Duration) (l lit, change time.Duration) {
	l = lit{
		ask: o.asked.Kind != "", question: o.asked.Dimension,
		fault: o.fault, thanks: now < o.thanks, buzzer: now < o.beep,
	}
	switch {
	case l.buzzer:
		return l, o.beep - now
	case l.thanks:
		return l, o.thanks - now
	}
	return l, 0
}
