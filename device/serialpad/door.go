package serialpad

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/tarm/serial"

	"evalpad/device/serialpad/profiles"
)

// This file is the only one that knows tarm/serial, whose ways the rest need not know:
//
//   - Without a read timeout Close hangs for as long as a Read waits; with one, a Read that found
//     nothing in time returns io.EOF, and so does, at once and for ever, one of a pulled cable.
//   - Timeouts are counted in tenths of a second, and there is none for writes.
//   - Nobody is kept from opening the port a second time and taking half of its bytes.
//
// So the device is opened twice: by tarm, which sets the line and reads; and by us, for the lock, for
// writes with a deadline, and to wait until there is something to read: tarm would look ten times a
// second, and eight idle pads would take more of a small processor than all the rest.

const (
	readTimeout  = 100 * time.Millisecond // the shortest there is
	idleTimeout  = time.Second            // how often an idle line is looked at; a pulled cable wakes us at once
	writeTimeout = 500 * time.Millisecond // a frame takes 40 ms at 9600 baud
	lastWords    = 100 * time.Millisecond // from the last write to closing
	maxEarly     = 3                      // reads in a row that found nothing too soon
)

// tty is what we use of tarm's port.
type tty interface {
	io.ReadCloser
	Flush() error
}

// port is an open serial port that no other agent has.
type port struct {
	tty   tty
	node  *os.File // the same device, locked
	path  string
	early int // reads in a row that found nothing without waiting
	leave atomic.Bool
	wrote time.Time // when the last frame was handed over
}

// loss is why there is no port: one of few sentences, and what the system said.
type loss struct {
	sentence string
	cause    error
}

func (l loss) Error() string { return l.sentence }
func (l loss) Unwrap() error { return l.cause }

// openPort opens the device at path, which may be a symbolic link, and sets the line. Every error of a
// port is a loss.
func openPort(path string, line profiles.Line) (*port, error) {
	target, err := filepath.EvalSymlinks(path) // once, so that both openings are of one device
	if err != nil {
		return nil, notOpened(path, err)
	}
	node, err := os.OpenFile(target, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, notOpened(path, err)
	}
	if err := lock(node); err != nil {
		_ = node.Close()
		return nil, notOpened(path, err)
	}
	t, err := serial.OpenPort(&serial.Config{
		Name: target, ReadTimeout: readTimeout,
		Baud: line.Baud, Size: byte(line.Bits), StopBits: serial.StopBits(line.Stop), Parity: parities[line.Parity],
	})
	if err != nil {
		_ = node.Close()
		return nil, notOpened(path, err)
	}
	return &port{tty: t, node: node, path: path}, nil
}

// parities are the words of a line for what tarm calls them.
var parities = map[string]serial.Parity{"none": serial.ParityNone, "odd": serial.ParityOdd, "even": serial.ParityEven}

// lock takes the device for this process's use; the kernel gives it back when node is closed, or
// the process dies.
func lock(node *os.File) error {
	conn, err := node.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	err = conn.Control(func(fd uintptr) {
		locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB)
	})
	return errors.Join(err, locked)
}

func notOpened(path string, err error) error {
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EBUSY):
		return loss{path + " is in use by another program", err}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENODEV):
		return loss{"waiting for " + path, err}
	case errors.Is(err, fs.ErrPermission):
		return loss{"no permission to open " + path, err}
	case errors.Is(err, syscall.ENOTTY):
		return loss{path + " is not a serial port", err}
	}
	return loss{"cannot open " + path, err}
}

// Read reads what is there. Zero bytes and no error mean that the line was silent for as long as silence,
// or that the port is to be left: we have waited, and then the kernel has looked. An error means that
// the cable is out.
func (p *port) Read(b []byte, silence time.Duration) (int, error) {
	if !p.wait(silence) {
		if err := p.moved(); err != nil {
			return 0, loss{p.path + " was unplugged", err}
		}
		return 0, nil
	}
	began := time.Now()
	n, err := p.tty.Read(b)
	if n > 0 {
		p.early = 0
		return n, nil
	}
	if err != nil && err != io.EOF {
		return 0, loss{p.path + " was unplugged", err}
	}
	if time.Since(began) < readTimeout/2 {
		p.early++
	} else {
		p.early = 0
	}
	if p.early >= maxEarly {
		return 0, loss{p.path + " was unplugged", errors.New("reads no longer wait")}
	}
	if err := p.moved(); err != nil {
		return 0, loss{p.path + " was unplugged", err}
	}
	return 0, nil
}

// wait reports whether there is something to read, or to be told, before the line has been silent for so
// long. A line that cannot be asked is read.
func (p *port) wait(silence time.Duration) bool {
	if p.node.SetReadDeadline(time.Now().Add(silence)) != nil {
		return true
	}
	if p.leave.Load() {
		return false
	}
	conn, err := p.node.SyscallConn()
	if err != nil {
		return true
	}
	woken := false // by bytes, or by a hang-up that leaves none
	look := func(fd uintptr) bool {
		ready := woken || isReadable(fd)
		woken = true
		return ready
	}
	if err := conn.Read(look); err == nil {
		return true
	}
	ready := false
	_ = conn.Control(func(fd uintptr) { ready = isReadable(fd) }) // what came while we were not looking
	return ready
}

// isReadable reports whether bytes wait, or the line says that it is gone.
func isReadable(fd uintptr) bool {
	var waiting int32
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, fionread, uintptr(unsafe.Pointer(&waiting)))
	return errno != 0 || waiting > 0
}

// fionread asks how many bytes can be read (asm-generic/ioctls.h; the same on every machine meant here).
const fionread = 0x541B

// Leave ends a Read that waits, and every one to come.
func (p *port) Leave() {
	p.leave.Store(true)
	_ = p.node.SetReadDeadline(time.Now()) // a closed port waits no longer anyway
}

// moved reports that path no longer leads to the device that was opened.
func (p *port) moved() error {
	now, err := os.Stat(p.path)
	if err != nil {
		return err
	}
	opened, err := p.node.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(now, opened) {
		return fmt.Errorf("%s is another device now", p.path)
	}
	return nil
}

// Write writes a frame, or fails within writeTimeout.
func (p *port) Write(frame []byte) error {
	if err := p.node.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return loss{"cannot write to " + p.path, err}
	}
	_, err := p.node.Write(frame)
	p.wrote = time.Now()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return loss{p.path + " takes no bytes", err}
	case err != nil:
		return loss{p.path + " was unplugged", err}
	}
	return nil
}

// Close closes the port and gives up the lock, once the last frame has had time to go out. What has
// not gone out by then never will, and the kernel would wait half a minute for it: so it is dropped.
func (p *port) Close() {
	time.Sleep(time.Until(p.wrote.Add(lastWords)))
	_ = p.tty.Flush() // on a pulled cable nothing is left to drop
	_ = p.tty.Close() // nor is anything to be done if the device will not be closed
	_ = p.node.Close()
}
