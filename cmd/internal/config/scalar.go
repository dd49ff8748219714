package config

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// word reads a text for which good holds; want says what that is.
func word(to *string, want string, good func(string) bool) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.ScalarNode, want) {
			return
		}
		// A branch called 0731 is a number to YAML; its text is what was meant.
		isText := n.Tag == "!!str" || n.Tag == "!!int" || n.Tag == "!!timestamp"
		switch {
		case !good(n.Value):
			s.fault(n, "%s %s: write %s", called(way), quote(n.Value), want)
		case !isText: // yes, 1e3 and ~ are other things to YAML
			s.fault(n, "%s %s: write it in quotes", called(way), quote(n.Value))
		default:
			*to = n.Value
		}
	}
}

// secret is word for values that may hold a password: the value is not repeated in the fault.
func secret(to *string, want string, good func(string) bool) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.ScalarNode, want) {
			return
		}
		if n.Tag != "!!str" || !good(n.Value) {
			s.fault(n, "%s: write %s", called(way), want)
			return
		}
		*to = n.Value
	}
}

// oneOf reads one of the choices.
func oneOf(to *string, choices ...string) shape {
	return word(to, or(choices), func(v string) bool { return slices.Contains(choices, v) })
}

// level reads one level of a topic.
func level(to *string) shape {
	return word(to, "1 to 40 of a-z, 0-9 and hyphen", isLevel)
}

// levels reads a topic's beginning.
func levels(to *string) shape {
	return word(to, "levels of a-z, 0-9 and hyphen, as evalpad/v1", func(v string) bool {
		parts := strings.Split(v, "/")
		return len(parts) <= 4 && !slices.ContainsFunc(parts, func(p string) bool { return !isLevel(p) })
	})
}

// isLevel holds for what every broker takes as a topic level: RabbitMQ turns dots into slashes,
// NATS hangs up on spaces.
func isLevel(v string) bool {
	return v != "" && len(v) <= 40 && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// path reads the name of a file or folder; a relative one starts at the folder of the file read.
func path(to *string) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		var name string
		word(&name, "the path of a file", func(v string) bool { return v != "" && !strings.ContainsRune(v, 0) })(s, way, n)
		switch {
		case name == "":
		case filepath.IsAbs(name):
			*to = filepath.Clean(name)
		default:
			*to = filepath.Join(s.dir, name)
		}
	}
}

// whole reads a whole number from low to high.
func whole(to *int, low, high int) shape {
	want := "a whole number from " + strconv.Itoa(low) + " to " + strconv.Itoa(high)
	return number(to, want, func(v int) bool { return low <= v && v <= high })
}

// number reads a decimal whole number for which good holds.
func number(to *int, want string, good func(int) bool) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.ScalarNode, want) {
			return
		}
		v, err := strconv.Atoi(n.Value)
		switch {
		case n.Tag == "!!str" && err == nil:
			s.fault(n, "%s %s: write %s, without quotes", called(way), quote(n.Value), want)
		case err != nil || !good(v):
			s.fault(n, "%s %s: write %s", called(way), quote(n.Value), want)
		default:
			*to = v
		}
	}
}

// share reads a part of one, as 0.30.
func share(to *float64) shape {
	const want = "a share from 0 to 1, as 0.30"
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.ScalarNode, want) {
			return
		}
		v, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || n.Tag == "!!str" || !(0 <= v && v <= 1) { // NaN is in no range
			s.fault(n, "%s %s: write %s", called(way), quote(n.Value), want)
			return
		}
		*to = v
	}
}
