package counterdesk_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"evalpad/device"
	"evalpad/sync/wire"
	"evalpad/test/harness"
)

func TestPageIsSmallAndShut(t *testing.T) {
	b := openBox(t)
	size := 0
	for _, path := range []string{"/", "/page.css", "/page.js"} {
		a, err := b.client.Get(strings.TrimSuffix(b.server.URL(), "/") + path)
		if err != nil || a.StatusCode != 200 {
			t.Fatalf("%s: %v, %v", path, a, err)
		}
		a.Body.Close()
		size += int(a.ContentLength)
		policy := a.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) || strings.Contains(policy, "unsafe") {
				t.Errorf("%s: policy %q", path, policy)
			}
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: header %v", path, a.Header)
		}
	}
	if size == 0 || size > 20<<10 {
		t.Errorf("the page has %d bytes, want at most 20 KiB", size)
	}
}

// desktop is the teller's browser, and what went wrong in it.
type desktop struct {
	*box
	tab    context.Context
	mu     sync.Mutex
	faults []string
}

// openDesktop opens the page in a browser of that language.
func openDesktop(t *testing.T, b *box, language string) *desktop {
	t.Helper()
	d := &desktop{box: b, tab: harness.Browser(t, 900, 700)}
	if err := chromedp.Do(d.tab, chromedp.Navigate("about:blank")); err != nil { // the first one has no timeout: it would end the browser
		t.Fatal(err)
	}
	if err := chromedp.Listen(d.tab, d.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(d.tab, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	override := emulation.SetUserAgentOverrideParams{UserAgent: "test", AcceptLanguage: language}
	if _, err := chromedp.Call(d.tab, emulation.SetUserAgentOverride, override); err != nil {
		t.Fatal(err)
	}
	d.do(chromedp.Navigate(b.server.URL() + "?counter=c03"))
	return d
}

func (d *desktop) hear(event any) {
	e, ok := event.(*log.EventEntryAdded)
	if !ok || strings.Contains(e.Entry.Text, "401") { // the wrong token
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, e.Entry.Text+" "+e.Entry.URL)
}

func (d *desktop) do(steps ...chromedp.Action[chromedp.Void]) {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.tab, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		d.Fatalf("browser: %v; the page says %q", err, d.seen())
	}
}

// until waits for what the page itself comes to.
func (d *desktop) until(condition string) {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.tab, 20*time.Second)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](condition, chromedp.WithPollingInterval(20*time.Millisecond))); err != nil {
		d.Fatalf("the page never came to %s: %v; it says %q", condition, err, d.seen())
	}
}

// TestTellersPage is one customer at the counter, with a mouse and then with the keyboard alone.
func TestTellersPage(t *testing.T) {
	d := openDesktop(t, openBox(t), "zh-CN")
	d.until(`document.activeElement.id === "token"`)
	d.do(chromedp.KeyEvent(strings.ToUpper(secret) + kb.Enter))
	d.until(`document.querySelector("#word").textContent.includes("令牌不正确")`)
	d.shoot("token")
	d.do(chromedp.KeyEvent(secret + kb.Enter))
	d.until(`document.body.dataset.state === "idle" && document.activeElement.id === "prompt"`)
	d.until(`document.querySelector("#prompt").textContent === "请评价"`)
	d.shoot("idle")

	d.do(chromedp.Click(chromedp.CSS("#teller")), chromedp.KeyEvent("1007"+kb.Enter))
	d.until(`document.querySelector("#who").textContent === "1007" && document.activeElement.id === "prompt"`)
	d.do(chromedp.Click(chromedp.CSS("#priority")), chromedp.Click(chromedp.CSS("#prompt")))
	d.until(`document.body.dataset.state === "asking" && document.querySelector("#prompt").disabled`)
	d.shoot("asking")
	asked := d.seen()
	d.keys.press(1)
	d.until(`document.body.dataset.state === "idle"`)
	if after := d.seen(); strings.Contains(after+asked, "1 ") || strings.Contains(after, "满意") {
		t.Errorf("the page tells something of the rating: %s", after)
	}

	d.until(`document.activeElement.id === "prompt" && !document.querySelector("#priority").checked`)
	d.do(chromedp.KeyEvent(kb.Enter))
	d.until(`document.body.dataset.state === "asking"`)
	d.do(chromedp.KeyEvent(kb.Escape))
	d.until(`document.body.dataset.state === "idle"`)
	d.do(chromedp.Click(chromedp.CSS("#out")))
	d.until(`!document.querySelector("#login").hidden`)

	var got []string
	for _, e := range d.disk.ended() {
		got = append(got, fmt.Sprint(e.Outcome, " ", e.PromptBy, " ", e.Service, " ", e.Teller))
	}
	if want := []string{"rated teller's page priority 1007", "not-rated teller's page  1007"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	d.keys.said <- device.Signal{Kind: device.Lost}
	d.until(`document.body.dataset.state === "pad-lost" && document.querySelector("#prompt").disabled`)
	d.shoot("pad-lost")
	d.keys.say(device.Signal{Kind: device.Back})
	d.until(`document.body.dataset.state === "idle"`)
	d.do(chromedp.Reload())
	d.until(`document.body.dataset.state === "idle"`) // the token is asked for once
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.faults) > 0 {
		t.Errorf("in the browser: %q", d.faults)
	}
}

// TestDoubleClickIsOnePrompt holds that a nervous hand makes one evaluation.
func TestDoubleClickIsOnePrompt(t *testing.T) {
	b := openBox(t)
	d := openDesktop(t, b, "en-GB")
	d.until(`document.activeElement.id === "token"`)
	d.do(chromedp.KeyEvent(secret + kb.Enter))
	d.until(`document.body.dataset.state === "idle"`)
	d.until(`document.querySelector("#prompt").textContent === "Please rate" && document.documentElement.lang === "en"`)
	d.shoot("english")
	b.disk.set(nil, 300*time.Millisecond)
	d.until(`(document.querySelector("#prompt").click(), document.querySelector("#prompt").click(), true)`)
	d.until(`document.body.dataset.state === "asking" && !document.querySelector("#cancel").disabled`)
	b.disk.set(nil, 0)
	d.keys.press(2)
	if ended := b.disk.ended(); len(ended) != 1 || ended[0].Outcome != wire.Rated {
		t.Errorf("got %+v, want one evaluation", ended)
	}
}

// seen is all the text of the page.
func (d *desktop) seen() string {
	d.Helper()
	text, err := chromedp.Run(d.tab, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		d.Fatal(err)
	}
	return text
}

// shoot keeps a picture: go test -artifacts keeps it beyond the test.
func (d *desktop) shoot(name string) {
	d.Helper()
	png, err := chromedp.Run(d.tab, chromedp.CaptureScreenshot())
	if err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.ArtifactDir(), name+".png"), png, 0o600); err != nil {
		d.Fatal(err)
	}
}
