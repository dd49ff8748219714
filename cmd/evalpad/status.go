package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"evalpad/agent"
	"evalpad/agent/control"
	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
)

func statusCommand(s *command.Settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "status", Short: "Say how the running agent stands", Args: command.Words(),
		Example: "  evalpad status\n  evalpad status --json",
		RunE: func(c *cobra.Command, _ []string) error {
			pad, err := config.ReadPad(s.Config)
			if err != nil {
				return err
			}
			var answer bytes.Buffer
			if err := control.Ask(c.Context(), filepath.Join(pad.DataDir, agent.SocketFile), "/status", &answer); err != nil {
				return fmt.Errorf("status: %w", notRunning(err, pad.DataDir))
			}
			if asJSON {
				_, err = answer.WriteTo(c.OutOrStdout())
				return err
			}
			return printStatus(c.OutOrStdout(), answer.Bytes())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it for a program")
	return c
}

// notRunning adds where we looked and what to do.
func notRunning(err error, dir string) error {
	if errors.Is(err, control.ErrNotRunning) {
		return fmt.Errorf("%w (data folder %s); start it with: systemctl start evalpad", err, dir)
	}
	return err
}

func printStatus(w io.Writer, answer []byte) error {
	var s agent.Status
	if err := json.Unmarshal(answer, &s); err != nil {
		return fmt.Errorf("read status: %w", err)
	}
	line := func(name, format string, words ...any) {
		fmt.Fprintf(w, "%-14s %s\n", name, fmt.Sprintf(format, words...))
	}
	line("device", "%s  (%s, version %s)", s.Device, s.Place, s.Version)
	for _, c := range s.Counters {
		line("counter "+c.Counter, "%s", strings.Join(c.Pads, ", "))
	}
	line("presses", "%d seen, %d kept%s", s.Presses.Seen, s.Presses.Accepted, refusedWords(s.Presses.Refused))
	line("waiting", "%d records, %d of them alerts; outbox %.0f %% free", s.Outbox.Waiting, s.Outbox.Alerts, 100*s.Outbox.FreeShare)
	line("headquarters", "%s  %s", s.Headquarters.Phase, s.Headquarters.Broker)
	if s.Headquarters.Trouble != "" {
		line("", "last trouble: %s", s.Headquarters.Trouble)
	}
	if s.Headquarters.Provisional && s.Headquarters.Root != "" {
		line("", "headquarters' key %s… taken on first sight; confirm it by enrolling this box", s.Headquarters.Root[:min(8, len(s.Headquarters.Root))])
	}
	for _, a := range s.OpenAlerts {
		line("ALERT", "%s at %s, %s ago, not yet confirmed by headquarters", a.Evaluation, a.Counter, age(a.AgeMS))
	}
	line("clock", "%s", s.Clock)
	for _, mode := range s.Degraded {
		line("DEGRADED", "%s", modeWords(mode))
	}
	return nil
}

func refusedWords(refused map[string]int) (words string) {
	for _, reason := range slices.Sorted(maps.Keys(refused)) {
		words += fmt.Sprintf(", %d refused: %s", refused[reason], reason)
	}
	return words
}

func age(ms int64) string {
	if ms < 0 {
		return "before the last boot"
	}
	return (time.Duration(ms) * time.Millisecond).Round(time.Second).String()
}
