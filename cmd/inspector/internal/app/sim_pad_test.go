package app_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"evalpad/device"
)

// simPad is one pad on one counter. It outlives the agent that listens to it, and it remembers a
// press that was not answered, as a pad with a chip of its own does.
type simPad struct {
	box     *simBox
	counter string
	plan    simCounter

	mu         sync.Mutex
	keys       *simKeys // nil while no agent listens
	unanswered *promise
	numbered   int
}

// resendFor is how long a pad tries with a press that is not answered; the agent recognises it for
// 60 s.
const resendFor = 50 * time.Second

// listen has an agent's life hear this pad. A pad of a box that has kept its power says once more
// what was not answered.
func (p *simPad) listen(l *boxLife, powerCut bool) *simKeys {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = &simKeys{pad: p, life: l, pressed: make(chan device.Signal, 64), since: time.Now()}
	if u := p.unanswered; u != nil && !powerCut && p.plan.echoes && time.Since(u.at) < resendFor {
		p.say(u, device.Signal{Kind: device.Press, Score: u.score, Echo: u.echo, UI: "keys"})
	} else {
		p.unanswered = nil
	}
	return p.keys
}

func (p *simPad) press(score int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.awake() {
		return
	}
	u := &promise{box: p.box, pad: p, score: score, at: time.Now(), honest: p.box.clock.honest()}
	if p.plan.echoes {
		u.echo = "key-" + strconv.Itoa(score)
	}
	p.box.s.promises.add(u)
	p.unanswered = u
	p.say(u, device.Signal{Kind: device.Press, Score: score, Echo: u.echo, UI: "keys"})
}

func (p *simPad) prompt(ticket string) {
	p.speak(device.Signal{Kind: device.Prompt, By: "caller keypad", Ticket: ticket})
}
func (p *simPad) cancel()             { p.speak(device.Signal{Kind: device.Cancel}) }
func (p *simPad) login(teller string) { p.speak(device.Signal{Kind: device.TellerIn, Teller: teller}) }

// speak is for what is no customer's press.
func (p *simPad) speak(s device.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.awake() {
		p.unanswered = nil
		p.say(nil, s)
	}
}

// awake is false on a pad that nobody listens to. It is also false for the first three seconds of a
// life: within two, another customer's press of the same key cannot be told from a press sent again.
func (p *simPad) awake() bool {
	return p.keys != nil && !p.keys.life.dead.Load() && time.Since(p.keys.since) > 3*time.Second
}

// say puts a signal on the pad's line to its agent; p.mu is held.
func (p *simPad) say(u *promise, s device.Signal) {
	p.numbered++
	s.ID, s.At = fmt.Sprintf("%s-%s-%d", p.box.name, p.counter, p.numbered), p.keys.life.uptime()
	if u != nil {
		p.box.s.promises.signalled(u, s.ID, stampKey{p.keys.life.boot, s.At.Milliseconds()})
	}
	select {
	case p.keys.pressed <- s:
	default: // nobody has taken a signal for minutes
	}
}

// shown is what a customer sees. On a box that is dead nobody sees anything.
func (p *simPad) shown(l *boxLife, s device.Show) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case l.dead.Load():
	case s.For == "" && s.Kind == device.Fault:
		p.unanswered = nil // not kept: the next try is a new press
	case s.For != "" && s.Kind != device.Fault:
		if u := p.box.s.promises.thank(s.For); u != nil && u == p.unanswered {
			p.unanswered = nil
		}
	}
}

// simKeys is the pad's driver in one life of the agent.
type simKeys struct {
	pad     *simPad
	life    *boxLife
	pressed chan device.Signal
	since   time.Time
}

func (k *simKeys) String() string { return "pad of the simulation" }

func (k *simKeys) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	var queue []device.Signal
	for {
		var to chan<- device.Signal
		var next device.Signal
		if len(queue) > 0 {
			to, next = in, queue[0]
		}
		select {
		case <-ctx.Done():
			return nil
		case s := <-k.pressed:
			queue = append(queue, s)
		case to <- next:
			queue = queue[1:]
		case s := <-out:
			k.pad.shown(k.life, s)
		}
	}
}

// promise is one customer's press, and whether the pad has said thanks for it.
type promise struct {
	box    *simBox
	pad    *simPad
	score  int
	at     time.Time
	echo   string
	honest bool // the box's clock did not lie
	stamps []stampKey
	thanks bool
}

// stampKey is when a signal was given; no two of one counter are the same.
type stampKey struct {
	boot string
	ms   int64
}

// promises are all presses of all customers.
type promises struct {
	mu          sync.Mutex
	all         []*promise
	lost, twice int
	sent        map[string]*promise // by signal
}

func (p *promises) add(u *promise) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, u)
}

func (p *promises) signalled(u *promise, signal string, at stampKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sent == nil {
		p.sent = map[string]*promise{}
	}
	p.sent[signal] = u
	u.stamps = append(u.stamps, at)
}

// thank notes what a pad has shown, and returns the press if it was one.
func (p *promises) thank(signal string) *promise {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.sent[signal]
	if u != nil {
		u.thanks = true
	}
	return u
}

// given are the presses of one box that a pad has said thanks for.
func (p *promises) given(b *simBox) (list []promise) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.all {
		if u.box == b && u.thanks {
			list = append(list, *u)
		}
	}
	return list
}
