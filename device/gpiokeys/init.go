package gpiokeys

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"sync"
	"syscall"

	"periph.io/x/conn/v3/driver/driverreg"
)

// Init finds the machine's GPIO chips, once a process. Call it first in main, before any other file
// is opened; a later call returns what the first one found out. A machine without GPIO is no error.
//
// Two traps lie in periph's gpioioctl (v3.8.5). Where /dev has two names for one chip, as on a
// Raspberry Pi, it closes file descriptor 0, and the chip's own twice: in a running program the
// second of these is somebody else's file. And it takes a line's descriptor 0 for "not open", so
// that a line which is given 0 is lost for ever. Therefore 0 to 2 are occupied before and after.
// Periph's words on the standard logger go to the log of whichever Keys run.
func Init() error { return initOnce() }

var initOnce = sync.OnceValue(func() error {
	log.SetFlags(0)
	log.SetOutput(periphWriter{})
	kernel.nodes, _ = chipNodes()
	return keepingStandardFiles(func() error {
		state, err := driverreg.Init()
		if err != nil {
			return fmt.Errorf("start periph: %w", err)
		}
		for _, f := range append(state.Skipped, state.Failed...) {
			log.Print(f.String())
		}
		return nil
	})
})

// keepingStandardFiles sees to it that 0, 1 and 2 are open while f runs and afterwards, and that 0
// is the same file then.
func keepingStandardFiles(f func() error) error {
	if err := occupyStandardFiles(); err != nil {
		return err
	}
	stdin, err := duplicate(0)
	if err != nil {
		return fmt.Errorf("keep stdin: %w", err)
	}
	defer syscall.Close(stdin)
	err = f()
	if !isOpen(0) {
		if e := syscall.Dup3(stdin, 0, 0); e != nil {
			err = errors.Join(err, fmt.Errorf("heal stdin: %w", e))
		}
	}
	return errors.Join(err, occupyStandardFiles())
}

// occupyStandardFiles opens /dev/null on each of 0, 1 and 2 that is closed: open gives the lowest
// number that is free.
func occupyStandardFiles() error {
	for {
		fd, err := syscall.Open("/dev/null", syscall.O_RDWR, 0)
		if err != nil {
			return fmt.Errorf("occupy the standard files: %w", err)
		}
		if fd > 2 {
			return syscall.Close(fd)
		}
	}
}

func isOpen(fd int) bool {
	_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
	return errno == 0
}

// duplicate opens the file of fd a second time, above the standard files.
func duplicate(fd int) (int, error) {
	n, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 3)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// saidByPeriph is the message under which periph's words stand in our log.
const saidByPeriph = "periph says"

// periphSays holds what periph has said and no Keys have logged yet; when it is full, the rest is
// dropped, since periph says in a loop what it says once.
var periphSays = make(chan string, 64)

// logPeriph moves what waits to our log. It never waits itself.
func logPeriph(to *slog.Logger) {
	for {
		select {
		case words := <-periphSays:
			to.Info(saidByPeriph, "words", words)
		default:
			return
		}
	}
}

type periphWriter struct{}

func (periphWriter) Write(line []byte) (int, error) {
	words := strings.TrimSpace(string(line))
	if strings.Contains(words, saidByPeriph) {
		return len(line), nil // a log that ends in the standard logger must not feed itself
	}
	select {
	case periphSays <- words:
	default:
	}
	return len(line), nil
}
