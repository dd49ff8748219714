package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// sheet is one file while it is read: where each value stands and what is wrong so far. A value is
// named by its way from the top, as counters/0/pad/serial/baud.
type sheet struct {
	file   string
	dir    string // absolute; relative paths in the file start here
	places map[string]place
	amiss  map[string]bool // ways whose value is not of its kind: nothing below them was read
	faults Faults
}

type place struct{ line, column int }

// fault notes what is wrong with the value that stands at node.
func (s *sheet) fault(n *yaml.Node, format string, args ...any) {
	s.faultAt(place{n.Line, n.Column}, format, args...)
}

// faultOf notes what is wrong with the value at way or, where the file has none, with the nearest
// value around it.
func (s *sheet) faultOf(way, format string, args ...any) {
	for {
		if at, ok := s.places[way]; ok {
			s.faultAt(at, format, args...)
			return
		}
		cut := strings.LastIndexByte(way, '/')
		if cut < 0 {
			s.faultAt(place{1, 1}, format, args...)
			return
		}
		way = way[:cut]
	}
}

func (s *sheet) faultAt(at place, format string, args ...any) {
	f := Fault{File: s.file, Line: max(at.line, 1), Column: max(at.column, 1), Words: fmt.Sprintf(format, args...)}
	s.faults = append(s.faults, f)
}

// has reports whether the file says anything at way, right or wrong.
func (s *sheet) has(way string) bool {
	_, ok := s.places[way]
	return ok
}

// wrong reports whether the value at way is not even of its kind. What is missing below it is no
// second fault.
func (s *sheet) wrong(way string) bool { return s.amiss[way] }

// line is the line of the value at way, or 0.
func (s *sheet) line(way string) int { return s.places[way].line }

func (s *sheet) err() error {
	if len(s.faults) == 0 {
		return nil
	}
	return s.faults.told()
}

// under is the way of a value inside another one.
func under(way, name string) string {
	if way == "" {
		return name
	}
	return way + "/" + name
}

// called is the name that a person gives the value at way: its key, also for an entry of a list.
func called(way string) string {
	parts := strings.Split(way, "/")
	for i := len(parts) - 1; i > 0; i-- {
		if strings.Trim(parts[i], "0123456789") != "" {
			return parts[i]
		}
	}
	return parts[0]
}
