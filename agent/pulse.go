package agent

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"evalpad/agent/evaluation"
)

// pulse is felt of every loop of the box: since when it is overdue with the piece of work at hand. A
// loop that waits for something to do is well, however long it waits, so a dead network or an empty
// counter stops no heart; one that does not come back from its work has to be started anew.
//
// Time is Go's own, which stands still while the box sleeps.
type pulse struct {
	mu  sync.Mutex
	due map[string]time.Time // by loop; none while it waits
}

// of is what a loop is given to say so: how long the work that now begins may take, and 0 when the
// loop waits again.
func (p *pulse) of(loop string) func(atMost time.Duration) {
	return func(atMost time.Duration) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if atMost == 0 {
			delete(p.due, loop)
			return
		}
		p.due[loop] = time.Now().Add(atMost)
	}
}

// late notes that a loop has not done what it does at once, unless that is noted already.
func (p *pulse) late(loop string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.due[loop]; !known {
		p.due[loop] = time.Now()
	}
}

// stuck names the loops that are overdue by more than within.
func (p *pulse) stuck(within time.Duration) (loops []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, loop := range slices.Sorted(maps.Keys(p.due)) {
		if time.Since(p.due[loop]) > within {
			loops = append(loops, loop)
		}
	}
	return loops
}

// commitTime is how long one commit may take on a slow card.
const commitTime = time.Second

// felt has the pulse felt of each commit to the disk.
func (p *pulse) felt(commit func(func() error) error) func(func() error) error {
	busy := p.of("store")
	return func(end func() error) error {
		busy(commitTime)
		defer busy(0)
		if commit == nil {
			return end()
		}
		return commit(end)
	}
}

// Stuck names the loops that have not come back from their work for longer than within, none if all
// is well: the desks, their pads' drivers, the store and the uplink. It asks each driver whether it
// still listens, which takes a second at most.
func (a *Agent) Stuck(ctx context.Context, within time.Duration) []string {
	var asking sync.WaitGroup
	for i, d := range a.desks {
		asking.Go(func() { a.askPads(ctx, a.o.Counters[i].Counter, d) })
	}
	asking.Wait()
	return a.pulse.stuck(within)
}

func (a *Agent) askPads(ctx context.Context, counter string, d *evaluation.Desk) {
	for pad, lives := range d.Listening(ctx) {
		if loop := counter + " " + pad; lives {
			a.pulse.of(loop)(0)
		} else {
			a.pulse.late(loop)
		}
	}
}
