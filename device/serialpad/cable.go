package serialpad

import (
	"context"
	"sync"
	"time"
)

// A port that cannot be opened is tried again after firstWait, then after twice as long each time,
// to lastWait. One that was open for less than that counts as not opened: a loose plug must not
// say Lost and Back four times a second.
const (
	firstWait = 250 * time.Millisecond
	lastWait  = 5 * time.Second
)

// maxWrites is how many frames wait for a port that is busy writing.
const maxWrites = 16

// cable keeps the port open as well as it can, and tells what comes over it.
type cable struct {
	open   func() (*port, error)
	baud   int
	uptime func() time.Duration
	news   chan<- news
}

// news is one of three things: the port is open and takes frames (write), the port is gone or not
// to be had (lost), or something was heard.
type news struct {
	at    time.Duration
	write chan<- string
	lost  error
	heard Heard
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
		if c.uptime()-began >= lastWait {
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
	frames := make(chan string, maxWrites)
	var writer sync.WaitGroup
	writer.Go(func() { end(feed(ctx, p, frames)) })
	c.tell(ctx, news{at: c.uptime(), write: frames})
	end(c.listen(ctx, p))
	writer.Wait()
	p.Close()
	return context.Cause(ctx)
}

// listen tells what is heard. Whatever is half heard when the port fails is dropped with the decoder.
func (c *cable) listen(ctx context.Context, p *port) error {
	decoder := NewDecoder(c.baud)
	var heard []Heard
	var buf [256]byte
	for ctx.Err() == nil {
		n, err := p.Read(buf[:])
		if err != nil {
			return err
		}
		if n > 0 {
			heard = decoder.Feed(heard[:0], buf[:n], c.uptime())
		} else {
			heard = decoder.Quiet(heard[:0], c.uptime())
		}
		for _, h := range heard {
			c.tell(ctx, news{at: h.At, heard: h})
		}
	}
	return nil
}

// feed writes frames until ctx is done or the port takes no more.
func feed(ctx context.Context, p *port, frames <-chan string) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case frame := <-frames:
			if err := p.Write([]byte(frame)); err != nil {
				return err
			}
		}
	}
}

func (c *cable) tell(ctx context.Context, n news) {
	select {
	case <-ctx.Done():
	case c.news <- n:
	}
}
