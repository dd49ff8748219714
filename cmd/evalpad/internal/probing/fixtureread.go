package probing

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// maxFixture is the longest fixture that is read, in bytes: an hour at a desk is 100 KiB.
const maxFixture = 4 << 20

// ReadFixture reads what Fixture.Write wrote. Empty lines, and what stands behind a #, are passed over.
// Errors name the line.
func ReadFixture(r io.Reader) (*Fixture, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFixture+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read fixture: %w", err)
	case len(text) > maxFixture:
		return nil, fmt.Errorf("read fixture: longer than %d MiB", maxFixture>>20)
	}
	f := &Fixture{Keys: map[byte]int{}}
	n, begun := 0, false
	for line := range strings.Lines(string(text)) {
		n++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if !begun && line != "evalpad fixture 1" {
			return nil, fmt.Errorf("read fixture: line %d: want evalpad fixture 1", n)
		}
		if begun {
			if err := f.line(line); err != nil {
				return nil, fmt.Errorf("read fixture: line %d: %w", n, err)
			}
		}
		begun = true
	}
	if f.Profile == "" || f.Baud < 1 {
		return nil, errors.New("read fixture: it names no profile, or no baud")
	}
	return f, nil
}

func (f *Fixture) line(line string) (err error) {
	name, value, _ := strings.Cut(line, " ")
	switch name {
	case "profile":
		f.Profile = value
	case "ack":
		f.Ack = value
	case "baud":
		f.Baud, err = strconv.Atoi(value)
	case "address":
		f.Address, err = strconv.Atoi(value)
	case "key":
		err = f.key(value)
	case "=":
		f.Signals = append(f.Signals, value)
	default:
		err = f.passed(name, value)
	}
	return err
}

func (f *Fixture) key(value string) error {
	name, score, _ := strings.Cut(value, " ")
	key, err := strconv.ParseUint(name, 16, 8)
	if err != nil {
		return fmt.Errorf("key %.20q: want a byte in hexadecimal", name)
	}
	n, err := strconv.Atoi(score)
	if err != nil || n < 1 || n > 5 {
		return fmt.Errorf("score %.20q: want 1 to 5", score)
	}
	f.Keys[byte(key)] = n
	return nil
}

func (f *Fixture) passed(at, value string) error {
	seconds, err := strconv.ParseFloat(at, 64)
	way, digits, _ := strings.Cut(value, " ")
	last := time.Duration(0)
	if len(f.Line) > 0 {
		last = f.Line[len(f.Line)-1].At
	}
	const day = 24 * 60 * 60
	if err != nil || !(seconds >= 0 && seconds <= day) || way != "<" && way != ">" {
		return fmt.Errorf("%.40q: want seconds, < or >, and bytes in hexadecimal", at+" "+value)
	}
	when := time.Duration(seconds * float64(time.Second)).Round(time.Microsecond)
	if when < last {
		return fmt.Errorf("%.20q is before the line above", at)
	}
	bytes, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil || len(bytes) == 0 {
		return fmt.Errorf("%.40q: want bytes in hexadecimal", digits)
	}
	f.Line = append(f.Line, Passed{At: when, ToPad: way == ">", Bytes: bytes})
	return nil
}
