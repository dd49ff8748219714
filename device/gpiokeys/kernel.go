package gpiokeys

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"periph.io/x/host/v3/gpioioctl"
)

// kernelChips are the kernel's, through periph's gpioioctl.
type kernelChips struct{}

// Find says which lines periph can open together: those of one chip that it knows by name.
func (kernelChips) Find(name string) (group string, err error) {
	f, err := findKernel(name)
	if err != nil {
		return "", fmt.Errorf("find line %s: %w", name, err)
	}
	return f.group, nil
}

func (kernelChips) Open(names []string, pull string) (lines Lines, err error) {
	taken, err := take(names)
	if err != nil {
		return nil, err
	}
	switch {
	case slices.ContainsFunc(taken, func(f found) bool { return f.group != taken[0].group }):
		err = errApart
	case taken[0].alone:
		lines, err = openLine(taken[0], pull)
	default:
		lines, err = openSet(taken, pull)
	}
	if err != nil {
		release(taken)
		return nil, fmt.Errorf("open %s with pull %s: %w", theLines(names), pull, err)
	}
	return lines, nil
}

func (kernelChips) Out(name string, high bool) (Output, error) {
	taken, err := take([]string{name})
	if err != nil {
		return nil, err
	}
	out, err := openOutput(taken[0], high)
	if err != nil {
		release(taken)
		return nil, fmt.Errorf("open line %s as output: %w", name, err)
	}
	return out, nil
}

var errApart = errors.New("they cannot be opened together")

func theLines(names []string) string {
	if len(names) == 1 {
		return "line " + names[0]
	}
	return "lines " + strings.Join(names, " ")
}

// found is a line of the kernel's.
type found struct {
	chip  *gpioioctl.GPIOChip
	line  *gpioioctl.GPIOLine
	group string
	alone bool
}

func findKernel(name string) (found, error) {
	if err := Init(); err != nil {
		return found{}, err
	}
	kernel.Lock()
	defer kernel.Unlock()
	searchAgain()
	var chips []chip
	for _, c := range gpioioctl.Chips {
		seen := chip{name: c.Name(), label: c.Label()}
		for _, line := range c.Lines() {
			seen.lines = append(seen.lines, line.Name())
		}
		chips = append(chips, seen)
	}
	c, offset, err := place(chips, name)
	if err != nil {
		return found{}, err
	}
	f := found{gpioioctl.Chips[c], gpioioctl.Chips[c].ByNumber(offset), chips[c].name, chips[c].alone(offset)}
	if f.alone {
		f.group += ":" + strconv.Itoa(offset)
	}
	return f, nil
}

// take finds lines and notes that they are ours: periph has one object a line, and whoever opened it
// a second time under another of its names would turn it round under the first one's hands.
func take(names []string) (taken []found, err error) {
	for _, name := range names {
		f, err := findKernel(name)
		if err == nil && !kernel.take(f.line) {
			err = errTwice
		}
		if err != nil {
			release(taken)
			return nil, fmt.Errorf("find line %s: %w", name, err)
		}
		taken = append(taken, f)
	}
	return taken, nil
}

var errTwice = errors.New("this agent has it already, under another name or for another counter")

func (k *kernelState) take(line *gpioioctl.GPIOLine) bool {
	k.Lock()
	defer k.Unlock()
	if k.taken[line] {
		return false
	}
	k.taken[line] = true
	return true
}

func release(lines []found) {
	kernel.Lock()
	defer kernel.Unlock()
	for _, f := range lines {
		delete(kernel.taken, f.line)
	}
}
