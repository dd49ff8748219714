package touch_test

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"evalpad/device/devicetest"
	"evalpad/device/touch"
)

func TestTouchKeepsTheContract(t *testing.T) {
	devicetest.Contract(t, func(t *testing.T) devicetest.Bench {
		page, err := touch.New(touch.Options{Listen: "127.0.0.1:0", Uptime: uptime})
		if err != nil {
			t.Fatal(err)
		}
		var thanks atomic.Int64
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		press := func() error {
			go func() {
				got, err := client.Post(page.URL()+"press", "application/json", strings.NewReader(keystroke(rand.Text(), "", 4)))
				if err != nil {
					return // the page has gone, as the contract lets it
				}
				defer got.Body.Close()
				if got.StatusCode == http.StatusOK {
					thanks.Add(1)
				}
			}()
			return nil
		}
		return devicetest.Bench{Driver: page, Press: press, Thanks: func() int { return int(thanks.Load()) }}
	})
}
