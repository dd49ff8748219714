package devicetest

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

// GPIO is a chip of GPIO lines that behave as the kernel's do under periph: a level moves whether or
// not anybody looks; an edge waits in the queue of the lines that were opened together, and where
// that is full the oldest is dropped; a line has one owner; a chip that is unplugged ends every wait
// at once. Make one with NewGPIO.
type GPIO struct {
	mu    sync.Mutex
	lines map[string]*strand
	gone  bool // unplugged
	pulls bool // the chip has pull resistors
}

// strand is a line as the outside sees it.
type strand struct {
	driven bool // by a switch; else the pull decides
	high   bool
	pull   string
	busy   bool // another program has it
	in     *GPIOLines
	number int // in in
	out    *GPIOOutput
	levels []bool // that it was given as an output
	lost   int    // edges that found the queue full
}

// NewGPIO makes a chip with pull resistors and these lines, which nothing drives yet.
func NewGPIO(names ...string) *GPIO {
	g := &GPIO{lines: map[string]*strand{}, pulls: true}
	for _, name := range names {
		g.lines[name] = &strand{}
	}
	return g
}

// Has reports whether the chip has a line.
func (g *GPIO) Has(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lines[name] != nil
}

// IsOpen reports whether each of these lines is open as an input.
func (g *GPIO) IsOpen(names ...string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !slices.ContainsFunc(names, func(name string) bool { return g.lines[name].in == nil })
}

// free says why a line cannot be opened. The errors are the kernel's: ENODEV while the chip is
// unplugged, ENOENT for a line that it has not, EBUSY for one that somebody has.
func (g *GPIO) free(name string) error {
	w, known := g.lines[name]
	switch {
	case g.gone:
		return fmt.Errorf("open line %s: %w", name, syscall.ENODEV)
	case !known:
		return fmt.Errorf("open line %s: %w", name, syscall.ENOENT)
	case w.busy || w.in != nil || w.out != nil:
		return fmt.Errorf("open line %s: %w", name, syscall.EBUSY)
	}
	return nil
}

// Set drives a line. An edge is queued where the level moves and the line is open.
func (g *GPIO) Set(name string, high bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.lines[name]
	before := w.level()
	w.driven, w.high = true, high
	if w.in == nil || before == high || g.gone {
		return
	}
	if dropped := w.in.add(w.number); dropped >= 0 {
		g.lines[w.in.names[dropped]].lost++
	}
}

// Bounce drives a line to one level and the other in turn, beginning with high and holding each for
// its time. The last level stays.
func (g *GPIO) Bounce(name string, high bool, times ...time.Duration) {
	for _, d := range times {
		g.Set(name, high)
		time.Sleep(d)
		high = !high
	}
}

// Lost counts the edges of a line that were dropped.
func (g *GPIO) Lost(name string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lines[name].lost
}

// SetBusy lets another program take a line, or give it back. It does not take an open one away.
func (g *GPIO) SetBusy(name string, busy bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines[name].busy = busy
}

// RemovePulls makes the chip one without pull resistors.
func (g *GPIO) RemovePulls() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pulls = false
}

// Unplug takes the chip away; open lines see it at once and stay lost.
func (g *GPIO) Unplug() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone = true
	for _, w := range g.lines {
		if w.in != nil {
			w.in.end(errUnplugged)
		}
	}
}

// Plug brings the chip back; lines must be opened anew.
func (g *GPIO) Plug() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone = false
}

// Break makes the waits on an open line, and on those opened with it, end at once while their levels
// can still be read, as a descriptor does that was mixed up with one that cannot be waited on.
func (g *GPIO) Break(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.lines[name]; w.in != nil {
		w.in.end(nil)
	}
}

func (w *strand) level() bool {
	if w.driven {
		return w.high
	}
	return w.pull == "up"
}

var errUnplugged = fmt.Errorf("read line: %w", syscall.ENODEV)
