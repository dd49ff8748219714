package evaluation_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/device"
)

// TestStorm plays an hour of bad weather at a running desk: presses, prompts, a disk that comes and
// goes, pads that come and go, restarts. In the end every press whose pad was thanked is in exactly
// one finished evaluation, and no other press is.
func TestStorm(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			c := newCounter(t, dimensions...)
			c.open()
			chance := rand.New(rand.NewPCG(seed, 1))
			thanked := 0
			for i := range 150 {
				thanked += gust(c, chance, i)
			}
			c.disk.breakWith(nil)
			c.open()
			kept := 0
			for _, e := range c.disk.ended() {
				kept += len(e.Scores)
			}
			c.stop()
			if thanked != kept || thanked == 0 {
				t.Errorf("storm %d: %d presses thanked, %d kept", seed, thanked, kept)
			}
		})
	}
}

// gust is one thing that happens; it returns how many new presses were thanked.
func gust(c *counter, chance *rand.Rand, i int) int {
	time.Sleep(time.Duration(chance.IntN(12_000)) * time.Millisecond)
	id := fmt.Sprint("signal-", i)
	switch chance.IntN(12) {
	case 0:
		c.pad.keys <- please(id)
	case 1:
		c.pad.keys <- device.Signal{ID: id, Kind: device.Cancel, At: uptime()}
	case 2:
		c.disk.breakWith(errors.New("disk full"))
	case 3, 4:
		c.disk.breakWith(nil)
	case 5:
		c.pad.keys <- device.Signal{ID: id, Kind: device.Lost, At: uptime()}
		c.pad.keys <- device.Signal{ID: id, Kind: device.Back, At: uptime()}
	case 6:
		c.open()
	default:
		press := key(id, chance.IntN(7))
		press.Echo = id // no repeats here
		c.pad.keys <- press
		for _, s := range c.pad.seen() {
			if s.For == id {
				return 1
			}
		}
	}
	return 0
}
