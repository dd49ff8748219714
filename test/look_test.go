package test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"evalpad/test/harness"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, browser context.Context, page string) {
	t.Helper()
	if err := chromedp.Do(browser, chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
}

func ask[T any](t *testing.T, browser context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(browser, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// press clicks a face once the page asks that question and takes a press.
func press(t *testing.T, browser context.Context, question, score string) {
	t.Helper()
	harness.Eventually(t, 10*time.Second, "the page to ask "+question, func() bool {
		return ask[bool](t, browser, `document.body.dataset.keys === "ready" && document.querySelector("#question").innerText.includes("`+question+`")`)
	})
	if err := chromedp.Do(browser, chromedp.Click(chromedp.CSS(`button[data-score="`+score+`"]`))); err != nil {
		t.Fatal(err)
	}
}

// countdown is what the first clock on the board shows, "" while there is none.
func countdown(t *testing.T, browser context.Context) string {
	t.Helper()
	return ask[string](t, browser, `document.querySelector("time[data-due]")?.textContent ?? ""`)
}

// shoot keeps a picture of the page: go test -artifacts keeps it beyond the test.
func shoot(t *testing.T, browser context.Context, name string) {
	t.Helper()
	png, err := chromedp.Run(browser, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestMakeRun is the README's first command with a customer and an inspector in front of it.
func TestMakeRun(t *testing.T) {
	harness.Need(t, "chromium")
	dir := t.TempDir()
	bin := filepath.Dir(harness.Built(t, "run"))
	run := harness.StartUntil(t, "run", "Open both.", "-bin", bin, "-dir", dir)
	counter, board := address(t, run.Log(), "counter's page:"), address(t, run.Log(), "inspectors' board:")
	customer, inspector := harness.Browser(t, 1024, 600), harness.Browser(t, 1280, 800)
	open(t, inspector, board)
	open(t, customer, counter)
	pressed := time.Now()
	for _, step := range []struct{ question, score string }{{"服务态度", "2"}, {"效率", "4"}, {"合规性", "5"}} {
		press(t, customer, step.question, step.score)
	}
	harness.Eventually(t, 10*time.Second, "the case on the other page, without a reload", func() bool {
		return countdown(t, inspector) != ""
	})
	t.Logf("from the click to the case on the board, two more questions and their pauses included: %s", time.Since(pressed).Round(time.Millisecond))
	shoot(t, customer, "counter.png")
	shoot(t, inspector, "board.png")
	if err := run.Stop(); err != nil {
		t.Errorf("make run did not leave in peace: %v", err)
	}
	wantNobodyLeft(t, dir)
}

func address(t *testing.T, text, after string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, after)
	if fields := strings.Fields(rest); found && len(fields) > 0 {
		return fields[0]
	}
	t.Fatalf("no address after %q in:\n%s", after, text)
	return ""
}

// wantNobodyLeft looks for processes that still name the folder.
func wantNobodyLeft(t *testing.T, dir string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), dir) && !strings.Contains(path, "/self/") {
			t.Errorf("still running: %s", strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
}
