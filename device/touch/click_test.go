package touch_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"evalpad/device"
)

// TestClicks is the page under a customer's fingers, in Chromium.
func TestClicks(t *testing.T) {
	browser := browse(t)
	for _, story := range []struct {
		name string
		play func(*kiosk)
	}{
		{"not stored", notStored}, // the longest first
		{"three questions", threeQuestions},
		{"double tap", doubleTap},
		{"fingers", fingers},
		{"keyboard", keyboard},
		{"language", language},
		{"agent gone and back", agentGoneAndBack},
		{"agent back during a press", agentBackDuringAPress},
		{"fault", fault},
		{"fits", fits},
	} {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			story.play(openKiosk(t, browser))
		})
	}
}

func threeQuestions(k *kiosk) {
	k.shoot("idle", large)
	k.show(device.Show{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 3})
	k.ready("ask")
	k.wantText("#question", "服务态度")
	k.wantText("#step", "第 1 题，共 3 题")
	k.shoot("ask", large, upright)

	k.click(2)
	s := k.pressed("attitude", 2)
	if s.UI != "normal" || s.At != booted {
		k.t.Errorf("signal %+v, want UI normal at %v", s, booted)
	}
	if got := eval[string](k, `document.querySelector('[aria-pressed=true]').dataset.score`); got != "2" {
		k.t.Errorf("key %s is marked while the press is stored, want 2", got)
	}
	k.shoot("chosen")
	k.show(device.Show{For: s.ID, Kind: device.Ask, Dimension: "efficiency", Step: 2, Steps: 3})
	k.ready("ask")
	k.until(`document.querySelector("#question").innerText.includes("效率")`)
	if n := eval[int](k, `document.querySelectorAll('[aria-pressed=true]').length`); n != 0 {
		k.t.Errorf("%d keys are marked on a fresh question, want none", n)
	}
	k.ready("ask")
	k.click(4)
	k.show(device.Show{For: k.pressed("efficiency", 4).ID, Kind: device.Ask, Dimension: "compliance", Step: 3, Steps: 3})
	k.until(`document.querySelector("#question").innerText.includes("合规性")`)
	k.ready("ask")
	k.shoot("compliance")
	k.click(5)
	k.show(device.Show{For: k.pressed("compliance", 5).ID, Kind: device.Thanks})
	k.notice("thanks")
	k.wantText("#notice", "谢谢您的评价")
	k.shoot("thanks", large)
	k.show(device.Show{Kind: device.Idle})
	k.ready("idle")
	k.wantNoFaults()
}

// Somebody angry taps three times: the second tap falls into the waiting, the third on a question that
// has just come up.
func doubleTap(k *kiosk) {
	k.show(device.Show{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 2})
	k.ready("ask")
	k.do(chromedp.DoubleClick(chromedp.CSS(key(1))))
	s := k.pressed("attitude", 1)
	eval[bool](k, `new MutationObserver((_, o) => {
			o.disconnect();
			setTimeout(() => { document.querySelector('.key[data-score="1"]').click(); document.title = "tapped" }, 200);
		})
		.observe(document.querySelector("#question"), {childList: true}), true`)
	k.show(device.Show{For: s.ID, Kind: device.Ask, Dimension: "efficiency", Step: 2, Steps: 2})
	k.until(`document.title === "tapped" && document.body.dataset.keys === "ready"`)
	select {
	case s := <-k.in:
		k.t.Errorf("signal %+v from the tail of a double tap, want none", s)
	case <-time.After(300 * time.Millisecond):
	}
	k.click(1)
	k.show(device.Show{For: k.pressed("efficiency", 1).ID, Kind: device.Thanks})
	k.notice("thanks")
}

// A browser makes no click of a long touch; a finger that slides off a key has changed its mind. Nobody
// has prompted, and the keys are there.
func fingers(k *kiosk) {
	k.do(chromedp.EmulateViewport(800, 480, chromedp.EmulateTouch))
	k.touch(2, 1500*time.Millisecond)
	k.show(device.Show{For: k.pressed("", 2).ID, Kind: device.Thanks})
	k.notice("thanks")
	k.show(device.Show{Kind: device.Idle})
	k.ready("idle")
	k.touch(5, 0)
	k.show(device.Show{For: k.pressed("", 5).ID, Kind: device.Idle})
	if eval[bool](k, `document.body.dispatchEvent(new MouseEvent("contextmenu", {bubbles: true, cancelable: true}))`) {
		k.t.Error("a long touch opens the browser's menu over the page")
	}

	k.ready("idle")
	k.finger(input.DispatchTouchEventTypeTouchStart, k.middle(5))
	k.finger(input.DispatchTouchEventTypeTouchMove, k.middle(3))
	k.finger(input.DispatchTouchEventTypeTouchEnd)
	select {
	case s := <-k.in:
		k.t.Errorf("signal %+v from a slip, want none", s)
	case <-time.After(300 * time.Millisecond):
	}
}

func keyboard(k *kiosk) {
	k.do(chromedp.KeyEvent("4"))
	k.show(device.Show{For: k.pressed("", 4).ID, Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 2})
	k.ready("ask")
	k.until(`document.querySelector("#question").innerText.includes("态度")`)
	k.ready("ask")
	k.do(chromedp.KeyEvent(kb.ArrowRight)) // from the 4 that had the focus
	if got := eval[string](k, `document.activeElement.dataset.score`); got != "3" {
		k.t.Errorf("after an arrow to the right %s has the focus, want 3", got)
	}
	if width := eval[string](k, `getComputedStyle(document.activeElement).outlineStyle`); width != "solid" {
		k.t.Errorf("the focus has outline %s, want solid", width)
	}
	k.shoot("focus")
	k.do(chromedp.KeyEvent(kb.Enter))
	k.show(device.Show{For: k.pressed("attitude", 3).ID, Kind: device.Ask, Dimension: "efficiency", Step: 2, Steps: 2})
	k.until(`document.querySelector("#question").innerText.includes("效率")`)
	k.ready("ask")
	k.do(chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(" "))
	k.show(device.Show{For: k.pressed("efficiency", 5).ID, Kind: device.Thanks})
}

func language(k *kiosk) {
	first := `document.querySelector("#question .en").getBoundingClientRect().top < document.querySelector("#question .zh").getBoundingClientRect().top`
	if eval[bool](k, first) {
		k.t.Error("English stands first, want Chinese")
	}
	k.do(chromedp.Click(chromedp.CSS("#language")))
	if !eval[bool](k, first) || eval[string](k, `document.documentElement.lang`) != "en" {
		k.t.Error("English does not stand first after the switch")
	}
	k.show(device.Show{Kind: device.Ask, Dimension: "compliance", Step: 3, Steps: 3})
	k.ready("ask")
	k.shoot("english-ask")
	k.click(3)
	k.show(device.Show{For: k.pressed("compliance", 3).ID, Kind: device.Thanks})
	k.notice("thanks")
	k.show(device.Show{Kind: device.Idle})
	k.ready("idle")
	if eval[bool](k, first) {
		k.t.Error("English still stands first for the next customer, want Chinese")
	}
}

func notStored(k *kiosk) {
	k.click(2)
	first := k.pressed("", 2)
	k.until(`document.querySelector("#word").innerText.includes("请再按一次")`)
	k.ready("idle")
	k.shoot("again")
	k.click(2)
	second := k.pressed("", 2)
	if second.Echo == first.Echo || second.ID == first.ID {
		k.t.Errorf("second press %+v after %+v, want one of its own", second, first)
	}
	k.show(device.Show{For: second.ID, Kind: device.Thanks})
	k.notice("thanks")
}

func agentGoneAndBack(k *kiosk) {
	k.stop()
	k.notice("lost")
	k.wantText("#notice", "连接中断")
	k.shoot("lost")
	k.agent(k.addr)
	k.ready("idle")
	k.click(5)
	k.show(device.Show{For: k.pressed("", 5).ID, Kind: device.Thanks})
	k.notice("thanks")
}

// The press was heard, the agent died, and comes back: the page sends the same press again by itself,
// so that the agent can tell whether it has it.
func agentBackDuringAPress(k *kiosk) {
	k.click(1)
	first := k.pressed("", 1)
	k.stop()
	k.notice("lost")
	k.agent(k.addr)
	second := k.pressed("", 1)
	if second.Echo != first.Echo || second.ID == first.ID {
		k.t.Errorf("signal %+v after a restart, want Echo %s and an ID of its own", second, first.Echo)
	}
	k.until(`document.body.dataset.view === "idle" && document.body.dataset.keys === "waiting" &&
		document.querySelector('.key[aria-pressed=true]').dataset.score === "1"`) // not "press again"
	k.show(device.Show{For: second.ID, Kind: device.Thanks})
	k.notice("thanks")
}

func fault(k *kiosk) {
	k.click(1)
	k.show(device.Show{For: k.pressed("", 1).ID, Kind: device.Fault})
	k.notice("fault")
	k.wantText("#notice", "此评价器暂时不能使用")
	k.wantText("#notice", "95599")
	k.shoot("fault", large)
	k.show(device.Show{Kind: device.Idle})
	k.ready("idle")
}

// fits checks on the small panel what the eye would: size, room and contrast.
func fits(k *kiosk) {
	for _, lang := range []string{"zh", "en"} {
		for _, dimension := range []string{"attitude", "efficiency", "compliance"} {
			k.show(device.Show{Kind: device.Ask, Dimension: dimension, Step: 1, Steps: 3})
			k.ready("ask")
			for _, complaint := range eval[[]string](k, audit) {
				k.t.Errorf("%s %s: %s", lang, dimension, complaint)
			}
		}
		k.do(chromedp.Click(chromedp.CSS("#language")))
	}
	for _, kind := range []device.ShowKind{device.Thanks, device.Fault} {
		k.show(device.Show{Kind: kind})
		k.notice(string(kind))
		for _, complaint := range eval[[]string](k, audit) {
			k.t.Errorf("%s: %s", kind, complaint)
		}
	}
}

// audit lists what does not fit: keys under 130 by 150 pixels, anything off the screen or out of its
// key, text under 14 pixels, contrast under 4.5 (WCAG 2.2, 1.4.3).
const audit = `(() => {
  const wrong = [];
  const say = (el, what) => wrong.push((el.id || el.className || el.tagName) + " " + JSON.stringify(el.innerText ?? "").slice(0, 40) + ": " + what);
  const box = (el) => el.getBoundingClientRect();
  const visible = (el) => el.checkVisibility({ visibilityProperty: true });
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight)
    say(root, "scrolls: " + root.scrollWidth + " by " + root.scrollHeight + " on " + innerWidth + " by " + innerHeight);
  for (const key of [...document.querySelectorAll(".key")].filter(visible)) {
    const k = box(key);
    if (k.width < 130 || k.height < 150) say(key, "is " + k.width + " by " + k.height);
    for (const part of key.querySelectorAll("span, svg.face")) {
      const p = box(part);
      if (p.left < k.left || p.right > k.right || p.top < k.top || p.bottom > k.bottom) say(part, "sticks out of its key");
    }
  }
  for (const button of [...document.querySelectorAll("button")].filter(visible))
    if (box(button).height < 44) say(button, "is low");
  const parse = (c) => c.match(/[\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = parse(c).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (el) => {
    for (; el; el = el.parentElement) {
      const c = getComputedStyle(el).backgroundColor;
      if ((parse(c)[3] ?? 1) === 1) return c;
    }
    return "rgb(255,255,255)";
  };
  for (const el of [...document.querySelectorAll("body *")].filter(visible)) {
    if (![...el.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const style = getComputedStyle(el), size = parseFloat(style.fontSize);
    if (size < 14) say(el, "is set in " + size + " pixels");
    const [a, b] = [light(style.color), light(ground(el))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) say(el, "has contrast " + ratio.toFixed(2));
    const p = box(el);
    if (p.left < 0 || p.right > innerWidth || p.top < 0 || p.bottom > innerHeight) say(el, "is off the screen");
  }
  return wrong;
})()`
