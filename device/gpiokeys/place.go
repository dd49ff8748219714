package gpiokeys

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Errors of a line's name.
var (
	// ErrNoLine is returned for a line that no chip of this machine has.
	ErrNoLine = errors.New("no GPIO chip has this line")
	// ErrManyLines is returned for a name that several lines carry.
	ErrManyLines = errors.New("several lines are called so: name one as gpiochip0:17")
)

// chip is what is needed of a GPIO chip to find a line on it.
type chip struct {
	name, label string
	lines       []string
}

// place finds a line by its name in the kernel, or by chip and offset, where the chip goes by its
// node's name or its label. A name that periph has met before stands in its list with the chip's
// name in front; two chips with one line name are a choice that nobody has made.
func place(chips []chip, name string) (chipAt, offset int, err error) {
	found := 0
	for c := range chips {
		for i, line := range chips[c].lines {
			if line == name || line == chips[c].name+"-"+name {
				chipAt, offset = c, i
				found++
			}
		}
	}
	cut := strings.LastIndexByte(name, ':')
	if found == 0 && cut > 0 {
		return placeOn(chips, name[:cut], name[cut+1:])
	}
	return chipAt, offset, unique(found)
}

func placeOn(chips []chip, on, digits string) (chipAt, offset int, err error) {
	offset, err = strconv.Atoi(digits)
	if err != nil {
		return 0, 0, ErrNoLine
	}
	found := 0
	for c := range chips {
		if (chips[c].name == on || chips[c].label == on) && 0 <= offset && offset < len(chips[c].lines) {
			chipAt = c
			found++
		}
	}
	return chipAt, offset, unique(found)
}

func unique(found int) error {
	switch found {
	case 0:
		return ErrNoLine
	case 1:
		return nil
	}
	return ErrManyLines
}

// alone reports whether a line cannot be opened together with others, since periph knows the lines
// of a set by name: on many boards lines have none, or share one as "NC".
func (c chip) alone(offset int) bool {
	name := c.lines[offset]
	return name == "" || slices.Index(c.lines, name) != offset
}
