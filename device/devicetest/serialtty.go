package devicetest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"unsafe"
)

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
