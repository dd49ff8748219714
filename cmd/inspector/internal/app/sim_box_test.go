package app_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing/synctest"
	"time"

	"evalpad/agent"
	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/link"
	"evalpad/sync/linktest"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// simBox is one box of the bank. Its disk, its pads and its clock outlive the lives of its agent.
type simBox struct {
	s    *simulation
	name string
	pads []*simPad
	dir  string // what is on its disk
	line distance

	clock simClock
	boots int
	life  *boxLife // nil while it is down; one that is dead waits to be noticed

	healed time.Duration // uptime when nothing was open any more
}

// boxLife is the agent from one start to its end.
type boxLife struct {
	box   *simBox
	boot  string
	born  time.Time // when this boot began
	dir   string
	relay *linktest.Relay
	dead  atomic.Bool // power or process are gone; what still runs is a shadow
	power bool        // it was the power
	end   context.CancelFunc
	ended chan error

	mu    sync.Mutex
	disk  diskFault
	image string // what a cut in the midst of a commit has left
}

// diskFault is what becomes of the next commits.
type diskFault struct {
	skip  int    // commits that go well before
	fails []bool // one for each commit that then fails: whether it is written all the same
	err   error
	cut   string // "before" or "after" a commit the power goes
}

func newSimBox(s *simulation, i int, counters []simCounter) *simBox {
	b := &simBox{s: s, name: fmt.Sprintf("pad-%d", i+1), dir: s.newFolder()}
	for j, c := range counters {
		b.pads = append(b.pads, &simPad{box: b, counter: fmt.Sprintf("c%02d", j+1), plan: c})
	}
	return b
}

// start starts the agent on what is on the disk, unless it is running. After a power cut that is a
// new boot.
func (b *simBox) start() bool {
	was := b.life
	if was != nil && !was.dead.Load() {
		return false
	}
	powerCut := b.boots == 0 || was != nil && was.power
	if was != nil {
		b.bury(was)
	}
	if powerCut {
		b.boots++
	}
	l := &boxLife{box: b, dir: b.dir, ended: make(chan error, 1), boot: fmt.Sprintf("%s-boot-%d", b.name, b.boots)}
	l.born = b.clock.boot(l.boot)
	l.relay = linktest.NewRelay(b.s.t, b.line.to(b.s.broker.Dial, &l.dead))
	b.life = l
	a, err := agent.New(l.options(powerCut))
	if err != nil {
		b.s.t.Fatalf("%s: %v", b.name, err)
	}
	ctx, end := context.WithCancel(b.s.t.Context())
	l.end = end
	go func() { l.ended <- a.Run(ctx) }()
	return true
}

func (l *boxLife) options(powerCut bool) agent.Options {
	b := l.box
	o := agent.Options{
		Place: wire.Place{Region: "r11", Branch: "b0731", Device: b.name}, DataDir: l.dir, NoSocket: true,
		Outbox: outbox.Options{Max: 2 << 20, Commit: l.commit}, Topics: "evalpad/v1",
		Link:    link.Options{Broker: "mqtt://mqtt.bank.example", Dial: l.relay.Dial},
		Now:     l.now,
		Version: "simulation", Log: b.s.log.With("box", b.name, "boot", l.boot),
	}
	for _, p := range b.pads {
		o.Counters = append(o.Counters, agent.Counter{
			Counter: p.counter, Business: "credit", Rules: evaluation.Rules{Ask: p.plan.asks}, Pads: []device.Driver{p.listen(l, powerCut)},
		})
	}
	return o
}

func (l *boxLife) uptime() time.Duration { return time.Since(l.born) }

func (l *boxLife) now() evaluation.Moment {
	wall, state := l.box.clock.wall()
	return evaluation.Moment{Boot: l.boot, Uptime: l.uptime(), Wall: wall, Clock: state}
}

// commit is the disk.
func (l *boxLife) commit(do func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := &l.disk
	switch {
	case l.dead.Load():
		return do()
	case f.skip > 0:
		f.skip--
		return do()
	case f.cut != "":
		return l.cutAt(f.cut, do)
	case len(f.fails) > 0:
		if f.fails[0] {
			_ = do()
		}
		f.fails = f.fails[1:]
		return f.err
	}
	return do()
}

// cutAt has the power go before or after the commit, with nobody told of it.
func (l *boxLife) cutAt(when string, do func() error) (err error) {
	if when == "after" {
		err = do()
	}
	l.power = true
	l.dead.Store(true)
	l.image = l.box.s.image(l.dir)
	l.relay.Freeze()
	if when == "before" {
		err = do()
	}
	return err
}

// cut takes the power, or ends the process with its line: nothing that runs is finished, and what
// goes on is what was on the disk.
func (b *simBox) cut(process bool) bool {
	l := b.life
	if l == nil || l.dead.Load() {
		return false
	}
	l.power = !process
	l.dead.Store(true)
	if process {
		l.relay.Cut()
	} else {
		l.relay.Freeze()
	}
	synctest.Wait() // a copy that is made while a page is written is of no disk
	l.image = b.s.image(l.dir)
	return true
}

// bury makes the image the box's disk and ends the shadow on the old one.
func (b *simBox) bury(l *boxLife) {
	b.dir, b.life = l.image, nil
	b.s.ending.Go(func() {
		l.end()
		<-l.ended
		l.relay.Cut()
		if err := os.RemoveAll(l.dir); err != nil {
			b.s.t.Error(err)
		}
	})
	b.s.checkImage(b)
}

// shutDown ends the agent in order.
func (b *simBox) shutDown() bool {
	l := b.life
	if l == nil || l.dead.Load() {
		return false
	}
	l.end()
	if err := <-l.ended; err != nil {
		b.s.t.Errorf("%s: %v", b.name, err)
	}
	l.dead.Store(true) // after its farewell: its pads are dark
	b.life = nil
	return true
}

func (b *simBox) heal() {
	b.line.heal()
	b.start()
	b.life.mu.Lock()
	b.life.disk = diskFault{}
	b.life.mu.Unlock()
	b.life.relay.Cut()
}

// breakDisk arms a fault for the next commits.
func (b *simBox) breakDisk(f diskFault) bool {
	if b.life == nil || b.life.dead.Load() {
		return false
	}
	b.life.mu.Lock()
	defer b.life.mu.Unlock()
	b.life.disk = f
	return true
}

// waiting says what has not arrived yet: the box counts what waits, and headquarters must hold all
// that it has thanked for.
func (b *simBox) waiting() string {
	d := b.s.hq.device(b.name)
	if d.Health == nil || d.Health.Boot != b.life.boot || d.Health.UptimeMS < b.healed.Milliseconds() {
		return "no heartbeat yet"
	}
	if d.Health.Waiting > 0 {
		return fmt.Sprintf("%d records wait; %v", d.Health.Waiting, d.Health.Degraded)
	}
	for _, e := range d.Health.Epochs {
		if held := b.s.hq.held(b.name, e.Epoch); held < e.Settled {
			return fmt.Sprintf("thanked for %d records of epoch %s, %d are in the ledger", e.Settled, e.Epoch, held)
		}
	}
	return ""
}

// simClock is a box's wall clock, which lies as the plan says, and its boot clock, which never does.
type simClock struct {
	mu    sync.Mutex
	boots map[string]time.Time
	off   time.Duration
	state wire.ClockState
	lies  bool
}

// boot is when a boot began; the first word on it counts.
func (c *simClock) boot(name string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.boots == nil {
		c.boots, c.state = map[string]time.Time{}, wire.ClockUnset
	}
	if _, known := c.boots[name]; !known {
		c.boots[name] = time.Now().Add(-7 * time.Second)
	}
	return c.boots[name]
}

func (c *simClock) set(off time.Duration, state wire.ClockState, lies bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off, c.state, c.lies = off, state, lies
	return true
}

func (c *simClock) wall() (time.Time, wire.ClockState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off), c.state
}

func (c *simClock) honest() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.lies
}

// distance is how far it is to the broker: how long each packet is under way, or that there is no
// way. Only the relay's own goroutines wait on it, which hold no lock.
type distance struct {
	delay  atomic.Int64 // nanoseconds
	barred atomic.Bool
}

type dialFunc = func(context.Context) (net.Conn, error)

// to is the way to whoever dial reaches, for a caller who is not dead.
func (d *distance) to(dial dialFunc, dead *atomic.Bool) dialFunc {
	return func(ctx context.Context) (net.Conn, error) {
		if dead.Load() || d.barred.Load() {
			return nil, fmt.Errorf("dial mqtt.bank.example: %w", syscall.EHOSTUNREACH)
		}
		conn, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		return distant{conn, d}, nil
	}
}

func (d *distance) heal() {
	d.delay.Store(0)
	d.barred.Store(false)
}

type distant struct {
	net.Conn
	far *distance
}

func (c distant) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	time.Sleep(time.Duration(c.far.delay.Load()))
	return n, err
}

func (c distant) Write(p []byte) (int, error) {
	time.Sleep(time.Duration(c.far.delay.Load()))
	return c.Conn.Write(p)
}

// outboxFile is the box's outbox on a disk that nobody writes.
func (b *simBox) outboxFile() string { return filepath.Join(b.dir, agent.OutboxFile) }
