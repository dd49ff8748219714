package main

import (
	"context"
	"strings"
	"time"

	"evalpad/cmd/evalpad/internal/probing"
)

// silence finds which thank-you the pad wants: the one after which it no longer repeats itself.
func (p *probe) silence(ctx context.Context, pad *foundPad) error {
	variants := pad.may[0].Ear.Protocol().Acks()
	if len(variants) == 0 || !pad.may[0].Sure() {
		return nil
	}
	if repeats, err := p.repeated(ctx, pad); err != nil || !repeats {
		return err // which thank-you it wants cannot be seen
	}
	for _, ack := range variants {
		silent, err := p.silent(ctx, pad, ack)
		if err != nil {
			return err
		}
		if silent {
			p.tell("The pad fell silent at its thank-you %s.", "发送 %s 应答后评价器停止重发。", ack)
			pad.ack, pad.silenced = ack, true
			return nil
		}
	}
	pad.goesOn = true
	p.tell("The pad goes on sending whatever it is thanked with (%s): customers' presses would be counted several times. Is it another make?",
		"无论发送哪种应答（%s），评价器都在重发，一次按键会被多次计数。型号可能不对？", strings.Join(variants, ", "))
	return nil
}

// How long a pad that repeats itself may wait before it does, and how many presses of an impatient person
// may come first.
const (
	slowestRepeat = 1500 * time.Millisecond
	mostImpatient = 10
)

// repeated waits for the pad to send the last press again, and notes how often it does. Where the person
// has pressed once more meanwhile, that is the press that comes again.
func (p *probe) repeated(ctx context.Context, pad *foundPad) (bool, error) {
	for range mostImpatient {
		next, at, err := p.next(ctx, pad, slowestRepeat)
		if err != nil || len(next) == 0 {
			return false, err
		}
		again := next[0].Press.Frame == pad.may[0].Press.Frame
		if again {
			pad.every = min(max(at-pad.sent, 200*time.Millisecond), time.Second)
		}
		pad.may, pad.sent = next, at
		if again {
			return true, nil
		}
	}
	return false, nil
}

// stillSends is how often a frame must come after its thanks before these count as the wrong ones: one or
// two may have been on their way, or waited for a busy processor.
const stillSends = 3

// silent thanks the pad, and reports whether it no longer sends what it was thanked for: not once within
// three of its repeats.
func (p *probe) silent(ctx context.Context, pad *foundPad, ack string) (bool, error) {
	last := pad.may[0]
	if err := p.send(last.Ear.Thanks(last.Press, ack)); err != nil {
		return false, err
	}
	came, end := 0, time.Now().Add(3*pad.every)
	for time.Now().Before(end) {
		next, _, err := p.next(ctx, pad, time.Until(end))
		if err != nil {
			return false, err
		}
		if len(next) == 0 || next[0].Press.Frame != last.Press.Frame {
			continue
		}
		came, end = came+1, time.Now().Add(3*pad.every)
		if came == stillSends {
			return false, nil
		}
	}
	return true, nil
}

// next waits for any press of the pad, and tells when it came.
func (p *probe) next(ctx context.Context, pad *foundPad, within time.Duration) (next []probing.Finding, at time.Duration, err error) {
	for end := time.Now().Add(within); time.Now().Before(end) && ctx.Err() == nil; {
		ev, err := p.listen()
		if err != nil {
			return nil, 0, err
		}
		p.view(ev)
		if next = probing.Still(pad.may, ev.presses); len(next) > 0 {
			return next, ev.burst[0].At, nil
		}
	}
	return nil, 0, ctx.Err()
}
