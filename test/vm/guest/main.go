// Guest is the first and only program of the rig's machine beside the agent: it does what systemd and
// udev do on a box, and what the host asks it to.
//
// Everything under the agent is the real thing: Debian's kernel, its drivers, an ext4 file system on
// a disk. The machine has no shell and nothing that the agent does not need.
package main

import (
	"fmt"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"evalpad/test/vm/orders"
)

func main() {
	if err := serve(); err != nil {
		fmt.Println("guest:", err)
	}
	powerOff()
}

// serve makes the machine ready and does what the host asks until it hangs up.
func serve() error {
	for _, step := range []func() error{mounts, modules, network, disk} {
		if err := step(); err != nil {
			return err
		}
	}
	names, err := watchNames()
	if err != nil {
		return err
	}
	go names.follow() // until the machine ends
	port, err := openOrders()
	if err != nil {
		return err
	}
	box := &Box{}
	go box.pulse.beat() // until the machine ends
	server := rpc.NewServer()
	if err := server.Register(box); err != nil {
		return err
	}
	server.ServeCodec(jsonrpc.NewServerCodec(port))
	return nil
}

func mounts() error {
	for _, m := range []struct{ kind, at string }{
		{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}, {"devpts", "/dev/pts"}, {"tmpfs", "/run"}, {"tmpfs", "/tmp"},
	} {
		if err := os.MkdirAll(m.at, 0o755); err != nil {
			return err
		}
		if err := syscall.Mount(m.kind, m.at, m.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.at, err)
		}
	}
	return nil
}

// modules loads the kernel's modules in the order of their names.
func modules() error {
	files, err := filepath.Glob("/modules/*.ko")
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := load(file); err != nil {
			return fmt.Errorf("load module %s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

// disk mounts the box's disk, as its fstab would.
func disk() error {
	if err := os.MkdirAll(orders.Data, 0o755); err != nil {
		return err
	}
	if err := await("/dev/vda"); err != nil {
		return err
	}
	if err := syscall.Mount("/dev/vda", orders.Data, "ext4", syscall.MS_NOATIME, ""); err != nil {
		return fmt.Errorf("mount %s: %w", orders.Data, err)
	}
	return nil
}

// openOrders finds the port by its name, which udev would make a link of.
func openOrders() (*os.File, error) {
	const ports = "/sys/class/virtio-ports"
	if err := await(ports); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(ports + "/*/name")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if name, err := os.ReadFile(file); err == nil && strings.TrimSpace(string(name)) == orders.Port {
			return os.OpenFile(filepath.Join("/dev", filepath.Base(filepath.Dir(file))), os.O_RDWR, 0)
		}
	}
	return nil, fmt.Errorf("no virtio serial port is called %s", orders.Port)
}

// await waits for a file that a driver makes a moment after it was loaded.
func await(path string) error {
	for range 100 {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("after 5 s there is no %s", path)
}

func powerOff() {
	syscall.Sync()
	_ = syscall.Unmount(orders.Data, 0) // busy where the agent could not be ended; what is synced is safe
	if err := syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		fmt.Println("guest: power off:", err)
	}
}
