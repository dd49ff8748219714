package config

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// parse turns text into the one mapping that stands in it. It returns nil, with a fault noted,
// where there is none.
func (s *sheet) parse(text []byte) *yaml.Node {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // Windows' editor puts a byte order mark first
	if !s.readable(text) {
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		s.syntax(text, err)
		return nil
	}
	var first, second yaml.Node
	if err := loader.Load(&first); err != nil && !errors.Is(err, io.EOF) {
		s.syntax(text, err)
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		s.fault(&second, "a second document begins here: remove this line --- and all below it")
	case !errors.Is(err, io.EOF):
		s.syntax(text, err)
	}
	return s.top(&first)
}

func (s *sheet) top(document *yaml.Node) *yaml.Node {
	if len(document.Content) == 0 || document.Content[0].Tag == "!!null" {
		s.faultAt(place{1, 1}, "the file is empty: write what the sample shows")
		return nil
	}
	return document.Content[0]
}

// readable refuses what no YAML may hold before the library sees it, since the library does not
// say where it stands.
func (s *sheet) readable(text []byte) bool {
	if len(text) > MaxFile {
		s.faultAt(place{1, 1}, "longer than %d KiB: this is not the file meant", MaxFile>>10)
		return false
	}
	at := place{1, 1}
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			s.faultAt(at, "byte %#02x is not UTF-8: save the file as UTF-8", text[0])
			return false
		case forbidden(r):
			s.faultAt(at, "control character %U: remove it", r)
			return false
		case r == '\n':
			at = place{at.line + 1, 0}
		}
		at.column++
		text = text[size:]
	}
	return true
}

// forbidden reports what YAML 1.2 §5.1 does not allow in a file, and the byte order mark, which
// only the beginning of a file may have.
func forbidden(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return false
	case r < 0x20 || r == 0xFEFF || r == 0xFFFE || r == 0xFFFF:
		return true
	}
	return false
}

// advice says for the library's commonest complaints what to write instead.
var advice = []struct{ complaint, words string }{
	{"tab character", "indent with spaces"},
	{"mapping values are not allowed", "put the value in quotes, or the key on a line of its own"},
	{"expected ',' or ']'", "close the list with ]"},
	{"expected ',' or '}'", "close the map with }"},
	{"did not find expected node content", "close what was opened with [ or {"},
	{"did not find expected key", "indent this key like the ones above it"},
	{"expected '-' indicator", "indent this line like the list above it"},
	{"could not find expected ':'", "write key: value"},
	{"unexpected end of stream", "close the quotes"},
	{"cannot start any token", "put the value in quotes"},
	{"unknown anchor", "write the value itself"},
	{"unknown escape", `write \\ for \, or use single quotes`},
	{"block sequence entries are not allowed", "begin the list on a line of its own"},
}

// syntax notes that the text is no YAML, in the library's words and with our advice.
func (s *sheet) syntax(text []byte, err error) {
	words, at := err.Error(), place{1, 1}
	if load, ok := errors.AsType[*yaml.LoadError](err); ok {
		words = strings.TrimPrefix(load.Message, "yaml: ")
		at = place{load.Mark.Line, load.Mark.Column}
	}
	if tabbed(text, at.line) {
		s.faultAt(at, "a tab at the beginning of the line: indent with spaces")
		return
	}
	for _, a := range advice {
		if strings.Contains(words, a.complaint) {
			s.faultAt(at, "not YAML: %s: %s", words, a.words)
			return
		}
	}
	s.faultAt(at, "not YAML: %s", words)
}

// tabbed reports whether line, counted from 1, begins with a tab among its spaces.
func tabbed(text []byte, line int) bool {
	for range line - 1 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	indent := first[:len(first)-len(bytes.TrimLeft(first, " \t"))]
	return bytes.ContainsRune(indent, '\t')
}
