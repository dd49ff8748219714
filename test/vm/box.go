package vm

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"evalpad/test/vm/orders"
)

// Write writes a file on the machine.
func (m *Machine) Write(path, text string) {
	m.t.Helper()
	m.do("Write", orders.File{Path: path, Text: text}, &orders.Nothing{})
}

// Read reads one.
func (m *Machine) Read(path string) (text string) {
	m.t.Helper()
	m.do("Read", path, &text)
	return text
}

// Names lists the files that match a pattern.
func (m *Machine) Names(pattern string) (names []string) {
	m.t.Helper()
	m.do("Names", pattern, &names)
	return names
}

// Target is where a symbolic link leads, "" if there is none.
func (m *Machine) Target(link string) (target string) {
	if err := m.order(orderTime, "Target", link, &target); err != nil {
		return ""
	}
	return target
}

// Link makes a symbolic link.
func (m *Machine) Link(target, path string) {
	m.t.Helper()
	m.do("Link", orders.Link{Target: target, Path: path}, &orders.Nothing{})
}

// Take lets another program on the machine have a GPIO line; Give ends that.
func (m *Machine) Take(line string) {
	m.t.Helper()
	m.do("Take", orders.Line{Offset: Offset(line)}, &orders.Nothing{})
}

// Give is the end of Take.
func (m *Machine) Give() {
	m.t.Helper()
	m.do("Give", orders.Nothing{}, &orders.Nothing{})
}

// StartAgent starts the agent, which is kept running from then on, and returns when it is ready.
func (m *Machine) StartAgent() {
	m.t.Helper()
	m.do("Start", orders.Nothing{}, &orders.Nothing{})
}

// StopAgent sends the agent a signal and waits for its end.
func (m *Machine) StopAgent(signal syscall.Signal) (e orders.Ended) {
	m.t.Helper()
	m.do("Stop", orders.Signal{Number: int(signal)}, &e)
	return e
}

// Run runs evalpad with arguments, and the configuration.
func (m *Machine) Run(args ...string) (o orders.Output) {
	m.t.Helper()
	m.do("Run", append(args, "-c", orders.Config), &o)
	return o
}

// Status is what evalpad status --json says; nil while no agent runs.
func (m *Machine) Status() (status map[string]any) {
	m.t.Helper()
	o := m.Run("status", "--json")
	if o.Code != 0 {
		return nil
	}
	if err := json.Unmarshal([]byte(o.Out), &status); err != nil {
		m.fail("read status", fmt.Errorf("%w: %s", err, o.Out))
	}
	return status
}

// Uptime is the machine's, as the agent's stamps have it.
func (m *Machine) Uptime() time.Duration {
	m.t.Helper()
	first, _, _ := strings.Cut(m.Read("/proc/uptime"), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if err != nil {
		m.fail("read uptime", err)
	}
	return time.Duration(seconds * float64(time.Second))
}

// Agent tells of the agent's process.
func (m *Machine) Agent() (r orders.Running) {
	m.t.Helper()
	m.do("Agent", orders.Nothing{}, &r)
	return r
}

// Processor is how much of the processor's time the agent has had since it started (proc(5): utime
// and stime, in hundredths of a second).
func (m *Machine) Processor() time.Duration {
	m.t.Helper()
	stat := m.Read(fmt.Sprintf("/proc/%d/stat", m.Agent().PID))
	const utime, stime = 11, 12 // of the fields behind the name
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	var ticks int
	for _, field := range []int{utime, stime} {
		n, err := strconv.Atoi(fields[field])
		if err != nil {
			m.fail("read the agent's processor time", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// Wakeups is how often the agent's threads have been woken since it started (proc(5):
// voluntary_ctxt_switches), which is the same on a fast processor and on a slow one.
func (m *Machine) Wakeups() (n int) {
	m.t.Helper()
	for _, status := range m.Names(fmt.Sprintf("/proc/%d/task/*/status", m.Agent().PID)) {
		_, after, _ := strings.Cut(m.Read(status), "\nvoluntary_ctxt_switches:")
		first, _, _ := strings.Cut(after, "\n")
		switches, err := strconv.Atoi(strings.TrimSpace(first))
		if err != nil {
			m.fail("read the agent's wakeups", err)
		}
		n += switches
	}
	return n
}

// Stalled is the longest time for which the machine has stood still since it was last asked, because
// what it runs on was busy elsewhere.
func (m *Machine) Stalled() (longest time.Duration) {
	m.t.Helper()
	m.do("Stalled", orders.Nothing{}, &longest)
	return longest
}

// PowerOff ends the machine in order and returns how long that took.
func (m *Machine) PowerOff() time.Duration {
	m.t.Helper()
	began := time.Now()
	go func() { _ = m.order(orderTime, "PowerOff", orders.Nothing{}, &orders.Nothing{}) }() // it has no answer
	select {
	case <-m.ended:
	case <-time.After(orderTime):
		m.fail("power off", fmt.Errorf("still on after %s", orderTime))
	}
	return time.Since(began)
}

// Unplug pulls the USB keypad, and returns when the kernel has let it go.
func (m *Machine) Unplug() {
	m.t.Helper()
	if err := m.monitor.unplug("adapter"); err != nil {
		m.fail("unplug", err)
	}
	if _, err := m.monitor.ask("chardev-remove", map[string]any{"id": "usbkeypad"}); err != nil {
		m.fail("unplug", err)
	}
}

// Plug plugs it in again; its terminal may be another one behind the same path.
func (m *Machine) Plug() {
	m.t.Helper()
	terminal, err := filepath.EvalSymlinks(m.o.USBKeypad)
	if err != nil {
		m.fail("plug in", err)
	}
	for _, step := range []struct {
		command   string
		arguments map[string]any
	}{
		{"chardev-add", map[string]any{"id": "usbkeypad", "backend": map[string]any{"type": "serial", "data": map[string]any{"device": terminal}}}},
		{"device_add", map[string]any{"driver": "usb-serial", "id": "adapter", "chardev": "usbkeypad", "serial": "A5XK3RJT", "always-plugged": true}},
	} {
		if _, err := m.monitor.ask(step.command, step.arguments); err != nil {
			m.fail("plug in", err)
		}
	}
}

// Type presses keys of the USB keyboard one after the other, by QEMU's names, as kp_1; each is held
// and then let go for that long.
func (m *Machine) Type(held time.Duration, keys ...string) {
	m.t.Helper()
	for _, key := range keys {
		for _, down := range []bool{true, false} {
			event := map[string]any{"type": "key", "data": map[string]any{"down": down, "key": map[string]any{"type": "qcode", "data": key}}}
			if _, err := m.monitor.ask("input-send-event", map[string]any{"events": []any{event}}); err != nil {
				m.fail("type", err)
			}
			time.Sleep(held)
		}
	}
}
