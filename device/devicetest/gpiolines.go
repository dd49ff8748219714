package devicetest

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"syscall"
	"time"
)

// GPIOLines are lines of a GPIO that were opened together as inputs: they share one queue.
type GPIOLines struct {
	chip  *GPIO
	names []string
	edges []int         // guarded by the chip; the oldest first
	bell  chan struct{} // holds one while there may be edges
	ended chan struct{} // closed when there is nothing to wait for any more
	err   error         // of Read and Wait, once ended; guarded by the chip
	once  sync.Once
	waits int
}

// Open opens lines as inputs that tell of both edges: all of them, or none. The errors are the
// kernel's, EINVAL for a pull that the chip cannot make among them.
func (g *GPIO) Open(names []string, pull string) (*GPIOLines, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range names {
		if err := g.free(name); err != nil {
			return nil, err
		}
	}
	if pull != "none" && !g.pulls {
		return nil, fmt.Errorf("open lines %v with pull %s: %w", names, pull, syscall.EINVAL)
	}
	l := &GPIOLines{chip: g, names: names, bell: make(chan struct{}, 1), ended: make(chan struct{})}
	for i, name := range names {
		w := g.lines[name]
		w.pull, w.in, w.number = pull, l, i
	}
	return l, nil
}

// add queues an edge, and gives the line whose edge had to make room for it; -1 is none. The kernel
// keeps 16 a line, rounded up to a power of two, and drops the oldest (gpiolib-cdev.c,
// linereq_put_event). It is called with the chip locked.
func (l *GPIOLines) add(line int) (dropped int) {
	dropped = -1
	if len(l.edges) == 1<<bits.Len(uint(16*len(l.names)-1)) {
		dropped, l.edges = l.edges[0], l.edges[1:]
	}
	l.edges = append(l.edges, line)
	l.ring()
	return dropped
}

func (l *GPIOLines) ring() {
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// end is called with the chip locked.
func (l *GPIOLines) end(err error) {
	l.once.Do(func() {
		l.err = err
		close(l.ended)
	})
}

// Wait waits for an edge as periph does: 0 is for ever, and less than 0 is not at all.
func (l *GPIOLines) Wait(timeout time.Duration) (line int, found bool, err error) {
	if line, found, err = l.next(); found || err != nil || timeout < 0 {
		return line, found, err
	}
	var late <-chan time.Time
	if timeout > 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-l.ended:
	case <-l.bell:
	case <-late:
	}
	return l.take()
}

// next counts a wait, and gives what is there already.
func (l *GPIOLines) next() (line int, found bool, err error) {
	l.chip.mu.Lock()
	l.waits++
	l.chip.mu.Unlock()
	select {
	case <-l.bell:
	default:
	}
	return l.take()
}

func (l *GPIOLines) take() (line int, found bool, err error) {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	if l.err != nil || len(l.edges) == 0 {
		return 0, false, l.err
	}
	line, l.edges = l.edges[0], l.edges[1:]
	if len(l.edges) > 0 {
		l.ring()
	}
	return line, true, nil
}

// Waits counts the calls of Wait, so that a test can see a loop that spins.
func (l *GPIOLines) Waits() int {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	return l.waits
}

// Read gives the levels now, however many edges still wait: bit 0 is the first line.
func (l *GPIOLines) Read() (high uint64, err error) {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	for i, name := range l.names {
		if l.chip.lines[name].level() {
			high |= 1 << i
		}
	}
	return high, l.err
}

// Close gives the lines back.
func (l *GPIOLines) Close() error {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	for _, name := range l.names {
		w := l.chip.lines[name]
		if w.in != l {
			return errors.New("close line " + name + ": it is not open")
		}
		w.in = nil
	}
	return nil
}
