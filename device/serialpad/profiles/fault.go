package profiles

import (
	"fmt"
	"strings"
)

// Fault is one thing that is wrong with a profile. Way is where, from the top of the file, as
// hears/3/data; Words say what, and what to write instead.
type Fault struct{ Way, Words string }

func (f Fault) String() string { return f.Way + ": " + f.Words }

// Faults are all that is wrong with a profile.
type Faults []Fault

// Error gives one fault a line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// checker collects faults while a profile is compiled.
type checker struct{ faults Faults }

func (c *checker) fault(way, format string, args ...any) {
	c.faults = append(c.faults, Fault{way, fmt.Sprintf(format, args...)})
}

func (c *checker) err() error {
	if len(c.faults) == 0 {
		return nil
	}
	return c.faults
}
