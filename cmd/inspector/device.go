package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/cmd/internal/command"
	"evalpad/sync/wire"
)

func showDevice(s *command.Settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show DEVICE", Short: "One box: the rules by which its counters ask, its incidents, what it refused", Args: command.Words("DEVICE"),
		Example: "  inspector devices show pad-0731-03\n  inspector devices show pad-0731-03 --json",
		RunE: func(c *cobra.Command, args []string) error {
			d, err := deskOf(s)
			if err != nil {
				return err
			}
			var box ledger.Dossier
			if err := d.ask(c.Context(), "GET", "/api/v1/devices/"+url.PathEscape(args[0]), nil, &box); err != nil {
				return fmt.Errorf("show device: %w", err)
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), box)
			}
			printDossier(c.OutOrStdout(), box)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it for a program")
	return c
}

func printDossier(w io.Writer, d ledger.Dossier) {
	fmt.Fprintln(w, deviceLine(d.Device))
	if len(d.Rules) == 0 {
		fmt.Fprintln(w, "rules: it has never told by which it asks")
	}
	for _, r := range d.Rules {
		fmt.Fprintln(w, rulesLine(r.CounterRules))
		for _, p := range r.Pads {
			fmt.Fprintln(w, "  "+padLine(p))
		}
		for _, words := range r.Outside {
			fmt.Fprintln(w, "  OUTSIDE the template: "+words)
		}
	}
	if len(d.Lost) > 0 {
		fmt.Fprintln(w, "presses refused, ever: "+counts(d.Lost))
	}
	for _, i := range d.Open {
		fmt.Fprintf(w, "incident %s %s, %d times, last %s: %s\n", i.Kind, i.ID, i.Count, i.LastAt.In(time.Local).Format(time.DateTime), i.Latest)
	}
}

// rulesLine is how a counter asks, as
//
//	c03 credit  asks attitude, efficiency  first 1m0s window 30s lock_out 5s  hammer 5 within 10s pause 30s  reasons waiting  closing 17:30
func rulesLine(r wire.CounterRules) string {
	asks := make([]string, len(r.Ask))
	for i, d := range r.Ask {
		asks[i] = string(d)
	}
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	hammer := "hammer off"
	if h := r.Hammer; h != nil {
		hammer = fmt.Sprintf("hammer %d within %s pause %s", h.Presses, ms(h.WithinMS), ms(h.PauseMS))
	}
	return fmt.Sprintf("%s %s  asks %s  first %s window %s lock_out %s  %s  reasons %s  closing %s", r.Counter, cmp.Or(r.Business, "-"),
		strings.Join(asks, ", "), ms(r.FirstMS), ms(r.WindowMS), ms(r.LockOutMS), hammer,
		cmp.Or(strings.Join(r.Reasons, ", "), "none"), cmp.Or(r.Closing, "never"))
}

// padLine is what a pad makes of a press, as
//
//	serial ff68 sha256 3b1c… keys 03 5, 02 4, 01 3, 00 2
func padLine(p wire.PadRules) string {
	words := []string{p.Pad}
	if p.Profile != "" {
		words = append(words, p.Profile)
	}
	if p.ProfileSHA256 != nil {
		words = append(words, "sha256 "+p.ProfileSHA256.String())
	}
	if len(p.Keys) > 0 {
		names := slices.SortedFunc(maps.Keys(p.Keys), func(a, b string) int { return cmp.Or(cmp.Compare(p.Keys[b], p.Keys[a]), cmp.Compare(a, b)) })
		for i, name := range names {
			names[i] = fmt.Sprintf("%s %d", name, p.Keys[name])
		}
		words = append(words, "keys "+strings.Join(names, ", "))
	}
	for _, key := range slices.Sorted(maps.Keys(p.Actions)) {
		words = append(words, key+" "+p.Actions[key])
	}
	if p.DebounceMS > 0 {
		words = append(words, fmt.Sprintf("debounce %d ms", p.DebounceMS))
	}
	return strings.Join(words, " ")
}
