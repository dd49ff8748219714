package touch

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

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
	Codes     string          `json:"codes"`   // the reasons to choose from, with spaces between them
	Code      string          `json:"code"`    // by which the customer can ask what became of the rating
	QR        string          `json:"qr"`      // the name of the code for a phone; "" where there is none
	LeftMS    int64           `json:"left_ms"` // of the window; 0 where nothing ends
	Build     string          `json:"build"`   // of the page's files: a browser with others loads itself anew
}

// mostCodes is how many reasons have room on the smallest panel.
const mostCodes = 8

// screen holds the view, and a channel that closes when it changes. A slow browser misses what was
// in between and always gets the latest.
type screen struct {
	life, build string
	worded      func(view) (view, error) // what of a view there are words for

	mu      sync.Mutex
	turns   int
	now     view
	until   time.Duration // uptime at which the window ends; 0 where none does
	changed chan struct{}
}

// newScreen is idle: a press is honest from the first moment on, as it is thanked only once stored.
func newScreen(life, build string, worded func(view) (view, error)) *screen {
	s := &screen{life: life, build: build, worded: worded, changed: make(chan struct{})}
	s.turn(view{Kind: device.Idle})
	return s
}

// look is the view at that uptime, and what closes when it changes.
func (s *screen) look(uptime time.Duration) (view, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.now
	if s.until > 0 {
		v.LeftMS = max(1, (s.until - uptime).Milliseconds())
	}
	return v, s.changed
}

// put shows what the agent wants, with the code of that name; answered tells that what was pressed on the present view has been
// answered. A kind that the page does not know is ignored. A window that only starts anew is told to
// the browsers under the same name.
func (s *screen) put(show device.Show, code string, answered bool, uptime time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, known := viewOf(show)
	if !known {
		return nil
	}
	next, err := s.worded(next)
	if next.Kind == device.Ask || next.Kind == device.Thanks {
		next.QR = code
	}
	until := time.Duration(0)
	if show.Window > 0 && next.Kind == show.Kind {
		until = uptime + show.Window
	}
	next.Question, next.Build = s.now.Question, s.build
	turns, waits := answered || next != s.now, until != s.until
	s.until = until
	switch {
	case turns:
		s.turn(next)
	case waits:
		s.tell()
	}
	return err
}

func viewOf(show device.Show) (v view, known bool) {
	switch show.Kind {
	case device.Fault:
		return view{Kind: show.Kind}, true
	case device.Thanks:
		return view{Kind: show.Kind, Code: show.Code}, true
	case device.Why:
		return view{Kind: show.Kind, Codes: show.Codes, Code: show.Code}, true
	case device.Idle, device.Ask:
		return view{Kind: show.Kind, Dimension: show.Dimension, Step: show.Step, Steps: show.Steps}, true
	}
	return view{}, false
}

// worded is what there are words for. A dimension without any becomes a fault, as keys under the wrong
// question would collect wrong answers; a reason without any is left out.
func (p *Page) worded(v view) (view, error) {
	if !p.asks(v.Dimension) {
		return view{Kind: device.Fault}, fmt.Errorf("no words for dimension %.40q", v.Dimension)
	}
	var codes []string
	var err error
	for code := range strings.FieldsSeq(v.Codes) {
		switch {
		case !p.says("reason-" + code):
			err = fmt.Errorf("no words for reason %.40q", code)
		case len(codes) == mostCodes:
			err = errors.New("more than 8 reasons have no room")
		default:
			codes = append(codes, code)
		}
	}
	v.Codes = strings.Join(codes, " ")
	return v, err
}

// turn makes v the view under a new name. The caller holds mu, or the only reference.
func (s *screen) turn(v view) {
	s.turns++
	v.Question = fmt.Sprintf("%s-q%d", s.life, s.turns)
	v.Build = s.build
	s.now = v
	s.tell()
}

// tell wakes every stream. The caller holds mu, or the only reference.
func (s *screen) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}
