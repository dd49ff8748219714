package touch

import (
	"net"
	"sync"
)

// NewOn is New on a listener of the test's own, which may be off the network.
func NewOn(listener net.Listener, o Options) *Page { return newPage(o.withDefaults(), listener) }

// The bounds that tests reach for.
const (
	Beat        = beat
	MaxBody     = maxBody
	MaxPresses  = maxPresses
	MaxPromises = maxPromises
	MaxViewers  = maxViewers
)

// Worded reports whether the page can ask for dimension.
func Worded(dimension string) bool { return worded(dimension) }

// SignalsOfOneToken asks for the promise of one token from n sides at once and counts the signals
// given; slowly is run while each is.
func SignalsOfOneToken(n int, slowly func()) int {
	ps, given := newPromises(), 0
	var asking sync.WaitGroup
	var mu sync.Mutex
	for range n {
		asking.Go(func() {
			_, _ = ps.of(keystroke{Token: "token-0001", Score: 1}, func() (string, error) {
				mu.Lock()
				given++
				mu.Unlock()
				slowly()
				return "id", nil
			})
		})
	}
	asking.Wait()
	return given
}
