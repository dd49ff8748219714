package touch_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"

	"evalpad/device"
	"evalpad/device/touch"
)

// FuzzPress posts anything as a press. It is a press with a score of 1 to 5 for what is shown, or it is
// refused in words, and the agent hears of either.
func FuzzPress(f *testing.F) {
	for _, body := range []string{
		keystroke("token-0001", "attitude", 2), keystroke("token-0001", "efficiency", 2), keystroke("token", "attitude", 6), `{"token":"token-0001","dimension":"attitude"}`,
		"", "null", "[]", `{"token":7}`, `{"token":"token-0001","dimension":"attitude","score":1e99}`, `{"score":5}{"score":1}`, "\x00",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		synctest.Test(t, func(t *testing.T) {
			p := openPad(t, touch.Options{})
			p.show(ask("attitude"))
			answers := p.pressing(body)
			s := p.signal()
			if s.Kind == device.Press {
				if s.Score < 1 || s.Score > 5 || s.Dimension != "attitude" || s.Echo == "" {
					t.Fatalf("%q was taken as %+v", body, s)
				}
				p.show(device.Show{For: s.ID, Kind: device.Thanks})
			}
			got := <-answers
			if (s.Kind == device.Press) != (got.status == http.StatusOK) {
				t.Fatalf("%q: signal %+v, answer %d", body, s, got.status)
			}
			var words struct{ Error string }
			if err := json.Unmarshal([]byte(got.body), &words); got.status != http.StatusOK && (err != nil || words.Error == "" || s.Reason == "") {
				t.Fatalf("%q: refused with %d %q, signal %+v", body, got.status, got.body, s)
			}
		})
	})
}
