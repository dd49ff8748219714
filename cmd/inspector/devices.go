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

func devicesCommand(s *command.Settings) *cobra.Command {
	c := &cobra.Command{
		Use: "devices", Short: "The boxes that headquarters knows",
		Example: "  inspector devices list\n  inspector devices show pad-0731-03\n  inspector devices confirm pad-0731-03 fa4d86c3b551aa6c --by \"Wang Li\"",
	}
	return command.Group(c, listDevices(s), showDevice(s), confirmDevice(s))
}

func listDevices(s *command.Settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "Every box, whether it is there, and what waits on it", Args: command.Words(),
		Example: "  inspector devices list --json",
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := deskOf(s)
			if err != nil {
				return err
			}
			var list []ledger.Device
			if err := d.ask(c.Context(), "GET", "/api/v1/devices", nil, &list); err != nil {
				return fmt.Errorf("list devices: %w", err)
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), list)
			}
			for _, box := range list {
				fmt.Fprintln(c.OutOrStdout(), deviceLine(box))
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print them for a program")
	return c
}

func confirmDevice(s *command.Settings) *cobra.Command {
	var who string
	c := &cobra.Command{
		Use: "confirm DEVICE KID", Short: "Confirm a box's key: a person has seen the box", Args: command.Words("DEVICE", "KID"),
		Example: `  inspector devices confirm pad-0731-03 fa4d86c3b551aa6c --by "Wang Li"`,
		RunE: func(c *cobra.Command, args []string) error {
			d, err := deskOf(s)
			if err != nil {
				return err
			}
			body := struct {
				KID wire.KID `json:"kid"`
				By  string   `json:"by"`
			}{wire.KID(args[1]), who}
			var nothing struct{}
			path := "/api/v1/devices/" + url.PathEscape(args[0]) + "/confirm"
			if err := d.ask(c.Context(), "POST", path, body, &nothing); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "key %s of %s is confirmed by %s\n", args[1], args[0], who)
			return err
		},
	}
	c.Flags().StringVar(&who, "by", "", "who you are, by `NAME`")
	return c
}

// deviceLine is a box for a terminal, as
//
//	pad-0731-03  r11/b0731  ready since …  waiting 0  unenrolled fa4d86c3b551aa6c  refused unmapped-key 3
func deviceLine(d ledger.Device) string {
	waiting := "waiting ?"
	if d.Health != nil {
		waiting = fmt.Sprintf("waiting %d", d.Health.Waiting)
	}
	line := fmt.Sprintf("%-20s %s/%s  %s since %s  %s  %s %s", d.Device, d.Region, d.Branch, d.State,
		d.Since.In(time.Local).Format(time.DateTime), waiting, d.Standing, d.KID)
	if d.Incidents > 0 {
		line += fmt.Sprintf("  INCIDENTS %d", d.Incidents)
	}
	if d.Health != nil && len(d.Health.Refused) > 0 {
		line += "  refused " + counts(d.Health.Refused)
	}
	if d.Health != nil && len(d.Health.Degraded) > 0 {
		line += fmt.Sprintf("  degraded %v", d.Health.Degraded)
	}
	return line
}
