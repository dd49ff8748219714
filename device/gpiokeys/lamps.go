package gpiokeys

import (
	"context"
	"errors"
	"time"
)

// names are the lines, in the order of lit's fields.
func (l Lamps) names() [4]string { return [4]string{l.Ask, l.Thanks, l.Fault, l.Buzzer} }

// twice reports whether two lamps are on one line.
func (l Lamps) twice() bool {
	seen := map[string]bool{}
	for _, name := range l.names() {
		if name != "" && seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}

func (l lit) each() [4]bool { return [4]bool{l.ask, l.thanks, l.fault, l.buzzer} }

// lampKeeper keeps the lamps' lines open and writes them. It may wait for a chip that is slow; Run
// does not wait for it.
type lampKeeper struct {
	*Keys
	want <-chan lit
}

// run lights what is wanted until ctx is done, and then puts every lamp to rest.
func (k lampKeeper) run(ctx context.Context) {
	var lamps [4]lamp
	for i, name := range k.options.Lamps.names() {
		lamps[i] = lamp{Keys: k.Keys, name: name, retry: firstRetry}
	}
	defer func() {
		for i := range lamps {
			lamps[i].leave()
		}
	}()
	var now lit
	for {
		var again <-chan time.Time
		if wait := k.set(lamps[:], now); wait > 0 {
			again = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return
		case now = <-k.want:
		case <-again:
		}
	}
}

// set sets every lamp, and says after how long that has to be tried again; 0 is never.
func (k lampKeeper) set(lamps []lamp, now lit) (again time.Duration) {
	for i, on := range now.each() {
		if wait := lamps[i].set(on); wait > 0 && (again == 0 || wait < again) {
			again = wait
		}
	}
	return again
}

// lamp is one output line.
type lamp struct {
	*Keys
	name  string // "" is none
	line  Output // nil while it is not open
	on    bool   // what the open line has been told
	why   string // it could not be opened
	retry time.Duration
	next  time.Duration // boot time of the next try
}

// set lights a lamp or puts it out. It says after how long that has to be tried again; 0 is never.
func (l *lamp) set(on bool) (again time.Duration) {
	if l.name == "" || l.line != nil && l.on == on {
		return 0
	}
	if now := l.options.Uptime(); now < l.next {
		return l.next - now
	}
	if err := l.write(on); err != nil {
		return l.fail(err)
	}
	l.on, l.why, l.retry = on, "", firstRetry
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
		l.options.Log.Warn("no lamp", "pad", l.String(), "line", l.name, "error", err)
	}
	return again
}

// leave puts the lamp to rest.
func (l *lamp) leave() {
	if l.line == nil {
		return
	}
	if err := errors.Join(l.line.Set(l.level(false)), l.line.Close()); err != nil {
		l.options.Log.Warn("lamp not put to rest", "pad", l.String(), "line", l.name, "error", err)
	}
}

func (l *lamp) level(on bool) bool { return on == (l.options.LampsActive == "high") }
