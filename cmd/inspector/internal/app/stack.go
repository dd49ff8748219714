package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// stack undoes what has been set up, last first.
type stack []step

type step struct {
	name string
	undo func(context.Context) error
}

// push registers how to undo what was just done.
func (s *stack) push(name string, undo func(context.Context) error) {
	*s = append(*s, step{name, undo})
}

// unwind undoes everything, whatever fails on the way, and joins the errors. ctx bounds it.
func (s *stack) unwind(ctx context.Context) error {
	var errs []error
	for _, step := range slices.Backward(*s) {
		if err := step.undo(ctx); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", step.name, err))
		}
	}
	*s = nil
	return errors.Join(errs...)
}

// start runs a part in a goroutine of its own, and registers that it is ended and waited for. A
// part that ends by itself with an error says so on failed.
func (s *stack) start(name string, failed chan<- error, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(ctx); err != nil {
			select {
			case failed <- fmt.Errorf("%s: %w", name, err):
			default: // another part was first
			}
		}
	}()
	s.push(name, func(late context.Context) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-late.Done():
			return errors.New("it does not end")
		}
	})
}
