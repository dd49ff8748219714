package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"evalpad/cmd/inspector/internal/board"
	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/internal/command"
	"evalpad/sync/wire"
)

func casesCommand(s *command.Settings) *cobra.Command {
	c := &cobra.Command{
		Use: "cases", Short: "List cases and work them",
		Example: `  inspector cases list
  inspector cases show CASE
  inspector cases start CASE --by "Wang Li" --step teller-asked
  inspector cases plan CASE --by "Wang Li" --cause "queue too long" --text "open a second window at noon" --owner "Zhao Min" --due 2026-12-01
  inspector cases close CASE --by "Wang Li" --words "customer called back, content"`,
	}
	return command.Group(c, listCases(s), showCase(s), startCase(s), planCase(s),
		wishCase(s, "finish", "Say that the plan has been carried out"),
		wishCase(s, "verify", "Say that somebody else has looked whether it was"),
		wishCase(s, "close", "End the case"))
}

func listCases(s *command.Settings) *cobra.Command {
	var asJSON, all bool
	var code string
	c := &cobra.Command{
		Use: "list", Short: "The open cases, the greatest danger first", Args: command.Words(),
		Example: "  inspector cases list\n  inspector cases list --all --json\n  inspector cases list --code 7KQM-X3RD",
		RunE: func(c *cobra.Command, _ []string) error {
			path := "/api/v1/cases"
			if all {
				path += "?state=all"
			}
			if c.Flags().Changed("code") {
				read, err := wire.ReadCode(code)
				if err != nil {
					return command.Misuse(c, "--code: %v", err)
				}
				path = "/api/v1/cases?code=" + url.QueryEscape(read)
			}
			d, err := deskOf(s)
			if err != nil {
				return err
			}
			var list board.Cases
			if err := d.ask(c.Context(), "GET", path, nil, &list); err != nil {
				return fmt.Errorf("list cases: %w", err)
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), list.Cases)
			}
			if code != "" && len(list.Cases) == 0 {
				return fmt.Errorf("no case has the code %s; a satisfied customer's is found by: inspector evaluations --code %[1]s", code)
			}
			printCases(c.OutOrStdout(), list)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print them for a program")
	c.Flags().BoolVar(&all, "all", false, "the closed ones too")
	c.Flags().StringVar(&code, "code", "", "only that of a customer's `CODE`, as 7KQM-X3RD, closed or not")
	return c
}

func showCase(s *command.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "show CASE", Short: "Everything about one case, with its history", Args: command.Words("CASE"),
		Example: "  inspector cases show c-20261123021109120-1f0a2b3c",
		RunE: func(c *cobra.Command, args []string) error {
			d, err := deskOf(s)
			if err != nil {
				return err
			}
			var kase casebook.Case
			if err := d.ask(c.Context(), "GET", "/api/v1/cases/"+url.PathEscape(args[0]), nil, &kase); err != nil {
				return fmt.Errorf("show case: %w", err)
			}
			return printJSON(c.OutOrStdout(), kase)
		},
	}
}

func startCase(s *command.Settings) *cobra.Command {
	var w board.Wish
	c := &cobra.Command{
		Use: "start CASE", Short: "Begin the investigation: a named person and a first step", Args: command.Words("CASE"),
		Example: `  inspector cases start CASE --by "Wang Li" --step recording-secured`,
		RunE:    func(c *cobra.Command, args []string) error { return wishFor(c, s, args[0], "start", w) },
	}
	by(c, &w)
	c.Flags().StringVar(&w.Step, "step", "", "the first step: teller-asked, recording-secured, customer-called, or other with --words")
	return c
}

func planCase(s *command.Settings) *cobra.Command {
	var w board.Wish
	var due string
	c := &cobra.Command{
		Use: "plan CASE", Short: "File the rectification plan", Args: command.Words("CASE"),
		Example: `  inspector cases plan CASE --by "Wang Li" --cause "queue too long" --text "second window at noon" --owner "Zhao Min" --due 2026-12-01`,
		RunE: func(c *cobra.Command, args []string) error {
			if due != "" {
				day, err := time.ParseInLocation(time.DateOnly, due, time.Local)
				if err != nil {
					return command.Misuse(c, "--due %q: write a day as 2026-12-01", due)
				}
				w.Plan.Due = wire.At(day)
			}
			return wishFor(c, s, args[0], "plan", w)
		},
	}
	by(c, &w)
	c.Flags().StringVar(&w.Plan.Cause, "cause", "", "what went wrong")
	c.Flags().StringVar(&w.Plan.Text, "text", "", "what will be done")
	c.Flags().StringVar(&w.Plan.Measures, "measures", "", "the measures, one by one")
	c.Flags().StringVar(&w.Plan.Owner, "owner", "", "who sees to it")
	c.Flags().StringVar(&due, "due", "", "by which `DAY`, as 2026-12-01")
	return c
}

func wishCase(s *command.Settings, wish, short string) *cobra.Command {
	var w board.Wish
	c := &cobra.Command{
		Use: wish + " CASE", Short: short, Args: command.Words("CASE"),
		Example: "  inspector cases " + wish + ` CASE --by "Wang Li" --words "…"`,
		RunE:    func(c *cobra.Command, args []string) error { return wishFor(c, s, args[0], wish, w) },
	}
	by(c, &w)
	return c
}

func by(c *cobra.Command, w *board.Wish) {
	c.Flags().StringVar(&w.By, "by", "", "who you are, by `NAME`")
	c.Flags().StringVar(&w.Words, "words", "", "in your own words")
}

func wishFor(c *cobra.Command, s *command.Settings, id, wish string, w board.Wish) error {
	d, err := deskOf(s)
	if err != nil {
		return err
	}
	var kase casebook.Case
	if err := d.ask(c.Context(), "POST", "/api/v1/cases/"+url.PathEscape(id)+"/"+wish, w, &kase); err != nil {
		return err // it reads "start case c-…: a first step is missing" already
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%s is %s\n", kase.ID, kase.State)
	return err
}

func printCases(w io.Writer, list board.Cases) {
	if len(list.Cases) == 0 {
		fmt.Fprintln(w, "no open case")
		return
	}
	for _, c := range list.Cases {
		fmt.Fprintln(w, caseLine(c, list.Now.Time))
	}
}

// caseLine is a case for a terminal, as
//
//	1:42:07 left  c-20261123…  open  b0731 c03  attitude 2  investigate_by 04:11:09
func caseLine(c casebook.Case, now time.Time) string {
	left, promise := c.Remaining(now)
	clock := "all done"
	switch {
	case promise != "" && left > 0:
		clock = hms(left) + " left"
	case promise != "":
		clock = hms(-left) + " OVERDUE"
	}
	line := fmt.Sprintf("%-16s  %s  %-13s  %s %s", clock, c.ID, c.State, c.Branch, c.Counter) + said(c.Scores, c.Reasons)
	if c.Late {
		line += fmt.Sprintf("  late by %s", (time.Duration(c.LagMS) * time.Millisecond).Round(time.Second))
	}
	return line
}

// said is what a customer said, as "  attitude 2  efficiency 4  because waiting".
func said(scores map[wire.Dimension]wire.Score, reasons []string) (words string) {
	for _, d := range []wire.Dimension{wire.Overall, wire.Attitude, wire.Efficiency, wire.Compliance} {
		if score, asked := scores[d]; asked {
			words += fmt.Sprintf("  %s %d", d, score)
		}
	}
	if len(reasons) > 0 {
		words += "  because " + strings.Join(reasons, ", ")
	}
	return words
}

func hms(d time.Duration) string {
	s := int(d / time.Second)
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
