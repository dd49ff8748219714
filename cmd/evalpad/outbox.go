package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"evalpad/agent"
	"evalpad/agent/control"
	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

func outboxCommand(s *command.Settings) *cobra.Command {
	c := &cobra.Command{
		Use: "outbox", Short: "What this box has promised to tell headquarters",
		Long:    "A running agent is asked; its file is read only when none runs.",
		Example: "  evalpad outbox list\n  evalpad outbox verify",
	}
	return command.Group(c, outboxList(s), outboxVerify(s), outboxCheck())
}

// place is where a box keeps its things.
type place struct{ dir, socket, file string }

func placeOf(s *command.Settings) (place, error) {
	pad, err := config.ReadPad(s.Config)
	if err != nil {
		return place{}, err
	}
	at := func(name string) string { return filepath.Join(pad.DataDir, name) }
	return place{pad.DataDir, at(agent.SocketFile), at(agent.OutboxFile)}, nil
}

func outboxList(s *command.Settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "Every record kept, oldest first", Args: command.Words(),
		Example: "  evalpad outbox list\n  evalpad outbox list --json",
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := placeOf(s)
			if err != nil {
				return err
			}
			var lines bytes.Buffer
			err = control.Ask(c.Context(), at.socket, "/outbox", &lines)
			if errors.Is(err, control.ErrNotRunning) {
				err = listFile(at.file, &lines)
			}
			if err != nil {
				return fmt.Errorf("list the outbox: %w", err)
			}
			if asJSON {
				_, err = lines.WriteTo(c.OutOrStdout())
				return err
			}
			return printLetters(c.OutOrStdout(), &lines)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, for a program")
	return c
}

func listFile(path string, w io.Writer) error {
	lines := json.NewEncoder(w)
	for item, err := range outbox.List(path) {
		if err != nil && !errors.Is(err, outbox.ErrDamaged) {
			return err
		}
		if err := lines.Encode(agent.LetterOf(item, err)); err != nil {
			return err
		}
	}
	return nil
}

func printLetters(w io.Writer, lines io.Reader) error {
	letters := json.NewDecoder(lines)
	for {
		var l agent.Letter
		if err := letters.Decode(&l); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("list the outbox: %w", err)
		}
		standing := "receipted"
		switch {
		case l.Fault != "":
			standing = l.Fault
		case l.Waiting:
			standing = "waiting"
		}
		fmt.Fprintf(w, "%8d  %-26s %-11s %s\n", l.Ref, l.ID, l.Kind, standing)
	}
}

func outboxVerify(s *command.Settings) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "verify", Short: "Check every record: bytes, form, hash, signature, chain", Args: command.Words(),
		Long:    "Check every record. Exit code 0 if all is as it was sealed, 1 if something is not.",
		Example: "  evalpad outbox verify",
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := placeOf(s)
			if err != nil {
				return err
			}
			report, err := verifyAt(c, at)
			if err != nil {
				return fmt.Errorf("verify the outbox: %w", err)
			}
			if asJSON {
				return errors.Join(printJSON(c.OutOrStdout(), report), report.Err())
			}
			printReport(c.OutOrStdout(), report)
			return report.Err()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it for a program")
	return c
}

func verifyAt(c *cobra.Command, at place) (report outbox.Report, err error) {
	var answer bytes.Buffer
	switch err := control.Ask(c.Context(), at.socket, "/outbox/verify", &answer); {
	case err == nil:
		return report, json.Unmarshal(answer.Bytes(), &report)
	case !errors.Is(err, control.ErrNotRunning):
		return report, err
	}
	key, err := publicKey(at.dir)
	if err != nil {
		return report, err
	}
	return outbox.Verify(at.file, key)
}

// publicKey reads this box's key without making one: a box that has none has sealed nothing.
func publicKey(dir string) (wire.PublicKey, error) {
	key, err := seal.ReadKey(filepath.Join(dir, agent.KeyFile))
	if err != nil {
		return wire.PublicKey{}, err
	}
	return key.Public(), nil
}

func printReport(w io.Writer, r outbox.Report) {
	fmt.Fprintf(w, "%d records, %d waiting, %d of them alerts\n", r.Records, r.Waiting, r.Alerts)
	for _, e := range r.Epochs {
		fmt.Fprintf(w, "epoch %s: head %d %s…, settled through %d\n", e.Epoch, e.Head, e.Hash.String()[:12], e.Settled)
	}
	for epoch, gaps := range r.Gaps {
		for _, g := range gaps {
			fmt.Fprintf(w, "epoch %s: %d to %d are not kept: %s\n", epoch, g.From, g.To, g.Why)
		}
	}
	for _, f := range r.Faults {
		fmt.Fprintln(w, "FAULT", f)
	}
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
