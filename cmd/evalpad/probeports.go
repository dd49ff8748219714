package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// portFound is something at which a pad may be.
type portFound struct {
	path   string
	leads  string // what the name leads to, "" for a device itself
	serial bool
}

// portPatterns are the names of ports, the lasting ones first: a device that has one is not listed again
// under a passing name.
var portPatterns = []struct {
	pattern string
	serial  bool
}{
	{"serial/by-id/*", true}, {"serial/by-path/*", true}, {"ttyUSB*", true}, {"ttyACM*", true}, {"ttyAMA*", true}, {"ttyS*", true},
	{"input/by-id/*-event-kbd", false}, {"gpiochip*", false},
}

// ports lists what is there, under dev.
func ports(dev string) (all []portFound) {
	seen := map[string]bool{}
	for _, kind := range portPatterns {
		paths, _ := filepath.Glob(filepath.Join(dev, kind.pattern)) // the pattern is right
		for _, path := range paths {
			target, err := filepath.EvalSymlinks(path)
			if err != nil || seen[target] || kind.serial && deadPort(target) {
				continue
			}
			seen[target] = true
			found := portFound{path: path, serial: kind.serial}
			if target != path {
				found.leads = target
			}
			all = append(all, found)
		}
	}
	return all
}

// deadPort reports whether a ttyS is one of those that the kernel lists and no board has: its type is 0
// (PORT_UNKNOWN, linux/serial_core.h).
func deadPort(path string) bool {
	kind, err := os.ReadFile(filepath.Join("/sys/class/tty", filepath.Base(path), "type"))
	return err == nil && strings.TrimSpace(string(kind)) == "0"
}

// byName is the lasting name of a port, as in /dev/serial/by-id; the port itself where it has none.
func byName(dev, port string) string {
	target, err := filepath.EvalSymlinks(port)
	if err != nil {
		return port
	}
	for _, folder := range []string{"by-id", "by-path"} {
		names, _ := filepath.Glob(filepath.Join(dev, "serial", folder, "*"))
		for _, name := range names {
			if to, err := filepath.EvalSymlinks(name); err == nil && to == target {
				return name
			}
		}
	}
	return port
}

// choosePort lists the ports and has one chosen.
func (p *probe) choosePort(ctx context.Context) (string, error) {
	all := ports(p.dev)
	p.tell("Where a pad may be:", "可能连接评价器的位置：")
	for i, at := range all {
		words := at.path
		if at.leads != "" {
			words += " → " + at.leads
		}
		fmt.Fprintf(p.out, "%3d  %s\n", i+1, words)
	}
	if !slices.ContainsFunc(all, func(at portFound) bool { return at.serial }) {
		return "", errors.New(p.say("probe: this machine has no serial port: plug the adapter in", "probe: 本机没有串口：请插入转换器"))
	}
	for {
		p.tell("Which one? Type its number.", "请选择，输入编号：")
		line, err := p.chosen(ctx)
		if err != nil {
			return "", err
		}
		n, err := strconv.Atoi(line)
		switch {
		case err != nil || n < 1 || n > len(all):
			p.tell("Write a number from 1 to %d.", "请输入 1 至 %d。", len(all))
		case !all[n-1].serial:
			p.tell("%s is no serial port. Its keys need no protocol: their lines or names go into the configuration by hand, see firmware-notes/pads.",
				"%s 不是串口，无需识别协议：请按 firmware-notes/pads 在配置中直接写明各键。", all[n-1].path)
		default:
			return all[n-1].path, nil
		}
	}
}

// chosen waits for a line while no port is open.
func (p *probe) chosen(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case line, ok := <-p.lines:
		if !ok {
			return "", errNobody
		}
		return line, nil
	}
}
