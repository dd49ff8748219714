package app

import "sync"

// feed tells whoever listens that something has changed, not what: a listener looks for itself. A
// slow listener misses nothing but repetitions.
type feed struct {
	mu        sync.Mutex
	listeners map[chan struct{}]bool
}

// subscribe returns a channel that has a token whenever something has changed since it was last
// read, and a function that ends it.
func (f *feed) subscribe() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listeners == nil {
		f.listeners = map[chan struct{}]bool{}
	}
	f.listeners[c] = true
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.listeners, c)
	}
}

// tell never blocks.
func (f *feed) tell() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.listeners {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
