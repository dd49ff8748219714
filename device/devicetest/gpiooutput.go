package devicetest

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// GPIOOutput is a line of a GPIO that was opened as an output. It cannot be read: a driver has no
// business to.
type GPIOOutput struct {
	chip *GPIO
	name string
}

// Out opens a line as an output with its first level.
func (g *GPIO) Out(name string, high bool) (*GPIOOutput, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.free(name); err != nil {
		return nil, err
	}
	o := &GPIOOutput{chip: g, name: name}
	w := g.lines[name]
	w.out = o
	w.levels = append(w.levels, high)
	return o, nil
}

// Levels gives the levels that a line has been given as an output so far, oldest first. A level that
// is given twice stands there twice.
func (g *GPIO) Levels(name string) []bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.lines[name].levels)
}

// IsLit reports whether a line is an output now and has been given this level last.
func (g *GPIO) IsLit(name string, high bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.lines[name]
	return w.out != nil && w.levels[len(w.levels)-1] == high
}

// Set gives the line a level.
func (o *GPIOOutput) Set(high bool) error {
	o.chip.mu.Lock()
	defer o.chip.mu.Unlock()
	w := o.chip.lines[o.name]
	switch {
	case o.chip.gone:
		return fmt.Errorf("set line %s: %w", o.name, syscall.ENODEV)
	case w.out != o:
		return errors.New("set line " + o.name + ": it is not open")
	}
	w.levels = append(w.levels, high)
	return nil
}

// Close gives the line back.
func (o *GPIOOutput) Close() error {
	o.chip.mu.Lock()
	defer o.chip.mu.Unlock()
	w := o.chip.lines[o.name]
	if w.out != o {
		return errors.New("close line " + o.name + ": it is not open")
	}
	w.out = nil
	return nil
}
