package gpiokeys

import (
	"slices"
	"strconv"
	"time"

	"evalpad/device"
)

const (
	thanksFor    = 2 * time.Second
	beepFor      = 100 * time.Millisecond
	maxUnthanked = 64 // presses that nobody has answered; the oldest is forgotten
)

// lit is which lamps are lit, and whether the buzzer sounds.
type lit struct{ ask, thanks, fault, buzzer bool }

// face is what the lamps have been told. It knows no clock and no line.
type face struct {
	asked     string // the question that waits, with its step; "" is none
	fault     bool
	thanks    time.Duration // boot time until which the thank-you is lit
	beep      time.Duration
	unthanked []string // IDs of presses that the desk has taken and not answered
}

// signalled notes a press that is to be thanked: each once, and nothing but a press.
func (f *face) signalled(s device.Signal) {
	if s.Kind != device.Press {
		return
	}
	if f.unthanked = append(f.unthanked, s.ID); len(f.unthanked) > maxUnthanked {
		f.unthanked = f.unthanked[1:]
	}
}

// show takes what the desk wants to be shown. The press that it names is safe, whatever else it says.
func (f *face) show(now time.Duration, s device.Show) {
	if at := slices.Index(f.unthanked, s.For); at >= 0 {
		f.unthanked = slices.Delete(f.unthanked, at, at+1)
		f.thanks, f.beep = now+thanksFor, now+beepFor
	}
	if s.Kind == device.Nod {
		return
	}
	question := ""
	if s.Kind == device.Ask {
		question = s.Dimension + " " + strconv.Itoa(s.Step)
	}
	if s.Kind == device.Ask && question != f.asked {
		f.beep = now + beepFor
	}
	f.asked, f.fault = question, s.Kind == device.Fault
	if f.fault && s.For == "" {
		f.unthanked = nil // none of them is kept
	}
}

// lit says what is lit now, and after how long that changes by itself, 0 if it does not.
func (f *face) lit(now time.Duration) (l lit, change time.Duration) {
	l = lit{ask: f.asked != "", fault: f.fault, thanks: now < f.thanks, buzzer: now < f.beep}
	switch {
	case l.buzzer:
		return l, f.beep - now
	case l.thanks:
		return l, f.thanks - now
	}
	return l, 0
}
