package gpiokeys

// KeepingStandardFiles is what Init runs periph's own Init in.
var KeepingStandardFiles = keepingStandardFiles

// Chip is a GPIO chip as Place sees it.
type Chip struct {
	Name, Label string
	Lines       []string
}

// Place finds a line on chips.
func Place(chips []Chip, name string) (chipAt, offset int, err error) {
	var own []chip
	for _, c := range chips {
		own = append(own, chip{c.Name, c.Label, c.Lines})
	}
	return place(own, name)
}

// Alone reports whether a line of a chip with these lines cannot be opened together with others.
func Alone(lines []string, offset int) bool { return chip{lines: lines}.alone(offset) }
