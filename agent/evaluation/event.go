package evaluation

import "evalpad/sync/wire"

// Event is one thing that happens at a counter: Prompted, Pressed, Cancelled, TellerIn, TellerOut,
// More, Reasoned, Unasked, Elapsed, PadLost or Restarted.
type Event interface{ event() }

// Heard is what every signal of a pad has in common. Signal is its id, "" where nobody waits for an
// answer; Echo is what the pad sends again until it is answered, "" where it never does. At is the
// moment of the edge or of the frame's last byte.
type Heard struct {
	At           wire.Stamp
	Signal, Echo string
}

// Prompted asks the customer to rate. ID is for the evaluation that it opens; Service is the queue's
// class, ordinary, priority or "". Once is that whoever prompts may say the same twice: an open ticket
// stays as it is, and one that is done is refused, not asked again.
type Prompted struct {
	Heard
	By, Ticket, Service, ID string
	Once                    bool
}

// Pressed is a customer's key. Dimension is the question that the pad was showing, or "" for
// whichever is asked. ID is for the evaluation that it opens if none is open.
type Pressed struct {
	Heard
	Score     wire.Score
	Dimension wire.Dimension
	UI, ID    string
}

// Cancelled is the teller taking the prompt back.
type Cancelled struct{ Heard }

// TellerIn names the teller of whatever is prompted or pressed unprompted from now on.
type TellerIn struct {
	Heard
	Teller string
}

// TellerOut is whoever was logged in leaving.
type TellerOut struct{ Heard }

// More is the customer wanting more time for the question.
type More struct{ Heard }

// Reasoned is why a customer has rated so: codes, or none of somebody who would not say. ID is for the
// record.
type Reasoned struct {
	Heard
	Codes []string
	ID    string
}

// Unasked is a transaction that has ended and whose customer was never asked: participation needs an
// honest denominator. By is who says so; ID is for its record.
type Unasked struct {
	Heard
	By, Ticket, ID string
}

// Elapsed is the end of what the last Arm began.
type Elapsed struct{ At wire.Stamp }

// PadLost is the counter's last pad going away.
type PadLost struct{ At wire.Stamp }

// Restarted is the agent coming up and finding this State on disk.
type Restarted struct{ At wire.Stamp }

func (Prompted) event()  {}
func (Pressed) event()   {}
func (Cancelled) event() {}
func (TellerIn) event()  {}
func (TellerOut) event() {}
func (More) event()      {}
func (Reasoned) event()  {}
func (Unasked) event()   {}
func (Elapsed) event()   {}
func (PadLost) event()   {}
func (Restarted) event() {}
