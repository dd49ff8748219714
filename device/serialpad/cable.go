package serialpad

import (
	"context"
	"sync"
	"time"

	"evalpad/device/serialpad/profiles"
)

// A port that cannot be opened is tried again after firstWait, then after twice as long each time,
// to lastWait. One that was open for less than settled counts as not opened: a loose plug must not
// say Lost and Back four times a second.
const (
	firstWait = 250 * time.Millisecond
	lastWait  = 2 * time.Second
	settled   = 5 * time.Second
)

// maxWrites is how many frames wait for a port that is busy writing.
const maxWrites = 16

// cable keeps the port open as well as it can, and tells what comes over it.
type cable struct {
	open     func() (*port, error)
	protocol *profiles.Protocol
	line     profiles.Line
	uptime   func() time.Duration
	tell     func(context.Context, news)
	stations func() []*profiles.Station // that listen now
}

// outgoing is a frame to be written, no sooner than a while after it was handed over.
type outgoing struct {
	frame string
	after time.Duration
}

// news is one of four things: the port is open and takes frames (write), the port is gone or not to
// be had (lost), something was heard, or a pad that is asked has answered (answer).
type news struct {
	at     time.Duration
	write  chan<- outgoing
	lost   error
	heard  profiles.Heard
	answer *answer
}

func (n news) isOfPort() bool { return n.write != nil || n.lost != nil }

func (n news) isOf(s *profiles.Station) bool {
	if n.answer != nil {
		return n.answer.address == s.Address()
	}
	return n.heard.Reason == "" && s.Owns(n.heard.Frame)
}

// keep opens the port, uses it until it fails, and begins anew, until ctx is done. It tells of a
// loss when the reason is a new one.
func (c *cable) keep(ctx context.Context) {
	wait, told := firstWait, ""
	for ctx.Err() == nil {
		began := c.uptime()
		p, err := c.open()
		if err == nil {
			told = ""
			err = c.use(ctx, p)
		}
		if ctx.Err() != nil {
			return
		}
		if c.uptime()-began >= settled {
			wait = firstWait
		}
		if err.Error() != told {
			c.tell(ctx, news{at: c.uptime(), lost: err})
			told = err.Error()
		}
		rest(ctx, wait)
		wait = min(2*wait, lastWait)
	}
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// use reads and writes an open port until either fails or ctx is done, closes it, and says why.
func (c *cable) use(ctx context.Context, p *port) error {
	ctx, end := context.WithCancelCause(ctx)
	frames := make(chan outgoing, maxWrites)
	defer context.AfterFunc(ctx, p.Leave)()
	var writer sync.WaitGroup
	writer.Go(func() { end(feed(ctx, p, frames)) })
	c.tell(ctx, news{at: c.uptime(), write: frames})
	if c.protocol.Poll() != nil {
		end(c.poll(ctx, p))
	} else {
		end(c.listen(ctx, p))
	}
	writer.Wait()
	p.Close()
	return context.Cause(ctx)
}

// listen tells what is heard. Whatever is half heard when the port fails is dropped with the decoder.
func (c *cable) listen(ctx context.Context, p *port) error {
	decoder := c.protocol.Decoder(c.line.Baud)
	var heard []profiles.Heard
	var buf [256]byte
	silence := idleTimeout
	for ctx.Err() == nil {
		n, err := p.Read(buf[:], silence)
		if err != nil {
			return err
		}
		if n > 0 {
			heard, silence = decoder.Feed(heard[:0], buf[:n], c.uptime()), readTimeout
		} else {
			heard, silence = decoder.Quiet(heard[:0], c.uptime()), idleTimeout
		}
		for _, h := range heard {
			c.tell(ctx, news{at: h.At, heard: h})
		}
	}
	return nil
}

// feed writes frames until ctx is done or the port takes no more.
func feed(ctx context.Context, p *port, frames <-chan outgoing) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case next := <-frames:
			if next.after > 0 {
				rest(ctx, next.after)
			}
			if err := p.Write([]byte(next.frame)); err != nil {
				return err
			}
		}
	}
}
