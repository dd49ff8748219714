package evaluation

import (
	"cmp"
	"context"
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
	case h.Kind == device.Lost && d.padless():
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

func refusal(effects []Effect) (reason string, refused bool) {
	for _, effect := range effects {
		if r, ok := effect.(Refuse); ok {
			return r.Reason, true
		}
	}
	return "", false
}
