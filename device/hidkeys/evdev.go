package hidkeys

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// Requests of an input device (linux/input.h), built as asm-generic/ioctl.h does on every machine
// that is meant here. To get bits is to read as many bytes as there is room for.
const (
	setClock  = 1<<30 | 4<<16 | 'E'<<8 | 0xA0 // EVIOCSCLOCKID
	grab      = 1<<30 | 4<<16 | 'E'<<8 | 0x90 // EVIOCGRAB
	getKeys   = 2<<30 | 'E'<<8 | 0x18         // EVIOCGKEY(0)
	getHas    = 2<<30 | 'E'<<8 | 0x20 + evKey // EVIOCGBIT(EV_KEY, 0)
	bootClock = 7                             // CLOCK_BOOTTIME
)

// Errors of a keypad that cannot be opened.
var (
	ErrGrabbed = errors.New("in use by another program")
	ErrNoRight = errors.New("no permission: the agent's user must be in group input")
)

// evdev is an input device of the kernel's.
type evdev struct{ file *os.File }

// openEvdev opens an input device and keeps its events from everybody else. It is opened without
// blocking, so that a read of it can be given up and ended by Close.
func openEvdev(port string) (Keypad, error) {
	file, err := os.OpenFile(port, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("open keypad %s: %w", port, ErrNoRight)
	case err != nil:
		return nil, fmt.Errorf("open keypad: %w", err)
	}
	d := evdev{file}
	err = d.take()
	if errors.Is(err, syscall.EBUSY) {
		err = ErrGrabbed
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open keypad %s: %w", port, err), file.Close())
	}
	return d, nil
}

// take sees to it that reads can be given up, that events come stamped with the boot time, and to
// us alone. A kernel that refuses the clock is asked no further: see stamp.
func (d evdev) take() error {
	if err := d.file.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("wait for it: %w", err)
	}
	clock := int32(bootClock)
	_ = d.request(setClock, unsafe.Pointer(&clock), 0)
	return d.request(grab, nil, 1)
}

func (d evdev) Read(events []byte, timeout time.Duration) (n int, err error) {
	if err := d.file.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	n, err = d.file.Read(events)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, nil
	}
	return n, err
}

func (d evdev) Down(keys []byte) error { return d.bits(getKeys, keys) }
func (d evdev) Has(keys []byte) error  { return d.bits(getHas, keys) }

func (d evdev) bits(request uintptr, keys []byte) error {
	return d.request(request|uintptr(len(keys))<<16, unsafe.Pointer(&keys[0]), 0)
}

// Close gives the keypad back to whoever else listens; the grab ends with the file.
func (d evdev) Close() error { return d.file.Close() }

// request asks the kernel, with a pointer or, where that is nil, with a number.
func (d evdev) request(request uintptr, with unsafe.Pointer, number uintptr) error {
	conn, err := d.file.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = conn.Control(func(fd uintptr) {
		if with == nil {
			_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, number)
			return
		}
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(with))
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return err
}
