package gpiokeys

import (
	"context"
	"sync"
	"time"

	"evalpad/device"
	"evalpad/device/contact"
)

// Run reads the keys until ctx is done and then returns nil, within half a second. A line that is
// not there, busy or pulled is no error: Lost names the first one, Back comes when all are open, and
// the keys that are there count all the while. A lamp that is not there is told to the log alone.
func (k *Keys) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	reports := make(chan report, 64)
	var keepers sync.WaitGroup
	defer keepers.Wait()
	keeper{k, k.all(), reports, &keepers}.start(ctx)
	keepers.Go(func() { k.face.Run(ctx) })
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
			p.face.Signalled(next)
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
	lost  map[int]string // why a key's line is not open
	queue contact.Queue
	asked contact.Asked
}

func (k *Keys) newPad() *pad {
	return &pad{
		Keys:  k,
		board: contact.NewBoard(k.names, k.scores(), k.options.Debounce),
		lost:  map[int]string{},
		queue: contact.Queue{Prefix: "keys", Log: k.options.Log.With("pad", k.String())},
	}
}

// show tells the lamps, and keeps in mind which question they show.
func (p *pad) show(s device.Show) {
	p.face.Show(s)
	if s.Kind != device.Nod {
		p.asked.Show(p.options.Lamps.question(s), p.options.Uptime())
	}
}

func (p *pad) take(r report) {
	logPeriph(p.options.Log)
	for i, key := range r.keys {
		if r.lost != nil {
			p.lose(key, r.lost.Error())
			continue
		}
		if r.of>>i&1 == 0 {
			continue
		}
		p.found(key, r.at)
		high := r.high>>i&1 == 1
		p.say(p.board.Read(key, contact.Reading{
			At: r.at, Active: high == (p.options.Active == "high"), Edge: r.moved>>i&1 == 1,
		})...)
	}
}

// say passes on what the board has decided. A press answers the question that its customer has seen.
func (p *pad) say(signals ...device.Signal) {
	for _, s := range signals {
		if s.Kind == device.Press {
			s.Dimension = p.asked.Answered(s.At)
		}
		p.queue.Add(s)
	}
}

// lose tells the desk of the first line that is not there, and the log of each, once a reason.
func (p *pad) lose(key int, why string) {
	p.say(p.board.Lose(key)...)
	name := p.names[key]
	if p.lost[key] == why {
		return
	}
	p.options.Log.Warn("no line", "pad", p.String(), "line", name, "error", why)
	if len(p.lost) == 0 {
		p.queue.Add(device.Signal{Kind: device.Lost, At: p.options.Uptime(), Reason: "no line " + name, Detail: why})
	}
	p.lost[key] = why
}

// found takes a first reading as the sign that the line is open.
func (p *pad) found(key int, at time.Duration) {
	if _, was := p.lost[key]; !was {
		return
	}
	delete(p.lost, key)
	p.options.Log.Info("line open", "pad", p.String(), "line", p.names[key])
	if len(p.lost) == 0 {
		p.queue.Add(device.Signal{Kind: device.Back, At: at})
	}
}
