package test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/test/harness"
)

const oneScreenCounter = `screen: {listen: 127.0.0.1:0}
counters:
  - {counter: c03, ask: [attitude, efficiency, compliance], rules: {lock_out: 0, hammer: 0}}
`

// saysSaving is after how long the page says that a press is still being stored (page/press.js): a
// customer must not often have to read it.
const saysSaving = 600 * time.Millisecond

// stopwatch times every press by the page's own clock: from the finger that comes up until the frame in
// which the page says that the press is taken, which is after it is on disk.
const stopwatch = `(() => {
  window.took = [];
  let began = 0;
  document.addEventListener("pointerup", () => { began = performance.now(); }, true);
  const word = document.querySelector("#word");
  new MutationObserver(() => {
    if (!began || word.dataset.says !== "chosen") return;
    const from = began;
    began = 0;
    requestAnimationFrame(() => window.took.push(performance.now() - from));
  }).observe(word, {attributes: true, attributeFilter: ["data-says"]});
  return true;
})()`

// nextCustomer touches the thank-you away, and reports whether a press is taken.
const nextCustomer = `(() => {
  if (document.body.dataset.view === "notice") document.dispatchEvent(new PointerEvent("pointerdown"));
  return document.body.dataset.keys === "ready";
})()`

// BenchmarkPressToPage is a press in a real Chromium until the page has said that it is taken, storing
// included, beside what the store alone takes on this disk in the same run: half before, half after.
func BenchmarkPressToPage(b *testing.B) {
	presses := 100
	if s := os.Getenv("EVALPAD_PRESSES"); s != "" {
		var err error
		if presses, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	site, browser := harness.NewSite(b), harness.Browser(b, 800, 480)
	box := site.Evalpad(b, "mqtt://127.0.0.1:1", oneScreenCounter)
	store := commits(b, site, "before", 150)
	do(b, browser, chromedp.Navigate(box.Says("screen")))
	if !value[bool](b, browser, stopwatch) {
		b.Fatal("no stopwatch")
	}
	for i := range presses {
		harness.Eventually(b, 30*time.Second, "the page to take a press", func() bool {
			return value[bool](b, browser, nextCustomer)
		})
		do(b, browser, chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[data-score="%d"]`, 1+i%5))))
		harness.Eventually(b, 30*time.Second, "the press to be taken", func() bool {
			return value[int](b, browser, `window.took.length`) == i+1
		})
	}
	took := value[[]float64](b, browser, `window.took`)[1:] // the first one has compiled the page's script
	store = append(store, commits(b, site, "after", 150)...)
	slices.Sort(took)
	slices.Sort(store)
	page, own := took[len(took)*99/100], ms(store[len(store)*99/100])
	b.ReportMetric(took[len(took)/2], "p50-ms")
	b.ReportMetric(page, "p99-ms")
	b.ReportMetric(ms(store[len(store)/2]), "store-p50-ms")
	b.ReportMetric(own, "store-p99-ms")
	b.ReportMetric(page/own, "stores")
	b.ReportMetric(0, "ns/op")
	if page >= ms(saysSaving) {
		b.Errorf("a press is taken after %.0f ms (p99), want less than %s", page, saysSaving)
	}
}

// commits is how long each press takes in an outbox of its own, on the box's disk.
func commits(b *testing.B, site *harness.Site, name string, n int) (took []time.Duration) {
	b.Helper()
	dir := filepath.Join(site.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	key, err := seal.OpenKey(filepath.Join(dir, "record.key"))
	if err != nil {
		b.Fatal(err)
	}
	box, err := outbox.Open(filepath.Join(dir, "outbox.db"), outbox.Options{Key: key, Place: benchPlace})
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close()
	for i := range n {
		change := outbox.Change{}
		change.Drafts = append(change.Drafts, benchDraft(b, i))
		began := time.Now()
		if _, err := box.Commit(b.Context(), change); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	return took
}

// BenchmarkIdlePage is what the idle page takes of one core in Chromium's renderer, measured over a
// minute, beside what the same renderer takes for an empty page. A box has other things to do: aim 1 %.
func BenchmarkIdlePage(b *testing.B) {
	const watched = time.Minute
	site, browser := harness.NewSite(b), harness.Browser(b, 800, 480)
	box := site.Evalpad(b, "mqtt://127.0.0.1:1", oneScreenCounter)
	share := func(page string) (renderer, all float64) {
		do(b, browser, chromedp.Navigate(page))
		time.Sleep(10 * time.Second)
		before, beforeAll := chromiumTime(b, "--type=renderer"), chromiumTime(b, "")
		time.Sleep(watched)
		return float64(chromiumTime(b, "--type=renderer")-before) / float64(watched), float64(chromiumTime(b, "")-beforeAll) / float64(watched)
	}
	empty, emptyAll := share("about:blank")
	page, pageAll := share(box.Says("screen"))
	b.ReportMetric(100*page, "%core")
	b.ReportMetric(100*empty, "empty-%core")
	b.ReportMetric(100*(pageAll-emptyAll), "all-processes-%core")
	b.ReportMetric(0, "ns/op")
	if page >= 0.01 {
		b.Errorf("the idle page takes %.2f %% of a core in the renderer, want less than 1 %%", 100*page)
	}
}

// chromiumTime is what our Chromium's processes of a kind have used so far; "" is all of them.
func chromiumTime(b *testing.B, kind string) (used time.Duration) {
	b.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		b.Fatal(err)
	}
	for _, line := range lines {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(line)))
		text, err := os.ReadFile(line)
		if err == nil && strings.Contains(string(text), "chrom") && strings.Contains(string(text), kind) && isOurs(pid) {
			used += processorTime(b, pid)
		}
	}
	return used
}

// isOurs reports whether a process is this one's child, or a child's child.
func isOurs(pid int) bool {
	for range 8 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, rest, found := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); err != nil || !found || len(fields) < 2 {
			return false
		} else if pid, err = strconv.Atoi(fields[1]); err != nil {
			return false
		}
		if pid == os.Getpid() {
			return true
		}
	}
	return false
}

func do(b *testing.B, browser context.Context, steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(browser, steps...); err != nil {
		b.Fatal(err)
	}
}

func value[T any](b *testing.B, browser context.Context, script string) T {
	b.Helper()
	v, err := chromedp.Run(browser, chromedp.Evaluate[T](script))
	if err != nil {
		b.Fatal(err)
	}
	return v
}
