package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// An edit changes the pad of one counter in the text of an evalpad.yaml and no byte else: the YAML nodes
// say where things begin, and their text where they end. Whatever it cannot cut out cleanly it refuses,
// and its maker reads both texts again to see that nothing else has changed.
type edit struct {
	text  []byte
	lines []int  // where each line begins
	crlf  string // what ends a line in this file
}

func newEdit(text []byte) *edit {
	e := &edit{text: text, lines: []int{0}, crlf: "\n"}
	for i, c := range text {
		if c == '\n' {
			e.lines = append(e.lines, i+1)
		}
	}
	if bytes.Contains(text, []byte("\r\n")) {
		e.crlf = "\r\n"
	}
	return e
}

// pad gives the text with the pad of a counter replaced, or put in where there is none.
func (e *edit) pad(top *yaml.Node, counter, part string) ([]byte, error) {
	at := counterNode(top, counter)
	if at == nil {
		return nil, fmt.Errorf("no counter %s: write - counter: %s first", quote(counter), clip(counter))
	}
	flow := at.Style&yaml.FlowStyle != 0
	name, value := pairOf(at, "pad")
	if name == nil {
		return e.insert(at, flow, part)
	}
	return e.replace(flow, name, value, part)
}

// insert puts the pad behind the counter's name.
func (e *edit) insert(at *yaml.Node, flow bool, part string) ([]byte, error) {
	name, value := pairOf(at, "counter")
	end, ok := e.end(value)
	if !ok {
		return nil, fmt.Errorf("line %d: the name of the counter is written in a way that is not cut cleanly", value.Line)
	}
	if flow {
		return e.put(end, end, ", pad: {"+part+"}"), nil
	}
	indent := strings.Repeat(" ", name.Column-1)
	end = e.endOfLine(end)
	return e.put(end, end, e.crlf+indent+"pad:"+e.crlf+indent+"  "+part), nil
}

// replace puts the pad where another one is. Comments that stood in that one are kept above it.
func (e *edit) replace(flow bool, name, value *yaml.Node, part string) ([]byte, error) {
	if value.Kind == yaml.ScalarNode && value.Value == "" { // pad: and nothing behind it
		end := e.at(name) + len("pad:")
		return e.put(end, end, " {"+part+"}"), nil
	}
	from := e.at(value)
	to, ok := e.end(value)
	if !ok {
		return nil, fmt.Errorf("line %d: the pad is written in a way that is not cut cleanly", value.Line)
	}
	kept := comments(e.text[from:to])
	block := value.Kind == yaml.MappingNode && value.Style&yaml.FlowStyle == 0
	switch {
	case !block && len(kept) > 0:
		return nil, fmt.Errorf("line %d: the pad has comments between its braces, which would be lost", value.Line)
	case !block:
		return e.put(from, to, "{"+part+"}"), nil
	}
	indent := strings.Repeat(" ", value.Column-1)
	return e.put(from, to, strings.Join(append(kept, part), e.crlf+indent)), nil
}

func (e *edit) put(from, to int, text string) []byte {
	return bytes.Join([][]byte{e.text[:from], []byte(text), e.text[to:]}, nil)
}

// at is where a node begins. Its column counts characters.
func (e *edit) at(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(e.lines) {
		return len(e.text)
	}
	offset := e.lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(e.text[offset:])
		offset += size
	}
	return offset
}

func (e *edit) endOfLine(from int) int {
	n := bytes.IndexByte(e.text[from:], '\n')
	switch {
	case n < 0:
		return len(e.text)
	case n > 0 && e.text[from+n-1] == '\r':
		return from + n - 1
	}
	return from + n
}
