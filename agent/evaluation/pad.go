package evaluation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"evalpad/device"
)

// patience is how long a pad may leave a show lying before the others go on without it.
const patience = time.Second

// pad is one driver at the desk. The ids of its signals carry a prefix of their own while they are
// inside, so that two pads, or two runs of one driver, cannot answer for each other.
type pad struct {
	index  int
	driver device.Driver
	in     chan device.Signal
	out    chan device.Show
	runs   atomic.Int64
	lost   bool // the desk's own knowledge
	log    *slog.Logger
	rest   time.Duration // between two runs of a driver that gave up
}

// heard is a signal inside the desk.
type heard struct {
	device.Signal
	pad *pad
}

func newPad(index int, driver device.Driver, log *slog.Logger, rest time.Duration) *pad {
	return &pad{
		index: index, driver: driver, log: log.With("pad", driver.String()), rest: rest,
		in: make(chan device.Signal), out: make(chan device.Show),
	}
}

func (p *pad) prefix() string { return fmt.Sprintf("%d.%d/", p.index, p.runs.Load()) }

// run keeps the driver running: a driver that gives up is a lost pad, which gets another chance.
func (p *pad) run(ctx context.Context, desk chan<- heard) {
	for ctx.Err() == nil {
		p.runs.Add(1)
		err := p.driver.Run(ctx, p.in, p.out)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("it ended by itself")
		}
		p.log.Error("pad gave up", "error", err)
		p.away(ctx, desk, heard{device.Signal{Kind: device.Lost, Reason: "gave-up", Detail: err.Error()}, p})
	}
}

// away stands in for a driver that does not run: it says so, and what is shown goes nowhere.
func (p *pad) away(ctx context.Context, desk chan<- heard, lost heard) {
	back := time.NewTimer(p.rest)
	defer back.Stop()
	for {
		select {
		case desk <- lost:
			desk = nil
		case <-p.out:
		case <-back.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// listen carries what the driver says to the desk.
func (p *pad) listen(ctx context.Context, desk chan<- heard) {
	for {
		select {
		case s := <-p.in:
			if s.ID != "" {
				s.ID = p.prefix() + s.ID
			}
			select {
			case desk <- heard{s, p}:
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// show hands a show to the driver; the For of another pad's signal is not for it. A driver that
// does not listen must not keep a customer waiting at the next pad.
func (p *pad) show(ctx context.Context, s device.Show) {
	id, own := strings.CutPrefix(s.For, p.prefix())
	if s.For = ""; own {
		s.For = id
	}
	s.Denied = s.Denied && own
	bored := time.NewTimer(patience)
	defer bored.Stop()
	select {
	case p.out <- s:
	case <-bored.C:
		p.log.Warn("pad does not listen", "show", s.Kind)
	case <-ctx.Done():
	}
}

// listens asks the driver for a nod: a driver takes shows at all times, whatever its pad does.
func (p *pad) listens(ctx context.Context) bool {
	bored := time.NewTimer(patience)
	defer bored.Stop()
	select {
	case p.out <- device.Show{Kind: device.Nod}:
		return true
	case <-bored.C:
		return false
	case <-ctx.Done():
		return true // nobody wants to know any more
	}
}

// Listening asks every pad of a running desk for a sign of life, and tells which have given one
// within a second, by the driver's name. A pad that is unplugged listens too.
func (d *Desk) Listening(ctx context.Context) map[string]bool {
	lives := make([]bool, len(d.pads))
	var asking sync.WaitGroup
	for i, p := range d.pads {
		asking.Go(func() { lives[i] = p.listens(ctx) })
	}
	asking.Wait()
	listening := map[string]bool{}
	for i, p := range d.pads {
		listening[p.driver.String()] = lives[i]
	}
	return listening
}
