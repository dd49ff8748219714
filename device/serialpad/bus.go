package serialpad

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"evalpad/device/serialpad/profiles"
)

// Bus is a port with the pads of one make on it, of one counter or, told apart by their addresses, of
// several. The port is open while any of its pads runs. Make one with NewBus.
type Bus struct {
	options Options

	mu      sync.Mutex
	pads    []*Pad
	running []*listener // in the order of pads
	stop    context.CancelFunc
	closed  chan struct{} // closed once the port is
	state   news          // of the port: what a pad that comes later must know
}

// listener is a pad that runs.
type listener struct {
	pad  *Pad
	ctx  context.Context
	news chan news
}

// NewBus makes a bus without pads. It looks at the options and not at the port.
func NewBus(o Options) (*Bus, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("serial pad: %w", err)
	}
	return &Bus{options: o}, nil
}

// Pad adds the pads of one counter. All are added before the first of them runs.
func (b *Bus) Pad(c Counter) (*Pad, error) {
	station, err := b.options.Protocol.Station(c.Address, c.Keys, c.Ack)
	if err == nil {
		station, err = station.Telling(c.Asks)
	}
	if err != nil {
		return nil, fmt.Errorf("serial pad: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.pads {
		if p.station.Address() == c.Address {
			return nil, fmt.Errorf("serial pad: %s has pads at address %d already", b.options.Port, c.Address)
		}
	}
	p := &Pad{bus: b, station: station}
	b.pads = append(b.pads, p)
	return p, nil
}

func (b *Bus) shared() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.pads) > 1
}

// join makes a pad hear the line, until ctx is done and leave is called. The first one to come has
// the port opened.
func (b *Bus) join(ctx context.Context, p *Pad) *listener {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &listener{pad: p, ctx: ctx, news: make(chan news, 1)}
	b.running = append(b.running, l)
	slices.SortFunc(b.running, func(l, m *listener) int { return slices.Index(b.pads, l.pad) - slices.Index(b.pads, m.pad) })
	if len(b.running) > 1 {
		if b.state.isOfPort() {
			l.news <- b.state
		}
		return l
	}
	b.state = news{}
	b.start(context.WithoutCancel(ctx))
	return l
}

// start keeps the port from now on, once whoever had it before has closed it.
func (b *Bus) start(ctx context.Context) {
	ctx, b.stop = context.WithCancel(ctx)
	before, closed := b.closed, make(chan struct{})
	b.closed = closed
	go func() {
		defer close(closed)
		if before != nil {
			<-before
		}
		b.cable().keep(ctx)
	}()
}

// leave takes a pad off the line; the last one closes the port and waits for that.
func (b *Bus) leave(l *listener) {
	b.mu.Lock()
	b.running = slices.DeleteFunc(b.running, func(other *listener) bool { return other == l })
	last, closed := len(b.running) == 0, b.closed
	if last {
		b.stop()
	}
	b.mu.Unlock()
	if last {
		<-closed
	}
}

func (b *Bus) cable() *cable {
	return &cable{
		open:     func() (*port, error) { return openPort(b.options.Port, b.options.Line) },
		protocol: b.options.Protocol, line: b.options.Line, uptime: b.options.Uptime,
		tell: b.tell, stations: b.stations,
	}
}

func (b *Bus) stations() (all []*profiles.Station) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.running {
		all = append(all, l.pad.station)
	}
	return all
}

// tell hands news to those whom it is for, and waits until they have it: a desk that takes nothing
// leaves the line unread, and its pads repeat themselves.
func (b *Bus) tell(ctx context.Context, n news) {
	for _, l := range b.whom(n) {
		select {
		case l.news <- n:
		case <-l.ctx.Done():
		case <-ctx.Done():
			return
		}
	}
}

// whom gives all for what befalls the port; for a frame its owner, who may be away. Noise, and a frame
// that is nobody's, is counted once: by the first.
func (b *Bus) whom(n news) []*listener {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.running)
	if n.isOfPort() {
		b.state = n
		return all
	}
	owner := slices.IndexFunc(b.pads, func(p *Pad) bool { return n.isOf(p.station) })
	if owner < 0 {
		return all[:min(len(all), 1)]
	}
	return slices.DeleteFunc(all, func(l *listener) bool { return l.pad != b.pads[owner] })
}
