package app_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

// plan is everything that a seed decides: how the bank is built, and what happens in it at which
// millisecond.
type plan struct {
	boxes  [][]simCounter
	clocks casebook.Clocks
	length time.Duration
	// restores is whether headquarters may be put back to an older copy. Such a plan has no box whose
	// clock claims 2099: that box lets go of what it keeps as history, and then it is gone.
	restores bool
	acts     []act
}

// simCounter is one counter as the plan has it.
type simCounter struct {
	asks   []wire.Dimension
	echoes bool // its pad sends a press again that was not answered
}

// act is one thing that happens. do reports whether it could; a box that is down cannot go down.
type act struct {
	at    time.Duration
	fault string // its kind, "" for what people do in ordinary life
	what  string
	do    func(*simulation) bool
}

func (p plan) String() string {
	counters := 0
	for _, b := range p.boxes {
		counters += len(b)
	}
	return fmt.Sprintf("%s with %d boxes, %d counters, clocks of %s and %s; its faults:",
		p.length, len(p.boxes), counters, p.clocks.InvestigateWithin, p.clocks.PlanWithin)
}

// drawPlan draws a bank of 2 to 4 boxes, and 6 to 16 minutes of it. Half of the banks have clocks so
// short that cases are overdue within that time.
func drawPlan(r *rand.Rand) plan {
	p := plan{clocks: casebook.DefaultClocks(), length: between(r, 6*time.Minute, 16*time.Minute), restores: r.IntN(2) == 0}
	if r.IntN(2) == 0 {
		p.clocks = casebook.Clocks{InvestigateWithin: between(r, time.Minute, 5*time.Minute), PlanWithin: between(r, 5*time.Minute, 15*time.Minute)}
	}
	for range 2 + r.IntN(3) {
		p.boxes = append(p.boxes, drawCounters(r))
	}
	for i, counters := range p.boxes {
		for j := range counters {
			p.drawCustomers(r, i, j)
		}
	}
	p.drawFaults(r)
	for at := time.Minute; at < p.length; at += time.Minute {
		p.add(at, "", "", func(s *simulation) bool { s.cases.look(s); return true })
	}
	slices.SortStableFunc(p.acts, func(a, b act) int { return int(a.at - b.at) })
	return p
}

func drawCounters(r *rand.Rand) (list []simCounter) {
	for range 1 + r.IntN(3) {
		c := simCounter{asks: []wire.Dimension{wire.Overall}, echoes: r.IntN(2) == 0}
		if r.IntN(3) == 0 {
			c.asks = []wire.Dimension{wire.Attitude, wire.Efficiency, wire.Compliance}
		}
		list = append(list, c)
	}
	return list
}

func (p *plan) add(at time.Duration, fault, what string, do func(*simulation) bool) {
	p.acts = append(p.acts, act{at, fault, what, do})
}

// between draws whole milliseconds.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64((most-least)/time.Millisecond)))*time.Millisecond
}

// drawCustomers fills one counter's time: most customers are prompted and press, some press without
// a prompt, some stop half-way, some say nothing; some prompts are taken back. Two signals at one
// counter lie at least three seconds apart, as people's do.
func (p *plan) drawCustomers(r *rand.Rand, box, counter int) {
	asks := len(p.boxes[box][counter].asks)
	for at := between(r, time.Second, 30*time.Second); at < p.length-time.Minute; {
		pause := func() { at += between(r, 3*time.Second, 9*time.Second) }
		say := func(do func(*simPad)) {
			p.add(at, "", "", func(s *simulation) bool { do(s.boxes[box].pads[counter]); return true })
			pause()
		}
		if r.IntN(5) > 0 {
			ticket := fmt.Sprintf("A%04d", r.IntN(10_000))
			say(func(pad *simPad) { pad.prompt(ticket) })
		}
		switch n := r.IntN(20); {
		case n < 2: // silence
			at += 40 * time.Second
		case n < 3:
			say((*simPad).cancel)
		case n < 4:
			teller := fmt.Sprint(1000 + r.IntN(5))
			say(func(pad *simPad) { pad.login(teller) })
		default:
			for range 1 + r.IntN(asks) {
				score := 1 + r.IntN(5)
				say(func(pad *simPad) { pad.press(score) })
			}
		}
		at += between(r, 2*time.Second, 40*time.Second)
	}
}

// TestSameSeedSamePlan: a seed decides every act and its millisecond, and another seed others.
func TestSameSeedSamePlan(t *testing.T) {
	told := func(seed uint64) (all []string) {
		p := drawPlan(rand.New(rand.NewPCG(seed, 0x5eed)))
		for _, a := range p.acts {
			all = append(all, fmt.Sprint(a.at, a.what))
		}
		return append(all, p.String())
	}
	if !slices.Equal(told(17), told(17)) {
		t.Error("seed 17 has two plans")
	}
	if slices.Equal(told(17), told(18)) {
		t.Error("seeds 17 and 18 have one plan")
	}
}
