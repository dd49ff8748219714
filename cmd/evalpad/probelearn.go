package main

import (
	"context"
	"time"

	"evalpad/cmd/evalpad/internal/probing"
)

// learn has every further key pressed, best to worst, until Enter.
func (p *probe) learn(ctx context.Context, pad *foundPad) error {
	if err := p.silence(ctx, pad); err != nil {
		return err
	}
	for {
		p.tell("Key %d is known. Press the next WORSE key; after the WORST one press Enter here.", "第 %d 个键已识别。请按下一个“更差”的键；“最差”的键按完后，请按回车键。", len(pad.presses))
		ev, err := p.press(ctx, pad)
		switch {
		case err != nil:
			return err
		case ev.typed && ev.line == "n" && !pad.may[0].Sure():
			return errOtherRate
		case ev.typed && ev.line != "":
			p.tell("%q means nothing here.", "此处不能输入 %q。", ev.line)
		case ev.typed && len(pad.presses) < 2:
			p.tell("A pad with one key cannot rate: press the next one.", "只有一个键无法评价：请按下一个键。")
		case ev.typed:
			return nil
		default:
			p.lesson(pad, ev.presses)
		}
	}
}

// press waits for a press of the pad that was found, or a typed line. It thanks for the press, and passes
// over its repeats and over whatever else is on the line.
func (p *probe) press(ctx context.Context, pad *foundPad) (event, error) {
	for {
		ev, err := p.hear(ctx, p.wish.wait)
		if err != nil || ev.typed {
			return ev, err
		}
		now := time.Since(p.began)
		left := probing.Still(pad.may, ev.presses)
		switch {
		case len(left) == 0 && p.lines == nil && len(ev.burst) == 0:
			return ev, errNobody
		case len(left) == 0 && len(ev.burst) > 0 && !p.notACustomers(ev.burst):
			p.tell("That is no press of this pad: press one key at a time.", "这不是该评价器的按键数据：请一次只按一个键。")
		case len(left) == 0:
		case pad.repeats(left[0], now):
			pad.sent = now
			err = p.thank(pad, left[0])
		default:
			pad.may, pad.sent, ev.presses = left, now, left
			return ev, p.thank(pad, left[0])
		}
		if err != nil {
			return ev, err
		}
	}
}

// repeats reports whether a press is the last one's frame, sent again.
func (f *foundPad) repeats(next probing.Finding, now time.Duration) bool {
	last := f.may[0]
	return f.every > 0 && last.Press.Frame == next.Press.Frame && (f.goesOn || now-f.sent < 2*f.every)
}

func (p *probe) thank(pad *foundPad, f probing.Finding) error {
	if !pad.silenced {
		return nil
	}
	return p.send(f.Ear.Thanks(f.Press, pad.ack))
}

// lesson takes a press as that of a new key, unless it is one that is known.
func (p *probe) lesson(pad *foundPad, presses []probing.Finding) {
	for i, known := range pad.presses {
		if len(probing.Both(known, presses)) == 0 {
			continue
		}
		p.tell("That is key %d again.", "这又是第 %d 个键。", i+1)
		if !presses[0].Sure() {
			p.tell("If it was another key, type n and Enter: two keys say the same at this rate.", "如果按的确实是另一个键，请输入 n 并回车：该速率下两个键的数据相同。")
		}
		return
	}
	if len(pad.presses) == probing.MostKeys {
		p.tell("There are five scores, and this is a sixth key: it is left out. Press Enter.", "评价只有五档，这是第六个键，已略去。请按回车键。")
		return
	}
	pad.presses = append(pad.presses, presses)
}
