package touch_test

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
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"evalpad/device"
	"evalpad/device/touch"
	"evalpad/test/harness"
)

// kiosk is a real browser on a real page; the test plays customer and agent.
type kiosk struct {
	t     *testing.T
	tab   context.Context
	in    chan device.Signal
	out   chan device.Show
	addr  string
	stop  func() // the agent's life
	wrong *faults

	earphones bool   // the box has a socket for them
	voice     string // a folder of sentences
	words     string // a folder of languages
}

// faults collects what a browser complains about and what it loads from elsewhere.
type faults struct {
	mu     sync.Mutex
	found  []string
	loaded []string // everything
}

func (f *faults) add(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found = append(f.found, fmt.Sprintf(format, args...))
}

func (f *faults) load(url string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loaded = append(f.loaded, url)
}

// browse starts Chromium once for a test; its first Run has no timeout, as it would end the browser.
func browse(t *testing.T) context.Context {
	t.Helper()
	program := harness.Need(t, "chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	allocated, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	if err := chromedp.Do(browser, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return browser
}

// openKiosk opens the page in a tab of its own at 800 by 480, idle and ready for a key.
func openKiosk(t *testing.T, browser context.Context, odd ...func(*kiosk)) *kiosk {
	t.Helper()
	k := &kiosk{t: t, in: make(chan device.Signal), out: make(chan device.Show), wrong: &faults{}}
	for _, change := range odd {
		change(k)
	}
	k.agent("127.0.0.1:0")
	t.Cleanup(func() { k.stop() })
	tab, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	k.tab = tab
	if err := chromedp.Listen(tab, k.hear); err != nil {
		t.Fatal(err)
	}
	for _, enable := range []func() error{
		func() error { _, err := chromedp.Call(tab, log.Enable, cdp.Empty{}); return err },
		func() error { _, err := chromedp.Call(tab, network.Enable, network.EnableParams{}); return err },
	} {
		if err := enable(); err != nil {
			t.Fatal(err)
		}
	}
	k.do(chromedp.EmulateViewport(800, 480), chromedp.Navigate("http://"+k.addr+"/"))
	k.ready("idle")
	return k
}

func (k *kiosk) hear(event any) {
	switch e := event.(type) {
	case *log.EventEntryAdded:
		k.wrong.add("console: %s %s", e.Entry.Text, e.Entry.URL)
	case *network.EventRequestWillBeSent:
		k.wrong.load(e.Request.URL)
		if !strings.HasPrefix(e.Request.URL, "http://127.0.0.1:") {
			k.wrong.add("loads %s", e.Request.URL)
		}
	}
}

// running is the uptime of a box that has been up for booted.
func running() func() time.Duration {
	begin := time.Now()
	return func() time.Duration { return booted + time.Since(begin) }
}

// agent starts a page's life on listen; stop ends it.
func (k *kiosk) agent(listen string) {
	k.t.Helper()
	page, err := touch.New(touch.Options{Listen: listen, Uptime: running(), Words: k.words, Hotline: "95599", Voice: touch.Voice{Earphones: k.earphones, Folder: k.voice}})
	if err != nil {
		k.t.Fatal(err)
	}
	k.addr = page.Addr()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- page.Run(ctx, k.in, k.out) }()
	k.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			k.t.Errorf("Run: %v", err)
		}
	})
}

func (k *kiosk) do(steps ...chromedp.Action[chromedp.Void]) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.tab, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		k.t.Fatalf("browser: %v", err)
	}
}

// eval is the value of a script in the page.
func eval[T any](k *kiosk, script string) T {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.tab, 20*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		k.t.Fatalf("evaluate %s: %v", script, err)
	}
	return v
}

// evalAwait is the value of a promise in the page.
func evalAwait[T any](k *kiosk, script string) T {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.tab, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		k.t.Fatalf("evaluate %.100s: %v", script, err)
	}
	return v
}

// until waits for what the page itself comes to.
func (k *kiosk) until(condition string) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.tab, 20*time.Second)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](condition, chromedp.WithPollingInterval(20*time.Millisecond))); err != nil {
		k.t.Fatalf("the page never came to %s: %v; it says %q", condition, err, k.text("body"))
	}
}

// ready waits until the view is there and takes keys.
func (k *kiosk) ready(view string) {
	k.t.Helper()
	k.until(fmt.Sprintf(`document.body.dataset.view === %q && document.body.dataset.keys === "ready"`, view))
}

// asked waits until the page takes an answer to that question.
func (k *kiosk) asked(dimension string) {
	k.t.Helper()
	k.until(fmt.Sprintf(`document.querySelector("#question").dataset.say === "question-%s"`, dimension))
	k.ready("ask")
}

// rest shows the idle page, past whatever lingers.
func (k *kiosk) rest() {
	k.t.Helper()
	k.show(device.Show{Kind: device.Idle})
	k.ready("idle")
}

// view waits for a view, whatever it has on it.
func (k *kiosk) view(view string) {
	k.t.Helper()
	k.until(fmt.Sprintf(`document.body.dataset.view === %q`, view))
}

// notice waits for a view without keys.
func (k *kiosk) notice(kind string) {
	k.t.Helper()
	k.until(fmt.Sprintf(`document.body.dataset.view === "notice" && document.body.dataset.notice === %q`, kind))
}

func (k *kiosk) text(selector string) string {
	k.t.Helper()
	return eval[string](k, fmt.Sprintf(`document.querySelector(%q).innerText`, selector))
}

func (k *kiosk) wantText(selector, want string) {
	k.t.Helper()
	if got := k.text(selector); !strings.Contains(got, want) {
		k.t.Errorf("%s says %q, want %q in it", selector, got, want)
	}
}

func (k *kiosk) click(score int) {
	k.t.Helper()
	k.do(chromedp.Click(chromedp.CSS(key(score))))
}

func key(score int) string { return fmt.Sprintf(`.key[data-score="%d"]`, score) }

// touch lays a finger on a key for as long as held, by the browser's own clock.
func (k *kiosk) touch(score int, held time.Duration) {
	k.t.Helper()
	k.finger(input.DispatchTouchEventTypeTouchStart, k.middle(score))
	time.Sleep(held)
	k.finger(input.DispatchTouchEventTypeTouchEnd)
}

// finger moves one finger; it is lifted where no point is given.
func (k *kiosk) finger(how input.DispatchTouchEventType, at ...*input.TouchPoint) {
	k.t.Helper()
	if at == nil {
		at = []*input.TouchPoint{}
	}
	p := input.DispatchTouchEventParams{Type: how, TouchPoints: at}
	if _, err := chromedp.Call(k.tab, input.DispatchTouchEvent, p); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kiosk) middle(score int) *input.TouchPoint {
	k.t.Helper()
	at := eval[[]float64](k, fmt.Sprintf(`(r => [r.x + r.width/2, r.y + r.height/2])(document.querySelector(%q).getBoundingClientRect())`, key(score)))
	return &input.TouchPoint{X: at[0], Y: at[1]}
}

func (k *kiosk) signal() device.Signal {
	k.t.Helper()
	select {
	case s := <-k.in:
		return s
	case <-time.After(10 * time.Second):
		k.t.Fatalf("no signal; the page says %q", k.text("body"))
		return device.Signal{}
	}
}

// wantNoSignal waits for what must not come.
func (k *kiosk) wantNoSignal(within time.Duration) {
	k.t.Helper()
	select {
	case s := <-k.in:
		k.t.Errorf("signal %+v, want none", s)
	case <-time.After(within):
	}
}

// answer shows what comes after s was stored.
func (k *kiosk) answer(s device.Signal, show device.Show) {
	k.t.Helper()
	show.For = s.ID
	k.show(show)
}

// reasoned takes the next signal, which must be those reasons.
func (k *kiosk) reasoned(codes string) device.Signal {
	k.t.Helper()
	s := k.signal()
	if s.Kind != device.Reasons || s.Codes != codes {
		k.t.Fatalf("signal %+v, want reasons %q", s, codes)
	}
	return s
}

// moveTo presses the one switch until the focus is there.
func (k *kiosk) moveTo(there string) {
	k.t.Helper()
	for range 20 {
		k.do(chromedp.KeyEvent(kb.Tab))
		if eval[bool](k, there) {
			return
		}
	}
	k.t.Fatalf("twenty moves never came to %s", there)
}

// pressed takes the next signal, which must be that press.
func (k *kiosk) pressed(dimension string, score int) device.Signal {
	k.t.Helper()
	s := k.signal()
	if s.Kind != device.Press || s.Dimension != dimension || s.Score != score {
		k.t.Fatalf("signal %+v, want a press of %d for %q", s, score, dimension)
	}
	return s
}

func (k *kiosk) show(s device.Show) {
	k.t.Helper()
	select {
	case k.out <- s:
	case <-time.After(10 * time.Second):
		k.t.Fatalf("%+v is not received", s)
	}
}

// shoot keeps a picture of the small panel in the test's artifacts, and of others if asked.
func (k *kiosk) shoot(name string, others ...[2]int64) {
	k.t.Helper()
	for _, size := range append(others, small) {
		k.do(chromedp.EmulateViewport(size[0], size[1]))
		picture, err := chromedp.Run(k.tab, chromedp.CaptureScreenshot())
		if err != nil {
			k.t.Fatalf("screenshot: %v", err)
		}
		path := filepath.Join(k.t.ArtifactDir(), fmt.Sprintf("%s-%dx%d.png", name, size[0], size[1]))
		if err := os.WriteFile(path, picture, 0o644); err != nil {
			k.t.Fatal(err)
		}
	}
}

func (k *kiosk) wantNoFaults() {
	k.t.Helper()
	k.wrong.mu.Lock()
	defer k.wrong.mu.Unlock()
	for _, f := range k.wrong.found {
		k.t.Errorf("browser: %s", f)
	}
}
