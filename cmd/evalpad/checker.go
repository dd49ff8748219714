package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"evalpad/cmd/internal/command"
	"evalpad/sync/outbox"
)

// A file can be damaged so that bbolt ends the process that reads it, in a goroutine where nothing
// can be caught, or reads on until memory ends. So before the agent opens its outbox it has a child
// of its own program check it: `evalpad outbox check FILE`, which only the agent types.

// checkMemory is how much memory of its own the child may take, in bytes, the mapped file apart: a
// full file of 128 MiB is checked with that, and a box of 512 MiB stays alive.
const checkMemory = 192 << 20

func outboxCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Check the pages of an outbox; the agent does so at its start", Hidden: true,
		Args: command.Words("FILE"), Example: "  evalpad outbox check /var/lib/evalpad/outbox.db",
		RunE: func(_ *cobra.Command, words []string) error {
			if err := boundMemory(checkMemory); err != nil {
				return fmt.Errorf("%w: its memory cannot be bounded: %w", outbox.ErrNotChecked, err)
			}
			return outbox.Check(words[0])
		},
	}
}

// boundMemory lets this process have no more than so many bytes of its own; less, if that is its lot.
func boundMemory(bytes uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
		return err
	}
	limit.Cur = min(limit.Cur, bytes)
	return syscall.Setrlimit(syscall.RLIMIT_DATA, &limit)
}

// checkInChild is the agent's outbox.Options.Checker.
func checkInChild(ctx context.Context, path string) error {
	child := exec.CommandContext(ctx, "/proc/self/exe", "outbox", "check", path) // the same program, replaced on disk or not
	child.WaitDelay = time.Second
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said := &beginning{}
	child.Stderr = said
	return verdict(ctx, child.Run(), said.words())
}

// verdict tells what a child's end says about the file. A child that was never started, or that
// somebody else ended, says nothing: systemd stops a whole unit, and the kernel takes whom it likes
// when memory is short.
func verdict(ctx context.Context, ended error, said string) error {
	exit, ran := errors.AsType[*exec.ExitError](ended)
	switch {
	case ended == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: the check did not come to an end: %w", outbox.ErrDamaged, ctx.Err())
	case !ran || exit.Sys().(syscall.WaitStatus).Signaled():
		return fmt.Errorf("%w: %w", outbox.ErrNotChecked, ended)
	case strings.HasPrefix(said, outbox.ErrNotChecked.Error()): // the child's words are our own program's
		return fmt.Errorf("%w%s", outbox.ErrNotChecked, strings.TrimPrefix(said, outbox.ErrNotChecked.Error()))
	}
	return fmt.Errorf("%w: the check ended with: %s", outbox.ErrDamaged, said)
}

// beginning keeps the first words that a child says, and takes the rest: a dying child says much.
type beginning struct{ kept bytes.Buffer }

const wordsKept = 4 << 10

func (b *beginning) Write(p []byte) (int, error) {
	b.kept.Write(p[:min(len(p), max(wordsKept-b.kept.Len(), 0))])
	return len(p), nil
}

// words are the first line, without what makes it long for nothing.
func (b *beginning) words() string {
	line, _, _ := strings.Cut(strings.TrimSpace(b.kept.String()), "\n")
	return strings.TrimPrefix(line, "panic: ")
}
