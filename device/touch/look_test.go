package touch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"evalpad/device"
	"evalpad/test/harness"
	"evalpad/test/trial"
)

// Panels in pixels: the small one that everything must fit, and others, lying and hung upright.
var (
	small   = [2]int64{800, 480}
	medium  = [2]int64{1024, 600}
	large   = [2]int64{1280, 800}
	upright = [2]int64{600, 1024}
	narrow  = [2]int64{480, 800}
	tall    = [2]int64{800, 1280}
)

const reasons = "attitude waiting efficiency environment rules other"

// looks are all that the page can look like.
var looks = []struct {
	name string
	come func(*kiosk)
}{
	{"idle", func(k *kiosk) { k.rest() }},
	{"attitude", asks("attitude", 1)},
	{"efficiency", asks("efficiency", 2)},
	{"compliance", asks("compliance", 3)},
	{"soon", func(k *kiosk) {
		k.show(device.Show{Kind: device.Ask, Dimension: "compliance", Step: 3, Steps: 3, Window: 16 * time.Second})
		k.until(`!document.querySelector("#more").hidden`)
	}},
	{"why", func(k *kiosk) { k.show(device.Show{Kind: device.Why, Codes: reasons}); k.view("why") }},
	{"marked", func(k *kiosk) {
		eval[bool](k, `document.querySelectorAll(".reason")[1].click(), document.querySelectorAll(".reason")[3].focus(), true`)
	}},
	{"thanks", func(k *kiosk) { k.show(device.Show{Kind: device.Thanks, Code: "7KQM-X3RD"}); k.notice("thanks") }},
	{"fault", func(k *kiosk) { k.show(device.Show{Kind: device.Fault}); k.notice("fault") }},
	{"code", func(k *kiosk) {
		k.show(device.Show{Kind: device.Ask, Dimension: "compliance", Step: 3, Steps: 3, Link: linkOf(k.t, address, "c03")})
		k.asked("compliance")
	}},
	{"thanks-code", func(k *kiosk) {
		k.show(device.Show{Kind: device.Thanks, Code: "7KQM-X3RD", Link: linkOf(k.t, address, "c03")})
		k.notice("thanks")
	}},
}

func asks(dimension string, step int) func(*kiosk) {
	return func(k *kiosk) {
		k.show(device.Show{Kind: device.Ask, Dimension: dimension, Step: step, Steps: 3})
		k.asked(dimension)
	}
}

// TestLooks goes through every view in both languages, in every type and contrast: nothing is too
// small, off the screen, hard to read, or kept from a screen reader. With a soak, on every panel.
func TestLooks(t *testing.T) {
	axe := harness.NeedAxe(t)
	browser := browse(t)
	panels := [][2]int64{small}
	if trial.Soak() {
		panels = [][2]int64{small, medium, large, upright, narrow, tall}
	}
	for _, aids := range []string{"", "c", "t", "ct", "l", "lc", "lt", "lct"} {
		t.Run("aids "+aids, func(t *testing.T) {
			t.Parallel()
			k := openKiosk(t, browser)
			for _, look := range looks {
				look.come(k)
				k.aids(aids)
				for _, panel := range panels {
					k.do(chromedp.EmulateViewport(panel[0], panel[1]))
					k.inspect(axe, fmt.Sprintf("%s %s %dx%d", look.name, aids, panel[0], panel[1]))
				}
				k.shoot(look.name+"-"+aids, panels[1:]...)
			}
			k.wantNoFaults()
		})
	}
}

// TestManyReasonsFit shows as many as there is room for, on the two panels with the least of it.
func TestManyReasonsFit(t *testing.T) {
	axe := harness.NeedAxe(t)
	folder := t.TempDir()
	file(t, folder, "zh.json", `{"reason-machine":"自助设备","reason-privacy":"个人信息保护","reason-toomuch":"没有地方"}`)
	k := openKiosk(t, browse(t), func(k *kiosk) { k.words = folder })
	k.show(device.Show{Kind: device.Why, Codes: reasons + " machine privacy toomuch"})
	k.view("why")
	for _, panel := range [][2]int64{small, narrow} {
		k.do(chromedp.EmulateViewport(panel[0], panel[1]))
		k.inspect(axe, fmt.Sprintf("ten buttons %dx%d", panel[0], panel[1]))
	}
	if n := eval[int](k, `document.querySelector("#reasons").childElementCount`); n != 10 {
		t.Errorf("%d buttons, want eight reasons and two ends", n)
	}
	k.shoot("many", narrow)
}

// aids presses those keys that are not on yet, once for each view.
func (k *kiosk) aids(letters string) {
	k.t.Helper()
	on := map[rune]string{
		'c': `document.body.dataset.contrast === "on"`, 't': `document.body.dataset.type === "on"`, 'l': `document.documentElement.lang === "en"`,
	}
	for _, letter := range letters {
		if !eval[bool](k, on[letter]) {
			k.do(chromedp.KeyEvent(string(letter)))
		}
		if !eval[bool](k, on[letter]) {
			k.t.Errorf("key %c switches nothing", letter)
		}
	}
}

func (k *kiosk) inspect(axe, name string) {
	k.t.Helper()
	for _, c := range k.complaints(axe) {
		k.t.Errorf("%s: %s", name, c)
	}
}

// complaints are what is wrong with the look, by our own measures and by axe-core's.
func (k *kiosk) complaints(axe string) []string {
	k.t.Helper()
	if !eval[bool](k, `typeof axe === "object"`) {
		eval[bool](k, axe+"; true")
	}
	return append(eval[[]string](k, audit), evalAwait[[]string](k, `axe.run(document, {resultTypes: ["violations"]}).then((r) =>
		r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html.slice(0, 80) + " " + (n.any[0]?.message ?? "")).join("; ")))`)...)
}

// TestLooksAreInspected plants what inspect must find.
func TestLooksAreInspected(t *testing.T) {
	axe := harness.NeedAxe(t)
	browser := browse(t)
	for name, plant := range map[string]string{
		"is set in 10":      `document.querySelector("#gloss .first").style.fontSize = "10px"`,
		"contrast":          `document.querySelector("#question .first").style.color = "#aab"`,
		"sticks out":        `document.querySelector(".key .first").textContent = "unbelievably satisfied customers"; document.querySelector(".key .first").style.whiteSpace = "nowrap"`,
		"scrolls":           `document.querySelector("#asked").style.minHeight = "20rem"`,
		"is 60 by":          `document.querySelector(".key").style.width = "60px"`,
		"is 4 apart":        `document.querySelector("#keys").style.gap = "4px"`,
		"button-name":       `document.querySelector("#contrast").textContent = ""`,
		"aria-allowed-attr": `document.querySelector("#notice").setAttribute("aria-pressed", "true"); document.querySelector("#notice").hidden = false`,
		"html-has-lang":     `document.documentElement.lang = ""`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := openKiosk(t, browser)
			looks[3].come(k)
			if found := k.complaints(axe); len(found) > 0 {
				t.Fatalf("found before anything is planted: %q", found)
			}
			eval[bool](k, plant+`; true`)
			if found := strings.Join(k.complaints(axe), "\n"); !strings.Contains(found, name) {
				t.Errorf("planted %s, found %q", plant, found)
			}
		})
	}
}
