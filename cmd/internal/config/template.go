package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"evalpad/cmd/internal/rulebook"
	"evalpad/sync/wire"
)

// ReadTemplate reads a bank's template, by which rules its counters may ask; errors are as with ReadPad.
func ReadTemplate(path string) (rulebook.Template, error) {
	var t rulebook.Template
	s, err := read(path, templateShape(&t))
	if err != nil {
		return rulebook.Template{}, err
	}
	if len(s.places) == 0 {
		s.faultAt(place{1, 1}, "the template wants nothing: write counters:, business: or pad:")
	}
	if err := s.err(); err != nil {
		return rulebook.Template{}, err
	}
	return t, nil
}

func templateShape(t *rulebook.Template) shape {
	kinds := []string{wire.PadSerial, wire.PadGPIO, wire.PadUSB, wire.PadTouch}
	return mapping(
		key{"counters", sectionShape(&t.Every)},
		key{"business", sections(&t.Business, "a code of the bank's own list", isLevel)},
		key{"pad", sections(&t.Pads, or(kinds), func(kind string) bool { return slices.Contains(kinds, kind) })},
	)
}

// sections reads sections by a name for which good holds.
func sections(to *map[string]rulebook.Section, want string, good func(string) bool) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.MappingNode, "a map of "+want) {
			return
		}
		*to = map[string]rulebook.Section{}
		eachPair(s, way, n, func(name, value *yaml.Node) {
			if !good(name.Value) {
				s.fault(name, "%s %s: write %s", called(way), quote(name.Value), want)
				return
			}
			var section rulebook.Section
			sectionShape(&section)(s, under(way, name.Value), value)
			(*to)[name.Value] = section
		})
	}
}

func sectionShape(to *rulebook.Section) shape {
	return mapping(
		key{"ask", askChoices(&to.Ask)},
		key{"first", spans(&to.First, "15s", "120s")},
		key{"window", spans(&to.Window, "15s", "120s")},
		key{"lock_out", spans(&to.LockOut, "0s", "10s")},
		key{"hammer", func(s *sheet, way string, n *yaml.Node) {
			to.Hammer = &rulebook.Hammer{}
			mapping(
				key{"presses", ranges(&to.Hammer.Presses, "{from: 3, to: 10}", func(v *int) shape { return whole(v, 0, 100) })},
				key{"within", spans(&to.Hammer.Within, "0s", "60s")},
				key{"pause", spans(&to.Hammer.Pause, "0s", "60s")},
			)(s, way, n)
		}},
		key{"reasons", reasonsAllowed(&to.Reasons)},
		key{"closing", ranges(&to.Closing, `{from: "17:00", to: "18:30"}`, timeOfDay)},
		key{"pads", padKinds(&to.Pads)},
		key{"profiles", profileSums(&to.Profiles)},
		key{"keys", templateKeys(&to.Keys)},
		key{"debounce", spans(&to.Debounce, "5ms", "100ms")},
	)
}

// askChoices reads the lists of questions that are allowed.
func askChoices(to *[][]wire.Dimension) shape {
	return list("lists, as [[overall], [attitude, efficiency]]", func() shape {
		*to = append(*to, nil)
		at := &(*to)[len(*to)-1]
		return func(s *sheet, way string, n *yaml.Node) {
			var words []string
			ask(&words)(s, way, n)
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				s.fault(n, "ask: this list is empty: write what is asked, as [overall]")
			}
			for _, w := range words {
				*at = append(*at, wire.Dimension(w))
			}
		}
	})
}

func reasonsAllowed(to *[]string) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		reasons(to)(s, way, n)
		*to = append([]string{}, *to...) // none allowed is not the same as not compared
	}
}

func padKinds(to *[]string) shape {
	return list("pads, as [serial, touch]", func() shape {
		*to = append(*to, "")
		return oneOf(&(*to)[len(*to)-1], wire.PadSerial, wire.PadGPIO, wire.PadUSB, wire.PadTouch)
	})
}

// profileSums reads each profile that is allowed with the hash of its file.
func profileSums(to *map[string]string) shape {
	const want = "64 hexadecimal digits as sha256sum prints them, or any"
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.MappingNode, "each profile with its file's sha256, as {ff68: any}") {
			return
		}
		*to = map[string]string{}
		eachPair(s, way, n, func(name, value *yaml.Node) {
			if !isLevel(name.Value) {
				s.fault(name, "profile %s: write 1 to 40 of a-z, 0-9 and hyphen", quote(name.Value))
				return
			}
			var sum string
			word(&sum, want, func(v string) bool {
				return v == rulebook.Any || len(v) == 64 && strings.Trim(v, "0123456789abcdef") == ""
			})(s, under(way, name.Value), value)
			(*to)[name.Value] = sum
		})
	}
}

// templateKeys reads a key map of any keypad. A key of a serial pad is a byte, which boxes tell of with
// two capital digits.
func templateKeys(to *map[string]int) shape {
	const want = "a key as 0A, GPIO17 or KEY_KP1"
	keys := map[string]int{}
	read := keyMap(&keys, keyKind{"key", "{03: 5, 00: 2}", want, func(v string) bool { return isByte(v) || isLine(v) || isKeyName(v) }})
	return func(s *sheet, way string, n *yaml.Node) {
		read(s, way, n)
		*to = map[string]int{}
		for _, name := range slices.Sorted(maps.Keys(keys)) {
			told := name
			if isByte(name) {
				told = fmt.Sprintf("%02s", strings.ToUpper(name))
			}
			(*to)[told] = keys[name]
		}
	}
}

func spans(to **rulebook.Range[time.Duration], low, high string) shape {
	return ranges(to, "{from: "+low+", to: "+high+"}", func(v *time.Duration) shape { return span(v, low, high) })
}

// ranges reads one value, or the first and the last that are allowed; one reads a value.
func ranges[T cmp.Ordered](to **rulebook.Range[T], sample string, one func(*T) shape) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		r := &rulebook.Range[T]{}
		*to = r
		if n.Kind == yaml.ScalarNode {
			one(&r.From)(s, way, n)
			r.To = r.From
			return
		}
		before := len(s.faults)
		mapping(key{"from", one(&r.From)}, key{"to", one(&r.To)})(s, way, n)
		switch {
		case len(s.faults) > before: // what is not read is not compared
		case !s.has(under(way, "from")) || !s.has(under(way, "to")):
			s.faultOf(way, "%s: write both from and to, as %s, or one value", called(way), sample)
		case r.To < r.From:
			s.faultOf(under(way, "to"), "%s: to is less than from: write the least first, as %s", called(way), sample)
		}
	}
}
