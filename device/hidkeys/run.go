package hidkeys

import (
	"context"
	"slices"
	"sync"
	"time"

	"evalpad/device"
	"evalpad/device/contact"
	"evalpad/device/hidkeys/keynames"
)

// Run reads the keypad until ctx is done and then returns nil, within half a second. A keypad that is
// not there, not ours to open, or pulled is no error: Lost says why, and Back comes when it is open.
func (k *Keys) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	reports := make(chan report, 64)
	var reading sync.WaitGroup
	defer reading.Wait()
	reading.Go(func() { keeper{k, reports}.run(ctx) })
	reading.Go(func() { k.options.Face.Run(ctx) })
	p := k.newPad()
	for {
		to, next := p.queue.Offer(in)
		select {
		case <-ctx.Done():
			return nil
		case r := <-reports:
			p.take(r)
		case to <- next:
			p.queue.Taken()
			p.options.Face.Signalled(next)
		case s, open := <-out:
			if !open {
				out = nil
				continue
			}
			p.show(s)
		}
	}
}

// pad is the state of one Run.
type pad struct {
	*Keys
	board *contact.Board
	down  []bool // as last told of each key
	at    time.Duration
	lost  string // why the keypad is not open
	queue contact.Queue
	asked contact.Asked
}

func (k *Keys) newPad() *pad {
	return &pad{
		Keys: k,
		// The keypad has seen to the bounce.
		board: contact.NewBoard(k.names, k.scores(), 0),
		down:  make([]bool, len(k.names)),
		queue: contact.Queue{Prefix: "keypad", Log: k.options.Log.With("pad", k.String())},
	}
}

// show passes on what is shown, and keeps in mind which question that is.
func (p *pad) show(s device.Show) {
	p.options.Face.Show(s)
	if s.Kind == device.Nod {
		return
	}
	question := ""
	if s.Kind == device.Ask && slices.Contains(p.options.Tells, s.Dimension) {
		question = s.Dimension
	}
	p.asked.Show(question, p.options.Uptime())
}

func (p *pad) take(r report) {
	switch {
	case r.lost != nil:
		p.lose(r)
		return
	case r.opened:
		p.found(r)
	}
	for _, e := range r.events {
		p.event(e, p.notBefore(stamp(e.at, r.at)))
	}
	at := p.notBefore(r.at)
	if r.down != nil {
		p.renew(r.down, at)
	}
	if r.idle {
		for key := range p.names {
			p.read(key, at, false)
		}
	}
}

// notBefore keeps the readings' times in order: the kernel's stamp is older than its reading.
func (p *pad) notBefore(at time.Duration) time.Duration {
	p.at = max(p.at, at)
	return p.at
}

func (p *pad) event(e event, at time.Duration) {
	key, means := p.codes[e.code]
	if !means {
		if e.value == valueDown {
			p.queue.Add(device.Signal{Kind: device.Refused, At: at, Reason: device.ReasonUnmappedKey, Detail: keynames.Of(e.code)})
		}
		return
	}
	p.down[key] = e.value == valueDown
	p.read(key, at, true)
	if p.down[key] {
		p.read(key, at, false) // it has settled already
	}
}

// renew takes the keys as they are now. One that is down and was not was pressed; nobody knows when.
func (p *pad) renew(down []byte, at time.Duration) {
	for code, key := range p.codes {
		if now := isSet(down, code); now != p.down[key] {
			p.down[key] = now
			p.read(key, at, false)
		}
	}
}

// read lets the board decide.
func (p *pad) read(key int, at time.Duration, edge bool) {
	for _, s := range p.board.Read(key, contact.Reading{At: at, Active: p.down[key], Edge: edge}) {
		p.say(s)
	}
}

// say passes on what the board has decided, a press of a key with an action as that. A press answers
// the question that its customer has seen.
func (p *pad) say(s device.Signal) {
	if s.Kind == device.Press {
		s.Dimension = p.asked.Answered(s.At)
	}
	if action := p.options.Actions[s.Detail]; s.Kind == device.Press && action != "" {
		kind := map[string]device.SignalKind{ActionPrompt: device.Prompt, ActionCancel: device.Cancel}[action]
		s = device.Signal{Kind: kind, At: s.At, By: "usb keypad", Detail: s.Detail}
	}
	p.queue.Add(s)
}

// lose tells the desk that the keypad is gone, and the log once a reason.
func (p *pad) lose(r report) {
	for key := range p.names {
		for _, s := range p.board.Lose(key) {
			p.say(s)
		}
		p.down[key] = false
	}
	why := r.lost.Error()
	if p.lost == why {
		return
	}
	p.options.Log.Warn("no keypad", "pad", p.String(), "error", why)
	if p.lost == "" {
		p.queue.Add(device.Signal{Kind: device.Lost, At: r.at, Reason: "no keypad " + p.options.Port, Detail: why})
	}
	p.lost = why
}

func (p *pad) found(r report) {
	if p.lost == "" {
		return
	}
	p.lost = ""
	p.options.Log.Info("keypad open", "pad", p.String())
	p.queue.Add(device.Signal{Kind: device.Back, At: r.at})
}
