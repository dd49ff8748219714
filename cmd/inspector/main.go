// Inspector is headquarters: it takes in what the boxes have kept, opens a case for every
// dissatisfied customer, and runs the two clocks that nobody can stop quietly.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
)

// version is set at build: -ldflags "-X main.version=…".
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command.ExitCode(os.Stderr, commands().ExecuteContext(ctx)))
}

func commands() *cobra.Command {
	root := &cobra.Command{
		Use:   "inspector",
		Short: "Headquarters: cases, their clocks, and the boxes that rating customers press on",
		Example: `  inspector serve -c /etc/inspector/inspector.yaml
  inspector watch
  inspector cases list
  inspector cases start CASE --by "Wang Li" --step teller-asked`,
	}
	s := command.Root(root, "/etc/inspector/inspector.yaml")
	return command.Group(root, serveCommand(s), checkCommand(s), watchCommand(s), casesCommand(s), evaluationsCommand(s), devicesCommand(s), reportCommand(s), integrityCommand(s),
		command.Version("inspector", version))
}

func checkCommand(s *command.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Read the configuration and say every fault with its place", Args: command.Words(),
		Example: "  inspector check -c ./inspector.yaml",
		RunE: func(c *cobra.Command, _ []string) error {
			i, err := config.ReadInspector(s.Config)
			if err != nil {
				return err
			}
			if _, err := outsideOf(i.Template); err != nil {
				return err
			}
			template := "no template, so that the counters' rules are not compared"
			if i.Template != "" {
				template = "counters' rules are compared with " + i.Template
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: ok: investigation within %s, plan within %s, page on %s; %s\n",
				s.Config, i.Clocks.InvestigateWithin, i.Clocks.PlanWithin, i.Web.Listen, template)
			return err
		},
	}
}
