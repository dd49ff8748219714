package devicetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// cable is a serial cable made of a pseudo-terminal: the host opens the slave side by way of the
// link, the fake pads hold the master. Each plugging-in makes a new pair, whose name differs. Several
// pads may be at the same cable, as on a pair of RS-485.
type cable struct {
	link string
	// cut takes one frame from the front of what the host has sent; nothing while it is not yet
	// whole. What is no frame comes as frames of one byte, so that nothing goes unseen.
	cut func(sent []byte) (frame, rest []byte)
	// silence ends what is half received, where the protocol says so; 0: it waits for its rest.
	silence time.Duration
	pads    []func(frame []byte) // each hears every frame, before it is received

	received journal[[]byte]
	mu       sync.Mutex
	master   *os.File // nil while unplugged
	slave    *os.File // held, so that the master never finds itself without a host
	reader   sync.WaitGroup
}

// errOut is what a pad would not even notice: the cable is out.
var errOut = errors.New("the cable is out")

// plug makes a cable for pads and plugs it in.
func plug(c *cable, pads ...func(frame []byte)) error {
	c.pads = pads
	return c.Replug()
}

// Path is the link by which a host finds the port.
func (c *cable) Path() string { return c.link }

// Write sends raw bytes to the host. It fails while unplugged, and when the host takes nothing for
// a second.
func (c *cable) Write(raw []byte) (int, error) {
	c.mu.Lock()
	master := c.master
	c.mu.Unlock()
	if master == nil {
		return 0, fmt.Errorf("send % X: %w", raw, errOut)
	}
	if err := master.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return 0, err
	}
	return master.Write(raw)
}

// Received gives the frames that the host has sent so far, each byte for byte.
func (c *cable) Received() [][]byte { return c.received.list() }

// Await waits until the host has sent n frames since the beginning and gives them all.
func (c *cable) Await(ctx context.Context, n int) ([][]byte, error) {
	return c.received.await(ctx, n, "frames from the host")
}

// untilThanked sends a frame, and again after each wait, until the host sends its thanks. A cable
// that is out meanwhile does not stop it: a pad does not know, and tries again.
func (c *cable) untilThanked(ctx context.Context, every time.Duration, sent []byte, isThanks func(frame []byte) bool) error {
	again := time.NewTicker(every)
	defer again.Stop()
	heard := len(c.Received())
	for {
		_, _ = c.Write(sent)
		for waiting := true; waiting; {
			frames, changed := c.received.all()
			if slices.ContainsFunc(frames[heard:], isThanks) {
				return nil
			}
			heard = len(frames)
			select {
			case <-ctx.Done():
				return fmt.Errorf("% X was never thanked: %w", sent, ctx.Err())
			case <-again.C:
				waiting = false
			case <-changed:
			}
		}
	}
}

// Unplug pulls the cable: the link goes, and whoever has the port open is hung up on. Twice is once.
func (c *cable) Unplug() error {
	c.mu.Lock()
	master, slave := c.master, c.slave
	c.master, c.slave = nil, nil
	c.mu.Unlock()
	if master == nil {
		return nil
	}
	err := errors.Join(os.Remove(c.link), slave.Close(), master.Close())
	c.reader.Wait()
	return err
}

// Replug plugs the cable in again, at a new port behind the same link. A cable that is in stays in.
func (c *cable) Replug() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.master != nil {
		return nil
	}
	master, slave, err := pty.Open()
	if err != nil {
		return fmt.Errorf("plug in cable: %w", err)
	}
	master, err = pollable(master)
	if err = errors.Join(err, makeRaw(slave), relink(slave.Name(), c.link)); err != nil {
		return errors.Join(fmt.Errorf("plug in cable: %w", err), slave.Close(), master.Close())
	}
	c.master, c.slave = master, slave
	c.reader.Go(func() { c.read(master) })
	return nil
}

// read collects frames until the cable is pulled; half a frame is lost with it.
func (c *cable) read(master *os.File) {
	var sent []byte
	buf := make([]byte, 256)
	for {
		n, err := c.listen(master, buf, len(sent) > 0)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			sent = nil
			continue
		case err != nil:
			return
		}
		sent = append(sent, buf[:n]...)
		for frame, rest := c.cut(sent); frame != nil; frame, rest = c.cut(sent) {
			c.receive(slices.Clone(frame))
			sent = rest
		}
	}
}

// listen reads, for as long as silence lasts if something is half received.
func (c *cable) listen(master *os.File, buf []byte, half bool) (int, error) {
	var until time.Time
	if half && c.silence > 0 {
		until = time.Now().Add(c.silence)
	}
	if err := master.SetReadDeadline(until); err != nil {
		return 0, err
	}
	return master.Read(buf)
}

func (c *cable) receive(frame []byte) {
	for _, hear := range c.pads {
		hear(frame)
	}
	c.received.add(frame)
}

// junk takes one byte that begins no frame.
func junk(sent []byte) (frame, rest []byte) { return sent[:1], sent[1:] }

// unplugAfter pulls the cable when the test ends.
func unplugAfter(t testing.TB, c *cable) {
	t.Helper()
	t.Cleanup(func() {
		if err := c.Unplug(); err != nil {
			t.Error(err)
		}
	})
}
