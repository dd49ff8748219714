package main

import (
	"context"
	"fmt"
	"time"

	"evalpad/device"
)

// view shows what came, with the time in seconds, and what each profile makes of it.
func (p *probe) view(ev event) {
	for _, chunk := range ev.burst {
		fmt.Fprintf(p.out, "%9.3f < % X\n", chunk.At.Seconds(), chunk.Bytes)
	}
	for _, f := range p.crowd.Others(ev.burst) {
		mark := "✓"
		if f.Press.Reason == device.ReasonBadSum {
			mark = "✗"
		}
		fmt.Fprintf(p.out, "            %s: %s %s\n", f.Profile(), f.Press, mark)
	}
	for _, f := range ev.presses {
		if !f.Sure() || len(ev.burst) == 0 {
			fmt.Fprintf(p.out, "            %s: %s\n", f.Profile(), f.Press)
		}
	}
}

// watch shows what goes over the line until Enter, or until ctx is done.
func (p *probe) watch(ctx context.Context) error {
	way := p.ways[0]
	if len(p.protocols) == 1 {
		way = p.protocols[0].Line()
	}
	if p.wish.baud != 0 {
		way.Baud = p.wish.baud
	}
	if err := p.open(way); err != nil {
		return err
	}
	p.tell("%s at %s: what comes is shown until Enter or Ctrl-C.", "%s，%s：显示收到的数据，按回车键或 Ctrl-C 结束。", p.wish.port, wayWords(way))
	for {
		ev, err := p.hear(ctx, time.Second)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil || ev.typed {
			return err
		}
	}
}
