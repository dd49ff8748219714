package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong in a file. Line and Column count from 1, columns in characters.
// Words say what is wrong and what to write instead.
type Fault struct {
	File         string
	Line, Column int
	Words        string
}

func (f Fault) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Words)
}

// Faults are what is wrong in a file, in the order of their places: all of it or, where that is more
// than a hundred, the first hundred and one that says how many more.
type Faults []Fault

// Error gives one fault a line, as evalpad.yaml:14:7: unknown key "bruad"; did you mean "baud"?
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// mostFaults is how many are told: a file with more of them is not one that somebody corrects line
// by line.
const mostFaults = 100

// told sorts the faults, each once, and cuts them. The last one then says how many are left out,
// and stands where they begin.
func (fs Faults) told() Faults {
	slices.SortFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Words, b.Words))
	})
	fs = slices.Compact(fs)
	if len(fs) <= mostFaults {
		return fs
	}
	more := fs[mostFaults]
	more.Words = fmt.Sprintf("and %d more from here on: correct those above first", len(fs)-mostFaults)
	return append(slices.Clone(fs[:mostFaults]), more)
}

// quote shows a value of the file in a fault: escaped, and cut so that a line stays a line.
func quote(value string) string {
	const longest = 40
	if runes := []rune(value); len(runes) > longest {
		value = string(runes[:longest]) + "…"
	}
	return fmt.Sprintf("%q", value)
}

// or lists choices as "a, b or c".
func or(choices []string) string {
	last := len(choices) - 1
	if last < 1 {
		return strings.Join(choices, "")
	}
	return strings.Join(choices[:last], ", ") + " or " + choices[last]
}
