// Evalpad is the agent on the box at a bank's counter: it hears the customer's press, keeps it, and
// carries it to headquarters.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
	"evalpad/device/gpiokeys"
)

// version is set at build: -ldflags "-X main.version=…".
var version = "unknown"

func main() {
	log.SetOutput(io.Discard) // libraries of the hardware log to the standard logger; ours is slog
	if err := gpiokeys.Init(); err != nil {
		fmt.Fprintln(os.Stderr, "evalpad:", err) // not fatal: a box without GPIO has other pads
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command.ExitCode(os.Stderr, commands().ExecuteContext(ctx)))
}

func commands() *cobra.Command {
	root := &cobra.Command{
		Use:   "evalpad",
		Short: "The agent at a bank's counter: every press is kept and reaches headquarters",
		Example: `  evalpad check -c /etc/evalpad/evalpad.yaml
  evalpad run   -c /etc/evalpad/evalpad.yaml
  evalpad status`,
	}
	s := command.Root(root, "/etc/evalpad/evalpad.yaml")
	return command.Group(root,
		runCommand(s), checkCommand(s), statusCommand(s), probeCommand(s), doctorCommand(s), outboxCommand(s), command.Version("evalpad", version))
}

func checkCommand(s *command.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Read the configuration and say every fault with its place", Args: command.Words(),
		Example: "  evalpad check -c ./evalpad.yaml",
		RunE: func(c *cobra.Command, _ []string) error {
			pad, err := config.ReadPad(s.Config)
			if err != nil {
				return err
			}
			if err := checkScreen(pad.Screen); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: ok: device %s, %d counters, headquarters %s\n",
				s.Config, pad.Device, len(pad.Counters), pad.Headquarters.Broker)
			return err
		},
	}
}
