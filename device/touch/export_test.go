package touch

import (
	"net"
	"sync"
)

// NewOn is New on a listener of the test's own, which may be off the network.
func NewOn(listener net.Listener, o Options) (*Page, error) {
	p, err := newPage(o.withDefaults())
	if err == nil {
		p.listener = listener
	}
	return p, err
}

// The bounds that tests reach for.
const (
	Beat        = beat
	MaxBody     = maxBody
	MaxPresses  = maxPresses
	MaxPromises = maxPromises
	MaxViewers  = maxViewers
)

// Asks reports whether the page can ask for dimension.
func (p *Page) Asks(dimension string) bool { return p.asks(dimension) }

// SignalsOfOneToken asks for the promise of one token from n sides at once and counts the signals
// given; slowly is run while each is.
func SignalsOfOneToken(n int, slowly func()) int {
	ps, given := newPromises(), 0
	var asking sync.WaitGroup
	var mu sync.Mutex
	for range n {
		asking.Go(func() {
			_, _ = ps.of(told{Token: "token-0001", Score: 1}, func() (string, error) {
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

// Paths are what a browser loads, and the type of each.
func Paths() map[string]string {
	paths := map[string]string{"/": "text/html; charset=utf-8", "/words.js": script}
	for name, kind := range pageFiles {
		paths["/"+name] = kind
	}
	return paths
}

// Draw is the SVG of a link.
func Draw(link string) (string, error) { return draw(link) }

// ErrLink is returned for one that no phone could read.
var ErrLink = errLink
