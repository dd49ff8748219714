// Package config reads evalpad.yaml and inspector.yaml into plain Go structs.
//
// A technician at a branch has one try and no developer beside them: every fault is reported at
// once, in the order of the file, each with its place and with what to write instead. What a file
// leaves out has the default that its field names; what a file says is never guessed at.
//
// The shape of a file is a value (see padShape, inspectorShape): a tree of small readers that walk
// the YAML nodes. Rules that look at more than one key follow after it and say their faults at the
// place of the key that has to change.
package config

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// MaxFile is the longest file that is read, in bytes. A box with forty counters needs 16 KiB.
const MaxFile = 256 << 10

// ReadPad reads a box's evalpad.yaml. Where the file itself is wrong the error is Faults; any other
// error is the operating system's. The Pad is good only where the error is nil.
func ReadPad(path string) (Pad, error) { return readPad(path, "/") }

func readPad(path, root string) (Pad, error) {
	p := DefaultPad()
	s, err := read(path, padShape(&p))
	if err != nil {
		return Pad{}, err
	}
	padRules(s, &p, root)
	if err := s.err(); err != nil {
		return Pad{}, err
	}
	return p, nil
}

// ReadInspector reads headquarters' inspector.yaml; errors are as with ReadPad.
func ReadInspector(path string) (Inspector, error) {
	i := DefaultInspector()
	s, err := read(path, inspectorShape(&i))
	if err != nil {
		return Inspector{}, err
	}
	inspectorRules(s, &i)
	if err := s.err(); err != nil {
		return Inspector{}, err
	}
	return i, nil
}

// read opens the file and lets shape walk what stands in it. A file that is no YAML, or no map,
// comes back as its Faults, since no rule could say anything true about it.
func read(path string, top shape) (*sheet, error) {
	text, err := slurp(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	s := &sheet{file: path, dir: filepath.Dir(absolute), places: map[string]place{}, amiss: map[string]bool{}}
	node := s.parse(text)
	if node == nil {
		return nil, s.err()
	}
	top(s, "", node)
	if s.wrong("") {
		return nil, s.err()
	}
	return s, nil
}

// slurp reads one byte more than MaxFile at most, so that a device file cannot fill the memory.
func slurp(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(io.LimitReader(f, MaxFile+1)); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}
