package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// load hands a module to the kernel.
func load(file string) error {
	image, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	none := []byte{0} // its parameters, as a C string
	_, _, errno := syscall.Syscall(syscall.SYS_INIT_MODULE, uintptr(unsafe.Pointer(&image[0])), uintptr(len(image)), uintptr(unsafe.Pointer(&none[0])))
	if errno != 0 && errno != syscall.EEXIST {
		return errno
	}
	return nil
}

// network gives the loopback and the one card their addresses; QEMU's user network has the rest of
// 10.0.2.0/24.
func network() error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	defer syscall.Close(socket)
	if err := await("/sys/class/net/eth0"); err != nil {
		return err
	}
	for _, card := range []struct {
		name          string
		address, mask [4]byte
	}{
		{"lo", [4]byte{127, 0, 0, 1}, [4]byte{255, 0, 0, 0}},
		{"eth0", [4]byte{10, 0, 2, 15}, [4]byte{255, 255, 255, 0}},
	} {
		if err := raise(socket, card.name, card.address, card.mask); err != nil {
			return fmt.Errorf("raise %s: %w", card.name, err)
		}
	}
	return nil
}

// raise sets a card's address and mask and switches it on (netdevice(7)).
func raise(socket int, name string, address, mask [4]byte) error {
	of := func(ip [4]byte) (request [40]byte) {
		copy(request[:], name)
		binary.NativeEndian.PutUint16(request[16:], syscall.AF_INET)
		copy(request[20:], ip[:])
		return request
	}
	up := [40]byte{}
	copy(up[:], name)
	binary.NativeEndian.PutUint16(up[16:], syscall.IFF_UP|syscall.IFF_RUNNING)
	for _, step := range []struct {
		what    uintptr
		request [40]byte
	}{{syscall.SIOCSIFADDR, of(address)}, {syscall.SIOCSIFNETMASK, of(mask)}, {syscall.SIOCSIFFLAGS, up}} {
		if err := ioctl(uintptr(socket), step.what, unsafe.Pointer(&step.request)); err != nil {
			return err
		}
	}
	return nil
}

// Of struct gpio_v2_line_request (include/uapi/linux/gpio.h): its size, and where its members lie.
const (
	lineRequest  = 0xC000_0000 | lineSize<<16 | 0xB4<<8 | 0x07 // GPIO_V2_GET_LINE_IOCTL
	lineSize     = 592
	lineConsumer = 256
	lineFlags    = 288
	lineCount    = 560
	lineFile     = 588
	lineInput    = 1 << 2
)

// takeLine requests a line of the first chip as an input, as another program would. The line is free
// again when the file is closed.
func takeLine(offset int) (*os.File, error) {
	chip, err := os.Open("/dev/gpiochip0")
	if err != nil {
		return nil, err
	}
	defer chip.Close()
	var request [lineSize]byte
	binary.NativeEndian.PutUint32(request[:], uint32(offset))
	copy(request[lineConsumer:], "another program")
	binary.NativeEndian.PutUint64(request[lineFlags:], lineInput)
	binary.NativeEndian.PutUint32(request[lineCount:], 1)
	if err := ioctl(chip.Fd(), lineRequest, unsafe.Pointer(&request)); err != nil {
		return nil, fmt.Errorf("take line %d: %w", offset, err)
	}
	return os.NewFile(uintptr(binary.NativeEndian.Uint32(request[lineFile:])), "gpio line"), nil
}

func ioctl(file, request uintptr, with unsafe.Pointer) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, file, request, uintptr(with)); errno != 0 {
		return errno
	}
	return nil
}
