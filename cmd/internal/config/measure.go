package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

var errMeasure = errors.New("not a number with a unit")

// span reads a duration from low to high, which are written as the file would write them.
func span(to *time.Duration, low, high string) shape {
	return measure(to, parseSpan, low, high)
}

// size reads a number of bytes from low to high, which are written as the file would write them.
func size(to *int64, low, high string) shape {
	return measure(to, parseSize, low, high)
}

func measure[T ~int64](to *T, parse func(string) (T, error), low, high string) shape {
	want := low + " to " + high
	least, errLow := parse(low)
	most, errHigh := parse(high)
	if err := errors.Join(errLow, errHigh); err != nil {
		panic("bounds " + want + ": " + err.Error()) // a slip in this package's own source
	}
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.ScalarNode, want) {
			return
		}
		v, err := parse(n.Value)
		if err != nil || v < least || v > most {
			s.fault(n, "%s %s: write %s", called(way), quote(n.Value), want)
			return
		}
		*to = v
	}
}

// parseSpan reads what time.ParseDuration reads, and days: 30d, 1d12h.
func parseSpan(text string) (time.Duration, error) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		return time.ParseDuration(text)
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil || n > 36500 {
		return 0, errMeasure
	}
	d := time.Duration(n) * 24 * time.Hour
	if rest == "" {
		return d, nil
	}
	more, err := time.ParseDuration(rest)
	if err != nil || more < 0 || more > 24*time.Hour {
		return 0, errMeasure
	}
	return d + more, nil
}

// parseSize reads a whole number of KiB, MiB or GiB.
func parseSize(text string) (int64, error) {
	for _, unit := range []struct {
		name  string
		shift uint
	}{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}} {
		digits, found := strings.CutSuffix(text, unit.name)
		if !found {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64>>unit.shift {
			return 0, errMeasure
		}
		return n << unit.shift, nil
	}
	return 0, errMeasure
}
