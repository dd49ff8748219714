package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"evalpad/device/devicetest"
)

// pad is a simulated pad at the counter, and what the keyboard does with it.
type pad struct {
	cable
	part string // its part of evalpad.yaml, without the port
	keys map[byte]press
	// thanked: this make shows a thank-you.
	thanked bool
	// power is what the pad does when it is given power; nil: nothing.
	power press
}

// press is one key being pressed. It returns when the pad is content, or ctx is done.
type press func(ctx context.Context) error

// cable is what every simulated pad hangs at.
type cable interface {
	Path() string
	Unplug() error
	Replug() error
}

// face is a pad that shows things.
type face interface {
	AwaitShown(ctx context.Context, n int) ([]devicetest.Sight, error)
}

// atCounter gives the pad of this make at the counter; nil for none, whose customers have the page.
func atCounter(make, dir string) (*pad, error) {
	if make == "" {
		return nil, nil
	}
	return plugIn(make, dir)
}

// counter is what evalpad.yaml says of the counter beside its name.
func (p *pad) counter() string {
	if p == nil {
		return "ask: [attitude, efficiency, compliance]"
	}
	return "ask: [overall], " + p.part
}

// pull unplugs the pad, at the end.
func (p *pad) pull() {
	if p != nil {
		_ = p.Unplug() // nobody has the port any more
	}
}

// plugIn puts a pad of this make on a port that is found as "pad" in dir.
func plugIn(make, dir string) (*pad, error) {
	plug, known := pads[make]
	if !known {
		return nil, fmt.Errorf("PAD=%s: want one of ff68, pj06, jt905, line, byte, modbus-keys, modbus-counter", make)
	}
	link, err := filepath.Abs(filepath.Join(dir, "pad"))
	if err != nil {
		return nil, err
	}
	p, err := plug(link)
	if err != nil {
		return nil, fmt.Errorf("plug in the pad: %w", err)
	}
	p.part = fmt.Sprintf("pad: {serial: {port: %q, profile: %s%s}}", link, make, p.part)
	return p, nil
}

// replug pulls the cable, or puts it in again, and says which.
func (p *pad) replug(out bool) (string, error) {
	if out {
		return "unplugged 已拔出; u plugs it in 再按 u 插上", p.Unplug()
	}
	return "plugged in 已插上", p.Replug()
}

// legend says which keys of the keyboard do what.
func (p *pad) legend() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  A simulated pad 模拟评价器 is at %s. Press here 在此按键:\n", p.Path())
	for _, k := range words {
		if p.keys[k.key] != nil {
			fmt.Fprintf(&b, "    %c  %s\n", k.key, k.words)
		}
	}
	b.WriteString("    u  拔出, 插上 unplug, plug in\n    q  退出 quit\n")
	if !p.thanked {
		b.WriteString("  This make cannot be thanked 此型号不能显示谢谢.\n")
	}
	return b.String()
}

var words = []struct {
	key   byte
	words string
}{
	{'5', "非常满意 very satisfied"}, {'4', "满意 satisfied"}, {'3', "基本满意 fairly satisfied"},
	{'2', "不满意 dissatisfied"}, {'1', "非常不满意 very dissatisfied"},
	{'p', "请评价 please rate (the teller's key)"}, {'x', "取消 cancel (the teller's key)"},
}

// chinese is what the pad shows, on its screen.
var chinese = map[devicetest.Sight]string{
	devicetest.SightThanks: "谢谢", devicetest.SightAsk: "请评价", devicetest.SightIdle: "欢迎光临", devicetest.SightFault: "暂停评价",
	devicetest.SightRefused: "未受理", devicetest.SightWelcome: "您好", devicetest.SightStars: "星级", devicetest.SightBeep: "嘀",
}

// quiet reports whether an error only says that we are leaving.
func quiet(err error) bool { return err == nil || errors.Is(err, context.Canceled) }
