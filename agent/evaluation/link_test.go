package evaluation_test

import (
	"fmt"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/sync/wire"
)

// linked is a desk whose links say what they were asked for.
func linked(t *testing.T, ask []wire.Dimension, story func(t *testing.T, c *counter)) {
	bubble(t, ask, func(t *testing.T, c *counter) {
		c.opts.Link = func(evaluation string, at wire.Stamp) string { return fmt.Sprintf("%s@%d", evaluation, at.UptimeMS) }
		c.open()
		c.pad.seen()
		story(t, c)
	})
}

func with(link string, s device.Show) device.Show {
	s.Link = link
	return s
}

// TestLinkIsOfOneEvaluation: the same from the prompt to the last question whatever is pressed, one on
// the thank-you, and none before or after.
func TestLinkIsOfOneEvaluation(t *testing.T) {
	for _, score := range []int{1, 5} {
		linked(t, []wire.Dimension{wire.Attitude, wire.Efficiency}, func(t *testing.T, c *counter) {
			c.pad.keys <- please("p")
			want(t, c.pad.seen(), with("E1@100000", asks("p", wire.Attitude, 1, 2)))
			time.Sleep(time.Second)
			c.pad.keys <- key("a", score)
			want(t, c.pad.seen(), with("E1@100000", asks("a", wire.Efficiency, 2, 2)))
			time.Sleep(time.Second)
			c.pad.keys <- device.Signal{ID: "b", Kind: device.Press, Score: score, At: uptime()}
			shown := c.pad.seen()
			if len(shown) != 1 || shown[0].Kind != device.Thanks || shown[0].Link != "E1@102000" {
				t.Errorf("shown %+v, want a thank-you with the link of E1", shown)
			}
			time.Sleep(3 * time.Second)
			want(t, c.pad.seen(), c.idle(""))
			wantEnded(t, c.disk.ended(), "E1 rated 2 []")
		})
	}
}

// TestSilenceHasTheLinksRecord: a customer who scans and walks away with the phone is the one whose
// silence the pad records: both have the same id.
func TestSilenceHasTheLinksRecord(t *testing.T) {
	linked(t, overall, func(t *testing.T, c *counter) {
		c.pad.keys <- please("p")
		want(t, c.pad.seen(), with("E1@100000", asks("p", wire.Overall, 1, 1)))
		time.Sleep(31 * time.Second)
		want(t, c.pad.seen(), c.idle(""))
		wantEnded(t, c.disk.ended(), "E1 not-rated 0 []")
	})
}

// TestPressWithoutAPromptIsLinkedAfterwards: nobody in the hall can rate before a customer has.
func TestPressWithoutAPromptIsLinkedAfterwards(t *testing.T) {
	linked(t, []wire.Dimension{wire.Attitude, wire.Efficiency}, func(t *testing.T, c *counter) {
		c.pad.keys <- key("a", 2)
		want(t, c.pad.seen(), asks("a", wire.Efficiency, 2, 2))
		c.pad.keys <- device.Signal{ID: "b", Kind: device.Press, Score: 4, At: uptime()}
		if shown := c.pad.seen(); len(shown) != 1 || shown[0].Link == "" {
			t.Errorf("shown %+v, want a thank-you with a link", shown)
		}
		c.disk.ended()
	})
}

// TestNoLinkOnAFault: what is not kept cannot be rated anywhere.
func TestNoLinkOnAFault(t *testing.T) {
	linked(t, overall, func(t *testing.T, c *counter) {
		c.disk.breakWith(fmt.Errorf("no disk"))
		c.pad.keys <- please("p")
		want(t, c.pad.seen(), fault(""))
		c.disk.breakWith(nil)
	})
}
