package gpiokeys

import (
	"context"
	"strconv"
	"sync"

	"evalpad/device"
)

// How much waits for a desk that takes nothing. Presses come four a second and key at most; noise
// has no bound of its own, so it is the first that is no longer kept.
const (
	maxRefused = 256
	maxQueue   = 4096
)

// Run reads the keys until ctx is done and then returns nil, within half a second. A line that is
// not there, busy or pulled is no error: Lost names the first one, Back comes when all are open, and
// the keys that are there count all the while.
func (k *Keys) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	reports := make(chan report, 64)
	var keepers sync.WaitGroup
	defer keepers.Wait()
	for key := range k.names {
		keepers.Go(func() { keeper{k, key, reports}.run(ctx) })
	}
	p := pad{Keys: k, board: newBoard(k.names, k.options.Keys, k.options.Debounce), lost: map[int]string{}}
	for {
		var next device.Signal
		var taker chan<- device.Signal
		if len(p.queue) > 0 {
			next, taker = p.queue[0], in
		}
		select {
		case <-ctx.Done():
			return nil
		case r := <-reports:
			p.take(r)
		case taker <- next:
			p.queue = p.queue[1:]
		case _, open := <-out:
			if !open {
				out = nil
			}
		}
	}
}

// pad is the state of one Run.
type pad struct {
	*Keys
	board   *board
	lost    map[int]string  // why a key's line is not open
	queue   []device.Signal // not yet taken by the desk
	signals int             // made so far
}

func (p *pad) take(r report) {
	logPeriph(p.options.Log)
	if r.lost != nil {
		p.lose(r)
		return
	}
	p.found(r)
	p.signal(p.board.read(r.key, r.reading)...)
}

// lose tells the desk of the first line that is not there, and the log of each, once a reason.
func (p *pad) lose(r report) {
	p.signal(p.board.lose(r.key)...)
	name, why := p.names[r.key], r.lost.Error()
	if p.lost[r.key] == why {
		return
	}
	p.options.Log.Warn("no line", "pad", p.String(), "line", name, "error", why)
	if len(p.lost) == 0 {
		p.signal(device.Signal{Kind: device.Lost, At: p.options.Uptime(), Reason: "no line " + name, Detail: why})
	}
	p.lost[r.key] = why
}

// found takes a first reading as the sign that the line is open.
func (p *pad) found(r report) {
	if _, was := p.lost[r.key]; !was {
		return
	}
	delete(p.lost, r.key)
	p.options.Log.Info("line open", "pad", p.String(), "line", p.names[r.key])
	if len(p.lost) == 0 {
		p.signal(device.Signal{Kind: device.Back, At: r.at})
	}
}

// signal queues signals, each under an ID of its own. What finds no room is said aloud.
func (p *pad) signal(signals ...device.Signal) {
	for _, s := range signals {
		p.signals++
		s.ID = "keys-" + strconv.Itoa(p.signals)
		room := maxQueue
		if s.Kind == device.Refused {
			room = maxRefused
		}
		if len(p.queue) >= room {
			p.options.Log.Error("signal dropped: nobody takes them", "pad", p.String(), "kind", s.Kind, "reason", s.Reason)
			continue
		}
		p.queue = append(p.queue, s)
	}
}
