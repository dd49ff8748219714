package probing

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"evalpad/device"
	"evalpad/device/serialpad/profiles"
)

// Fixture is what went over a line while a pad was probed, and what it means: a test of the profile that
// can be played again years later. See Fixture.Write for its text.
type Fixture struct {
	Profile string
	Baud    int
	Address int
	Ack     string
	Keys    map[byte]int // key → score
	Line    []Passed
	Signals []string // what the pad's bytes mean, in order, as press 5 or refused noise
}

// Passed is some bytes that went over the line, with the time since the beginning.
type Passed struct {
	At    time.Duration
	ToPad bool
	Bytes []byte
}

// hush is how long the line must have been still between two chunks for a decoder to be told so.
const hush = 150 * time.Millisecond

// Hear gives the signals that a profile makes of the pad's bytes, frame by frame: a frame that a pad
// sent again is there again.
func (f *Fixture) Hear(p *profiles.Protocol) (signals []string, err error) {
	ear := NewEar(p, f.Baud)
	var station *profiles.Station
	if p.Poll() == nil {
		if station, err = p.Station(f.Address, f.Keys, f.Ack); err != nil {
			return nil, err
		}
	}
	tell := func(heard []Heard) {
		for _, h := range heard {
			if s := f.signal(station, h); s != "" {
				signals = append(signals, s)
			}
		}
	}
	var last time.Duration
	for _, passed := range f.Line {
		if passed.ToPad {
			continue
		}
		if passed.At-last >= hush {
			tell(ear.Quiet(passed.At))
		}
		tell(ear.Feed(passed.Bytes, passed.At))
		last = passed.At
	}
	tell(ear.Quiet(last + settling))
	return signals, nil
}

// signal is what a driver would make of it; "" where it says nothing.
func (f *Fixture) signal(s *profiles.Station, h Heard) string {
	var signal device.Signal
	switch {
	case h.Kind == device.Press && s == nil:
		signal = device.Signal{Kind: device.Press, Score: f.Keys[h.Key]}
		if signal.Score == 0 {
			signal = device.Signal{Kind: device.Refused, Reason: device.ReasonUnmappedKey}
		}
	case h.Kind == device.Other && s == nil:
		return ""
	case s == nil || h.Frame == profiles.Frame{}:
		signal = device.Signal{Kind: device.Refused, Reason: h.Reason}
	default:
		signal, _ = s.Meaning(h.Frame)
	}
	switch signal.Kind {
	case device.Press:
		return fmt.Sprintf("press %d", signal.Score)
	case device.Refused:
		return "refused " + signal.Reason
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s%s", signal.Kind, signal.Ticket, signal.Teller))
}

// Replay plays the fixture and says where its signals differ from those that were kept.
func (f *Fixture) Replay(p *profiles.Protocol) error {
	got, err := f.Hear(p)
	if err != nil {
		return fmt.Errorf("replay fixture: %w", err)
	}
	for i := range max(len(got), len(f.Signals)) {
		if g, w := nth(got, i), nth(f.Signals, i); g != w {
			return fmt.Errorf("replay fixture: signal %d is %q, and was %q when the pad was probed", i+1, g, w)
		}
	}
	return nil
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "none"
}

// Write writes the fixture as lines of text: what was found, every chunk of bytes with the seconds since
// the beginning, < from the pad and > to it, and the signals behind =.
func (f *Fixture) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "evalpad fixture 1\nprofile %s\nbaud %d\naddress %d\n", f.Profile, f.Baud, f.Address)
	if f.Ack != "" {
		fmt.Fprintf(&b, "ack %s\n", f.Ack)
	}
	for _, key := range slices.Sorted(maps.Keys(f.Keys)) {
		fmt.Fprintf(&b, "key %02X %d\n", key, f.Keys[key])
	}
	for _, p := range f.Line {
		way := "<"
		if p.ToPad {
			way = ">"
		}
		fmt.Fprintf(&b, "%.6f %s % X\n", p.At.Seconds(), way, p.Bytes)
	}
	for _, s := range f.Signals {
		fmt.Fprintf(&b, "= %s\n", s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
