package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"evalpad/test/vm/orders"
)

// Box is what the host can ask for. Its methods may be called side by side.
type Box struct {
	agent agent
	pulse pulse
	taken *os.File
}

// Write writes a file and makes its folder.
func (b *Box) Write(f orders.File, _ *orders.Nothing) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(f.Path, []byte(f.Text), 0o600)
}

// Read reads a file; of one in /proc and /sys too all that is there.
func (b *Box) Read(path string, text *string) error {
	raw, err := os.ReadFile(path)
	*text = string(raw)
	return err
}

// Names lists what matches a pattern of path/filepath.
func (b *Box) Names(pattern string, names *[]string) (err error) {
	*names, err = filepath.Glob(pattern)
	return err
}

// Target tells where a symbolic link leads.
func (b *Box) Target(link string, target *string) (err error) {
	*target, err = filepath.EvalSymlinks(link)
	return err
}

// Link makes a symbolic link.
func (b *Box) Link(l orders.Link, _ *orders.Nothing) error { return os.Symlink(l.Target, l.Path) }

// Take requests a GPIO line before the agent can; one at a time.
func (b *Box) Take(l orders.Line, _ *orders.Nothing) (err error) {
	b.taken, err = takeLine(l.Offset)
	return err
}

// Give gives the line back.
func (b *Box) Give(_ orders.Nothing, _ *orders.Nothing) error {
	if b.taken == nil {
		return errors.New("no line is taken")
	}
	return b.taken.Close()
}

// Start starts the agent and keeps it running as its unit would. It returns when the agent is ready.
func (b *Box) Start(_ orders.Nothing, _ *orders.Nothing) error { return b.agent.start() }

// Agent tells of the running agent.
func (b *Box) Agent(_ orders.Nothing, r *orders.Running) (err error) {
	*r, err = b.agent.running()
	return err
}

// Stop sends the agent a signal, after which it is not started again, and waits for its end.
func (b *Box) Stop(s orders.Signal, e *orders.Ended) (err error) {
	*e, err = b.agent.stop(syscall.Signal(s.Number))
	return err
}

// Run runs the agent's program to its end, as evalpad status does.
func (b *Box) Run(args []string, o *orders.Output) error {
	cmd := exec.Command(orders.Agent, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		return err
	}
	*o = orders.Output{Out: out.String(), Err: errs.String(), Code: cmd.ProcessState.ExitCode()}
	return nil
}

// Stalled gives the longest time for which the machine has stood still since it was last asked.
func (b *Box) Stalled(_ orders.Nothing, longest *time.Duration) error {
	*longest = b.pulse.take()
	return nil
}

// PowerOff ends the agent in order and switches the machine off, as systemctl poweroff does. There
// is no answer.
func (b *Box) PowerOff(_ orders.Nothing, _ *orders.Nothing) error {
	began := time.Now()
	e, err := b.agent.stop(syscall.SIGTERM)
	fmt.Printf("guest: power off: the agent left with %d after %s (%v)\n", e.Code, time.Since(began), err)
	powerOff()
	return nil
}
