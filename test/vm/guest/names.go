package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// names keeps the links in /dev/serial/by-id and /dev/input/by-id as udev does (60-serial.rules,
// 60-persistent-input.rules): named after what is plugged in, made when it comes, removed when it
// goes. Like udev it hears of both from the kernel, and so always a moment late.
type names struct {
	kernel int // a socket for its uevents
	made   map[string]string
}

const kobjectUevents = 15 // NETLINK_KOBJECT_UEVENT, include/uapi/linux/netlink.h

func watchNames() (*names, error) {
	socket, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, kobjectUevents)
	if err != nil {
		return nil, fmt.Errorf("watch devices: %w", err)
	}
	if err := syscall.Bind(socket, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: 1}); err != nil {
		return nil, fmt.Errorf("watch devices: %w", err)
	}
	return &names{kernel: socket, made: map[string]string{}}, nil
}

// follow puts the links right, and again after whatever the kernel tells. A message may be lost, and
// its fate is then that of the next.
func (n *names) follow() {
	var message [8192]byte
	for {
		n.putRight(wanted())
		if _, _, err := syscall.Recvfrom(n.kernel, message[:], 0); err != nil && err != syscall.EINTR && err != syscall.ENOBUFS {
			fmt.Println("guest: watch devices:", err)
			return
		}
	}
}

func (n *names) putRight(want map[string]string) {
	if maps.Equal(want, n.made) {
		return
	}
	for link, target := range n.made {
		if want[link] != target {
			n.note(os.Remove(link))
		}
	}
	for link, target := range want {
		if n.made[link] != target {
			n.note(os.MkdirAll(filepath.Dir(link), 0o755))
			n.note(os.Symlink(target, link))
		}
	}
	n.made = want
}

func (n *names) note(err error) {
	if err != nil {
		fmt.Println("guest: name devices:", err)
	}
}

// wanted maps each link to its target for the USB serial ports and keyboards that are there.
func wanted() map[string]string {
	links := map[string]string{}
	for _, at := range found("/sys/class/tty/ttyUSB*") {
		if part := interfaceOf(at); part != "" {
			port := fact(filepath.Join(at, "device/port_number"))
			links["/dev/serial/by-id/usb-"+maker(part)+"-if"+fact(part+"/bInterfaceNumber")+"-port"+port] = "../../" + filepath.Base(at)
		}
	}
	for _, at := range found("/sys/class/input/event*") {
		const keyboard = "01" // HID 1.11, 4.3: protocol of the boot interface
		if part := interfaceOf(at); part != "" && fact(part+"/bInterfaceProtocol") == keyboard {
			links["/dev/input/by-id/usb-"+maker(part)+"-event-kbd"] = "../" + filepath.Base(at)
		}
	}
	return links
}

// found lists the places in /sys/devices that a pattern of /sys/class leads to.
func found(pattern string) (places []string) {
	links, _ := filepath.Glob(pattern) // the pattern is right
	for _, link := range links {
		if at, err := filepath.EvalSymlinks(link); err == nil {
			places = append(places, at)
		}
	}
	return places
}

// interfaceOf is the USB interface that a device is part of, "" if it is of no such.
func interfaceOf(at string) string {
	for ; at != "/sys" && at != "/"; at = filepath.Dir(at) {
		if _, err := os.Stat(at + "/bInterfaceNumber"); err == nil {
			return at
		}
	}
	return ""
}

// maker is udev's ID_SERIAL of the device to which an interface belongs.
func maker(part string) string {
	device := filepath.Dir(part)
	var words []string
	for _, name := range []string{"manufacturer", "product", "serial"} {
		if word := fact(filepath.Join(device, name)); word != "" {
			words = append(words, strings.ReplaceAll(word, " ", "_"))
		}
	}
	return strings.Join(words, "_")
}

func fact(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
