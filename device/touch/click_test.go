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
		{"agent stays away", agentStaysAway}, // the longest first
		{"not stored", notStored},
		{"three questions", threeQuestions},
		{"double tap", doubleTap},
		{"fingers", fingers},
		{"keyboard", keyboard},
		{"two keys", twoKeys},
		{"aids", aids},
		{"reasons", reasonsTold},
		{"reasons left marked", reasonsLeftMarked},
		{"more time", moreTime},
		{"thanks stays", thanksStays},
		{"earphones", earphones},
		{"agent gone and back", agentGoneAndBack},
		{"agent back during a press", agentBackDuringAPress},
		{"fault", fault},
	} {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			story.play(openKiosk(t, browser, func(k *kiosk) { k.earphones = story.name == "earphones" }))
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
	if s.UI != "normal" || s.At < booted || s.At > booted+time.Minute {
		k.t.Errorf("signal %+v, want UI normal, soon after %v", s, booted)
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

// Everything by keyboard: digits, arrows, Enter, Escape and letters.
func keyboard(k *kiosk) {
	k.do(chromedp.KeyEvent("4"))
	k.answer(k.pressed("", 4), device.Show{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 2})
	k.asked("attitude")
	if eval[bool](k, `document.activeElement.matches(".key")`) {
		k.t.Error("the key of the last answer still has the focus on the next question")
	}
	k.do(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight))
	if got := eval[string](k, `document.activeElement.dataset.score`); got != "3" {
		k.t.Errorf("after three arrows to the right %s has the focus, want 3", got)
	}
	if style := eval[string](k, `getComputedStyle(document.activeElement).outlineStyle`); style != "solid" {
		k.t.Errorf("the focus has outline %s, want solid", style)
	}
	k.shoot("focus")
	k.do(chromedp.KeyEvent(kb.Enter))
	k.answer(k.pressed("attitude", 3), device.Show{Kind: device.Ask, Dimension: "efficiency", Step: 2, Steps: 2})
	k.asked("efficiency")
	k.do(chromedp.KeyEvent(kb.End), chromedp.KeyEvent(" "))
	k.answer(k.pressed("efficiency", 1), device.Show{Kind: device.Why, Codes: reasons})
	k.view("why")
	k.do(chromedp.KeyEvent("2"), chromedp.KeyEvent("3"), chromedp.KeyEvent("2"))
	k.do(chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.Enter))
	k.answer(k.reasoned("efficiency"), device.Show{Kind: device.Why, Codes: reasons})
	k.until(`document.querySelectorAll(".reason[aria-pressed=true]").length === 0 && document.querySelector("#reasons").childElementCount === 8`)
	k.do(chromedp.KeyEvent(kb.Escape))
	k.answer(k.reasoned(""), device.Show{Kind: device.Thanks})
	k.notice("thanks")
}

// Two switches, of which one moves and one chooses, from the question to the thank-you.
func twoKeys(k *kiosk) {
	k.show(device.Show{Kind: device.Ask, Dimension: "overall", Step: 1, Steps: 1, Window: 16 * time.Second})
	k.asked("overall")
	k.until(`!document.querySelector("#more").hidden`)
	k.moveTo(`document.activeElement.id === "more"`)
	k.do(chromedp.KeyEvent(" "))
	more := k.signal()
	if more.Kind != device.More || more.UI != "switch" {
		k.t.Fatalf("signal %+v, want more time by switch", more)
	}
	k.answer(more, device.Show{Kind: device.Ask, Dimension: "overall", Step: 1, Steps: 1, Window: time.Minute})
	k.moveTo(`document.activeElement.dataset.score === "1"`)
	k.do(chromedp.KeyEvent(" "))
	s := k.pressed("overall", 1)
	if s.UI != "switch" {
		k.t.Errorf("pressed by %s, want switch", s.UI)
	}
	k.answer(s, device.Show{Kind: device.Why, Codes: reasons, Window: 20 * time.Second})
	k.view("why")
	k.moveTo(`document.activeElement.dataset.code === "waiting"`)
	k.do(chromedp.KeyEvent(" "))
	k.moveTo(`document.activeElement.id === "done"`)
	k.do(chromedp.KeyEvent(" "))
	s = k.reasoned("waiting")
	if s.UI != "switch" {
		k.t.Errorf("reasons by %s, want switch", s.UI)
	}
	k.answer(s, device.Show{Kind: device.Thanks, Code: "7KQM-X3RD"})
	k.notice("thanks")
}

// aids are what a customer turns on, and what the next one must not find on.
func aids(k *kiosk) {
	first := func() string { return eval[string](k, `document.querySelector("#question .first").lang`) }
	if got := first(); got != "zh-CN" {
		k.t.Errorf("%s stands first, want zh-CN", got)
	}
	k.do(chromedp.Click(chromedp.CSS("#language")))
	if lang := eval[string](k, `document.documentElement.lang`); first() != "en" || lang != "en" {
		k.t.Errorf("after the switch %s stands first on a page in %s, want en", first(), lang)
	}
	k.do(chromedp.Click(chromedp.CSS("#type")), chromedp.Click(chromedp.CSS("#contrast")))
	k.show(device.Show{Kind: device.Ask, Dimension: "compliance", Step: 3, Steps: 3})
	k.asked("compliance")
	k.click(3)
	s := k.pressed("compliance", 3)
	if s.UI != "large" {
		k.t.Errorf("pressed by %s, want large", s.UI)
	}
	k.answer(s, device.Show{Kind: device.Thanks})
	k.notice("thanks")
	if first() != "en" {
		k.t.Error("the thank-you is not in the customer's language")
	}
	k.rest()
	if on := eval[int](k, `document.querySelectorAll("#aids [aria-pressed=true]").length`); first() != "zh-CN" || on != 0 {
		k.t.Errorf("the next customer finds %s and %d aids on, want zh-CN and none", first(), on)
	}
}

// Three reasons at most, by finger; the code is there for the customer.
func reasonsTold(k *kiosk) {
	k.click(5)
	k.answer(k.pressed("", 5), device.Show{Kind: device.Why, Codes: reasons, Code: "7KQM-X3RD", Window: 20 * time.Second})
	k.view("why")
	for _, code := range []string{"rules", "attitude", "waiting", "other", "waiting", "environment"} {
		k.do(chromedp.Click(chromedp.CSS(`.reason[data-code="` + code + `"]`)))
	}
	k.do(chromedp.Click(chromedp.CSS("#done")))
	k.answer(k.reasoned("attitude environment rules"), device.Show{Kind: device.Thanks, Code: "7KQM-X3RD"})
	k.notice("thanks")
	k.wantText("#code", "7KQM-X3RD")
	k.wantText("#notice", "95599")
}

// A customer who marks a reason and leaves has told it; one who marks none has not.
func reasonsLeftMarked(k *kiosk) {
	k.show(device.Show{Kind: device.Why, Codes: reasons, Window: 2 * time.Second})
	k.view("why")
	k.do(chromedp.Click(chromedp.CSS(`.reason[data-code="waiting"]`)))
	k.answer(k.reasoned("waiting"), device.Show{Kind: device.Why, Codes: reasons, Window: time.Second})
	k.until(`document.querySelectorAll(".reason[aria-pressed=true]").length === 0`)
	k.wantNoSignal(1500 * time.Millisecond)
}

// More time is offered at least 15 s before the end, once for a question that will not have it.
func moreTime(k *kiosk) {
	k.show(device.Show{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 3, Window: 21 * time.Second})
	k.asked("attitude")
	if !eval[bool](k, `document.querySelector("#more").hidden`) {
		k.t.Error("more time is offered before it is short")
	}
	began := time.Now()
	k.until(`!document.querySelector("#more").hidden`)
	if left := 21*time.Second - time.Since(began); left < 15*time.Second {
		k.t.Errorf("more time is offered %v before the end, want at least 15 s", left)
	}
	k.wantText("#word", "时间快到了")
	k.do(chromedp.Click(chromedp.CSS("#more")))
	s := k.signal()
	if s.Kind != device.More {
		k.t.Fatalf("signal %+v, want more time", s)
	}
	k.show(device.Show{For: s.ID, Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 3, Window: 30 * time.Second})
	k.until(`document.querySelector("#more").hidden && document.querySelector("#word").innerText === ""`)
	k.click(2) // the same question: no pause, no other token
	k.answer(k.pressed("attitude", 2), device.Show{Kind: device.Thanks})
}

// The code wants time to be read; a finger, or the next prompt, ends the thank-you.
func thanksStays(k *kiosk) {
	k.show(device.Show{Kind: device.Thanks, Code: "7KQM-X3RD"})
	k.notice("thanks")
	k.show(device.Show{Kind: device.Idle})
	time.Sleep(3 * time.Second)
	k.notice("thanks")
	k.do(chromedp.Click(chromedp.CSS("#code")))
	k.ready("idle")
	k.wantNoSignal(300 * time.Millisecond)
	k.show(device.Show{Kind: device.Thanks, Code: "7KQM-X3RD"})
	k.notice("thanks")
	k.show(device.Show{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 3})
	began := time.Now()
	k.asked("attitude")
	if took := time.Since(began); took > 4*time.Second {
		k.t.Errorf("the next customer's question came after %v, want at once", took)
	}
}

// With earphones a finger explores: the first tap is heard, the second means it.
func earphones(k *kiosk) {
	k.do(chromedp.KeyEvent("h"))
	k.click(2)
	k.wantNoSignal(300 * time.Millisecond)
	k.wantText("#word", "再按一次")
	k.click(1)
	k.wantNoSignal(300 * time.Millisecond)
	k.click(1)
	s := k.pressed("", 1)
	if s.UI != "voice" {
		k.t.Errorf("pressed by %s, want voice", s.UI)
	}
	k.answer(s, device.Show{Kind: device.Thanks})
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
	k.notice("moment")
	k.wantText("#notice", "请稍候")
	k.shoot("moment")
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
	k.notice("moment")
	time.Sleep(8 * time.Second)
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

// One moment after three seconds, a fault with the hotline after half a minute more.
func agentStaysAway(k *kiosk) {
	k.stop()
	began := time.Now()
	k.notice("moment")
	if took := time.Since(began); took < 2*time.Second || took > 6*time.Second {
		k.t.Errorf("one moment is asked for after %v, want about 3 s", took)
	}
	time.Sleep(20 * time.Second)
	k.notice("fault")
	k.wantText("#notice", "95599")
	k.agent(k.addr)
	k.ready("idle")
}

func fault(k *kiosk) {
	k.click(1)
	k.show(device.Show{For: k.pressed("", 1).ID, Kind: device.Fault})
	k.notice("fault")
	k.wantText("#notice", "本评价器暂时无法使用")
	k.wantText("#notice", "95599")
	k.shoot("fault", large)
	k.show(device.Show{Kind: device.Idle})
	k.ready("idle")
}
