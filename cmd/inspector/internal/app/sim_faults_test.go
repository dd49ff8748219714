package app_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"syscall"
	"time"

	"evalpad/sync/wire"
)

// Fault kinds, as the table of faults names them.
const (
	faultPower     = "power cut of a box"
	faultMidCommit = "power cut in the midst of a commit"
	faultProcess   = "agent killed"
	faultRestart   = "agent restarted in order"
	faultDisk      = "outbox commits that fail"
	faultClock     = "box's clock set wrong or stepped"
	faultLine      = "line of a box cut, half-open, slow or away"
	faultHQLine    = "line of headquarters cut, half-open or slow"
	faultDrop      = "broker acknowledges and drops"
	faultMute      = "broker does not acknowledge"
	faultBroker    = "broker restarted, everything forgotten"
	faultReplay    = "messages again, in another order"
	faultInspector = "inspector crashed or restarted"
	faultRestore   = "headquarters restored from an older copy"
)

// drawFaults draws one fault for every 20 to 60 seconds, a quarter of an hour's most.
func (p *plan) drawFaults(r *rand.Rand) {
	kinds := []func(*rand.Rand, time.Duration){
		p.drawCut, p.drawCut, p.drawRestart, p.drawDisk, p.drawClock, p.drawLine, p.drawLine, p.drawHQLine,
		p.drawDrop, p.drawMute, p.drawBroker, p.drawReplay, p.drawReplay, p.drawInspector, p.drawInspector, p.drawBackup,
	}
	for at := between(r, 5*time.Second, time.Minute); at < p.length; at += between(r, 5*time.Second, time.Minute) {
		kinds[r.IntN(len(kinds))](r, at)
	}
	for at := between(r, 30*time.Second, 90*time.Second); at < p.length; at += between(r, 5*time.Second, 90*time.Second) {
		choice := r.IntN(1000)
		p.add(at, "", "", func(s *simulation) bool { return s.cases.work(s, choice) })
	}
}

func (p *plan) box(r *rand.Rand) int { return r.IntN(len(p.boxes)) }

// drawCut takes a box's power, or ends its agent, at rest or at one of the next commits.
func (p *plan) drawCut(r *rand.Rand, at time.Duration) {
	i, down := p.box(r), between(r, time.Second, 40*time.Second)
	switch r.IntN(4) {
	case 0:
		p.add(at, faultPower, fmt.Sprintf("pad-%d: the power goes for %s", i+1, down),
			func(s *simulation) bool { return s.boxes[i].cut(false) })
	case 1:
		p.add(at, faultProcess, fmt.Sprintf("pad-%d: the agent is killed and away for %s", i+1, down),
			func(s *simulation) bool { return s.boxes[i].cut(true) })
	default:
		f := diskFault{skip: r.IntN(3), cut: []string{"before", "after"}[r.IntN(2)]}
		p.add(at, faultMidCommit, fmt.Sprintf("pad-%d: the power goes %s the next commit but %d", i+1, f.cut, f.skip),
			func(s *simulation) bool { return s.boxes[i].breakDisk(f) })
		down += 20 * time.Second // for somebody to press
	}
	p.add(at+down, "", "", func(s *simulation) bool { return s.boxes[i].start() })
}

func (p *plan) drawRestart(r *rand.Rand, at time.Duration) {
	i, down := p.box(r), between(r, time.Millisecond, 20*time.Second)
	p.add(at, faultRestart, fmt.Sprintf("pad-%d: the agent restarts within %s", i+1, down),
		func(s *simulation) bool { return s.boxes[i].shutDown() })
	p.add(at+down, "", "", func(s *simulation) bool { return s.boxes[i].start() })
}

// drawDisk fails commits: each with nothing written, or written and the last sync failed; or for want
// of room.
func (p *plan) drawDisk(r *rand.Rand, at time.Duration) {
	i := p.box(r)
	f := diskFault{skip: r.IntN(2), fails: make([]bool, 1+r.IntN(5)), err: syscall.EIO}
	if r.IntN(3) == 0 {
		f.err = &fs.PathError{Op: "write", Path: "outbox.db", Err: syscall.ENOSPC}
	} else {
		for j := range f.fails {
			f.fails[j] = r.IntN(2) == 0
		}
	}
	p.add(at, faultDisk, fmt.Sprintf("pad-%d: the next commits but %d fail with %v, written all the same: %v", i+1, f.skip, f.err, f.fails),
		func(s *simulation) bool { return s.boxes[i].breakDisk(f) })
}

// drawClock sets a box's wall clock: right, unset, or said to be set and wrong.
func (p *plan) drawClock(r *rand.Rand, at time.Duration) {
	i := p.box(r)
	set := func(what string, off time.Duration, state wire.ClockState, lies bool) {
		p.add(at, faultClock, fmt.Sprintf("pad-%d: the clock is %s", i+1, what),
			func(s *simulation) bool { return s.boxes[i].clock.set(off, state, lies) })
	}
	const years = 365 * 24 * time.Hour
	switch n := r.IntN(5); {
	case n == 0:
		set("right", 0, wire.ClockSet, false)
	case n == 1:
		set("unset", -30*years, wire.ClockUnset, false)
	case n == 2:
		set("in 1970", -30*years, wire.ClockSet, true)
	case n == 3 && !p.restores:
		set("in 2099", 99*years, wire.ClockSet, true)
	default:
		step := between(r, -3*time.Hour, 3*time.Hour)
		set(fmt.Sprintf("%s off", step), step, wire.ClockSet, true)
	}
}

func (p *plan) drawLine(r *rand.Rand, at time.Duration) {
	i, d := p.box(r), between(r, 5*time.Second, 2*time.Minute)
	line := func(what string, do func(*simBox)) {
		p.add(at, faultLine, fmt.Sprintf("pad-%d: %s", i+1, what), func(s *simulation) bool {
			b := s.boxes[i]
			if b.life == nil || b.life.dead.Load() {
				return false
			}
			do(b)
			return true
		})
	}
	switch r.IntN(4) {
	case 0:
		line("the line is cut", func(b *simBox) { b.life.relay.Cut() })
	case 1:
		line("the line is half-open", func(b *simBox) { b.life.relay.Freeze() })
	case 2:
		line(fmt.Sprintf("no way for %s", d), func(b *simBox) { b.line.barred.Store(true); b.life.relay.Cut() })
		p.add(at+d, "", "", func(s *simulation) bool { s.boxes[i].line.barred.Store(false); return true })
	default:
		delay := between(r, 10*time.Millisecond, 2*time.Second)
		line(fmt.Sprintf("%s on the way, for %s", delay, d), func(b *simBox) { b.line.delay.Store(int64(delay)) })
		p.add(at+d, "", "", func(s *simulation) bool { s.boxes[i].line.delay.Store(0); return true })
	}
}

func (p *plan) drawHQLine(r *rand.Rand, at time.Duration) {
	d, delay := between(r, 5*time.Second, 2*time.Minute), between(r, 10*time.Millisecond, time.Second)
	line := func(what string, do func(*simHQ)) {
		p.add(at, faultHQLine, "headquarters: "+what, func(s *simulation) bool {
			if s.hq.life == nil {
				return false
			}
			do(s.hq)
			return true
		})
	}
	switch r.IntN(3) {
	case 0:
		line("the lines are cut", func(h *simHQ) { h.life.relay.Cut() })
	case 1:
		line("the lines are half-open", func(h *simHQ) { h.life.relay.Freeze() })
	default:
		line(fmt.Sprintf("%s on the way, for %s", delay, d), func(h *simHQ) { h.line.delay.Store(int64(delay)) })
		p.add(at+d, "", "", func(s *simulation) bool { s.hq.line.delay.Store(0); return true })
	}
}

// everyKind is what a broker may lose.
var everyKind = []wire.Kind{wire.KindAlert, wire.KindEvaluation, wire.KindEvent, wire.KindReceipt, wire.KindStatus, wire.KindHeartbeat}

func (p *plan) drawDrop(r *rand.Rand, at time.Duration) {
	kind, d := everyKind[r.IntN(len(everyKind))], between(r, 5*time.Second, time.Minute)
	p.add(at, faultDrop, fmt.Sprintf("broker: every %s is acknowledged and dropped, for %s", kind, d),
		func(s *simulation) bool { s.broker.Drop("evalpad/v1/+/+/+/" + string(kind)); return true })
	p.add(at+d, "", "", func(s *simulation) bool { s.behave(); return true })
}

func (p *plan) drawMute(r *rand.Rand, at time.Duration) {
	kind, d := everyKind[r.IntN(3)], between(r, 5*time.Second, time.Minute)
	filter := "evalpad/v1/+/+/+/" + string(kind)
	if r.IntN(2) == 0 {
		p.add(at, faultMute, fmt.Sprintf("broker: no %s is acknowledged or handed on, for %s", kind, d),
			func(s *simulation) bool { s.broker.Swallow(filter); return true })
	} else {
		p.add(at, faultMute, fmt.Sprintf("broker: every %s is handed on and never acknowledged, for %s", kind, d),
			func(s *simulation) bool { s.broker.Withhold(filter); return true })
	}
	p.add(at+d, "", "", func(s *simulation) bool { s.behave(); return true })
}

func (p *plan) drawBroker(r *rand.Rand, at time.Duration) {
	d := between(r, 0, 30*time.Second)
	p.add(at, faultBroker, fmt.Sprintf("broker: down for %s, and everything forgotten", d),
		func(s *simulation) bool { s.down = true; s.broker.Stop(); return true })
	p.add(at+d, "", "", func(s *simulation) bool { s.down = false; s.broker.Restart(); return true })
}

// drawReplay publishes a handful of what has passed once more, each one twice now and then, in
// another order. QoS 1 allows that of any broker.
func (p *plan) drawReplay(r *rand.Rand, at time.Duration) {
	choice := make([]int, 1+r.IntN(40))
	for i := range choice {
		choice[i] = r.IntN(1 << 20)
	}
	p.add(at, faultReplay, fmt.Sprintf("broker: %d messages once more, in another order", len(choice)), func(s *simulation) bool {
		records, receipts := s.wire.all()
		old := append(records, receipts...)
		if s.down || len(old) == 0 {
			return false
		}
		for _, n := range choice {
			s.broker.Publish(old[n%len(old)])
		}
		return true
	})
}

func (p *plan) drawInspector(r *rand.Rand, at time.Duration) {
	d, how := between(r, 0, time.Minute), r.IntN(3)
	what := []string{"crashes with its machine", "is killed", "restarts in order"}[how]
	p.add(at, faultInspector, fmt.Sprintf("headquarters: the inspector %s, and is away for %s", what, d), func(s *simulation) bool {
		if how == 2 {
			return s.hq.shutDown()
		}
		return s.hq.crash(how == 1)
	})
	p.add(at+d, "", "", func(s *simulation) bool { return s.hq.open() })
}

// drawBackup makes a copy of headquarters, and puts it back some minutes later.
func (p *plan) drawBackup(r *rand.Rand, at time.Duration) {
	if !p.restores {
		return
	}
	later := between(r, 10*time.Second, 5*time.Minute)
	p.add(at, "", "", func(s *simulation) bool { return s.hq.backup() })
	p.add(min(at+later, p.length), faultRestore, "headquarters: put back to its latest copy",
		func(s *simulation) bool { return s.hq.restore() })
}
