package touch

import (
	"sync"

	"evalpad/device"
)

// promise is one press, or whatever else a customer tells, on its way: made when its signal is queued,
// answered by the Show that names it. A browser that sends the same token again waits for the same
// promise.
type promise struct {
	id  string // of the signal
	key told

	once     sync.Once
	answered chan struct{}
	fate     fate // to be read once answered is closed
}

// fate is what became of what a customer told.
type fate string

const (
	stored    fate = "stored"
	notStored fate = "not stored"
	denied    fate = "denied"
)

func fateBy(s device.Show) fate {
	switch {
	case s.Denied:
		return denied
	case s.Kind == device.Fault:
		return notStored
	}
	return stored
}

func (p *promise) answer(f fate) {
	p.once.Do(func() {
		p.fate = f
		close(p.answered)
	})
}

// maxPromises is how many tokens are remembered. A browser makes one a question, so this is half an
// hour of the busiest counter, and it resends within seconds.
const maxPromises = 256

// promises remembers the latest presses by the browser's token and by the signal's id.
type promises struct {
	mu      sync.Mutex
	byToken map[string]*promise
	byID    map[string]*promise
	oldest  []*promise // first in, first forgotten
}

func newPromises() *promises {
	return &promises{byToken: map[string]*promise{}, byID: map[string]*promise{}}
}

// named is the promise of the signal id, or nil.
func (ps *promises) named(id string) *promise {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return ps.byID[id]
}

// of returns the promise of k's token. Where there is none it calls give, which signals the press
// and returns the signal's id; the lock is held meanwhile, so that two browsers' connections with one
// token make one press.
func (ps *promises) of(k told, give func() (id string, err error)) (*promise, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.byToken[k.Token]; p != nil {
		if p.key != k {
			return nil, refuseTwoKeys
		}
		return p, nil
	}
	id, err := give()
	if err != nil {
		return nil, err
	}
	p := &promise{id: id, key: k, answered: make(chan struct{})}
	ps.byToken[k.Token], ps.byID[id] = p, p
	ps.oldest = append(ps.oldest, p)
	ps.forget()
	return p, nil
}

func (ps *promises) forget() {
	if len(ps.oldest) <= maxPromises {
		return
	}
	p := ps.oldest[0]
	ps.oldest = ps.oldest[1:]
	delete(ps.byToken, p.key.Token)
	delete(ps.byID, p.id)
}
