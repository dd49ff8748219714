package outbox

import (
	"context"
	"fmt"

	"evalpad/sync/wire"
)

// Change is what one Commit stores, all of it or nothing.
type Change struct {
	// Desks are open evaluations by counter; a nil value forgets the counter's.
	Desks map[string][]byte
	// Drafts are sealed in this order with consecutive numbers.
	Drafts []wire.Draft
	// Notes are small facts by name, as the pinned root key; a nil value forgets one.
	Notes map[string][]byte
}

const (
	maxName  = 64
	maxSmall = 16 << 10 // bytes of an open evaluation or a note
)

// empty reports whether there is nothing to store.
func (c Change) empty() bool { return len(c.Desks) == 0 && len(c.Drafts) == 0 && len(c.Notes) == 0 }

func (c Change) check() error {
	for what, m := range map[string]map[string][]byte{"desk": c.Desks, "note": c.Notes} {
		for name, v := range m {
			if name == "" || len(name) > maxName || len(v) > maxSmall {
				return fmt.Errorf("%w: %s %.70q of %d bytes: want a name of 1 to %d characters and at most %d bytes",
					ErrRefused, what, name, len(v), maxName, maxSmall)
			}
		}
	}
	return nil
}

// Commit stores a change and returns once it is on disk, with the letters that its drafts became.
// ctx ends the wait for the writer only: what the writer has taken is waited for to its end, so
// that an error always means not stored or, with ErrStore, not certainly stored.
//
// It returns ErrRefused for what can never be stored, ErrFull, ErrStore, ErrClosed or ctx's error.
func (b *Outbox) Commit(ctx context.Context, c Change) ([]Letter, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	if c.empty() {
		return nil, nil
	}
	letters, err := b.ask(ctx, &request{change: c})
	if err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	return letters, nil
}

// NewEpoch begins a new chain: its first record says why and names the chain before it. Letters of
// the old epoch go on waiting.
func (b *Outbox) NewEpoch(ctx context.Context, why string) error {
	if _, err := b.ask(ctx, &request{epoch: true, why: why}); err != nil {
		return fmt.Errorf("open an epoch: %w", err)
	}
	return nil
}

// request is what a caller hands to the writer.
type request struct {
	change Change
	epoch  bool
	why    string

	answer chan answer
	sealed []Letter
}

type answer struct {
	letters []Letter
	err     error
}

func (b *Outbox) ask(ctx context.Context, r *request) ([]Letter, error) {
	r.answer = make(chan answer, 1)
	select {
	case <-b.closing: // looked at alone first: select would choose between two that are ready
		return nil, ErrClosed
	default:
	}
	select {
	case b.requests <- r:
	case <-b.closing:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	a := <-r.answer
	return a.letters, a.err
}
