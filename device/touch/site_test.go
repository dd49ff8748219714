package touch_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"evalpad/device"
	"evalpad/device/touch"
)

func TestSiteIsSmallAndItsOwn(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		size := 0
		for path, kind := range touch.Paths() {
			got := p.get(path)
			size += len(got.body)
			if got.status != http.StatusOK || got.header.Get("Content-Type") != kind {
				t.Errorf("GET %s: %d %s, want 200 %s", path, got.status, got.header.Get("Content-Type"), kind)
			}
			body := strings.ReplaceAll(got.body, "http://www.w3.org/2000/svg", "")
			body = regexp.MustCompile(`(?m)(^|[ ;])//\s.*$|from "/\w+\.js"|import "/\w+\.js"`).ReplaceAllString(body, "") // comments, and its own
			if found := regexp.MustCompile(`(https?:)?//\w[^\s"]*\.\w+|@import|data:`).FindString(body); found != "" {
				t.Errorf("%s names %q: the page loads nothing from elsewhere", path, found)
			}
		}
		if size > 60<<10 {
			t.Errorf("%d bytes in all, want at most 60 KiB", size)
		}
	})
}

func TestPageHasNothingInline(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		got := p.get("/")
		if found := regexp.MustCompile(`(?i)<style|\sstyle=|<script>|\son\w+=|javascript:`).FindString(got.body); found != "" {
			t.Errorf("the page has %q, which its own policy forbids", found)
		}
		csp := got.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self';") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
			t.Errorf("Content-Security-Policy %q, want default-src 'none' and nothing unsafe", csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if value := got.header.Get(name); value != want {
				t.Errorf("%s: %q, want %q", name, value, want)
			}
		}
	})
}

// The order is a promise: a key that changes its place collects wrong answers.
func TestKeysStandFromTheBestToTheWorst(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		body := strings.ReplaceAll(p.get("/").body, "<wbr>", "")
		at := 0
		for _, want := range []string{
			`data-score="5"`, "非常满意", "Very satisfied", `data-score="4"`, ">满意", ">Satisfied", `data-score="3"`, "基本满意", "Fairly satisfied",
			`data-score="2"`, ">不满意", ">Dissatisfied", `data-score="1"`, "非常不满意", "Very dissatisfied",
		} {
			next := strings.Index(body[at:], want)
			if next < 0 {
				t.Fatalf("no %q after %d bytes", want, at)
			}
			at += next
		}
		if n := strings.Count(body, `<button type="button" class="key`); n != 5 {
			t.Errorf("%d keys, want 5", n)
		}
		said := p.get("/words.js").body
		for _, words := range []string{"服务态度", "效率", "合规性", "本评价器|暂时无法使用", "谢谢您的评价"} {
			if !strings.Contains(said, words) {
				t.Errorf("the page never says %s", words)
			}
		}
	})
}

// maxWeight is what a browser may have to load before the page works, in bytes, both languages included: a
// box on a slow card shows it within a second of its start.
const maxWeight = 60 << 10

func TestPageIsLight(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		weight := 0
		for path := range touch.Paths() {
			weight += len(p.get(path).body)
		}
		t.Logf("%d bytes in %d files", weight, len(touch.Paths()))
		if weight > maxWeight || weight < 10<<10 {
			t.Errorf("the page weighs %d bytes, want at most %d", weight, maxWeight)
		}
	})
}

func TestEveryDimensionOfTheBankHasWords(t *testing.T) {
	page, err := touch.NewOn(newPipes(), touch.Options{Uptime: uptime})
	if err != nil {
		t.Fatal(err)
	}
	for _, dimension := range []string{"", "overall", "attitude", "efficiency", "compliance"} {
		if !page.Asks(dimension) {
			t.Errorf("no words for %q", dimension)
		}
	}
}

func TestSiteAnswersToLoopbackNamesOnly(t *testing.T) {
	tests := map[string]int{
		"127.0.0.1:8090": 200, "127.0.0.1": 200, "localhost:8090": 200, "localhost": 200, "[::1]:8090": 200, "[::1]": 200, "127.1.2.3:80": 200,
		"evil.example": 421, "evil.example:8090": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example:8090": 421,
		"192.168.1.4:8090": 421, "0.0.0.0:8090": 421, "2130706433:8090": 421, "[::]:8090": 421,
	}
	for host, want := range tests {
		t.Run(host, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *pad) {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:8090/", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Host = host
				if got := p.do(r); got.status != want {
					t.Errorf("Host %s: %d, want %d", host, got.status, want)
				}
				got := make(chan answer, 1)
				go func() {
					got <- p.press(keystroke("token-0001", "", 5), func(r *http.Request) { r.Host = host })
				}()
				if want == 421 {
					p.wantNoSignal()
				} else {
					p.show(device.Show{For: p.signal().ID, Kind: device.Thanks})
				}
				if got := <-got; got.status != want {
					t.Errorf("press to host %s: %d, want %d", host, got.status, want)
				}
			})
		})
	}
}

func TestHotlineIsShownAsText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := openPad(t, touch.Options{Hotline: "95<b>588"}).get("/").body
		if !strings.Contains(body, "95&lt;b&gt;588") || strings.Contains(body, "95<b>") {
			t.Error("the hotline is not escaped")
		}
	})
	inBubble(t, func(t *testing.T, p *pad) {
		if strings.Contains(p.get("/").body, "热线") {
			t.Error("a hotline is spoken of where there is none")
		}
	})
}

func TestOtherPathsAreNotFound(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		for _, path := range []string{"/page", "/page/page.html", "/favicon.ico", "/../page.go"} {
			if got := p.get(path); got.status != http.StatusNotFound {
				t.Errorf("GET %s: %d, want 404", path, got.status)
			}
		}
	})
}
