// Package serialpad drives pads on serial lines: what a make of pad speaks is data (package profiles),
// and several counters may share one line.
//
// The line is trusted with nothing. Bytes become frames only with the right check; what is not ours,
// not understood or mere noise is refused aloud. A pad that wants to be thanked repeats a key until it
// is, and the acknowledgement is its thank-you: it is written only on the Show that names the signal.
// Until then the same frame again is the same press and is only counted, see Resent; so is one that
// crosses its acknowledgement on the line, which is acknowledged again. A pad that never repeats itself
// is never acknowledged, and each of its frames is a press.
//
// Ask makes the pad ask, once a question and prompt, where the profile knows how; so Idle, Fault and
// Thanks. Where the pad tells which question it asks, a press answers the one that its customer has seen. An ff68 pad thanks by itself when it is acknowledged, goes idle by itself, and cannot show a
// fault. A Fault that names no signal makes what is unanswered new when it comes again.
package serialpad

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"evalpad/device"
	"evalpad/device/serialpad/profiles"
)

// Options says which port there is, and what the pads on it speak.
type Options struct {
	Port     string               // path of the device, best one in /dev/serial/by-id; it may not be there yet
	Line     profiles.Line        // how the port is set; what is zero is as the profile says
	Protocol *profiles.Protocol   // what the pads speak; required
	Uptime   func() time.Duration // boot time (CLOCK_BOOTTIME); required
	Log      *slog.Logger         // nil logs nothing
}

// Counter says which pads on a line are those of one counter.
type Counter struct {
	Address int          // one of the profile's; 0 where it knows none
	Keys    map[byte]int // key → score, 1 to 5; nil is the profile's own map
	Ack     string       // a variant of the thank-you; "" is the profile's first
	Asks    string       // how the pad tells which question is asked: one of the profile's ways, "" for none
}

// Pad is the driver of one counter's pads. Make one with New, or several with Bus.Pad.
type Pad struct {
	bus     *Bus
	station *profiles.Station
	resent  atomic.Uint64
}

var _ device.Driver = (*Pad)(nil)

// New makes the driver of the only pads on a line. It looks at the options and not at the port,
// which Run waits for.
func New(o Options, c Counter) (*Pad, error) {
	bus, err := NewBus(o)
	if err != nil {
		return nil, err
	}
	return bus.Pad(c)
}

func (o *Options) validate() error {
	switch {
	case o.Port == "":
		return errors.New("no port: want the path of a serial device, as /dev/serial/by-id/usb-…")
	case o.Protocol == nil:
		return errors.New("no protocol: want what the pads speak")
	case o.Uptime == nil:
		return errors.New("no uptime: want a function that gives the boot time")
	}
	usual := o.Protocol.Line()
	o.Line = profiles.Line{
		Baud: cmp.Or(o.Line.Baud, usual.Baud), Parity: cmp.Or(o.Line.Parity, usual.Parity),
		Bits: cmp.Or(o.Line.Bits, usual.Bits), Stop: cmp.Or(o.Line.Stop, usual.Stop),
	}
	if !slices.Contains(profiles.Bauds, o.Line.Baud) {
		return fmt.Errorf("baud %d: want one of %v", o.Line.Baud, profiles.Bauds)
	}
	return nil
}

// String names the pad, as "serial pad /dev/ttyUSB0 (ff68)", with its address where it shares the line.
func (p *Pad) String() string {
	name := fmt.Sprintf("serial pad %s (%s)", p.bus.options.Port, p.bus.options.Protocol.Name())
	if p.bus.shared() {
		name += fmt.Sprintf(" at address %d", p.station.Address())
	}
	return name
}

// Resent counts the frames that came again before their pad was thanked or could know it, since New.
func (p *Pad) Resent() uint64 { return p.resent.Load() }
