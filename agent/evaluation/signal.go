package evaluation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"evalpad/device"
	"evalpad/sync/wire"
)

// take answers one signal of a pad.
func (d *Desk) take(ctx context.Context, h heard) {
	h.pad.lost = h.Kind == device.Lost || h.pad.lost && h.Kind == device.Refused
	switch h.Kind {
	case device.Press:
		effects, err := d.apply(ctx, d.pressed(h.Signal))
		d.count(pressFate(effects, err))
	case device.Prompt, device.Cancel, device.TellerIn, device.TellerOut, device.More, device.Reasons:
		effects, _ := d.apply(ctx, d.spoken(h.Signal)) // an error has degraded the desk, and the pad asks again
		if reason, refused := refusal(effects); refused {
			d.count(reason)
		}
	case device.Other:
		d.again(ctx, h.ID)
	case device.Refused:
		d.log.Debug("pad refused a signal", "reason", h.Reason, "detail", h.Detail)
		d.count(h.Reason)
	case device.Lost, device.Back, device.Stuck, device.Free:
		d.noted(ctx, h)
	default:
		d.log.Warn("pad sent an unknown signal", "kind", h.Kind)
		d.count(ReasonUnknown)
	}
}

// noted passes on what a technician must know. A counter is lost with its last pad; a pad that is
// back shows what the others show.
func (d *Desk) noted(ctx context.Context, h heard) {
	h.Detail = cmp.Or(h.Detail, h.pad.driver.String())
	if d.opts.Note != nil {
		d.opts.Note(ctx, h.Signal)
	}
	switch {
	case h.Kind == device.Back:
		d.again(ctx, h.ID)
	case h.Kind == device.Lost && !slices.ContainsFunc(d.pads, func(p *pad) bool { return !p.lost }):
		_, _ = d.apply(ctx, PadLost{At: d.stamp(h.Signal)}) // on error the window closes it later
	}
}

func (d *Desk) stamp(s device.Signal) wire.Stamp { return d.opts.Now().Stamp(s.At) }

func (d *Desk) hear(s device.Signal) Heard {
	return Heard{At: d.stamp(s), Signal: s.ID, Echo: s.Echo}
}

func (d *Desk) pressed(s device.Signal) Event {
	return Pressed{
		Heard: d.hear(s), Score: wire.Score(s.Score), Dimension: wire.Dimension(s.Dimension),
		UI: s.UI, ID: d.opts.NewID(),
	}
}

// spoken is what the teller's side says.
func (d *Desk) spoken(s device.Signal) Event {
	switch s.Kind {
	case device.Prompt:
		return Prompted{Heard: d.hear(s), By: s.By, Ticket: s.Ticket, ID: d.opts.NewID()}
	case device.TellerIn:
		return TellerIn{Heard: d.hear(s), Teller: s.Teller}
	case device.TellerOut:
		return TellerOut{Heard: d.hear(s)}
	case device.More:
		return More{Heard: d.hear(s)}
	case device.Reasons:
		return Reasoned{Heard: d.hear(s), Codes: strings.Fields(s.Codes), ID: d.opts.NewID()}
	}
	return Cancelled{Heard: d.hear(s)}
}

// Errors of Prompt that a caller branches on.
var (
	// ErrStopped is returned by a desk whose Run has ended.
	ErrStopped = errors.New("the desk is closed")
	// ErrRefused is returned for a prompt that the rules do not take.
	ErrRefused = errors.New("the prompt is refused")
)

type request struct {
	by, ticket string
	done       chan error
}

// Prompt asks the customer to rate, on behalf of by, as "headquarters". It returns when the prompt
// is on disk and shown; before Run it waits. The errors are ErrStopped, ErrRefused, ctx's and the
// store's.
func (d *Desk) Prompt(ctx context.Context, by, ticket string) error {
	if err := d.ask(ctx, request{by, ticket, make(chan error, 1)}); err != nil {
		return fmt.Errorf("prompt at %s: %w", d.opts.Counter, err)
	}
	return nil
}

func (d *Desk) ask(ctx context.Context, r request) error {
	select {
	case d.prompts <- r:
	case <-d.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *Desk) prompt(ctx context.Context, r request) error {
	effects, err := d.apply(ctx, d.spoken(device.Signal{Kind: device.Prompt, By: r.by, Ticket: r.ticket}))
	if err != nil {
		return err
	}
	if reason, refused := refusal(effects); refused {
		return fmt.Errorf("%w: %s", ErrRefused, reason)
	}
	return nil
}

func refusal(effects []Effect) (reason string, refused bool) {
	for _, effect := range effects {
		if r, ok := effect.(Refuse); ok {
			return r.Reason, true
		}
	}
	return "", false
}
