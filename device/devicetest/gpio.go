package devicetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"
)

// edgeQueue is how many edges the kernel keeps for one open line; what comes then is dropped
// (GPIO character device uAPI v2, event_buffer_size's default for one line).
const edgeQueue = 16

// GPIO is a chip of GPIO lines that behave as the kernel's do under periph: a level moves whether or
// not anybody looks; an edge waits in the queue of its line, and is dropped where that is full; a
// line has one owner; a chip that is unplugged ends every wait at once. Make one with NewGPIO.
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
	open   *GPIOLine
	lost   int // edges that found the queue full
}

// NewGPIO makes a chip with pull resistors and these lines, which nothing drives yet.
func NewGPIO(names ...string) *GPIO {
	g := &GPIO{lines: map[string]*strand{}, pulls: true}
	for _, name := range names {
		g.lines[name] = &strand{}
	}
	return g
}

// Open opens a line as an input that tells of both edges. The errors are the kernel's: ENODEV while
// the chip is unplugged, ENOENT for a line that it has not, EBUSY for one that somebody has, EINVAL
// for a pull that the chip cannot make.
func (g *GPIO) Open(name, pull string) (*GPIOLine, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w, known := g.lines[name]
	switch {
	case g.gone:
		return nil, fmt.Errorf("open line %s: %w", name, syscall.ENODEV)
	case !known:
		return nil, fmt.Errorf("open line %s: %w", name, syscall.ENOENT)
	case w.busy || w.open != nil:
		return nil, fmt.Errorf("open line %s: %w", name, syscall.EBUSY)
	case pull != "none" && !g.pulls:
		return nil, fmt.Errorf("open line %s with pull %s: %w", name, pull, syscall.EINVAL)
	}
	w.pull = pull
	w.open = &GPIOLine{chip: g, name: name, edges: make(chan struct{}, edgeQueue), ended: make(chan struct{})}
	return w.open, nil
}

// IsOpen reports whether every line of the chip is open.
func (g *GPIO) IsOpen() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !slices.ContainsFunc(slices.Collect(maps.Values(g.lines)), func(w *strand) bool { return w.open == nil })
}

// Set drives a line. An edge is queued where the level moves and the line is open.
func (g *GPIO) Set(name string, high bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.lines[name]
	before := w.level()
	w.driven, w.high = true, high
	if w.open == nil || before == high || g.gone {
		return
	}
	select {
	case w.open.edges <- struct{}{}:
	default:
		w.lost++
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

// Lost counts the edges of a line that found its queue full.
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
		if w.open != nil {
			w.open.end(errUnplugged)
		}
	}
}

// Plug brings the chip back; lines must be opened anew.
func (g *GPIO) Plug() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone = false
}

// Break makes the waits on an open line end at once while its level can still be read, as a
// descriptor does that was mixed up with one that cannot be waited on.
func (g *GPIO) Break(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.lines[name]; w.open != nil {
		w.open.end(nil)
	}
}

func (w *strand) level() bool {
	if w.driven {
		return w.high
	}
	return w.pull == "up"
}

var errUnplugged = fmt.Errorf("read line: %w", syscall.ENODEV)

// GPIOLine is an open line of a GPIO.
type GPIOLine struct {
	chip  *GPIO
	name  string
	edges chan struct{}
	ended chan struct{} // closed when there is nothing to wait for any more
	err   error         // of Read, once ended; guarded by the chip
	once  sync.Once
	waits int
}

// end is called with the chip locked.
func (l *GPIOLine) end(err error) {
	l.once.Do(func() {
		l.err = err
		close(l.ended)
	})
}

// WaitForEdge waits as periph does: 0 is for ever, and less than 0 is not at all.
func (l *GPIOLine) WaitForEdge(timeout time.Duration) bool {
	l.chip.mu.Lock()
	l.waits++
	l.chip.mu.Unlock()
	var late <-chan time.Time
	switch {
	case timeout < 0:
		return false
	case timeout > 0:
		t := time.NewTimer(timeout)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-l.ended:
		return false
	default:
	}
	select {
	case <-l.edges:
		return true
	case <-l.ended:
		return false
	case <-late:
		return false
	}
}

// Waits counts the calls of WaitForEdge, so that a test can see a loop that spins.
func (l *GPIOLine) Waits() int {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	return l.waits
}

// Read gives the level now, however many edges still wait.
func (l *GPIOLine) Read() (high bool, err error) {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	if l.err != nil {
		return false, l.err
	}
	return l.chip.lines[l.name].level(), nil
}

// Close gives the line back.
func (l *GPIOLine) Close() error {
	l.chip.mu.Lock()
	defer l.chip.mu.Unlock()
	w := l.chip.lines[l.name]
	if w.open != l {
		return errors.New("close line: it is not open")
	}
	w.open = nil
	return nil
}
