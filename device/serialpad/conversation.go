package serialpad

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"evalpad/device"
	"evalpad/device/contact"
	"evalpad/device/serialpad/profiles"
)

// conversation is the state of one Run: what the pads have said, and what they wait for.
type conversation struct {
	pad       *Pad
	station   *profiles.Station
	protocol  *profiles.Protocol
	log       *slog.Logger
	queue     []device.Signal // not yet taken by the desk
	signals   int             // made so far
	unthanked unthanked
	thanked   thanked
	asked     device.Show     // the question that the pad was asked and that is still showing
	told      contact.Asked   // the question that it tells, for its presses
	current   device.Show     // what the desk wants shown, whether or not the pad is there
	write     chan<- outgoing // frames to the open port; nil while there is none
	keys      *polled         // of a pad that is asked
	lost      bool
	lostAt    time.Duration
}

func newConversation(p *Pad) *conversation {
	o := p.bus.options
	c := &conversation{pad: p, station: p.station, protocol: o.Protocol, log: o.Log.With("pad", p.String())}
	c.unthanked.within, c.thanked.within = sameWithin, crossing
	if o.Protocol.Numbered() {
		c.unthanked.within, c.thanked.within = sameNumber, sameNumber
	}
	if poll := o.Protocol.Poll(); poll != nil {
		c.keys = newPolled(*poll, p.station)
	}
	return c
}

func (c *conversation) take(n news) {
	switch {
	case n.lost != nil:
		c.lose(n.at, n.lost)
	case n.write != nil:
		c.found(n)
	case n.answer != nil:
		c.answered(n)
	case n.heard.Reason != "":
		c.signal(device.Signal{Kind: device.Refused, Reason: n.heard.Reason, At: n.heard.At, Detail: n.heard.String()})
	default:
		c.frame(n.heard.Frame, n.heard.At)
	}
}

// frame signals a frame, unless its pad is only sending it again.
func (c *conversation) frame(f profiles.Frame, at time.Duration) {
	s, ack := c.station.Meaning(f)
	s.At = at
	if s.Kind == device.Press && s.Dimension == "" {
		s.Dimension = c.told.Answered(at)
	}
	if !c.protocol.Repeats() {
		c.signal(s)
		return
	}
	if c.thanked.crossed(f, at) {
		c.pad.resent.Add(1)
		c.thank(ack, []profiles.Frame{f}) // the first may have been missed
		return
	}
	if c.unthanked.again(f, at) {
		c.pad.resent.Add(1)
		return
	}
	if c.station.IsHello(f) { // what it waited to be thanked for it has forgotten, and its next number may be an old one
		c.unthanked.list, c.thanked.list = nil, nil
	}
	s = c.signal(s)
	_, key := c.station.Key(f)
	c.unthanked.add(s, f, ack, key)
	if s.Kind == device.Refused {
		c.refuse(f)
	}
}

// refuse tells a pad that would otherwise send for ever that its message is understood and not taken.
func (c *conversation) refuse(f profiles.Frame) {
	if frame := c.station.Refusal(f); frame != "" {
		c.send(frame, 0)
	}
}

// lose says that the pads are gone, once.
func (c *conversation) lose(at time.Duration, why error) {
	s := device.Signal{Kind: device.Lost, At: at, Reason: why.Error()}
	if cause := errors.Unwrap(why); cause != nil {
		s.Detail = cause.Error()
	}
	c.log.Warn("no pad", "reason", s.Reason, "detail", s.Detail)
	c.write = nil
	if !c.lost {
		c.lostAt = at
	}
	if c.keys != nil {
		for _, said := range c.keys.lose() {
			c.signal(said)
		}
	}
	if !c.lost {
		c.signal(s)
	}
	c.lost = true
}

// found takes the open port into use. A pad that is asked is back only once it answers.
func (c *conversation) found(n news) {
	c.write = n.write
	c.asked = device.Show{} // whatever was asked, these pads have not heard it
	c.log.Info("port open")
	if c.lost {
		c.carry(n.at)
	}
	c.told = contact.Asked{}
	c.tell(profiles.Open, profiles.Question{})
	c.speak(profiles.Open, profiles.Question{})
	if c.current.Kind == device.Ask {
		c.ask(c.current, true)
	} else {
		c.speak(c.current.Kind, profiles.Question{})
	}
	if c.keys == nil {
		c.back(n.at)
	}
}

// awayAtMost is how long a cable may be out and its pad still be thought to be repeating itself. After
// that it may be another pad, and another customer.
const awayAtMost = 60 * time.Second

// carry goes on where the line broke off.
func (c *conversation) carry(back time.Duration) {
	if back-c.lostAt >= awayAtMost {
		c.unthanked.list, c.thanked.list = nil, nil
		return
	}
	c.unthanked.carry(c.lostAt, back)
	c.thanked.carry(c.lostAt, back)
}

func (c *conversation) back(at time.Duration) {
	if c.lost {
		c.signal(device.Signal{Kind: device.Back, At: at})
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

// show thanks for the signal that the show names, and then makes the pad show the rest.
func (c *conversation) show(s device.Show) {
	if s.Kind == device.Nod {
		return
	}
	prompted := c.unthanked.isPrompt(s.For)
	if ack, frames := c.unthanked.shown(s.For); ack != "" {
		c.thank(ack, frames)
	}
	was := c.current.Kind
	c.current = s
	if s.Kind == device.Ask {
		c.ask(s, prompted)
		return
	}
	if s.Kind == device.Fault && s.For == "" {
		c.unthanked.fail()
	}
	c.asked = device.Show{}
	if s.Kind != was || s.Kind == device.Thanks {
		c.tell(s.Kind, profiles.Question{})
		c.speak(s.Kind, profiles.Question{})
	}
}

// tell makes the pad tell which question is asked, or that none is any more, where it has a way of its
// own for that.
func (c *conversation) tell(show device.ShowKind, q profiles.Question) {
	frames := c.station.Tell(show, q)
	for _, frame := range frames {
		c.send(frame, 0)
	}
	if len(frames) > 0 {
		c.knows(show, q)
	}
}

// knows keeps in mind which question the pad's customer now knows of.
func (c *conversation) knows(show device.ShowKind, q profiles.Question) {
	question := ""
	if show == device.Ask && c.station.Tells(q.Dimension) {
		question = q.Dimension
	}
	c.told.Show(question, c.pad.bus.options.Uptime())
}

// ask makes the pad ask, and speak. It does not where the question is showing already, unless a
// prompt has just asked for it; and never while the pad waits for its thanks, for which one that looks
// at the function alone would take it. What merely tells which question it is does not look like thanks.
func (c *conversation) ask(s device.Show, prompted bool) {
	question := device.Show{Kind: device.Ask, Dimension: s.Dimension, Step: s.Step, Steps: s.Steps}
	if question == c.asked && !prompted {
		return
	}
	q := profiles.Question{Dimension: s.Dimension, Window: s.Window}
	c.tell(device.Ask, q)
	if c.unthanked.keyWaits(c.pad.bus.options.Uptime()) {
		return
	}
	c.asked = question
	c.speak(device.Ask, q)
}

func (c *conversation) speak(show device.ShowKind, q profiles.Question) {
	for _, frame := range c.station.Speak(show, q) {
		c.send(frame, 0)
	}
	c.knows(show, q)
}

// thank writes an acknowledgement of frames.
func (c *conversation) thank(ack string, frames []profiles.Frame) {
	c.thanked.add(frames, c.pad.bus.options.Uptime())
	c.send(ack, c.protocol.ThanksAfter())
}

// send never waits. Without a port, or where one has taken nothing for long and is about to be given
// up, the frame is dropped: its pad will repeat itself.
func (c *conversation) send(frame string, after time.Duration) {
	select {
	case c.write <- outgoing{frame, after}:
	default:
		c.log.Debug("frame not sent", "frame", fmt.Sprintf("% X", frame))
	}
}
