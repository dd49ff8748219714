package devicetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// journal is what has happened so far, oldest first. The zero journal is empty.
type journal[T any] struct {
	mu      sync.Mutex
	entries []T
	changed chan struct{} // closed, and made anew, whenever entries grow
}

func (j *journal[T]) add(entry T) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// all gives the entries, and a channel that is closed when there are more.
func (j *journal[T]) all() ([]T, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return slices.Clone(j.entries), j.changed
}

func (j *journal[T]) list() []T {
	entries, _ := j.all()
	return entries
}

// await waits for n entries since the beginning. What says what they are, as "frames from the host".
func (j *journal[T]) await(ctx context.Context, n int, what string) ([]T, error) {
	for {
		entries, changed := j.all()
		if len(entries) >= n {
			return entries, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return entries, fmt.Errorf("wait for %d %s: %d came: %w", n, what, len(entries), ctx.Err())
		}
	}
}

// Sight is what a pad shows or says to whoever stands before it.
type Sight string

// What pads can be made to show. No make knows all of them.
const (
	SightThanks  Sight = "thank you"
	SightAsk     Sight = "please rate"
	SightIdle    Sight = "idle"
	SightFault   Sight = "cannot take ratings"
	SightRefused Sight = "not taken"
	SightWelcome Sight = "welcome"
	SightStars   Sight = "stars"
	SightBeep    Sight = "beep"
)

// face is what a pad has shown so far.
type face struct{ sights journal[Sight] }

// Shown gives what the pad has shown so far, oldest first.
func (f *face) Shown() []Sight { return f.sights.list() }

// AwaitShown waits until the pad has shown n things since the beginning and gives them all.
func (f *face) AwaitShown(ctx context.Context, n int) ([]Sight, error) {
	return f.sights.await(ctx, n, "sights on the pad")
}

func (f *face) show(s Sight) { f.sights.add(s) }

// count is how often the pad has shown it.
func (f *face) count(s Sight) (n int) {
	for _, shown := range f.Shown() {
		if shown == s {
			n++
		}
	}
	return n
}
