package config

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"
)

// end is where a node's text ends, without what follows on its last line.
func (e *edit) end(n *yaml.Node) (end int, ok bool) {
	from := e.at(n)
	switch {
	case from >= len(e.text):
		return 0, false
	case n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return quoted(e.text, from)
	case n.Kind == yaml.ScalarNode && n.Style == 0:
		return from + len(n.Value), bytes.HasPrefix(e.text[from:], []byte(n.Value))
	case n.Kind != yaml.MappingNode && n.Kind != yaml.SequenceNode || len(n.Content) == 0:
		return 0, false
	case n.Style&yaml.FlowStyle != 0:
		return closed(e.text, from)
	}
	return e.end(n.Content[len(n.Content)-1])
}

// quoted is where the quoted text ends that begins at from.
func quoted(text []byte, from int) (end int, ok bool) {
	mark := text[from]
	for i := from + 1; i < len(text); i++ {
		switch {
		case mark == '"' && text[i] == '\\':
			i++
		case text[i] == mark && mark == '\'' && i+1 < len(text) && text[i+1] == mark:
			i++
		case text[i] == mark:
			return i + 1, true
		}
	}
	return 0, false
}

// closed is where the bracket closes that opens at from. A quote opens a quoted text only where a value
// may begin; a # a comment only behind a space.
func closed(text []byte, from int) (end int, ok bool) {
	depth, before := 0, byte(' ')
	for i := from; i < len(text); i++ {
		switch c := text[i]; {
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		case (c == '\'' || c == '"') && strings.IndexByte("{[,:", before) >= 0:
			if end, ok = quoted(text, i); !ok {
				return 0, false
			}
			i = end - 1
		case c == '#' && isSpace(text[i-1]):
			i += len(lineAt(text, i)) - 1
		}
		if !isSpace(text[i]) {
			before = text[i]
		}
	}
	return 0, false
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func lineAt(text []byte, from int) []byte {
	line, _, _ := bytes.Cut(text[from:], []byte("\n"))
	return bytes.TrimRight(line, "\r")
}

// comments gives the comments of a piece of YAML, each with its #.
func comments(text []byte) (found []string) {
	before := byte('{')
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case (c == '\'' || c == '"') && strings.IndexByte("{[,:-", before) >= 0:
			if end, ok := quoted(text, i); ok {
				i = end - 1
			}
		case c == '#' && (i == 0 || isSpace(text[i-1])):
			line := lineAt(text, i)
			found = append(found, string(line))
			i += len(line) - 1
		}
		if !isSpace(text[i]) {
			before = text[i]
		}
	}
	return found
}
