package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"evalpad/cmd/inspector/internal/board"
	"evalpad/cmd/internal/command"
)

func watchCommand(s *command.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "watch", Short: "Alerts and remaining time, live: a line for every change", Args: command.Words(),
		Example: "  inspector watch",
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := deskOf(s)
			if err != nil {
				return err
			}
			return watch(c.Context(), d, c.OutOrStdout())
		},
	}
}

// watch prints the open cases, then each line that has become another, until ctx is done.
func watch(ctx context.Context, d *desk, w io.Writer) error {
	res, err := d.open(ctx, "GET", "/events", nil)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	defer res.Body.Close()
	seen := map[string]string{}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if event, ok := strings.CutPrefix(lines.Text(), "event: "); !ok || event == "alive" {
			continue
		}
		var list board.Cases
		if err := d.ask(ctx, "GET", "/api/v1/cases", nil, &list); err != nil {
			return fmt.Errorf("watch: %w", err)
		}
		news(w, list, seen)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("watch: the inspector has gone: %w", lines.Err())
}

// news prints the cases whose standing has changed since they were last seen.
func news(w io.Writer, list board.Cases, seen map[string]string) {
	for _, c := range list.Cases {
		left, promise := c.Remaining(list.Now.Time)
		standing := fmt.Sprintf("%s %s %t %v", c.State, promise, left <= 0, c.Scores)
		if seen[c.ID] == standing {
			continue
		}
		seen[c.ID] = standing
		fmt.Fprintln(w, list.Now.In(time.Local).Format(time.TimeOnly), caseLine(c, list.Now.Time))
	}
}
