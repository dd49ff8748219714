package serialpad

import (
	"context"
	"fmt"
	"time"

	"evalpad/device/serialpad/profiles"
)

// answerWithin is how long a pad that is asked may take: a reply of nine bytes takes 10 ms at 9600
// baud, and modules think for up to 50 ms.
const answerWithin = 100 * time.Millisecond

// answer is what a pad that is asked has said; nil data: nothing.
type answer struct {
	address int
	data    []byte
}

// poll asks every pad on the line in turn, as the only one that may speak unasked, until the port
// fails or ctx is done.
func (c *cable) poll(ctx context.Context, p *port) error {
	ask := c.protocol.Poll()
	next := time.NewTicker(ask.Every)
	defer next.Stop()
	for {
		for _, s := range c.stations() {
			data, err := c.ask(p, ask.Request(s.Address()), s.Address())
			if err != nil {
				return err
			}
			c.tell(ctx, news{at: c.uptime(), answer: &answer{s.Address(), data}})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
	}
}

// ask writes a request and waits for the reply that belongs to it. Late replies and noise are passed
// over; no reply is nil data.
func (c *cable) ask(p *port, request []byte, address int) (data []byte, err error) {
	if err := p.Write(request); err != nil {
		return nil, err
	}
	decoder := c.protocol.Decoder(c.line.Baud)
	var heard []profiles.Heard
	var buf [64]byte
	for until := c.uptime() + answerWithin; c.uptime() < until; {
		n, err := p.Read(buf[:], until-c.uptime())
		if err != nil {
			return nil, err
		}
		heard = decoder.Feed(heard[:0], buf[:n], c.uptime())
		for _, h := range heard {
			if h.Reason == "" && c.protocol.Poll().Replies(h.Frame, address) {
				return append([]byte{}, h.Frame.Data()...), nil
			}
		}
	}
	return nil, nil
}

// A pad that is asked and has said nothing for silentFor is lost, and back at its next answer.
const silentFor = time.Second

// answered makes signals of what a pad that is asked has said.
func (c *conversation) answered(n news) {
	if n.answer.data == nil {
		if c.keys.silent(n.at) && !c.lost {
			c.lose(n.at, fmt.Errorf("the pad at address %d does not answer", n.answer.address))
		}
		return
	}
	c.back(n.at)
	for _, s := range c.keys.read(n.answer.data, n.at) {
		c.signal(s)
	}
}
