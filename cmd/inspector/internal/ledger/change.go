package ledger

import (
	"context"
	"fmt"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
)

// Change lets change work on a case and writes what it made of it, history included, in one
// transaction. An error of change leaves everything as it was and is returned wrapped; so does a
// change of what no change may touch. ErrUnknown is returned for an id that is not there.
func (l *Ledger) Change(ctx context.Context, id string, change func(*casebook.Case) error) (casebook.Case, error) {
	var k kept
	err := l.write(ctx, "change case "+id, func(t tx) error {
		before, err := t.oneCase(ctx, selectCase, id)
		if err != nil {
			return err
		}
		if k, err = t.oneCase(ctx, selectCase, id); err != nil { // again: a copy would share what it points to
			return err
		}
		if err := change(&k.Case); err != nil {
			return err
		}
		if err := k.Follows(before.Case); err != nil {
			return err
		}
		return t.update(ctx, k)
	})
	if err != nil {
		return casebook.Case{}, err
	}
	l.tell([]casebook.Case{k.Case})
	return k.Case, nil
}

// polled bounds the cases that one transaction of a Poll works on, so that Take waits little.
const polled = 256

// Poll writes down every deadline that has come by now with its work not done, once, and returns the
// cases. Call it each second. A late poll writes the same as a punctual one.
func (l *Ledger) Poll(ctx context.Context, now time.Time) ([]casebook.Case, error) {
	var all []casebook.Case
	for {
		some, err := l.poll(ctx, now)
		all = append(all, some...)
		if err != nil || len(some) < polled {
			l.tell(all)
			return all, err
		}
	}
}

func (l *Ledger) poll(ctx context.Context, now time.Time) (changed []casebook.Case, err error) {
	const due = `select doc from cases where due_at <= $1 order by due_at limit $2`
	docs, err := scan(ctx, look{l.eyes}, scanText, due, millis(now), polled)
	if err != nil {
		return nil, fmt.Errorf("poll: %w", err)
	}
	if len(docs) == 0 {
		return nil, nil // the pen is not taken up for nothing
	}
	err = l.write(ctx, "poll", func(t tx) error {
		docs, err := scan(ctx, t, scanText, due, millis(now), polled)
		if err != nil {
			return err
		}
		for _, doc := range docs {
			k, err := t.readCase(ctx, doc)
			if err != nil {
				return err
			}
			k.Breach(now)
			if err := t.update(ctx, k); err != nil {
				return err
			}
			changed = append(changed, k.Case)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}
