package touch_test

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"evalpad/device"
	"evalpad/test/harness"
)

// after is all that can be seen and heard of a rating once it is given.
type after struct {
	why, thanks         string // the page's own tree
	whyLook, thanksLook []byte // its picture
	heard               []string
	toWhy, toThanks     time.Duration // the shorter of two: a busy machine makes one long
}

// TestNothingAfterARatingTellsItsScore compares the best with the worst: words, looks, sounds and
// lengths are the same, so that nobody behind the counter can tell one from the other.
func TestNothingAfterARatingTellsItsScore(t *testing.T) {
	browser := browse(t)
	voice := recorded(t)
	var afters []after
	for _, score := range []int{5, 1, 3} {
		k := openKiosk(t, browser, func(k *kiosk) { k.voice = voice })
		first, second := k.rated(score), k.rated(score)
		first.toWhy, first.toThanks = min(first.toWhy, second.toWhy), min(first.toThanks, second.toThanks)
		afters = append(afters, first)
	}
	best := afters[0]
	for _, other := range afters[1:] {
		if diff := cmp.Diff(best.why, other.why) + cmp.Diff(best.thanks, other.thanks); diff != "" {
			t.Errorf("the page after a 5 and after another score:\n%s", diff)
		}
		if n := differing(t, best.whyLook, other.whyLook) + differing(t, best.thanksLook, other.thanksLook); n > 0 {
			t.Errorf("the pictures after a 5 and after another score differ in %d pixels", n)
		}
		if !slices.Equal(best.heard, other.heard) {
			t.Errorf("heard after a 5: %q, after another score: %q", best.heard, other.heard)
		}
		if d := (best.toWhy - other.toWhy).Abs(); d > 400*time.Millisecond {
			t.Errorf("the reasons came after %v for a 5 and %v for another score", best.toWhy, other.toWhy)
		}
		if d := (best.toThanks - other.toThanks).Abs(); d > 400*time.Millisecond {
			t.Errorf("the thank-you came after %v for a 5 and %v for another score", best.toThanks, other.toThanks)
		}
	}
	if best.toWhy < 1900*time.Millisecond {
		t.Errorf("the chosen face was shown for %v, want 2 s", best.toWhy)
	}
	if !slices.Contains(best.heard, "chosen.wav") || !slices.Contains(best.heard, "why.wav") {
		t.Errorf("heard %q, want chosen and why", best.heard)
	}
}

func (k *kiosk) rated(score int) (a after) {
	k.show(device.Show{Kind: device.Ask, Dimension: "overall", Step: 1, Steps: 1})
	k.asked("overall")
	harness.Eventually(k.t, 10*time.Second, "the question to be spoken", func() bool {
		return slices.Contains(k.heard(), "question-overall.wav")
	})
	k.click(score)
	began := time.Now()
	k.answer(k.pressed("overall", score), device.Show{Kind: device.Why, Codes: reasons, Code: "7KQM-X3RD"})
	k.view("why")
	a.toWhy = time.Since(began)
	a.why, a.whyLook = k.seen()
	k.do(chromedp.Click(chromedp.CSS("#rather-not")))
	began = time.Now()
	k.answer(k.reasoned(""), device.Show{Kind: device.Thanks, Code: "7KQM-X3RD"})
	k.notice("thanks")
	a.toThanks = time.Since(began)
	a.thanks, a.thanksLook = k.seen()
	a.heard = k.heard()
	return a
}

// seen is the page as it is: its tree and its picture.
func (k *kiosk) seen() (tree string, picture []byte) {
	k.t.Helper()
	for before := []byte(nil); before == nil || !bytes.Equal(before, picture); { // until it stands still
		before = picture
		time.Sleep(400 * time.Millisecond)
		var err error
		if picture, err = chromedp.Run(k.tab, chromedp.CaptureScreenshot()); err != nil {
			k.t.Fatal(err)
		}
	}
	visible := `[...document.querySelectorAll("body, body *")].filter((e) => e.checkVisibility()).map((e) => e.cloneNode(false).outerHTML + (e.childElementCount ? "" : e.textContent)).join("\n")`
	return eval[string](k, visible), picture
}

// differing counts the pixels that differ by more than the smoothing of letters does.
func differing(t *testing.T, a, b []byte) (n int) {
	t.Helper()
	one, err := png.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	two, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if one.Bounds() != two.Bounds() {
		t.Fatalf("pictures of %v and %v", one.Bounds(), two.Bounds())
	}
	apart := func(x, y uint32) bool { return max(x, y)-min(x, y) > 0x6000 }
	for y := range one.Bounds().Dy() {
		for x := range one.Bounds().Dx() {
			r, g, b, _ := one.At(x, y).RGBA()
			r2, g2, b2, _ := two.At(x, y).RGBA()
			if apart(r, r2) || apart(g, g2) || apart(b, b2) {
				n++
			}
		}
	}
	return n
}

// TestTheLoudspeakerNeverSaysALevel listens to what is loaded; only earphones hear a level.
func TestTheLoudspeakerNeverSaysALevel(t *testing.T) {
	browser := browse(t)
	voice := recorded(t)
	k := openKiosk(t, browser, func(k *kiosk) { k.voice, k.earphones = voice, true })
	k.show(device.Show{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 1})
	k.asked("attitude")
	for range 6 {
		k.do(chromedp.KeyEvent(kb.Tab))
	}
	k.hears("please.wav", "question-attitude.wav")
	k.do(chromedp.KeyEvent("h"), chromedp.KeyEvent(kb.Home))
	k.hears("please.wav", "question-attitude.wav", "level-5.wav")
	k.do(chromedp.KeyEvent(kb.ArrowRight))
	k.hears("please.wav", "question-attitude.wav", "level-5.wav", "level-4.wav")
}

// hears waits until those sentences, and no others, have been loaded.
func (k *kiosk) hears(want ...string) {
	k.t.Helper()
	for range 100 {
		if slices.Equal(k.heard(), want) {
			time.Sleep(300 * time.Millisecond)
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if got := k.heard(); !slices.Equal(got, want) {
		k.t.Errorf("heard %q, want %q", got, want)
	}
}

// heard are the recorded sentences loaded so far, each once.
func (k *kiosk) heard() (names []string) {
	k.wrong.mu.Lock()
	defer k.wrong.mu.Unlock()
	for _, url := range k.wrong.loaded {
		if name := filepath.Base(url); strings.Contains(url, "/voice/zh/") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// recorded is a folder of sentences, each a twentieth of a second of silence.
func recorded(t *testing.T) string {
	t.Helper()
	const rate, length = 8000, 400
	wav := binary.LittleEndian.AppendUint32([]byte("RIFF"), 36+length)
	wav = binary.LittleEndian.AppendUint32(append(wav, "WAVEfmt "...), 16)
	wav = append(wav, 1, 0, 1, 0)
	wav = binary.LittleEndian.AppendUint32(wav, rate)
	wav = binary.LittleEndian.AppendUint32(wav, rate)
	wav = append(wav, 1, 0, 8, 0)
	wav = binary.LittleEndian.AppendUint32(append(wav, "data"...), length)
	wav = append(wav, bytes.Repeat([]byte{128}, length)...)
	folder := t.TempDir()
	for key := range strings.FieldsSeq("please chosen why question-overall question-attitude level-5 level-4 level-3 level-2 level-1") {
		file(t, folder, "zh/"+key+".wav", string(wav))
	}
	return folder
}
