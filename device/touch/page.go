// Package touch is the page on the box's own screen: five large keys, a question, the reasons, and a
// thank-you, in the customer's language, by finger, keyboard, switch or ear.
//
// It is a driver as package device describes, and a small web server on loopback that a browser in
// kiosk mode shows. The server keeps the last Show and streams it to every browser (/state, server-sent
// events); a browser posts a press (/press) and hears "stored" only after the Show that names it, which
// comes after the press is on disk. A browser that is told nothing within Patience says so and asks the
// customer to press again.
//
// The keys stand from the best on the left to the worst on the right and never move.
package touch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"evalpad/device"
)

// Patience is how long a press waits for the Show that names it before its browser is told that it
// is not stored. A healthy box answers in tens of milliseconds; a card that stalls takes seconds.
const Patience = 5 * time.Second

// ErrEnded is returned by a second Run: the listener went with the first.
var ErrEnded = errors.New("the page has run already: make a new one")

// Page is the touch page of one counter. It implements device.Driver.
type Page struct {
	options   Options
	listener  net.Listener
	site      http.Handler
	languages []language
	voice     map[string]clips // by language
	script    []byte           // what every browser is told once, as /words.js
	build     string           // names all that a browser has loaded

	ran      atomic.Bool
	serial   atomic.Uint64 // of signals
	life     string        // begins every identity that this process gives, so that none outlives it
	screen   *screen
	promises *promises
	codes    codes
	signals  chan device.Signal // on their way to the agent

	viewers, pressing turnstile
}

var _ device.Driver = (*Page)(nil)

// New checks o, reads its folders and listens, so that Addr is right before Run. An address off
// loopback is refused with ErrNotLoopback. Run closes the listener, also under a context that has ended.
func New(o Options) (*Page, error) {
	o = o.withDefaults()
	p, err := newPage(o)
	if err != nil {
		return nil, fmt.Errorf("open touch page: %w", err)
	}
	p.listener, err = listenOnLoopback(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("open touch page on %s: %w", o.Listen, err)
	}
	return p, nil
}

// Check says what New would refuse about o but for its address, so that a technician learns it before the
// page is opened.
func Check(o Options) error {
	if _, err := newPage(o.withDefaults()); err != nil {
		return fmt.Errorf("check touch page: %w", err)
	}
	return nil
}

// newPage is everything but the listener.
func newPage(o Options) (*Page, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	languages, err := readLanguages(o.Words, o.Languages)
	if err != nil {
		return nil, err
	}
	voice, err := readVoice(o.Voice.Folder, languages)
	if err != nil {
		return nil, err
	}
	life := rand.Text()[:10]
	p := &Page{
		options:   o,
		languages: languages,
		voice:     voice,
		life:      life,
		promises:  newPromises(),
		codes:     codes{svg: map[string]string{}},
		signals:   make(chan device.Signal, maxWaiting),
		viewers:   make(turnstile, maxViewers),
		pressing:  make(turnstile, maxPresses),
	}
	if p.script, err = p.wordsScript(); err != nil {
		return nil, err
	}
	p.build = buildOf(p.script)
	p.screen = newScreen(life, p.build, p.worded)
	p.site = p.routes()
	return p, nil
}

// Addr is where the page listens, as 127.0.0.1:8090.
func (p *Page) Addr() string { return p.listener.Addr().String() }

// URL is what the browser opens, as http://127.0.0.1:8090/.
func (p *Page) URL() string { return "http://" + p.Addr() + "/" }

func (p *Page) String() string { return "touch page " + p.URL() }

// Run serves the page until ctx is done, and ends within a second of that, open streams or not. It
// runs once; a second Run returns ErrEnded.
func (p *Page) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	if p.ran.Swap(true) {
		return fmt.Errorf("run %s: %w", p, ErrEnded)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var work, conns sync.WaitGroup
	work.Go(func() { p.carry(ctx, in) })
	work.Go(func() { p.follow(ctx, out) })
	server := p.server(ctx, &conns)
	work.Go(func() { <-ctx.Done(); shut(server) })

	p.options.Log.Info("touch page open", "url", p.URL())
	err := server.Serve(p.listener)
	stop()
	work.Wait()
	conns.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("run %s: %w", p, err)
}

// carry hands signals to the agent, in order; nothing is sent once Run has returned.
func (p *Page) carry(ctx context.Context, in chan<- device.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-p.signals:
			select {
			case <-ctx.Done():
				return
			case in <- s:
			}
		}
	}
}

// follow shows what the agent says. The screen turns before the press is answered, so that a
// browser that hears "stored" finds the next question there.
func (p *Page) follow(ctx context.Context, out <-chan device.Show) {
	for {
		select {
		case <-ctx.Done():
			return
		case s, open := <-out:
			if !open {
				<-ctx.Done()
				return
			}
			p.show(s)
		}
	}
}

func (p *Page) show(s device.Show) {
	promise := p.promises.named(s.For)
	// More time is no answer to the question: the same key still stands for it. Nor is what was not taken.
	answered := promise != nil && promise.key.Kind != device.More && !s.Denied
	code, err := p.codes.add(s.Link)
	if err != nil {
		p.options.Log.Error("touch page shows no code for a phone", "error", err)
	}
	if err := p.screen.put(s, code, answered, p.options.Uptime()); err != nil {
		p.options.Log.Error("touch page cannot show this", "error", err)
	}
	if promise != nil {
		promise.answer(fateBy(s))
	}
}

// signal queues s for the agent and reports whether there was room.
func (p *Page) signal(s device.Signal) bool {
	select {
	case p.signals <- s:
		return true
	default:
		return false
	}
}

// newID names a signal; never twice within one Run, and never again after a restart.
func (p *Page) newID() string { return fmt.Sprintf("%s-p%d", p.life, p.serial.Add(1)) }
