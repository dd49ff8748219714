package contact_test

import (
	"testing"
	"time"

	"evalpad/device/contact"
)

// A press answers what its customer has seen: the second half of a double press is no answer to the
// question that has just come.
func TestAsked(t *testing.T) {
	const ms = time.Millisecond
	var a contact.Asked
	if got := a.Answered(time.Hour); got != "" {
		t.Errorf("nothing shown: a press answers %q, want whichever is asked", got)
	}
	a.Show("attitude", 10*time.Second)
	a.Show("efficiency", 15*time.Second)
	a.Show("efficiency", 15*time.Second+300*ms) // once more
	for at, want := range map[time.Duration]string{
		14 * time.Second: "attitude", 15 * time.Second: "attitude", 15*time.Second + 399*ms: "attitude",
		15*time.Second + 400*ms: "efficiency", time.Minute: "efficiency",
	} {
		if got := a.Answered(at); got != want {
			t.Errorf("a press at %s answers %q, want %q", at, got, want)
		}
	}
	a.Show("", 20*time.Second)
	if got := a.Answered(20*time.Second + 100*ms); got != "efficiency" {
		t.Errorf("right after the last answer a press answers %q, want efficiency", got)
	}
	if got := a.Answered(21 * time.Second); got != "" {
		t.Errorf("at the idle pad a press answers %q, want whichever is asked", got)
	}
	a.Show("attitude", 30*time.Second)
	if got := a.Answered(30*time.Second + 100*ms); got != "" {
		t.Errorf("a press that crosses its prompt answers %q, want whichever is asked", got)
	}
}
