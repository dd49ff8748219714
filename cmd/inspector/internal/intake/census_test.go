package intake_test

import (
	"fmt"
	"testing"
	"time"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// TestSpreadGrowsWithTheFleet: a headquarters that has run since the bank had one box says another
// spread once it has sixty, and that is no new session.
func TestSpreadGrowsWithTheFleet(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		for i := range 60 {
			newPad(t, d.broker, fmt.Sprint("pad-", i)).born()
		}
		time.Sleep(61 * time.Second)
		settle()
		want := []wire.HeadquartersStatus{
			{State: wire.Ready, Session: 1, SpreadS: 1}, {State: wire.Ready, Session: 1, SpreadS: 60. / 25},
		}
		equal(t, "headquarters' statuses", d.statuses(), want)
		time.Sleep(time.Hour)
		settle()
		equal(t, "headquarters' statuses an hour later", d.statuses(), want)
	})
}

// statuses are what headquarters has said of itself, without its mandate.
func (d *desk) statuses() (said []wire.HeadquartersStatus) {
	d.t.Helper()
	for _, m := range d.broker.Seen(topics.Headquarters()) {
		var s wire.HeadquartersStatus
		if err := seal.ReadMandated(m.Payload, seal.TagHeadquarters, d.id.Root(), &s, &s.By); err != nil {
			d.t.Fatalf("headquarters' status: %v", err)
		}
		s.By = wire.Mandate{}
		said = append(said, s)
	}
	return said
}
