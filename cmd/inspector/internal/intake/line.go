package intake

import (
	"context"

	"evalpad/sync/link"
)

// inboxSize is how many messages wait in memory on each line; beyond it the line is not read.
const inboxSize = 512

// line is one connection to the broker, and what is open on it.
type line struct {
	*link.Session
	slips []*slip
}

// slip stands for one message that has not been acknowledged.
type slip struct {
	ack  func()
	done bool
}

// connect opens a line of our own name and suffix.
func connect(ctx context.Context, o *Options, suffix string, will *link.Message) (*line, error) {
	lo := o.Link
	lo.ClientID += suffix
	lo.Will, lo.ManualAck, lo.Inbox, lo.Log = will, true, inboxSize, o.Log
	s, err := link.Connect(ctx, lo)
	if err != nil {
		return nil, err
	}
	return &line{Session: s}, nil
}

// inOrder makes an acknowledgement that may be called at any time, and takes effect once everything
// that came before it on this line is done too: PUBACKs go out in the order in which the messages
// came (MQTT 3.1.1, 4.6.0-2).
func (l *line) inOrder(ack func()) func() {
	s := &slip{ack: ack}
	l.slips = append(l.slips, s)
	return func() {
		s.done = true
		for len(l.slips) > 0 && l.slips[0].done {
			l.slips[0].ack()
			l.slips = l.slips[1:]
		}
	}
}
