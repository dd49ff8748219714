package touch

import (
	"fmt"
	"sync"

	"evalpad/device"
)

// view is what every browser shows now, as it is streamed.
type view struct {
	// Question names this showing of this question: it changes when the question does, and when a
	// press on it has been answered, so that the same question can be asked of the next customer.
	Question  string          `json:"question"`
	Kind      device.ShowKind `json:"kind"`
	Dimension string          `json:"dimension"` // "" for whichever is asked
	Step      int             `json:"step"`      // 1 to Steps; 0 shows no steps
	Steps     int             `json:"steps"`
	Build     string          `json:"build"` // of the page's files: a browser with others loads itself anew
}

// screen holds the view, and a channel that closes when it changes. A slow browser misses what was
// in between and always gets the latest.
type screen struct {
	life string

	mu      sync.Mutex
	turns   int
	now     view
	changed chan struct{}
}

// newScreen is idle: a press is honest from the first moment on, as it is thanked only once stored.
func newScreen(life string) *screen {
	s := &screen{life: life, changed: make(chan struct{})}
	s.turn(view{Kind: device.Idle})
	return s
}

func (s *screen) look() (view, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, s.changed
}

// put shows what the agent wants; answered tells that a press on the present view has been answered.
// A kind that the page does not know is ignored; a dimension that it has no words for becomes a
// fault, as keys under the wrong question would collect wrong answers.
func (s *screen) put(show device.Show, answered bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.now
	switch show.Kind {
	case device.Thanks, device.Fault:
		next = view{Kind: show.Kind}
	case device.Idle, device.Ask:
		next = view{Kind: show.Kind, Dimension: show.Dimension, Step: show.Step, Steps: show.Steps}
	}
	var err error
	if !worded(next.Dimension) {
		err = fmt.Errorf("no words for dimension %.40q", next.Dimension)
		next = view{Kind: device.Fault}
	}
	if next.Question, next.Build = s.now.Question, s.now.Build; answered || next != s.now {
		s.turn(next)
	}
	return err
}

// turn makes v the view under a new name. The caller holds mu, or the only reference.
func (s *screen) turn(v view) {
	s.turns++
	v.Question = fmt.Sprintf("%s-q%d", s.life, s.turns)
	v.Build = build
	s.now = v
	close(s.changed)
	s.changed = make(chan struct{})
}
