package main

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/creack/pty"
)

// strung puts a line of a certain speed between a simulated pad and the host: where the two are not set to
// the same rate, each hears what a UART makes of the other's bits. A pseudo-terminal alone knows no speed.
// What deaf says of a chunk from the host, the pad does not hear. Parity cannot be tried: the kernel's
// pseudo-terminals have none, whatever is set.
func strung(t *testing.T, padPort string, padBaud int, deaf func([]byte) bool) (hostPort string) {
	t.Helper()
	pad, err := os.OpenFile(padPort, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Dup(int(master.Fd())) // package pty's is blocking, and would not be closed while it is read
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	master.Close()
	master = os.NewFile(uintptr(fd), "master")
	raw(t, slave)
	var both sync.WaitGroup
	carry := func(from, to *os.File, spoken, heard func() int, deaf func([]byte) bool) {
		buf := make([]byte, 256)
		for {
			n, err := from.Read(buf)
			if err != nil {
				return
			}
			if deaf == nil || !deaf(buf[:n]) {
				if b := garble(buf[:n], spoken(), heard()); len(b) > 0 {
					_, _ = to.Write(b) // the other end may have gone
				}
			}
		}
	}
	padRate := func() int { return padBaud }
	hostRate := func() int { return rateOf(master) }
	both.Go(func() { carry(pad, master, padRate, hostRate, nil) })
	both.Go(func() { carry(master, pad, hostRate, padRate, deaf) })
	t.Cleanup(func() {
		pad.Close()
		master.Close()
		both.Wait()
		slave.Close()
	})
	link := filepath.Join(t.TempDir(), "wire")
	if err := os.Symlink(slave.Name(), link); err != nil {
		t.Fatal(err)
	}
	return link
}

// garble is what a receiver at one rate makes of bytes that were sent at another, back to back on a line
// that was at rest: it looks for a falling edge, and samples each bit in its middle. A byte whose stop bit
// is missing is dropped, as the ports do that the agent opens.
func garble(sent []byte, spoken, heard int) (got []byte) {
	if spoken == heard {
		return sent
	}
	level := func(at float64) bool { // at a time in seconds
		bit := int(at * float64(spoken))
		if at < 0 || bit/10 >= len(sent) {
			return true
		}
		switch b := sent[bit/10]; bit % 10 {
		case 0:
			return false
		case 9:
			return true
		default:
			return b>>(bit%10-1)&1 == 1
		}
	}
	width := 1 / float64(heard)
	end := float64(10*len(sent)) / float64(spoken)
	step := width / 16
	for at := 0.0; at < end; at += step {
		if level(at) || !level(at-step) || level(at+width/2) {
			continue
		}
		var b byte
		for bit := range 8 {
			if level(at + width*(1.5+float64(bit))) {
				b |= 1 << bit
			}
		}
		if level(at + width*9.5) {
			got = append(got, b)
		}
		at += width * 9.5
	}
	return got
}

// rates are the codes of the kernel's CBAUD (asm-generic/termbits.h).
var rates = map[uint32]int{
	syscall.B1200: 1200, syscall.B2400: 2400, syscall.B4800: 4800, syscall.B9600: 9600,
	syscall.B19200: 19200, syscall.B38400: 38400, syscall.B57600: 57600, syscall.B115200: 115200,
}

// rateOf is the rate that the host has set: a master shows the settings of its slave.
func rateOf(master *os.File) int {
	const cbaud = 0x100F
	var s syscall.Termios
	terminal(master, syscall.TCGETS, &s)
	return rates[s.Cflag&cbaud]
}

func raw(t *testing.T, f *os.File) {
	t.Helper()
	var s syscall.Termios
	if !terminal(f, syscall.TCGETS, &s) {
		t.Fatal("no terminal")
	}
	s.Iflag, s.Oflag, s.Lflag = 0, 0, 0
	s.Cc[syscall.VMIN], s.Cc[syscall.VTIME] = 1, 0
	if !terminal(f, syscall.TCSETS, &s) {
		t.Fatal("the terminal takes no settings")
	}
}

func terminal(f *os.File, request uintptr, s *syscall.Termios) (ok bool) {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	err = conn.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(s)))
		ok = errno == 0
	})
	return err == nil && ok
}

// TestGarble holds the wire to what real lines do.
func TestGarble(t *testing.T) {
	if got := garble([]byte{1, 2, 0x31}, 9600, 9600); string(got) != "\x01\x021" {
		t.Errorf("the same rate: % X", got)
	}
	// Half as fast, the receiver sees every other bit, and then a line at rest.
	if got := garble([]byte{0x00}, 19200, 9600); len(got) != 1 || got[0] < 0xE0 {
		t.Errorf("half as fast: % X, want one byte whose high bits are ones", got)
	}
	if got := garble([]byte{0x31, 0x32, 0x33}, 9600, 115200); string(got) == "123" {
		t.Errorf("twelve times as fast: % X", got)
	}
}
