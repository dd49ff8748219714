package main

import (
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"evalpad/cmd/inspector/internal/board"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/cmd/internal/command"
)

func reportCommand(s *command.Settings) *cobra.Command {
	var by, from, to string
	var asJSON bool
	c := &cobra.Command{
		Use: "report", Short: "How customers rated, by counter, branch or teller", Args: command.Words(),
		Long: `How customers rated within a period, a line a counter, branch, region, teller, business or for the whole bank.

Records that amend one another are one evaluation, of which the worst counts. Silence is in no numerator. What was pressed
without a prompt stands apart, and so does what was said by phone. Of 30 or fewer there is the count and no percentage; the interval is Wilson's, 95 %.
Participation is of all transactions where the counter's program tells of those not asked, else of the prompts.
A line is biased where presses were refused meanwhile.`,
		Example: "  inspector report --by counter --from 2026-11-01 --to 2026-12-01\n  inspector report --by teller --json",
		RunE: func(c *cobra.Command, _ []string) error {
			ask := url.Values{"by": {by}}
			for name, day := range map[string]string{"from": from, "to": to} {
				if day == "" {
					continue
				}
				at, err := time.ParseInLocation(time.DateOnly, day, time.Local)
				if err != nil {
					return command.Misuse(c, "--%s %q: write a day as 2026-12-01", name, day)
				}
				ask.Set(name, at.Format(time.RFC3339))
			}
			if !slices.Contains(rates.Groupings(), by) {
				return command.Misuse(c, "--by %q: write %s", by, strings.Join(rates.Groupings(), ", "))
			}
			d, err := deskOf(s)
			if err != nil {
				return err
			}
			var r board.Report
			if err := d.ask(c.Context(), "GET", "/api/v1/report?"+ask.Encode(), nil, &r); err != nil {
				return fmt.Errorf("report: %w", err)
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), r)
			}
			printReport(c.OutOrStdout(), r)
			return nil
		},
	}
	c.Flags().StringVar(&by, "by", "branch", "one line a `GROUP`: "+strings.Join(rates.Groupings(), ", "))
	c.Flags().StringVar(&from, "from", "", "since which `DAY`, as 2026-11-01; default thirty days ago")
	c.Flags().StringVar(&to, "to", "", "up to which `DAY`, which is no longer in it; default now")
	c.Flags().BoolVar(&asJSON, "json", false, "print it for a program")
	return c
}

func printReport(w io.Writer, r board.Report) {
	fmt.Fprintf(w, "by %s, from %s to %s\n", r.By, r.From.In(time.Local).Format(time.DateTime), r.To.In(time.Local).Format(time.DateTime))
	if len(r.Lines) == 0 {
		fmt.Fprintln(w, "no evaluation")
	}
	for _, l := range r.Lines {
		fmt.Fprintln(w, reportLine(l))
	}
}

// reportLine is a line for a terminal, as
//
//	b0731 c03  dissatisfied 3 of 412 = 0.728 % (0.248 to 2.118)  satisfied 399 = …  participation 412 of 520 transactions = …
func reportLine(l rates.Line) string {
	words := []string{group(l.Group), fmt.Sprintf("dissatisfied %d of %d%s", l.Dissatisfied, l.Rated, share(l.DissatisfiedRate)),
		fmt.Sprintf("satisfied %d%s", l.Satisfied, share(l.SatisfiedRate))}
	if l.Score != nil {
		words = append(words, fmt.Sprintf("score %.1f", *l.Score))
	}
	words = append(words, fmt.Sprintf("participation %d of %d %s%s", l.Rated, l.Prompted+l.NotPrompted, l.ParticipationOf, share(l.Participation)))
	if u := l.Unprompted; u.Rated > 0 {
		words = append(words, fmt.Sprintf("unprompted %d, dissatisfied %d", u.Rated, u.Dissatisfied))
	}
	if p := l.Phone; p.Rated > 0 {
		words = append(words, fmt.Sprintf("by phone %d, dissatisfied %d", p.Rated, p.Dissatisfied))
	}
	if l.Biased {
		words = append(words, "BIASED: refused "+counts(l.Refused))
	}
	return strings.Join(words, "  ")
}

func group(g rates.Group) string {
	words := slices.DeleteFunc([]string{g.Region, g.Branch, g.Counter, g.Teller, g.Business}, func(s string) bool { return s == "" })
	if len(words) == 0 {
		return "(none named)"
	}
	return strings.Join(words, " ")
}

func share(r *rates.Rate) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf(" = %g %% (%g to %g)", r.Percent, r.Low, r.High)
}

// counts writes a map of counts as unmapped-key 3, noise 1.
func counts(of map[string]int) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		words = append(words, fmt.Sprintf("%s %d", name, of[name]))
	}
	return strings.Join(words, ", ")
}
