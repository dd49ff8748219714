package gpiokeys

import (
	"errors"
	"maps"
	"slices"
	"time"

	"evalpad/device"
)

// Lamps are output lines, named as keys are; "" is none.
type Lamps struct {
	Ask    string // lit while a question waits
	Thanks string // lit for 2 s when a press is safe, whatever its score
	Fault  string // lit while the pad cannot take ratings
	Buzzer string // sounds for 100 ms at a question and at a thank-you
	// Questions are a lamp each, by dimension, lit while that question waits and no other, so that a pad
	// without a screen can ask several.
	Questions map[string]string
}

// lines are the lines that there are, in an order of their own.
func (l Lamps) lines() (names []string) {
	for _, name := range []string{l.Ask, l.Thanks, l.Fault, l.Buzzer} {
		if name != "" {
			names = append(names, name)
		}
	}
	for _, question := range slices.Sorted(maps.Keys(l.Questions)) {
		names = append(names, l.Questions[question])
	}
	return names
}

// question is the question that its own lamp shows under a show; "" where none does.
func (l Lamps) question(s device.Show) string {
	if _, shown := l.Questions[s.Dimension]; shown && s.Kind == device.Ask {
		return s.Dimension
	}
	return ""
}

// twice reports whether two lamps are on one line.
func (l Lamps) twice() bool {
	names := slices.Sorted(slices.Values(l.lines()))
	return len(slices.Compact(names)) < len(l.lines())
}

// lamps are all of a face, dark and not open yet.
func (f *Face) lamps() (lamps []lamp) {
	add := func(name string, wants func(lit) bool, question bool) {
		if name != "" {
			lamps = append(lamps, lamp{Face: f, name: name, wants: wants, question: question, retry: firstRetry})
		}
	}
	l := f.options.Lamps
	add(l.Ask, func(now lit) bool { return now.ask }, false)
	add(l.Thanks, func(now lit) bool { return now.thanks }, false)
	add(l.Fault, func(now lit) bool { return now.fault }, false)
	add(l.Buzzer, func(now lit) bool { return now.buzzer }, false)
	for question, name := range l.Questions {
		add(name, func(now lit) bool { return now.question == question }, true)
	}
	return lamps
}

// set sets every lamp, and says after how long that has to be tried again; 0 is never. What goes dark
// does so first, and while the lamp of another question cannot be put out none is lit: two of them would
// make a customer answer what is not asked.
func set(lamps []lamp, now lit) (again time.Duration) {
	clear := true
	for _, on := range []bool{false, true} {
		for i := range lamps {
			l := &lamps[i]
			if l.wants(now) != on || on && l.question && !clear {
				continue
			}
			wait := l.set(on)
			if wait > 0 && (again == 0 || wait < again) {
				again = wait
			}
			if wait > 0 && l.question && l.burns {
				clear = false
			}
		}
	}
	return again
}

// lamp is one output line.
type lamp struct {
	*Face
	name     string
	wants    func(lit) bool
	question bool
	line     Output // nil while it is not open
	on       bool   // what the open line has been told
	burns    bool   // it was lit, and is not known to have gone out
	why      string // it could not be opened
	retry    time.Duration
	next     time.Duration // boot time of the next try
}

// set lights a lamp or puts it out. It says after how long that has to be tried again; 0 is never.
func (l *lamp) set(on bool) (again time.Duration) {
	if l.line != nil && l.on == on {
		return 0
	}
	if now := l.options.Uptime(); now < l.next {
		return l.next - now
	}
	l.burns = l.burns || on
	if err := l.write(on); err != nil {
		return l.fail(err)
	}
	l.on, l.burns, l.why, l.retry = on, on, "", firstRetry
	return 0
}

// write opens the line at rest where it is not open yet.
func (l *lamp) write(on bool) (err error) {
	if l.line == nil {
		l.line, err = l.options.Chips.Out(l.name, l.level(false))
		if err != nil || !on {
			return err
		}
	}
	return l.line.Set(l.level(on))
}

// fail gives the line up until the next try, and tells why once a reason.
func (l *lamp) fail(err error) (again time.Duration) {
	if l.line != nil {
		err = errors.Join(err, l.line.Close())
		l.line = nil
	}
	again = l.retry
	l.next = l.options.Uptime() + again
	l.retry = min(2*l.retry, lastRetry)
	if l.why != err.Error() {
		l.why = err.Error()
		l.options.Log.Warn("no lamp", "pad", l.options.Pad, "line", l.name, "error", err)
	}
	return again
}

// leave puts the lamp to rest.
func (l *lamp) leave() {
	if l.line == nil {
		return
	}
	if err := errors.Join(l.line.Set(l.level(false)), l.line.Close()); err != nil {
		l.options.Log.Warn("lamp not put to rest", "pad", l.options.Pad, "line", l.name, "error", err)
	}
}

func (l *lamp) level(on bool) bool { return on == (l.options.Active == "high") }
