package evaluation

import (
	"context"
	"encoding/json"
	"errors"

	"evalpad/device"
	"evalpad/sync/wire"
)

// apply takes one event through the rules. An error means that nothing has happened but the fault.
func (d *Desk) apply(ctx context.Context, e Event) ([]Effect, error) {
	if err := d.settle(ctx); err != nil {
		return nil, err
	}
	return d.step(ctx, e)
}

// settle tells the State that the agent has restarted, once; nothing else may come first.
func (d *Desk) settle(ctx context.Context) error {
	if d.came == nil {
		return nil
	}
	if _, err := d.step(ctx, Restarted{At: *d.came}); err != nil {
		return err
	}
	d.came = nil
	return nil
}

// step keeps the order of the promise: first the disk, then the State, then the pads.
func (d *Desk) step(ctx context.Context, e Event) ([]Effect, error) {
	next, effects := Next(d.state, e)
	if finished, promised := d.promises(effects); promised {
		if err := d.commit(ctx, next, finished); err != nil {
			d.adopt(ctx, next, effects, err)
			d.degrade(ctx, err)
			return nil, err
		}
	}
	d.state = next
	for _, effect := range effects {
		d.do(ctx, effect)
	}
	return effects, nil
}

// ErrUnvouched is returned by a Store for what is in it although the disk may lose it again.
var ErrUnvouched = errors.New("stored, and the disk does not vouch for it")

// adopt goes on from a State that is in the store although its commit failed. What it finished is
// numbered and will be sent: finishing it once more would tell headquarters twice. Nobody is thanked.
func (d *Desk) adopt(ctx context.Context, next State, effects []Effect, err error) {
	if !errors.Is(err, ErrUnvouched) {
		return
	}
	d.state = next
	for _, effect := range effects {
		switch effect.(type) {
		case Arm, Disarm:
			d.do(ctx, effect)
		}
	}
}

// promises collects what has to be on disk before anything is shown.
func (d *Desk) promises(effects []Effect) (finished []wire.Evaluation, promised bool) {
	for _, effect := range effects {
		switch f := effect.(type) {
		case Finish:
			f.Evaluation.Counter, f.Evaluation.Business = d.opts.Counter, d.opts.Business
			finished, promised = append(finished, f.Evaluation), true
		case Keep:
			promised = true
		}
	}
	return finished, promised
}

// commit is not cut short by a farewell: a press that has come this far is finished. After a commit
// that succeeds, presses can be kept again.
func (d *Desk) commit(ctx context.Context, s State, finished []wire.Evaluation) error {
	kept, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := d.opts.Store.Commit(context.WithoutCancel(ctx), d.opts.Counter, kept, finished); err != nil {
		return err
	}
	if d.degraded {
		d.degraded, d.showing = false, s.Showing()
		d.retry.Stop()
		d.log.Info("presses can be kept again")
		d.tellDegraded(nil)
	}
	return nil
}

// degrade says aloud that nothing can be kept: nobody is thanked for a lost press.
func (d *Desk) degrade(ctx context.Context, err error) {
	if !d.degraded {
		d.degraded = true
		d.log.Error("presses cannot be kept", "error", err)
		d.tellDegraded(err)
	}
	d.retry.Reset(d.opts.Retry)
	d.show(ctx, device.Show{Kind: device.Fault})
}

func (d *Desk) tellDegraded(err error) {
	if d.opts.Degraded != nil {
		d.opts.Degraded(err)
	}
}

// heal tries whether the disk takes the present State, so that a pad does not show its fault until
// somebody dares to press.
func (d *Desk) heal(ctx context.Context) {
	if d.settle(ctx) != nil || !d.degraded {
		return
	}
	if err := d.commit(ctx, d.state, nil); err != nil {
		d.degrade(ctx, err)
		return
	}
	d.again(ctx, "")
}

// do does what follows the commit.
func (d *Desk) do(ctx context.Context, effect Effect) {
	switch e := effect.(type) {
	case Arm:
		d.until = d.opts.Now().Uptime + e.For
		d.window.Reset(e.For)
	case Disarm:
		d.until = 0
		d.window.Stop()
	case Show:
		d.show(ctx, e.Show)
	case Again:
		d.again(ctx, e.For)
	case Deny:
		s := d.still(e.For)
		s.Denied = true
		d.show(ctx, s)
	}
}

// show puts s on every pad. While nothing can be kept, all that any pad shows is the fault, but for
// the thanks to a press that was kept before the agent restarted.
func (d *Desk) show(ctx context.Context, s device.Show) {
	if d.degraded && s.Kind != device.Thanks {
		s = device.Show{For: s.For, Kind: device.Fault}
	}
	s.Link = d.link(s.Kind)
	d.showing = s
	for _, p := range d.pads {
		p.show(ctx, s)
	}
}

// link is the second way in to what is shown: to the evaluation that a prompt has opened, or that a press
// has finished. A press without a prompt has none before it.
func (d *Desk) link(shown device.ShowKind) string {
	open, past := d.state.Open, d.state.Past
	switch {
	case d.opts.Link == nil:
		return ""
	case shown == device.Ask && open != nil && open.Prompted:
		return d.opts.Link(open.ID, open.Begun)
	case shown == device.Thanks && past != nil:
		return d.opts.Link(past.ID, past.At)
	}
	return ""
}

// again shows what is shown already.
func (d *Desk) again(ctx context.Context, signal string) { d.show(ctx, d.still(signal)) }

// still is what is shown already, with what is left of its window.
func (d *Desk) still(signal string) device.Show {
	s := d.showing
	s.For, s.Denied = signal, false
	if s.Kind == device.Ask || s.Kind == device.Why {
		s.Window = max(0, d.until-d.opts.Now().Uptime)
	}
	return s
}
