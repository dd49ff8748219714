// Package serialpad drives a counter's pad on a serial line: the customer's evaluator pad and the
// teller's caller keypad, which share one bus.
//
// The line is trusted with nothing. Bytes become frames only with the right sum; what is not ours,
// not understood or mere noise is refused aloud. A pad repeats a key until it is acknowledged, and
// the acknowledgement is its thank-you: it is written only on the Show that names the signal. Until
// then the same frame again is the same press and is only counted, see Resent; so is one that crosses
// its acknowledgement on the line, which is acknowledged again.
//
// Ask makes the evaluator ask, once a question and prompt. Of the other shows only the acknowledgement
// in For goes out: an ff68 pad thanks by itself when it is acknowledged, goes idle by itself, and
// cannot show a fault. A Fault that names no signal makes what is unanswered new when it comes again.
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
)

// Options says which pad is on which port.
type Options struct {
	Port    string               // path of the device, best one in /dev/serial/by-id; it may not be there yet
	Baud    int                  // bits a second, 1200 to 115200; 0 is 9600
	Profile string               // what the pad speaks: "ff68", the default
	Address int                  // the caller keypad's address, 1 to 127; the evaluator's is 128 more
	Ack     string               // how keys are acknowledged: "echo", the default, or "short"
	Uptime  func() time.Duration // boot time (CLOCK_BOOTTIME); required
	Log     *slog.Logger         // nil logs nothing
}

// Pad is the driver of the pads at one port. Make one with New.
type Pad struct {
	options Options
	resent  atomic.Uint64
}

var _ device.Driver = (*Pad)(nil)

// New makes a driver. It looks at the options and not at the port, which Run waits for.
func New(o Options) (*Pad, error) {
	o.Baud = cmp.Or(o.Baud, 9600)
	o.Profile = cmp.Or(o.Profile, "ff68")
	o.Ack = cmp.Or(o.Ack, ackEcho)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("serial pad: %w", err)
	}
	return &Pad{options: o}, nil
}

var bauds = []int{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200}

func (o Options) validate() error {
	switch {
	case o.Port == "":
		return errors.New("no port: want the path of a serial device, as /dev/serial/by-id/usb-…")
	case !slices.Contains(bauds, o.Baud):
		return fmt.Errorf("baud %d: want one of %v", o.Baud, bauds)
	case o.Profile != "ff68":
		return fmt.Errorf("profile %.40q is not known: want ff68", o.Profile)
	case o.Address < 1 || o.Address > 127:
		return fmt.Errorf("address %d: want the caller keypad's, 1 to 127", o.Address)
	case o.Ack != ackEcho && o.Ack != ackShort:
		return fmt.Errorf("acknowledgement %.40q is not known: want echo or short", o.Ack)
	case o.Uptime == nil:
		return errors.New("no uptime: want a function that gives the boot time")
	}
	return nil
}

// String names the pad, as "serial pad /dev/ttyUSB0 (ff68)".
func (p *Pad) String() string {
	return fmt.Sprintf("serial pad %s (%s)", p.options.Port, p.options.Profile)
}

// Resent counts the frames that came again before their pad was thanked or could know it, since New.
func (p *Pad) Resent() uint64 { return p.resent.Load() }
