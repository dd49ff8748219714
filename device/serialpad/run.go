package serialpad

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"evalpad/device"
)

// maxQueue is how many signals wait for a desk that does not take them; beyond it the line is not
// read, and pads repeat themselves.
const maxQueue = 64

// Run speaks with the pads until ctx is done and then returns nil, within a second. A port that is
// not there, not ours or pulled is no error: Lost says why, once, and Back when the port is open
// again. What was half received is then dropped, and what was not thanked for is forgotten.
func (p *Pad) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	news := make(chan news)
	line := cable{
		open:   func() (*port, error) { return openPort(p.options.Port, p.options.Baud) },
		baud:   p.options.Baud,
		uptime: p.options.Uptime,
		news:   news,
	}
	var keeper sync.WaitGroup
	keeper.Go(func() { line.keep(ctx) })
	defer keeper.Wait()
	talk := conversation{pad: p, log: p.options.Log.With("pad", p.String())}
	for {
		var next device.Signal
		var taker chan<- device.Signal
		if len(talk.queue) > 0 {
			next, taker = talk.queue[0], in
		}
		heard := news
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

// conversation is the state of one Run: what the pads have said, and what they wait for.
type conversation struct {
	pad       *Pad
	log       *slog.Logger
	queue     []device.Signal // not yet taken by the desk
	signals   int             // made so far
	unthanked unthanked
	thanked   thanked
	asked     device.Show   // the question that the evaluator was asked and that is still showing
	write     chan<- string // frames to the open port; nil while there is none
	lost      bool
}

func (c *conversation) take(n news) {
	switch {
	case n.lost != nil:
		c.lose(n)
	case n.write != nil:
		c.found(n)
	case n.heard.Reason != "":
		s := refused(n.heard.Reason)
		s.At, s.Detail = n.heard.At, n.heard.String()
		c.signal(s)
	default:
		c.frame(n.heard.Frame, n.heard.At)
	}
}

// frame signals a frame, unless its pad is only sending it again.
func (c *conversation) frame(f Frame, at time.Duration) {
	if c.thanked.crossed(f, at) {
		c.pad.resent.Add(1)
		c.thank(thanks(f, c.pad.options.Ack), []Frame{f}) // the first may have been missed
		return
	}
	if c.unthanked.again(f, at) {
		c.pad.resent.Add(1)
		return
	}
	s := meaning(f, byte(c.pad.options.Address))
	s.At = at
	s = c.signal(s)
	ack := ""
	if s.Kind != device.Refused {
		ack = thanks(f, c.pad.options.Ack)
	}
	c.unthanked.add(s, f, ack)
}

// lose says that the pads are gone, once, and forgets what they had not been thanked for.
func (c *conversation) lose(n news) {
	s := device.Signal{Kind: device.Lost, At: n.at, Reason: n.lost.Error()}
	if cause := errors.Unwrap(n.lost); cause != nil {
		s.Detail = cause.Error()
	}
	c.log.Warn("no port", "reason", s.Reason, "detail", s.Detail)
	c.write = nil
	c.unthanked, c.thanked = unthanked{}, thanked{}
	if !c.lost {
		c.signal(s)
	}
	c.lost = true
}

func (c *conversation) found(n news) {
	c.write = n.write
	c.asked = device.Show{} // whatever was asked, these pads have not heard it
	c.log.Info("port open")
	if c.lost {
		c.signal(device.Signal{Kind: device.Back, At: n.at})
	}
	c.lost = false
}

// signal queues a signal under an ID of its own.
func (c *conversation) signal(s device.Signal) device.Signal {
	c.signals++
	s.ID = "serial-" + strconv.Itoa(c.signals)
	c.queue = append(c.queue, s)
	c.log.Debug("heard", "id", s.ID, "kind", s.Kind, "reason", s.Reason, "detail", s.Detail)
	return s
}

// show thanks for the signal that the show names, and then asks if the show asks.
func (c *conversation) show(s device.Show) {
	if s.Kind == device.Nod {
		return
	}
	prompted := c.unthanked.isPrompt(s.For)
	if ack, frames := c.unthanked.shown(s.For); ack != "" {
		c.thank(ack, frames)
	}
	switch {
	case s.Kind == device.Ask:
		c.ask(s, prompted)
		return
	case s.Kind == device.Fault && s.For == "":
		c.unthanked.fail()
	}
	c.asked = device.Show{}
}

// ask makes the evaluator ask, and speak. It does not where the question is showing already, unless a
// prompt has just asked for it; and never while the evaluator waits for its thanks, for which a pad
// that looks at FUNC alone would take it.
func (c *conversation) ask(s device.Show, prompted bool) {
	question := device.Show{Kind: device.Ask, Dimension: s.Dimension, Step: s.Step, Steps: s.Steps}
	address := byte(c.pad.options.Address)
	if question == c.asked && !prompted || c.unthanked.keyWaits(address+evaluatorBit, c.pad.options.Uptime()) {
		return
	}
	c.asked = question
	c.send(pleaseRate(address))
}

// thank writes an acknowledgement of frames.
func (c *conversation) thank(ack string, frames []Frame) {
	c.thanked.add(frames, c.pad.options.Uptime())
	c.send(ack)
}

// send never waits. Without a port, or where one has taken nothing for long and is about to be given
// up, the frame is dropped: its pad will repeat itself.
func (c *conversation) send(frame string) {
	select {
	case c.write <- frame:
	default:
		c.log.Debug("frame not sent", "frame", fmt.Sprintf("% X", frame))
	}
}
