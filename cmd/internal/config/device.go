package config

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

var errNameless = errors.New("this machine has neither a serial number nor a network card to take it from")

// DeviceName makes a box's name from what its maker wrote into it: the board's serial number, else
// the MAC of its first real network card. It never reads machine-id, which a cloned card copies, so
// that two boxes would carry one name. root is where /proc and /sys are found.
func DeviceName(root string) (string, error) {
	if name := boardSerial(root); name != "" {
		return "pad-" + name, nil
	}
	cards, err := filepath.Glob(filepath.Join(root, "sys/class/net/*"))
	if err != nil {
		return "", err
	}
	slices.Sort(cards)
	for _, card := range cards {
		if mac := makersMAC(card); mac != nil {
			return "pad-" + strings.ReplaceAll(mac.String(), ":", ""), nil
		}
	}
	return "", errNameless
}

// boardSerial is the device tree's serial number, or "" where the maker left it blank.
func boardSerial(root string) string {
	text, err := os.ReadFile(filepath.Join(root, "proc/device-tree/serial-number"))
	if err != nil {
		return ""
	}
	serial := strings.ToLower(strings.TrimRight(string(text), "\x00\n "))
	if len(serial) < 4 || !isLevel("pad-"+serial) || strings.Trim(serial, "0") == "" {
		return ""
	}
	return serial
}

// makersMAC is the address that was burnt into a card of hardware: no bridge, no tunnel, none that
// was drawn at random (addr_assign_type 1) or set by hand (3).
func makersMAC(card string) net.HardwareAddr {
	if _, err := os.Stat(filepath.Join(card, "device")); err != nil {
		return nil
	}
	if fact(card, "addr_assign_type") != "0" {
		return nil
	}
	mac, err := net.ParseMAC(fact(card, "address"))
	const localOrGroup = 0b11 // IEEE 802: the two low bits of the first byte
	if err != nil || len(mac) != 6 || mac[0]&localOrGroup != 0 || mac.String() == "00:00:00:00:00:00" {
		return nil
	}
	return mac
}

func fact(card, name string) string {
	text, err := os.ReadFile(filepath.Join(card, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
