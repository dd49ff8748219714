package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"evalpad/agent"
	"evalpad/agent/control"
	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
	"evalpad/device/gpiokeys"
	"evalpad/device/serialpad"
	"evalpad/device/serialpad/profiles"
)

// symptom is one thing that the doctor has looked at.
type symptom struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Words string `json:"words"`
	Do    string `json:"do,omitempty"` // where it is not ok
}

// doctor looks at a box, and touches nothing that somebody has.
type doctor struct {
	tongue
	dev      string                                               // where devices are, /dev
	ask      func(context.Context, string) (*agent.Status, error) // the agent at a socket
	access   func(path string) error                              // may we read and write it
	try      func(path string) error                              // open a serial port, and close it
	line     func(name string) error                              // find a GPIO line
	symptoms []symptom
	alone    bool // no agent runs, so nobody should have a port
}

func doctorCommand(s *command.Settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "doctor", Short: "Look at the configuration and at every counter's pad, and say what to do", Args: command.Words(),
		Long: `Look at the configuration, the agent and every counter's pad: one line each, and what to do.
Exit code 0 if all is well, 1 if something is not. Run it as root, or as the agent's own user.`,
		Example: "  evalpad doctor\n  evalpad doctor --json",
		RunE: func(c *cobra.Command, _ []string) error {
			d := &doctor{tongue: ourTongue(), dev: "/dev", ask: askAgent, access: mayUse, try: tryPort, line: gpiokeys.Exists}
			d.examine(c.Context(), s.Config)
			if err := d.print(c.OutOrStdout(), asJSON); err != nil {
				return err
			}
			return d.verdict()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it for a program")
	return c
}

// examine looks at everything. Each part has a function of its own.
func (d *doctor) examine(ctx context.Context, file string) {
	pad, ok := d.configuration(file)
	if !ok {
		return // nothing else is known
	}
	status := d.agent(ctx, pad)
	for _, c := range pad.Counters {
		d.pad(c, pad, status)
	}
}

func (d *doctor) well(name, english, chinese string, values ...any) {
	d.symptoms = append(d.symptoms, symptom{Name: name, OK: true, Words: d.say(english, chinese, values...)})
}

// ill notes what is wrong, and what is to be done.
func (d *doctor) ill(name, words, do string) {
	d.symptoms = append(d.symptoms, symptom{Name: name, Words: words, Do: do})
}

func (d *doctor) configuration(file string) (config.Pad, bool) {
	name := d.say("configuration", "配置")
	pad, err := config.ReadPad(file)
	if faults, wrong := errors.AsType[config.Faults](err); wrong {
		for _, f := range faults {
			d.ill(name, f.String(), d.say("correct the file", "请修改配置文件"))
		}
		return pad, false
	}
	if err != nil {
		d.ill(name, err.Error(), d.say("write the file, or name it with -c", "请建立配置文件，或用 -c 指定"))
		return pad, false
	}
	d.well(name, "%s: %d counters", "%s：%d 个窗口", file, len(pad.Counters))
	return pad, true
}

// agent asks the agent how it stands; nil if none runs, or it does not say.
func (d *doctor) agent(ctx context.Context, pad config.Pad) *agent.Status {
	name := d.say("agent", "评价器程序")
	status, err := d.ask(ctx, filepath.Join(pad.DataDir, agent.SocketFile))
	switch {
	case errors.Is(err, control.ErrNotRunning):
		d.ill(name, err.Error(), "systemctl start evalpad")
		d.alone = true
		return nil
	case err != nil:
		d.ill(name, err.Error(), d.say("run this as root, or as the agent's own user", "请用 root 或评价器程序的用户运行"))
		return nil
	}
	d.well(name, "running, version %s", "正在运行，版本 %s", status.Version)
	return status
}

func (d *doctor) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return printJSON(w, d.symptoms)
	}
	for _, s := range d.symptoms {
		mark, do := "✓", ""
		if !s.OK {
			mark, do = "✗", "\n    → "+s.Do
		}
		if _, err := fmt.Fprintf(w, "%s %s: %s%s\n", mark, s.Name, s.Words, do); err != nil {
			return err
		}
	}
	return nil
}

// verdict is an error where anything is not well.
func (d *doctor) verdict() error {
	ill := 0
	for _, s := range d.symptoms {
		if !s.OK {
			ill++
		}
	}
	if ill == 0 {
		return nil
	}
	return errors.New(d.say("doctor: %d of %d are not well", "doctor: %d/%d 项不正常", ill, len(d.symptoms)))
}

// askAgent asks the agent at a socket, for no longer than a few seconds: a stuck one must not stop the
// doctor.
func askAgent(ctx context.Context, socket string) (*agent.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var answer bytes.Buffer
	if err := control.Ask(ctx, socket, "/status", &answer); err != nil {
		return nil, err
	}
	var status agent.Status
	if err := json.Unmarshal(answer.Bytes(), &status); err != nil {
		return nil, fmt.Errorf("read status: %w", err)
	}
	return &status, nil
}

// mayUse asks the system, for the real user.
func mayUse(path string) error {
	const readAndWrite = 6 // R_OK | W_OK
	return syscall.Access(path, readAndWrite)
}

func tryPort(path string) error {
	tap, err := serialpad.OpenTap(path, profiles.Line{})
	if err != nil {
		return err
	}
	tap.Close()
	return nil
}
