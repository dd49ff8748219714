package touch_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/makiuchi-d/gozxing"
	zxing "github.com/makiuchi-d/gozxing/qrcode"

	"evalpad/device"
	"evalpad/device/touch"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// linkOf is what a box shows: the address of the manual, and a token of its length.
func linkOf(t *testing.T, address, counter string) string {
	t.Helper()
	token, err := seal.SealToken(seal.KeyFromSeed([32]byte{1}), "pad-0731-03", counter, "5e0c41d2a9b87f36", wire.Stamp{Boot: "b7e2", UptimeMS: 86_400_120})
	if err != nil {
		t.Fatal(err)
	}
	return address + "#" + token
}

const address = "https://rate.bank.example/r"

// TestCodeIsReadBack follows a link from the agent to the SVG and reads that with a decoder that knows
// nothing of the one who wrote it.
func TestCodeIsReadBack(t *testing.T) {
	for _, link := range []string{
		linkOf(t, address, "c03"),
		linkOf(t, "https://b.cn/r", "a-counter-of-17-c"), // the longest name beside a short address
		"http://127.0.0.1:8082/page",
		"https://rate.bank.example/r#no-digits",
	} {
		inBubble(t, func(t *testing.T, p *pad) {
			b := p.browse()
			b.next()
			for _, show := range []device.Show{ask("attitude"), {Kind: device.Thanks, Code: "7KQM-X3RD"}} {
				show.Link = link
				p.show(show)
				view := b.next()
				got := p.get("/qr/" + view.QR + ".svg")
				if got.status != http.StatusOK || got.header.Get("Content-Type") != "image/svg+xml" {
					t.Fatalf("%s: GET /qr/%s.svg: %d %s", show.Kind, view.QR, got.status, got.header.Get("Content-Type"))
				}
				if read := decode(t, pixels(t, got.body, 3)); read != link {
					t.Errorf("%s: read %q, want %q", show.Kind, read, link)
				}
			}
		})
	}
}

// pixels draws an SVG of ours, so many pixels a module, on a ground as dark as the page can be.
func pixels(t *testing.T, svg string, scale int) *image.Gray {
	t.Helper()
	var doc struct {
		ViewBox string `xml:"viewBox,attr"`
		Rect    struct {
			Fill string `xml:"fill,attr"`
		} `xml:"rect"`
		Path struct {
			D      string `xml:"d,attr"`
			Stroke string `xml:"stroke,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal([]byte(svg), &doc); err != nil || doc.Rect.Fill != "#fff" || doc.Path.Stroke != "#000" {
		t.Fatalf("an SVG of %d bytes: %v", len(svg), err)
	}
	side := 0
	if _, err := fmt.Sscanf(doc.ViewBox, "0 0 %d", &side); err != nil {
		t.Fatal(err)
	}
	const ground = 20 // pixels of the page around the code
	img := image.NewGray(image.Rect(0, 0, side*scale+2*ground, side*scale+2*ground))
	fill := func(x, y, w, h int, c uint8) {
		for i := range w * h {
			img.SetGray(ground+x+i%w, ground+y+i/w, color.Gray{Y: c})
		}
	}
	fill(0, 0, side*scale, side*scale, 255)
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)\.5h(\d+)`).FindAllStringSubmatch(doc.Path.D, -1) {
		x, y, n := number(m[1]), number(m[2]), number(m[3])
		if x < 4 || y < 4 || x+n > side-4 || y > side-5 {
			t.Fatalf("a run of %d at %d, %d of %d reaches into the quiet zone", n, x, y, side)
		}
		fill(x*scale, y*scale, n*scale, scale, 0)
	}
	return img
}

func number(s string) int { n, _ := strconv.Atoi(s); return n }

func decode(t *testing.T, img image.Image) string {
	t.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	read, err := zxing.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		t.Fatalf("the decoder sees no code: %v", err)
	}
	return read.GetText()
}

// TestCodeIsSmall: few modules, few bytes, and the whole page with it within its promise.
func TestCodeIsSmall(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		b.next()
		show := ask("attitude")
		show.Link = linkOf(t, address, "c03")
		p.show(show)
		svg := p.get("/qr/" + b.next().QR + ".svg").body
		if !strings.Contains(svg, `viewBox="0 0 49 49"`) {
			t.Errorf("%.80s: want 41 modules and a quiet zone of 4", svg)
		}
		size := len(svg)
		for path := range touch.Paths() {
			size += len(p.get(path).body)
		}
		if size > 60<<10 {
			t.Errorf("the page has %d bytes with a code of %d, want at most 60 KiB", size, len(svg))
		}
		t.Logf("the page has %d bytes, %d of them the code's", size, len(svg))
	})
}

var update = flag.Bool("update", false, "rewrite the golden files")

var golden = filepath.Join("testdata", "code.svg")

// TestCodeGolden: the same link is the same picture, on every box and after every upgrade of the library.
func TestCodeGolden(t *testing.T) {
	svg, err := touch.Draw(linkOf(t, address, "c03"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(svg+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), svg+"\n"); diff != "" {
		t.Errorf("the code changed (-golden +now):\n%s", diff)
	}
}

// TestNoCodeWhereNoneBelongs: not while nobody is asked, not beside the reasons, not on a fault.
func TestNoCodeWhereNoneBelongs(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		b.next()
		for _, kind := range []device.ShowKind{device.Why, device.Fault, device.Idle} {
			p.show(device.Show{Kind: kind, Codes: "waiting", Link: linkOf(t, address, "c03")})
			if view := b.next(); view.QR != "" {
				t.Errorf("%s shows code %q", kind, view.QR)
			}
		}
	})
}

// TestLinkTooLongIsLeftOut: the question is asked all the same.
func TestLinkTooLongIsLeftOut(t *testing.T) {
	long := linkOf(t, address+"/of/a/long/path", "c03")
	if _, err := touch.Draw(long); !errors.Is(err, touch.ErrLink) {
		t.Errorf("a code of too many bytes: %v, want %v", err, touch.ErrLink)
	}
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		b.next()
		show := ask("attitude")
		show.Link = long
		p.show(show)
		if view := b.next(); view.Kind != device.Ask || view.QR != "" {
			t.Errorf("shown %+v, want the question without a code", view)
		}
	})
}

// TestOldCodesAreForgotten: a box that runs for years keeps eight.
func TestOldCodesAreForgotten(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		b.next()
		var names []string
		for i := range 10 {
			p.show(device.Show{Kind: device.Ask, Dimension: "overall", Link: fmt.Sprintf("%s#%d", address, i)})
			names = append(names, b.next().QR)
		}
		for i, name := range names {
			want := http.StatusOK
			if i < 2 {
				want = http.StatusNotFound
			}
			if got := p.get("/qr/" + name + ".svg"); got.status != want {
				t.Errorf("code %d of 10: %d, want %d", i, got.status, want)
			}
		}
		if got := p.get("/qr/.svg"); got.status != http.StatusNotFound {
			t.Errorf("a code without a name: %d, want 404", got.status)
		}
	})
}

// TestCodeIsNoStop: two keys, and a keyboard, go past it, and a screen reader hears what it is.
func TestCodeIsNoStop(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		body := p.get("/").body
		if strings.Contains(body, "tabindex") || strings.Contains(body, "<a ") {
			t.Error("something but a button can be stopped at")
		}
		if n := strings.Count(body, `<img data-say="qr-alt" alt="">`); n != 2 {
			t.Errorf("%d codes that say what they are, want one on the question and one on the thank-you", n)
		}
		if !strings.Contains(p.get("/words.js").body, "二维码：用手机扫描") {
			t.Error("the code has no words")
		}
	})
}

// TestCodeOnThePanel reads the code off the screen of a real browser, in the light and the dark look, on
// the small panel: as a phone does.
func TestCodeOnThePanel(t *testing.T) {
	k := openKiosk(t, browse(t))
	link := linkOf(t, address, "c03")
	for _, look := range []struct {
		name, aids string
		show       device.Show
	}{
		{"prompt", "", device.Show{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 3, Link: link}},
		{"prompt, dark and large", "ct", device.Show{Kind: device.Ask, Dimension: "efficiency", Step: 2, Steps: 3, Link: link}},
		{"thanks, dark and large", "ct", device.Show{Kind: device.Thanks, Code: "7KQM-X3RD", Link: link}},
		{"thanks", "", device.Show{Kind: device.Thanks, Code: "7KQM-X3RD", Link: link}},
	} {
		k.show(look.show)
		if look.show.Kind == device.Ask {
			k.asked(look.show.Dimension)
		} else {
			k.notice("thanks")
		}
		k.aids(look.aids)
		k.until(`[...document.querySelectorAll(".qr img")].some((i) => i.checkVisibility() && i.complete && i.alt !== "")`)
		_, picture := k.seen()
		img, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		if read := decode(t, img); read != link {
			t.Errorf("%s: read %q off the screen, want %q", look.name, read, link)
		}
		for _, wrong := range eval[[]string](k, audit) {
			t.Errorf("%s: %s", look.name, wrong)
		}
		if look.show.Kind == device.Thanks {
			k.rest() // the next customer finds no aids on
		}
	}
}
