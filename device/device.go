// Package device says what a customer's pad tells the agent and what the agent may show on it.
//
// A driver is anything with the method
//
//	Run(ctx context.Context, in chan<- Signal, out <-chan Show) error
//
// Run owns its goroutines and returns nil once ctx is done; a pad that is unplugged is no error: the
// driver says Lost, waits for it and says Back. It receives from out at all times. It thanks its pad
// only on the Show that names the signal's ID, which comes after the press is on disk.
package device

import (
	"context"
	"time"
)

// Driver is one pad at one counter.
type Driver interface {
	Run(ctx context.Context, in chan<- Signal, out <-chan Show) error
	String() string // as "serial pad /dev/ttyUSB0 (ff68)"
}

// SignalKind is what a pad can say.
type SignalKind string

// The kinds of signals.
const (
	Press     SignalKind = "press"      // a customer's key: Score, and Dimension where the pad shows the question
	Prompt    SignalKind = "prompt"     // please rate: By, and Ticket where known
	Cancel    SignalKind = "cancel"     // the teller takes the prompt back
	TellerIn  SignalKind = "teller-in"  // Teller logs in
	TellerOut SignalKind = "teller-out" // whoever is logged in leaves
	More      SignalKind = "more"       // the customer wants more time for the question
	Reasons   SignalKind = "reasons"    // why the rating was as it was: Codes, none where the customer would not say
	Other     SignalKind = "other"      // understood, acknowledged, and nothing to us: call, recall, one-metre line
	Refused   SignalKind = "refused"    // not taken: Reason, for the count; it is never acknowledged
	Lost      SignalKind = "lost"       // the pad is gone: Reason
	Back      SignalKind = "back"       // the pad is there (again)
	Stuck     SignalKind = "stuck"      // a key has been held too long: Reason names it
	Free      SignalKind = "free"       // a stuck key is free again: Reason names it
)

// Signal is one thing that a pad said. At is the boot time (CLOCK_BOOTTIME) of the edge or of the
// frame's last byte, not of its handling.
type Signal struct {
	ID        string // made by the driver, never twice within one Run
	Kind      SignalKind
	At        time.Duration
	Score     int    // 1 to 5, 5 best
	Dimension string // the question that the pad was showing, or "" for whichever is asked
	By        string // who prompted, as "caller keypad"
	Ticket    string
	Teller    string
	UI        string // keys, normal, large, voice or switch
	Reason    string // a short fixed word, as "unmapped-key": reasons are counted by it
	Detail    string // for a technician's log, as the frame in hexadecimal
	// Echo names what the pad sends again, byte for byte, until it is thanked; "" on a pad that
	// never repeats itself.
	Echo  string
	Codes string // of reasons, with spaces between them
}

// ShowKind is what a pad can be made to show.
type ShowKind string

// The kinds of shows. A pad that cannot show one ignores it. The thank-you is the same for every score.
const (
	Idle   ShowKind = "idle"   // nobody is asked; Dimension is what a press without a prompt answers
	Ask    ShowKind = "ask"    // please rate: Dimension, Step of Steps, within Window
	Thanks ShowKind = "thanks" // thank you; with Code
	// Why asks, after every rating in the same way, for reasons among Codes within Window. A pad that
	// cannot ask thanks instead.
	Why ShowKind = "why"
	// Fault is that this pad cannot take ratings just now. Without For it also says that whatever
	// was signalled is not kept: a driver forgets it, so that its pad's next try is a new signal.
	Fault ShowKind = "fault"
	// Nod shows nothing: taking it is the sign that the driver lives.
	Nod ShowKind = "nod"
)

// Show is what the agent wants a pad to show. For names the signal that it answers: that signal is
// now safe, and its pad may be told so. For is "" where nothing is answered.
type Show struct {
	For       string
	Kind      ShowKind
	Dimension string
	Step      int // 1 to Steps
	Steps     int
	Window    time.Duration // how long this question waits
	Codes     string        // the reasons to choose from, with spaces between them
	Code      string        // by which the customer can ask what became of the rating
	// Denied is that the signal which For names is understood and not taken. It is never said of a
	// press: see Refused.
	Denied bool
	// Link is where the customer can rate on their own phone instead, or besides; "" is nowhere. A pad that
	// has no screen for a code ignores it. It is the same for one evaluation, whatever was pressed.
	Link string
}

// Refusal reasons that several drivers share.
const (
	ReasonUnmappedKey = "unmapped-key"
	ReasonBadSum      = "bad-checksum"
	ReasonNoise       = "noise"
	ReasonTwoKeys     = "two-keys"
	ReasonBounce      = "bounce"
	ReasonStuckKey    = "stuck-key"
	ReasonForeign     = "foreign-frame"
)
