package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"evalpad/cmd/evalpad/internal/probing"
)

// score gives every key its score: the profile's own, or the usual ones, once a person says that these
// are the words on the keys.
func (p *probe) score(ctx context.Context, pad *foundPad) error {
	pad.scores, pad.own = probing.Scores(pad.keys, pad.protocol.Keys())
	if len(pad.protocol.Keys()) > 0 && !pad.own {
		p.tell("The profile's own map has another order, or other keys: the map of this pad will be written out.", "与该型号默认的键位不一致：将写明本评价器的键位。")
	}
	for {
		p.tell("The keys, best to worst:", "各键由好到差：")
		for i, key := range pad.keys {
			fmt.Fprintf(p.out, "  %02X  %s\n", key, p.level(pad.scores[i]))
		}
		p.tell("Is that what stands on them? Enter for yes; else type their scores, best to worst, as 5 4 2 1", "与键上的文字一致吗？一致请按回车；否则请由好到差输入分值，例如 5 4 2 1")
		line, err := p.answer(ctx)
		if err != nil {
			return err
		}
		if line == "" {
			return nil
		}
		p.corrected(pad, line)
	}
}

// corrected takes the person's scores if they can be.
func (p *probe) corrected(pad *foundPad, line string) {
	var scores []int
	for word := range strings.FieldsSeq(line) {
		score, err := strconv.Atoi(word)
		if err != nil {
			p.tell("%q is no score: write 5 4 3 2 1, or some of them", "%q 不是分值：请输入 5 4 3 2 1 中的数字", word)
			return
		}
		scores = append(scores, score)
	}
	if err := probing.CheckScores(scores, len(pad.keys)); err != nil {
		p.tell("That cannot be: %v.", "不成立：%v。", err)
		return
	}
	pad.scores = scores
	own := pad.protocol.Keys()
	pad.own = true
	for i, key := range pad.keys {
		pad.own = pad.own && own[key] == scores[i]
	}
}

// mostWrong is how many wrong presses a proof takes before it is given up.
const mostWrong = 10

// prove has every key pressed once, and shows each back in words: the wiring is proved, not the software
// alone.
func (p *probe) prove(ctx context.Context, pad *foundPad) error {
	proof := probing.NewProof(pad.keys, pad.scores)
	p.tell("Now the proof: press every key once, best to worst.", "最后核对：请由好到差把每个键各按一次。")
	for wrong := 0; proof.Next() != 0; {
		p.tell("Press: %s", "请按：%s", p.level(proof.Next()))
		ev, err := p.press(ctx, pad)
		switch {
		case err != nil:
			return err
		case ev.typed:
			return errors.New(p.say("probe: not proved: the key %s was not pressed; nothing was changed", "probe: 未核对：没有按“%s”键，未作任何修改", p.level(proof.Next())))
		case !p.shown(proof, ev.presses[0].Press.Key):
			wrong++
		}
		if wrong == mostWrong {
			return errors.New(p.say("probe: not proved: %d wrong presses; nothing was changed", "probe: 未核对：按错 %d 次，未作任何修改", wrong))
		}
	}
	p.tell("All %d keys are proved.", "%d 个键全部核对无误。", len(pad.keys))
	return nil
}

// shown shows a press of the proof back, and reports whether it was the right one.
func (p *probe) shown(proof *probing.Proof, key byte) bool {
	want := proof.Next()
	switch what, score := proof.Press(key); what {
	case probing.Right:
		fmt.Fprintf(p.out, "  ✓ %02X  %s\n", key, p.level(score))
		return true
	case probing.Again:
		p.tell("  ✗ %02X is %s, which has been pressed already.", "  ✗ %02X 是“%s”，已经按过。", key, p.level(score))
	case probing.TooEarly:
		p.tell("  ✗ %02X is %s; wanted is %s.", "  ✗ %02X 是“%s”；应按“%s”。", key, p.level(score), p.level(want))
	default:
		p.tell("  ✗ %02X has no score: it is none of the keys that were pressed before.", "  ✗ %02X 没有分值：之前没有按过这个键。", key)
	}
	return false
}
