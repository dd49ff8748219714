package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"evalpad/cmd/evalpad/internal/probing"
)

// choose settles which profile it is where several are left: by whether the pad asks when told to, and
// then by the person.
func (p *probe) choose(ctx context.Context, pad *foundPad) error {
	left := pad.may
	for i := 0; i < len(left) && len(left) > 1; {
		asked, answered, err := p.asks(ctx, left[i])
		switch {
		case err != nil:
			return err
		case answered && asked:
			left = left[i : i+1]
		case answered:
			left = slices.Delete(slices.Clone(left), i, i+1)
		default:
			i++
		}
	}
	for len(left) > 1 {
		p.tell("It may be %s. Which one? Type its name.", "可能是 %s。请输入型号名称。", p.names(left))
		name, err := p.answer(ctx)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(left, func(f probing.Finding) bool { return f.Profile() == name }); at >= 0 {
			left = left[at : at+1]
		}
	}
	return pad.decide(left[0])
}

// asks sends a profile's please-rate and has the person say whether the pad asked.
func (p *probe) asks(ctx context.Context, f probing.Finding) (asked, answered bool, err error) {
	frames := probing.Please(f.Ear.Protocol(), f.Press.Address, 30*time.Second)
	if len(frames) == 0 || len(p.slaves) > 0 {
		return false, false, nil
	}
	for _, frame := range frames {
		if err := p.send(frame); err != nil {
			return false, false, err
		}
	}
	for {
		p.tell("Did the pad just ask for a rating, by voice, lamp or screen? y or n", "评价器刚才是否提示“请评价”（语音、指示灯或屏幕）？请输入 y 或 n")
		line, err := p.answer(ctx)
		switch {
		case err != nil:
			return false, false, err
		case line == "y" || line == "是":
			return true, true, nil
		case line == "n" || line == "否":
			return false, true, nil
		}
	}
}

// decide makes the pad one of a profile, and gives its keys in that profile's words.
func (f *foundPad) decide(as probing.Finding) error {
	f.protocol, f.may = as.Ear.Protocol(), []probing.Finding{as}
	for _, press := range f.presses {
		at := slices.IndexFunc(press, func(g probing.Finding) bool { return g.Profile() == as.Profile() })
		if at < 0 {
			return errors.New("probe: not every press was one of profile " + as.Profile())
		}
		f.keys = append(f.keys, press[at].Press.Key)
	}
	return nil
}
