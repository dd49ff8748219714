package evaluation

import (
	"time"

	"evalpad/device"
	"evalpad/sync/wire"
)

// Effect is one thing to be done: Finish, Keep, Refuse, Repeat, Join, Arm, Disarm, Show, Again or Deny.
// Next gives them in the order in which they are to be done.
type Effect interface{ effect() }

// Finish hands on an evaluation that is over, in the commit of the Keep that follows. Its counter
// and business are left to whoever knows them.
type Finish struct{ Evaluation wire.Evaluation }

// Keep wants the new State on disk before anything that follows is done.
type Keep struct{}

// Refuse says that the signal is not taken and why, one of the Reasons. Refusals are counted by it.
type Refuse struct{ Reason string }

// Repeat says that the signal was taken before the agent restarted: it is answered and not taken
// again.
type Repeat struct{}

// Join says that a press belongs to the evaluation before it and has no record of its own: it is
// thanked, and counted.
type Join struct{}

// Arm starts the counter's one timer anew; Elapsed comes after For.
type Arm struct{ For time.Duration }

// Disarm stops the timer.
type Disarm struct{}

// Show puts something new on the pads. Its For, where there is one, answers that signal.
type Show struct{ device.Show }

// Again shows once more what is shown already, to answer the signal For or to put a pad right.
type Again struct{ For string }

// Deny is Again that tells whoever signalled For that it is not taken.
type Deny struct{ For string }

func (Finish) effect() {}
func (Keep) effect()   {}
func (Refuse) effect() {}
func (Repeat) effect() {}
func (Join) effect()   {}
func (Arm) effect()    {}
func (Disarm) effect() {}
func (Show) effect()   {}
func (Again) effect()  {}
func (Deny) effect()   {}

// Why a signal that a driver understood is not taken.
const (
	ReasonAnswered   = "answered-already" // that question has its score
	ReasonNotAsked   = "not-asked"        // a question that this counter does not ask
	ReasonBadScore   = "bad-score"        // not 1 to 5
	ReasonTooMuch    = "too-much-time"    // more time was wanted for too often
	ReasonTicketDone = "ticket-done"      // one that was asked cannot end unasked, and one that is over is not asked by a program that says things twice
	ReasonTooLong    = "too-long"         // a name or ticket of more than 64 bytes
	ReasonBadService = "bad-service"      // neither ordinary nor priority
	ReasonStoreFault = "store-fault"      // it could not be put on disk
	ReasonUnknown    = "unknown-signal"   // of a kind that no driver should send
)

// maxText bounds, in bytes, what others may write into a record, so that the whole stays within
// wire.MaxRecord even where JSON writes six bytes for one.
const maxText = 64
