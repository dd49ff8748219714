package agent

import (
	"context"
	"errors"
	"fmt"

	"evalpad/agent/alert"
	"evalpad/agent/evaluation"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// deskStore is what a desk puts its promises into: the state of the counter, each finished
// evaluation, and for a dissatisfied one its alert, all in one transaction of the outbox.
type deskStore struct{ *Agent }

// Commit returns when all of it is on disk, or none; or evaluation.ErrUnvouched.
func (s deskStore) Commit(ctx context.Context, counter string, state []byte, finished []wire.Evaluation) error {
	change := outbox.Change{Desks: map[string][]byte{counter: state}}
	for _, e := range finished {
		drafts, err := draftsOf(e)
		if err != nil {
			return fmt.Errorf("write evaluation %s: %w", e.Evaluation, err)
		}
		change.Drafts = append(change.Drafts, drafts...)
	}
	_, err := s.store.Commit(ctx, change)
	if errors.Is(err, outbox.ErrUnvouched) {
		return fmt.Errorf("%w: %w", evaluation.ErrUnvouched, err)
	}
	return err
}

// draftsOf is the evaluation, and before it the alert if there is one: whichever arrives first
// opens the case.
func draftsOf(e wire.Evaluation) (drafts []wire.Draft, err error) {
	var at wire.Instant
	if e.Pressed.Wall != nil {
		at = *e.Pressed.Wall
	}
	subject := "counter/" + e.Counter
	if a, raised := alert.For(e, alert.Promise); raised {
		d, err := wire.NewDraft(wire.KindAlert, at, subject, a)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, d)
	}
	d, err := wire.NewDraft(wire.KindEvaluation, at, subject, e)
	return append(drafts, d), err
}
