package main

import (
	"sync"
	"time"
)

// pulse tells how long the machine has stood still, as it does while what it runs on is busy elsewhere.
// No box does that, and no driver can see through it.
type pulse struct {
	mu      sync.Mutex
	longest time.Duration
}

// beat wakes every few milliseconds and notes by how much it is late.
func (p *pulse) beat() {
	const every = 5 * time.Millisecond
	for {
		began := time.Now()
		time.Sleep(every)
		late := time.Since(began) - every
		p.mu.Lock()
		p.longest = max(p.longest, late)
		p.mu.Unlock()
	}
}

// take gives the longest standstill since it was last asked.
func (p *pulse) take() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	longest := p.longest
	p.longest = 0
	return longest
}
