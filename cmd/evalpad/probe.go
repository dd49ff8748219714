package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"evalpad/cmd/evalpad/internal/probing"
	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
	"evalpad/device/serialpad/profiles"
)

// probeWish is what the technician has said on the command line.
type probeWish struct {
	port, profile, counter, by, replay string
	baud                               int
	raw, all, write                    bool
	wait                               time.Duration
}

func probeCommand(s *command.Settings) *cobra.Command {
	w := probeWish{}
	c := &cobra.Command{
		Use: "probe [PORT]", Short: "Find out what pad is at a port, and prove each of its keys",
		Long: `Find out what pad is at a serial port: its profile, rate, address and thank-you, and which key is which.
You press every key twice, from the best to the worst. Nothing is changed but with --write.
Without PORT the ports of this machine are listed; with --counter alone, a counter's GPIO lines or USB keypad are proved. The agent must not have the port: systemctl stop evalpad.`,
		Example: `  evalpad probe
  evalpad probe /dev/serial/by-id/usb-FTDI_… --counter c03 --write
  evalpad probe --counter c04
  evalpad probe /dev/ttyUSB0 --raw --baud 9600
  evalpad probe --replay /var/lib/evalpad/probe/2026-11-25-101500-c03.fixture`,
		Args: func(c *cobra.Command, words []string) error {
			if len(words) > 1 {
				return command.Misuse(c, "%s wants one port, got %q", c.CommandPath(), words)
			}
			return nil
		},
		RunE: func(c *cobra.Command, words []string) error {
			if len(words) == 1 {
				w.port = words[0]
			}
			return runProbe(c, s, w)
		},
	}
	f := c.Flags()
	f.BoolVar(&w.raw, "raw", false, "only show what goes over the line, until Enter or Ctrl-C")
	f.IntVar(&w.baud, "baud", 0, "the rate, where it is known")
	f.StringVar(&w.profile, "profile", "", "the profile, where it is known")
	f.BoolVar(&w.all, "all", false, "ask Modbus modules at all addresses to 247, not to 16 only")
	f.StringVar(&w.counter, "counter", "", "the counter at which the pad stands")
	f.BoolVar(&w.write, "write", false, "write what was found into the configuration file, for --counter")
	f.StringVar(&w.by, "by", "", "who is doing this, for the record; default the user")
	f.DurationVar(&w.wait, "wait", 10*time.Second, "how long to wait for a press before trying something else")
	f.StringVar(&w.replay, "replay", "", "play a kept fixture again instead, and say whether it means the same")
	return c
}

func (w probeWish) check(c *cobra.Command) error {
	switch {
	case w.baud != 0 && !slices.Contains(profiles.Bauds, w.baud):
		return command.Misuse(c, "--baud %d: write one of %v", w.baud, profiles.Bauds)
	case w.write && w.counter == "":
		return command.Misuse(c, "--write: say for which counter, as --counter c03")
	case w.wait < 100*time.Millisecond || w.wait > 10*time.Minute:
		return command.Misuse(c, "--wait %v: write 100ms to 10m", w.wait)
	case w.replay != "" && w.port != "":
		return command.Misuse(c, "--replay plays a file: leave %s out", w.port)
	}
	return nil
}

func runProbe(c *cobra.Command, s *command.Settings, w probeWish) error {
	if err := w.check(c); err != nil {
		return err
	}
	outline, err := config.ReadOutline(s.Config)
	_, faults := errors.AsType[config.Faults](err)
	if w.write && err != nil || err != nil && !faults && !errors.Is(err, os.ErrNotExist) {
		return err // with a wrong file, or none, a pad can be found all the same
	}
	if w.write && !slices.Contains(outline.Counters, w.counter) {
		return command.Misuse(c, "--counter %s: %s knows the counters %q", w.counter, s.Config, outline.Counters)
	}
	if w.replay != "" {
		return replay(c.OutOrStdout(), w.replay, outline.Profiles)
	}
	protocols, err := wishedProfiles(w.profile, outline.Profiles)
	if err != nil {
		return err
	}
	p := &probe{
		wish: w, tongue: ourTongue(), outline: outline, config: s.Config, protocols: protocols,
		out: c.OutOrStdout(), lines: readLines(c.Context(), c.InOrStdin()), dev: "/dev", began: time.Now(),
		unlikely: map[profiles.Line][]probing.Finding{},
	}
	p.ways = p.allWays()
	wired := false
	if w.port == "" && w.counter != "" && !w.write {
		wired, err = probeWired(c, s, p)
	}
	if !wired {
		err = p.run(c.Context())
	}
	if errors.Is(err, context.Canceled) {
		return errors.New(p.say("probe: stopped; nothing was changed", "probe: 已中断，未作任何修改"))
	}
	return err
}

// wishedProfiles gives the profile that is wished, or all that there are. One of the branch's own that
// is wrong is an error: it might be the very one.
func wishedProfiles(name, folder string) (all []*profiles.Protocol, err error) {
	names := config.ProfileNames(folder)
	if name != "" {
		names = []string{name}
	}
	for _, n := range names {
		made, err := config.Profile(n, folder)
		if err != nil {
			return nil, fmt.Errorf("pad profile %s: %w", n, err)
		}
		all = append(all, made)
	}
	return all, nil
}

func replay(out io.Writer, path, folder string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("replay fixture: %w", err)
	}
	defer file.Close()
	f, err := probing.ReadFixture(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	protocol, err := config.Profile(f.Profile, folder)
	if err != nil {
		return fmt.Errorf("replay fixture: profile %s: %w", f.Profile, err)
	}
	if err := f.Replay(protocol); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: ok: profile %s, %d signals as they were\n", path, f.Profile, len(f.Signals))
	return err
}

// run does what is wished at one port.
func (p *probe) run(ctx context.Context) error {
	if p.wish.port == "" {
		port, err := p.choosePort(ctx)
		if err != nil {
			return err
		}
		p.wish.port = port
	}
	defer p.close()
	if p.wish.raw {
		return p.watch(ctx)
	}
	pad, err := p.keys(ctx)
	if err != nil {
		return err
	}
	if err := p.choose(ctx, pad); err != nil {
		return err
	}
	if err := p.score(ctx, pad); err != nil {
		return err
	}
	if err := p.prove(ctx, pad); err != nil {
		return err
	}
	return p.keep(pad)
}
