// Package command is what the two programs' command lines have in common: their flags, their exit
// codes, and that a wrong word gets a sentence and never silence. It is the door to cobra for what is
// shared; each program builds its own commands.
package command

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"evalpad/cmd/internal/config"
)

// Exit codes: done, failed, and wrong words or a wrong configuration.
const (
	Done   = 0
	Failed = 1
	Usage  = 2
)

// UsageError is a fault of whoever typed the command.
type UsageError struct{ error }

// Misuse makes a UsageError that points to the command's help.
func Misuse(c *cobra.Command, format string, words ...any) error {
	return UsageError{fmt.Errorf("%w\nSee %s --help", fmt.Errorf(format, words...), c.CommandPath())}
}

// ExitCode says the error once, to w, and tells what kind it is.
func ExitCode(w io.Writer, err error) int {
	if err == nil {
		return Done
	}
	fmt.Fprintln(w, err)
	_, faults := errors.AsType[config.Faults](err)
	_, usage := errors.AsType[UsageError](err)
	if faults || usage {
		return Usage
	}
	return Failed
}

// Settings are the flags that all commands of a program share.
type Settings struct {
	Config    string
	logFormat string
}

// Logger writes to stderr in the wished format.
func (s *Settings) Logger() *slog.Logger {
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}

// Root makes a program's top command with the shared flags.
func Root(root *cobra.Command, configFile string) *Settings {
	s := &Settings{}
	root.SilenceErrors, root.SilenceUsage = true, true
	flags := root.PersistentFlags()
	flags.StringVarP(&s.Config, "config", "c", configFile, "the configuration `FILE`")
	flags.StringVar(&s.logFormat, "log-format", "text", "how to log to stderr: text or json")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return Misuse(c, "%w", err) })
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		if s.logFormat != "text" && s.logFormat != "json" {
			return Misuse(c, "--log-format %q: write text or json", s.logFormat)
		}
		return nil
	}
	return s
}

// Group gives c its commands. Alone it shows its help; a word that is none of them is refused, with
// the one that was meant.
func Group(c *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	c.AddCommand(commands...)
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		meant := ""
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			meant = fmt.Sprintf("; did you mean %s?", strings.Join(near, " or "))
		}
		return Misuse(c, "%s: unknown command %q%s", c.CommandPath(), args[0], meant)
	}
	c.SuggestionsMinimumDistance = 2
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return c
}

// Words takes exactly the words that are named.
func Words(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == len(names):
			return nil
		case len(names) == 0:
			return Misuse(c, "%s takes no further words, got %q", c.CommandPath(), args)
		default:
			return Misuse(c, "%s wants %s, got %q", c.CommandPath(), strings.Join(names, " and "), args)
		}
	}
}

// Version prints the program's version.
func Version(program, version string) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: Words(), Example: "  " + program + " version",
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), program, version)
			return err
		},
	}
}
