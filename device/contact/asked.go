package contact

import "time"

// seenAfter is how long a question must have been shown for a press to be an answer to it. What comes
// sooner was meant for what was shown before: the tail of a double press.
const seenAfter = 400 * time.Millisecond

// Asked remembers which question a pad shows, so that a press answers the one that its customer has
// seen. It knows no clock; times are boot times. The zero Asked shows none.
type Asked struct {
	now, before string
	since       time.Duration
}

// Show notes what the pad shows from now on; "" is none.
func (a *Asked) Show(question string, at time.Duration) {
	if question != a.now {
		a.now, a.before, a.since = question, a.now, at
	}
}

// Answered is the question that a press at a moment answers; "" where none was shown, so that it
// answers whichever is asked.
func (a Asked) Answered(at time.Duration) string {
	if at-a.since < seenAfter {
		return a.before
	}
	return a.now
}
