package evaluation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"evalpad/device"
	"evalpad/sync/wire"
)

// Errors of a request that a caller branches on.
var (
	// ErrStopped is returned by a desk whose Run has ended.
	ErrStopped = errors.New("the desk is closed")
	// ErrRefused is returned for a prompt, or a word of the teller's side, that the rules do not take.
	ErrRefused = errors.New("the prompt is refused")
	// ErrTicketDone is an ErrRefused: that transaction is over, asked or unasked.
	ErrTicketDone = fmt.Errorf("%w: %s", ErrRefused, ReasonTicketDone)
	// ErrPadLost is returned where no pad is left on which the customer could answer.
	ErrPadLost = errors.New("the counter's pad is lost")
)

// request is work for the desk's own loop, which owns the State.
type request struct {
	work func(ctx context.Context) error
	done chan error
}

// ask has work done by the loop. If ctx ends first, work may still be done.
func (d *Desk) ask(ctx context.Context, what string, work func(context.Context) error) error {
	r := request{work, make(chan error, 1)}
	err := ErrStopped
	select {
	case d.asked <- r:
		select {
		case err = <-r.done:
		case <-ctx.Done():
			err = ctx.Err()
		}
	case <-d.stopped:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s at %s: %w", what, d.opts.Counter, err)
	}
	return nil
}

// told takes what the teller's side says through the rules.
func (d *Desk) told(ctx context.Context, e Event) error {
	effects, err := d.apply(ctx, e)
	if err != nil {
		return err
	}
	switch reason, refused := refusal(effects); {
	case reason == ReasonTicketDone:
		return ErrTicketDone
	case refused:
		return fmt.Errorf("%w: %s", ErrRefused, reason)
	}
	return nil
}

// Prompt asks the customer to rate, on behalf of by, as "headquarters". It returns when the prompt
// is on disk and shown; before Run it waits. The errors are ErrStopped, ErrRefused, ctx's and the
// store's.
func (d *Desk) Prompt(ctx context.Context, by, ticket string) error {
	return d.ask(ctx, "prompt", func(ctx context.Context) error {
		return d.told(ctx, d.spoken(device.Signal{Kind: device.Prompt, By: by, Ticket: ticket}))
	})
}

// PromptOnce is Prompt for a program that says the same again when it has heard no answer: the ticket
// that is open stays as it is, and one that is done is ErrTicketDone, however it ended. Service is
// ordinary, priority or "". Where no pad can ask it is ErrPadLost, and nothing is recorded.
func (d *Desk) PromptOnce(ctx context.Context, by, ticket, service string) error {
	return d.ask(ctx, "prompt", func(ctx context.Context) error {
		if d.padless() {
			return ErrPadLost
		}
		return d.told(ctx, Prompted{Heard: d.hear(device.Signal{}), By: by, Ticket: ticket, Service: service, Once: true, ID: d.opts.NewID()})
	})
}

// Cancel takes the prompt back, if there is one; what is open ends as what it was. Errors are as with
// Prompt.
func (d *Desk) Cancel(ctx context.Context) error {
	return d.ask(ctx, "cancel", func(ctx context.Context) error {
		return d.told(ctx, Cancelled{Heard: d.hear(device.Signal{})})
	})
}

// Unasked records, on behalf of by, a transaction that has ended without a prompt; told twice it is
// one record. ErrTicketDone is a ticket that was asked; other errors are as with Prompt.
func (d *Desk) Unasked(ctx context.Context, by, ticket string) error {
	return d.ask(ctx, "unasked", func(ctx context.Context) error {
		return d.told(ctx, Unasked{Heard: d.hear(device.Signal{}), By: by, Ticket: ticket, ID: d.opts.NewID()})
	})
}

// TellerIn names whoever serves from now on, by staff number or pseudonym. Errors are as with Prompt.
func (d *Desk) TellerIn(ctx context.Context, teller string) error {
	return d.ask(ctx, "log in", func(ctx context.Context) error {
		return d.told(ctx, TellerIn{Heard: d.hear(device.Signal{}), Teller: teller})
	})
}

// TellerOut logs out whoever is logged in. Errors are as with Prompt.
func (d *Desk) TellerOut(ctx context.Context) error {
	return d.ask(ctx, "log out", func(ctx context.Context) error {
		return d.told(ctx, TellerOut{Heard: d.hear(device.Signal{})})
	})
}

// Standing is what the teller's side may know of a counter: never a score, nor whether there is one.
type Standing struct {
	Teller string      // who is logged in, or ""
	Asking *wire.Stamp // since when the customer is asked; nil: nobody is
	Now    wire.Stamp
	Lost   bool // no pad is left
	Fault  bool // nothing can be kept on disk
}

// Standing is how the counter stands. The errors are ErrStopped and ctx's.
func (d *Desk) Standing(ctx context.Context) (Standing, error) {
	var now Standing
	err := d.ask(ctx, "look", func(context.Context) error {
		now = d.standing()
		return nil
	})
	if err != nil {
		return Standing{}, err // now may be written yet
	}
	return now, nil
}

func (d *Desk) standing() Standing {
	m := d.opts.Now()
	s := Standing{Now: m.Stamp(m.Uptime), Lost: d.padless(), Fault: d.degraded}
	s.Teller = d.state.current(s.Now).Teller
	if open := d.state.Open; open != nil {
		s.Asking = new(open.Begun)
	}
	return s
}

func (d *Desk) padless() bool {
	return !slices.ContainsFunc(d.pads, func(p *pad) bool { return !p.lost })
}
