package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"evalpad/cmd/inspector/internal/board"
	"evalpad/cmd/inspector/internal/integrity"
	"evalpad/cmd/internal/command"
)

// mostDays is how far back a look can reach: ten years.
const mostDays = 3660

func integrityCommand(s *command.Settings) *cobra.Command {
	var days int
	var all, asJSON bool
	c := &cobra.Command{
		Use: "integrity", Short: "What is unusual about a teller's ratings, and how sure that is", Args: command.Words(),
		Long: `What is unusual about a teller's ratings within the last days: customers who were not asked, dissatisfied ones who are
missing, answers of one finger. Each teller is compared with the others of the same business, by exact tests whose base
rates are the bank's own. "look" means that chance alone does this less than once in a thousand: a person should look. It
is never a verdict. Without --all only those are printed; "too few to tell" says that nothing could have been unusual yet.`,
		Example: "  inspector integrity --days 90\n  inspector integrity --all --json",
		RunE: func(c *cobra.Command, _ []string) error {
			if days < 1 || days > mostDays {
				return command.Misuse(c, "--days %d: write 1 to %d", days, mostDays)
			}
			d, err := deskOf(s)
			if err != nil {
				return err
			}
			var found board.Integrity
			from := time.Now().AddDate(0, 0, -days)
			if err := d.ask(c.Context(), "GET", "/api/v1/integrity?"+url.Values{"from": {from.Format(time.RFC3339)}}.Encode(), nil, &found); err != nil {
				return fmt.Errorf("integrity: %w", err)
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), found)
			}
			printIntegrity(c.OutOrStdout(), found, all)
			return nil
		},
	}
	c.Flags().IntVar(&days, "days", 90, "so many `DAYS` back")
	c.Flags().BoolVar(&all, "all", false, "every rule of every teller, not only what a person should look at")
	c.Flags().BoolVar(&asJSON, "json", false, "print it for a program, always all")
	return c
}

func printIntegrity(w io.Writer, found board.Integrity, all bool) {
	said := map[integrity.Verdict]int{}
	for _, t := range found.Tellers {
		for _, f := range t.Findings {
			said[f.Verdict]++
			if all || f.Verdict == integrity.Look {
				fmt.Fprintln(w, findingLine(t, f))
			}
		}
	}
	fmt.Fprintf(w, "%d tellers: %d findings to look at, %d usual, %d too few to tell\n",
		len(found.Tellers), said[integrity.Look], said[integrity.Usual], said[integrity.TooFew])
}

// findingLine is a line for a terminal, as
//
//	t07 credit  coverage 700 of 900 = 77.8 %, elsewhere 94.8 %  chance 1e-09  look: customers were served and not asked
func findingLine(t board.Teller, f integrity.Finding) string {
	words := []string{t.Teller + " " + t.Business, fmt.Sprintf("%s %d of %d", f.Rule, f.Count, f.Of)}
	if f.Of > 0 && f.Base.Of > 0 {
		words[1] += fmt.Sprintf(" = %.1f %%, elsewhere %.1f %%", 100*float64(f.Count)/float64(f.Of), 100*f.Base.Share)
	}
	switch f.Verdict {
	case integrity.Look:
		words = append(words, fmt.Sprintf("chance %.1g", f.P), "look: "+integrity.Says(f.Rule))
	case integrity.TooFew:
		words = append(words, "too few to tell")
	default:
		words = append(words, fmt.Sprintf("chance %.2g", f.P), fmt.Sprintf("usual; would be noticed in %.0f %% of cases: %s", 100*f.Power, integrity.Reference(f.Rule)))
	}
	return strings.Join(words, "  ")
}
