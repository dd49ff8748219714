package serialpad

import (
	"context"

	"evalpad/device"
)

// maxQueue is how many signals wait for a desk that does not take them; beyond it the line is not
// read, and pads repeat themselves.
const maxQueue = 64

// Run speaks with the pads until ctx is done and then returns nil, within a second. A port that is
// not there, not ours or pulled is no error: Lost says why, once, and Back when the port is open
// again. What was half received is then dropped. A pad that was waiting for its thanks goes on waiting,
// and its frame is the same press, if the cable is back within a minute.
func (p *Pad) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	line := p.bus.join(ctx, p)
	defer p.bus.leave(line)
	talk := newConversation(p)
	for {
		var next device.Signal
		var taker chan<- device.Signal
		if len(talk.queue) > 0 {
			next, taker = talk.queue[0], in
		}
		heard := line.news
		if len(talk.queue) >= maxQueue {
			heard = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case taker <- next:
			talk.queue = talk.queue[1:]
		case n := <-heard:
			talk.take(n)
		case s, open := <-out:
			if !open {
				out = nil
				continue
			}
			talk.show(s)
		}
	}
}
