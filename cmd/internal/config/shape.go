package config

import (
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v4"
)

// shape reads the value at way into what the shape was made for, and notes what is wrong with it.
type shape func(s *sheet, way string, n *yaml.Node)

// key is one key that a mapping may have.
type key struct {
	name  string
	shape shape
}

// mapping reads a mapping that has these keys and no others, each once.
func mapping(keys ...key) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.MappingNode, "a map, as "+keys[0].name+": …") {
			return
		}
		eachPair(s, way, n, func(name, value *yaml.Node) {
			for _, k := range keys {
				if k.name == name.Value {
					k.shape(s, under(way, k.name), value)
					return
				}
			}
			s.fault(name, "unknown key %s; %s", quote(name.Value), instead(name.Value, keys))
		})
	}
}

// eachPair calls pair for every key of a mapping that is there for the first time.
func eachPair(s *sheet, way string, n *yaml.Node, pair func(name, value *yaml.Node)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind != yaml.ScalarNode {
			s.fault(name, "a key that is no word: write key: value")
			continue
		}
		if first, twice := seen[name.Value]; twice {
			s.fault(name, "key %s is here for the second time: keep this one or that of line %d", quote(name.Value), first)
			continue
		}
		seen[name.Value] = name.Line
		s.places[under(way, name.Value)] = place{value.Line, value.Column}
		pair(name, value)
	}
}

// instead says which key a wrong one was meant to be, or which ones there are.
func instead(wrong string, keys []key) string {
	best, distance := "", 1+min(len(wrong), 40)/4
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
		if len(wrong) > 40 {
			continue // a key that long is nobody's slip, and comparing it costs time
		}
		if d := levenshtein.ComputeDistance(wrong, k.name); d <= distance {
			best, distance = k.name, d-1
		}
	}
	if best != "" {
		return "did you mean " + quote(best) + "?"
	}
	return "write " + or(names)
}

// list reads a list; entry makes room for one more and returns what reads it.
func list(of string, entry func() shape) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.SequenceNode, "a list of "+of) {
			return
		}
		for i, child := range n.Content {
			at := under(way, strconv.Itoa(i))
			s.places[at] = place{child.Line, child.Column}
			entry()(s, at, child)
		}
	}
}

// is reports whether n is of the kind, and notes what to write where it is not. Aliases are refused
// as such: nobody needs one here, and nine short ones make a billion values.
func (s *sheet) is(way string, n *yaml.Node, kind yaml.Kind, want string) bool {
	name := called(way)
	if name == "" {
		name = "the file"
	}
	switch {
	case n.Kind == yaml.AliasNode:
		s.fault(n, "%s: *%s stands for another value: write the value itself", name, clip(n.Value))
	case n.Style&yaml.TaggedStyle != 0:
		s.fault(n, "%s: remove the tag %s", name, clip(n.Tag))
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "":
		s.fault(n, "%s has no value: write %s, or remove the key", name, want)
	case n.Kind == kind:
		return true
	case n.Kind == yaml.ScalarNode:
		s.fault(n, "%s %s: write %s", name, quote(n.Value), want)
	default:
		s.fault(n, "%s: write %s", name, want)
	}
	s.amiss[way] = true
	return false
}

// clip is quote without the quotes.
func clip(value string) string { return strings.Trim(quote(value), `"`) }
