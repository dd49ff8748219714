package app_test

import (
	"testing"
	"time"
)

// TestHeadquartersReturns leaves box and broker up while the inspector is away for ten minutes. What
// was pressed meanwhile is in the ledger within seconds of its return: the box sees a new session and
// sends all again at once, rather than when its patience with each record ends.
func TestHeadquartersReturns(t *testing.T) {
	story(t, func(b *bank) {
		b.endHQ()
		after(time.Minute)
		b.press("bad", 1)
		after(10*time.Minute + 7*time.Second)
		b.openHQ()
		after(5 * time.Second)
		if n := len(b.cases()); n != 1 {
			t.Errorf("5 s after headquarters' return there are %d cases, want 1", n)
		}
	})
}
