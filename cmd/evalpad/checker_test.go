package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"evalpad/sync/outbox"
)

// TestVerdict: what each end of the checking child says about the file. Only a child that came to an
// end of its own, or to none at all, says that it is damaged.
func TestVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		child  string
		within time.Duration
		want   error
	}{
		"sound":                     {"exit 0", time.Minute, nil},
		"damaged":                   {"echo page 7: multiple references >&2; exit 1", time.Minute, outbox.ErrDamaged},
		"died":                      {"echo 'panic: invalid page' >&2; exit 2", time.Minute, outbox.ErrDamaged},
		"never ends":                {"exec sleep 600", 50 * time.Millisecond, outbox.ErrDamaged},
		"stopped with its unit":     {"kill -TERM $$", time.Minute, outbox.ErrNotChecked},
		"killed for want of memory": {"kill -KILL $$", time.Minute, outbox.ErrNotChecked},
		"the file is in use":        {"echo the file was not checked: in use >&2; exit 1", time.Minute, outbox.ErrNotChecked},
		"there is no such program":  {"", time.Minute, outbox.ErrNotChecked},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.within)
			defer cancel()
			child := exec.CommandContext(ctx, "sh", "-c", c.child)
			if c.child == "" {
				child = exec.CommandContext(ctx, "/nonexistent/evalpad")
			}
			said := &beginning{}
			child.Stderr = said
			if err := verdict(ctx, child.Run(), said.words()); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestADyingChildSaysMuch: its first line is kept, and no more than 4 KiB of it.
func TestADyingChildSaysMuch(t *testing.T) {
	b := &beginning{}
	for range 1000 {
		if n, err := b.Write([]byte(strings.Repeat("x", 100))); n != 100 || err != nil {
			t.Fatalf("write: %d, %v", n, err)
		}
	}
	if got := len(b.words()); got != wordsKept {
		t.Errorf("%d bytes are kept, want %d", got, wordsKept)
	}
}
