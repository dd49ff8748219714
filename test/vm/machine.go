package vm

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"evalpad/test/harness"
	"evalpad/test/vm/orders"
)

// Where the machine has its things.
const (
	// Broker is headquarters' broker as the machine sees it: the one address that it can reach.
	Broker = "10.0.2.100:8883"
	// Keypad is the serial port on the board, USBKeypad the one of the USB adapter.
	Keypad    = "/dev/ttyS0"
	USBKeypad = "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_A5XK3RJT-if00-port0"
	// Keyboard is the USB keyboard.
	Keyboard = "/dev/input/by-id/usb-QEMU_QEMU_USB_Keyboard_68284-event-kbd"
)

// bootTime is how long it may take from power-on until the guest answers.
const bootTime = 90 * time.Second

// Options says what is connected to a machine.
type Options struct {
	Broker    string // the real broker, on this machine's loopback, host:port; it speaks TLS
	Disk      string // made by Disk
	Keypad    string // path of the terminal that is at the other end of Keypad
	USBKeypad string // the same of USBKeypad
}

// Machine is a running board. Its methods fail the test where the machine does not do as it should.
type Machine struct {
	t       testing.TB
	o       Options
	dir     string // short: a socket's path has 107 bytes at most
	qemu    *exec.Cmd
	ended   chan struct{}
	said    bytes.Buffer // by QEMU itself; read once it has ended
	monitor *monitor
	lines   *lines
	guest   *rpc.Client
}

// Boot switches a machine on and waits until it answers; it is killed when the test ends.
func Boot(t testing.TB, k Kit, o Options) *Machine {
	t.Helper()
	dir, err := os.MkdirTemp("", "vm-")
	if err != nil {
		t.Fatal(err)
	}
	m := &Machine{t: t, o: o, dir: dir, ended: make(chan struct{})}
	t.Cleanup(func() {
		m.Kill()
		if t.Failed() {
			t.Logf("--- the machine's console:\n%s", tail(m.Console(), 60))
		}
		os.RemoveAll(dir)
	})
	// Ahead of what else runs here: a board that stands still for a tenth of a second misses a press.
	// Who is not root is told that this may not be, and goes on without.
	m.qemu = exec.Command("nice", append([]string{"-n", "-10", harness.Need(t, "qemu-system-aarch64")}, m.arguments(k)...)...)
	m.qemu.Stderr = &m.said
	m.qemu.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // no orphan if the test is killed
	if err := m.qemu.Start(); err != nil {
		t.Fatalf("start QEMU: %v", err)
	}
	go func() { _ = m.qemu.Wait(); close(m.ended) }()
	if err := m.connect(); err != nil {
		m.fail("boot", err)
	}
	return m
}

// Under makes it t's machine: whatever fails from now on fails t.
func (m *Machine) Under(t testing.TB) { m.t = t }

func (m *Machine) arguments(k Kit) []string {
	socket := func(name string) string { return "unix:" + filepath.Join(m.dir, name) + ",server=on,wait=off" }
	return []string{
		"-M", "virt", "-cpu", "cortex-a53", "-smp", "1", "-m", "256", "-accel", "tcg", "-nodefaults", "-display", "none", "-no-reboot",
		"-kernel", filepath.Join(k.kernel, "vmlinuz"), "-dtb", filepath.Join(k.kernel, "board.dtb"), "-initrd", k.initial,
		"-append", "console=ttyAMA0 panic=-1 quiet loglevel=4",
		"-serial", "file:" + filepath.Join(m.dir, "console"), // QEMU does not hold the board up for a reader
		"-qtest", socket("qtest"), "-qtest-log", os.DevNull, "-qmp", socket("qmp"),
		"-device", "virtio-serial-device", "-chardev", "socket,id=orders,path=" + filepath.Join(m.dir, "orders") + ",server=on,wait=off",
		"-device", "virtserialport,chardev=orders,name=" + orders.Port,
		"-drive", "if=none,id=disk,format=raw,file=" + m.o.Disk, "-device", "virtio-blk-device,drive=disk",
		// The form with a program carries any number of sessions, the one without it a single one.
		"-netdev", "user,id=net,restrict=on,guestfwd=tcp:" + Broker + "-cmd:socat - TCP4:" + m.o.Broker,
		"-device", "virtio-net-device,netdev=net",
		"-chardev", "serial,id=keypad,path=" + m.o.Keypad, "-device", "pci-serial,chardev=keypad",
		"-device", "qemu-xhci", "-chardev", "serial,id=usbkeypad,path=" + m.o.USBKeypad,
		"-device", "usb-serial,id=adapter,chardev=usbkeypad,serial=A5XK3RJT,always-plugged=true",
		"-device", "usb-kbd,id=keyboard,serial=68284",
	}
}

// connect opens the lines to QEMU and to the guest, and waits for the guest.
func (m *Machine) connect() error {
	qmp, err := m.dial("qmp")
	if err != nil {
		return err
	}
	if m.monitor, err = newMonitor(qmp); err != nil {
		return err
	}
	chip, err := m.monitor.chip()
	if err != nil {
		return err
	}
	qtest, err := m.dial("qtest")
	if err != nil {
		return err
	}
	if m.lines, err = newLines(qtest, chip); err != nil {
		return err
	}
	guest, err := m.dial("orders")
	if err != nil {
		return err
	}
	m.guest = jsonrpc.NewClient(guest)
	return m.order(bootTime, "Read", "/proc/uptime", new(string))
}

// dial waits until QEMU has made a socket.
func (m *Machine) dial(name string) (conn net.Conn, err error) {
	for range 200 {
		if conn, err = net.Dial("unix", filepath.Join(m.dir, name)); err == nil {
			return conn, nil
		}
		select {
		case <-m.ended:
			return nil, fmt.Errorf("QEMU ended at once: %s", m.said.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("QEMU has not opened its line: %w", err)
}

// orderTime is how long the guest may take for what is asked of it.
const orderTime = 60 * time.Second

// order asks the guest and waits for its answer.
func (m *Machine) order(within time.Duration, method string, argument, answer any) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	call := m.guest.Go("Box."+method, argument, answer, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		return call.Error
	case <-m.ended:
		return fmt.Errorf("the machine is off: %s", m.said.String())
	case <-ctx.Done():
		return fmt.Errorf("no answer within %s", within)
	}
}

// do asks the guest what it must be able to do.
func (m *Machine) do(method string, argument, answer any) {
	m.t.Helper()
	if err := m.order(orderTime, method, argument, answer); err != nil {
		m.fail(method, err)
	}
}

func (m *Machine) fail(what string, err error) {
	m.t.Helper()
	m.t.Fatalf("machine: %s: %v\n--- its console ends with:\n%s", what, err, tail(m.Console(), 40))
}

// Console is all that the kernel, the guest and the agent's log have said.
func (m *Machine) Console() string {
	text, err := os.ReadFile(filepath.Join(m.dir, "console"))
	if err != nil {
		return "no console: " + err.Error()
	}
	return string(text)
}

// Kill takes the power away, and returns when the machine is off. Twice is once.
func (m *Machine) Kill() {
	if m.qemu.Process == nil {
		return
	}
	_ = m.qemu.Process.Kill() // it may be off already
	<-m.ended
}
