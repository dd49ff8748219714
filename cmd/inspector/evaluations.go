package main

import (
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/cmd/internal/command"
	"evalpad/sync/wire"
)

func evaluationsCommand(s *command.Settings) *cobra.Command {
	var said string
	var asJSON bool
	c := &cobra.Command{
		Use: "evaluations", Short: "What a customer has rated, by the code on the pad, and what became of it", Args: command.Words(),
		Long:    "Finds what a customer has rated by the code that the pad showed, a satisfied customer's too. Where two have the same code, both are shown.",
		Example: "  inspector evaluations --code 7KQM-X3RD\n  inspector evaluations --code 7kqmx3rd --json",
		RunE: func(c *cobra.Command, _ []string) error {
			code, err := wire.ReadCode(said)
			if err != nil {
				return command.Misuse(c, "--code: %v", err)
			}
			d, err := deskOf(s)
			if err != nil {
				return err
			}
			var found []ledger.Found
			if err := d.ask(c.Context(), "GET", "/api/v1/evaluations?code="+url.QueryEscape(code), nil, &found); err != nil {
				return fmt.Errorf("find evaluation: %w", err)
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), found)
			}
			if len(found) == 0 {
				return fmt.Errorf("no evaluation has the code %s; what was pressed within the last minutes may still be on its way", code)
			}
			for _, f := range found {
				fmt.Fprintln(c.OutOrStdout(), foundLine(f))
			}
			return nil
		},
	}
	c.Flags().StringVar(&said, "code", "", "the customer's `CODE`, as 7KQM-X3RD")
	c.Flags().BoolVar(&asJSON, "json", false, "print them for a program")
	return c
}

// foundLine is an evaluation for a terminal, as
//
//	7KQM-X3RD  b0731 c03  rated 2026-11-23 10:11:09  attitude 2  because waiting  case c-20261123… open
func foundLine(f ledger.Found) string {
	line := fmt.Sprintf("%s  %s %s  %s %s", f.Code, f.Branch, f.Counter, f.Outcome, f.RatedAt.In(time.Local).Format(time.DateTime))
	line += said(f.Scores, f.Reasons)
	if f.Case == "" {
		return line + "  no case"
	}
	return line + fmt.Sprintf("  case %s %s", f.Case, f.State)
}
