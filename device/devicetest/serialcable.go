package devicetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/creack/pty"
)

// cable is a serial cable made of a pseudo-terminal: the host opens the slave side by way of the
// link, the fake pad holds the master. Each plugging-in makes a new pair, whose name differs.
type cable struct {
	link string

	mu       sync.Mutex
	master   *os.File // nil while unplugged
	slave    *os.File // held, so that the master never finds itself without a host
	received [][]byte
	changed  chan struct{} // closed and renewed whenever received grows
	reader   sync.WaitGroup
}

// errOut is what a pad would not even notice: the cable is out.
var errOut = errors.New("the cable is out")

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
func (c *cable) Received() [][]byte {
	frames, _ := c.hears()
	return frames
}

// Await waits until the host has sent n frames since the beginning and gives them all.
func (c *cable) Await(ctx context.Context, n int) ([][]byte, error) {
	for {
		frames, changed := c.hears()
		if len(frames) >= n {
			return frames, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return frames, fmt.Errorf("wait for %d frames from the host: %d came: %w", n, len(frames), ctx.Err())
		}
	}
}

func (c *cable) hears() ([][]byte, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.received), c.changed
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

// pollable gives the file anew, and closes it as it was. Package pty leaves a master blocking: its
// deadlines would do nothing, and closing it would hang up on nobody for as long as a read waits.
func pollable(f *os.File) (*os.File, error) {
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return f, fmt.Errorf("duplicate %s: %w", f.Name(), err)
	}
	syscall.CloseOnExec(fd)
	err = errors.Join(syscall.SetNonblock(fd, true), f.Close())
	return os.NewFile(uintptr(fd), f.Name()), err
}

// read collects frames until the cable is pulled; half a frame is lost with it.
func (c *cable) read(master *os.File) {
	var sent []byte
	buf := make([]byte, 256)
	for {
		n, err := master.Read(buf)
		if err != nil {
			return
		}
		sent = append(sent, buf[:n]...)
		for frame, rest := ff68Cut(sent); frame != nil; frame, rest = ff68Cut(sent) {
			c.receive(slices.Clone(frame))
			sent = rest
		}
	}
}

func (c *cable) receive(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.received = append(c.received, frame)
	close(c.changed)
	c.changed = make(chan struct{})
}

// relink makes link point to port in one step, so that no host ever sees half of it.
func relink(port, link string) error {
	next := link + ".next"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(port, next); err != nil {
		return err
	}
	return os.Rename(next, link)
}

// makeRaw keeps the line discipline from answering, swallowing or changing bytes before a host has
// opened the port: a fresh terminal echoes, and takes 11 and 13 for flow control.
func makeRaw(tty *os.File) error {
	var t syscall.Termios
	if err := termios(tty, syscall.TCGETS, &t); err != nil {
		return fmt.Errorf("read terminal settings: %w", err)
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cc[syscall.VMIN], t.Cc[syscall.VTIME] = 1, 0
	if err := termios(tty, syscall.TCSETS, &t); err != nil {
		return fmt.Errorf("make terminal raw: %w", err)
	}
	return nil
}

func termios(tty *os.File, request uintptr, t *syscall.Termios) error {
	conn, err := tty.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = conn.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(t)))
	})
	if errno != 0 {
		return errno
	}
	return err
}
