package touch_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/device"
	"evalpad/device/touch"
)

func TestPressIsSignalledAsThePageShowedIt(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		p.show(ask("attitude"))
		time.Sleep(90 * time.Second) // the bubble's clock: the stamp below must be that of the request
		p.pressing(keystroke("token-0001", "attitude", 2))
		got := p.signal()
		want := device.Signal{
			ID: got.ID, Kind: device.Press, At: booted + 90*time.Second, Score: 2,
			Dimension: "attitude", UI: "normal", Echo: "token-0001",
		}
		if diff := cmp.Diff(want, got); diff != "" || got.ID == "" {
			t.Errorf("signal (-want +got):\n%s", diff)
		}
		p.show(device.Show{For: got.ID, Kind: device.Thanks})
	})
}

func TestPressWithoutAPromptIsTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		answers := p.pressing(keystroke("token-0001", "", 5))
		s := p.signal()
		if s.Kind != device.Press || s.Dimension != "" || s.Score != 5 {
			t.Errorf("signal %+v, want a press of 5 for no dimension", s)
		}
		p.show(device.Show{For: s.ID, Kind: device.Thanks})
		if got := <-answers; got.status != http.StatusOK {
			t.Errorf("answer %d %s, want 200", got.status, got.body)
		}
	})
}

func TestPressIsThankedOnlyOnTheShowThatNamesIt(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		answers := p.pressing(keystroke("token-0001", "", 1))
		s := p.signal()
		for _, other := range []device.Show{{Kind: device.Thanks}, {For: "another", Kind: device.Thanks}, ask("efficiency")} {
			p.show(other)
			select {
			case got := <-answers:
				t.Fatalf("answered %d after %+v, want no answer before a show for %s", got.status, other, s.ID)
			default:
			}
		}
		p.show(device.Show{For: s.ID, Kind: device.Thanks})
		if got := <-answers; got.status != http.StatusOK || got.body != `{"stored":true}`+"\n" {
			t.Errorf("answer %d %s, want 200 stored", got.status, got.body)
		}
	})
}

func TestPressThatCouldNotBeStoredIsNotThanked(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		answers := p.pressing(keystroke("token-0001", "", 1))
		p.show(device.Show{For: p.signal().ID, Kind: device.Fault})
		if got := <-answers; got.status != http.StatusServiceUnavailable {
			t.Errorf("answer %d %s, want 503", got.status, got.body)
		}
	})
}

func TestPressThatNobodyAnswersTimesOut(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		begin := time.Now()
		answers := p.pressing(keystroke("token-0001", "", 1))
		s := p.signal()
		got := <-answers
		if took := time.Since(begin); got.status != http.StatusGatewayTimeout || took != touch.Patience {
			t.Errorf("answer %d after %v, want 504 after %v", got.status, took, touch.Patience)
		}
		// The token still stands for that press: sent again it is not another, and late is not lost.
		answers = p.pressing(keystroke("token-0001", "", 1))
		p.wantNoSignal()
		p.show(device.Show{For: s.ID, Kind: device.Thanks})
		if got := <-answers; got.status != http.StatusOK {
			t.Errorf("answer to the same token %d %s, want 200", got.status, got.body)
		}
	})
}

func TestSameTokenIsOnePress(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		body := keystroke("token-0001", "", 4)
		first := p.pressing(body)
		s := p.signal()
		second := p.pressing(body)
		p.wantNoSignal()
		p.show(device.Show{For: s.ID, Kind: device.Thanks})
		// A third comes after the answer, when the page asks nothing any more.
		for i, got := range []answer{<-first, <-second, p.press(body)} {
			if got.status != http.StatusOK {
				t.Errorf("answer %d: %d %s, want 200", i, got.status, got.body)
			}
		}
		p.wantNoSignal()
	})
}

func TestSameTokenAtOnceIsOnePress(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		var answers []<-chan answer
		for range 10 {
			answers = append(answers, p.pressing(keystroke("token-0001", "", 4)))
		}
		s := p.signal()
		p.wantNoSignal()
		p.show(device.Show{For: s.ID, Kind: device.Idle})
		for _, a := range answers {
			if got := <-a; got.status != http.StatusOK {
				t.Errorf("answer %d %s, want 200", got.status, got.body)
			}
		}
	})
}

// The same from many connections, each while the one before is still signalling. Outside a bubble:
// the time that a signal takes must pass while the others wait for a lock.
func TestSameTokenWhileSignallingIsOnePress(t *testing.T) {
	if got := touch.SignalsOfOneToken(10, func() { time.Sleep(5 * time.Millisecond) }); got != 1 {
		t.Errorf("%d signals of one token, want 1", got)
	}
}

func TestAnotherKeyUnderTheSameTokenIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		first := p.pressing(keystroke("token-0001", "", 1))
		s := p.signal()
		p.wantRefusal(p.press(keystroke("token-0001", "", 5)), http.StatusConflict, device.ReasonTwoKeys)
		p.show(device.Show{For: s.ID, Kind: device.Thanks})
		if got := <-first; got.status != http.StatusOK {
			t.Errorf("answer to the first key %d, want 200", got.status)
		}
	})
}

// wantRefusal checks the browser's answer and the signal for the count.
func (p *pad) wantRefusal(got answer, status int, reason string) {
	p.t.Helper()
	if got.status != status || !strings.HasPrefix(got.body, `{"error":"`) {
		p.t.Errorf("answer %d %s, want %d and an error", got.status, got.body, status)
	}
	s := p.signal()
	if s.Kind != device.Refused || s.Reason != reason || s.ID == "" || s.Detail == "" || s.At < booted || s.Score != 0 {
		p.t.Errorf("signal %+v, want refused for %s", s, reason)
	}
}

func TestPressIsRefused(t *testing.T) {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	none := func(*http.Request) {}
	good := keystroke("token-0001", "attitude", 3)
	tests := map[string]struct {
		body   string
		odd    func(*http.Request)
		status int
		reason string
	}{
		"score 0":             {keystroke("token-0001", "attitude", 0), none, 422, touch.ReasonScore},
		"score 6":             {keystroke("token-0001", "attitude", 6), none, 422, touch.ReasonScore},
		"score -1":            {keystroke("token-0001", "attitude", -1), none, 422, touch.ReasonScore},
		"no score":            {`{"token":"token-0001","dimension":"attitude"}`, none, 422, touch.ReasonScore},
		"half a score":        {`{"token":"token-0001","dimension":"attitude","score":2.5}`, none, 400, touch.ReasonUnread},
		"score as text":       {`{"token":"token-0001","dimension":"attitude","score":"2"}`, none, 400, touch.ReasonUnread},
		"other dimension":     {keystroke("token-0001", "efficiency", 3), none, 409, touch.ReasonDimension},
		"unknown dimension":   {keystroke("token-0001", "tellers-tie", 3), none, 409, touch.ReasonDimension},
		"idle key when asked": {keystroke("token-0001", "", 3), none, 409, touch.ReasonDimension},
		"no token":            {`{"dimension":"attitude","score":3}`, none, 400, touch.ReasonUnread},
		"short token":         {keystroke("token-1", "attitude", 3), none, 400, touch.ReasonUnread},
		"long token":          {keystroke(strings.Repeat("t", 65), "attitude", 3), none, 400, touch.ReasonUnread},
		"odd token":           {keystroke("token 0001", "attitude", 3), none, 400, touch.ReasonUnread},
		"not JSON":            {"score=3", none, 400, touch.ReasonUnread},
		"two values":          {good + good, none, 400, touch.ReasonUnread},
		"empty":               {"", none, 400, touch.ReasonUnread},
		"oversize":            {good + strings.Repeat(" ", touch.MaxBody), none, 413, touch.ReasonUnread},
		"form type":           {good, header("Content-Type", "application/x-www-form-urlencoded"), 415, touch.ReasonUnread},
		"text type":           {good, header("Content-Type", "text/plain"), 415, touch.ReasonUnread},
		"no type":             {good, header("Content-Type", ""), 415, touch.ReasonUnread},
		"cross-site":          {good, header("Sec-Fetch-Site", "cross-site"), 403, touch.ReasonOrigin},
		"same-site":           {good, header("Sec-Fetch-Site", "same-site"), 403, touch.ReasonOrigin},
		"other origin":        {good, header("Origin", "http://evil.example"), 403, touch.ReasonOrigin},
		"other port":          {good, header("Origin", "http://127.0.0.1:9999"), 403, touch.ReasonOrigin},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *pad) {
				p.show(ask("attitude"))
				p.wantRefusal(p.press(tt.body, tt.odd), tt.status, tt.reason)
				p.wantNoSignal()
			})
		})
	}
}

// A browser that never ends its press holds its place for a few seconds, not for ever.
func TestPressThatNeverEndsIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		begin := time.Now()
		body, end := io.Pipe()
		defer end.Close()
		got := p.press("", func(r *http.Request) { r.Body, r.ContentLength = body, 100 })
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("refused after %v, want within seconds", took)
		}
		p.wantRefusal(got, http.StatusBadRequest, touch.ReasonUnread)
	})
}

func TestPressFromThePageItselfIsTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		answers := make(chan answer, 1)
		go func() {
			answers <- p.press(keystroke("token-0001", "", 3), func(r *http.Request) {
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				r.Header.Set("Origin", "http://127.0.0.1:8090")
				r.Header.Set("Content-Type", "application/json; charset=utf-8")
			})
		}()
		p.show(device.Show{For: p.signal().ID, Kind: device.Thanks})
		if got := <-answers; got.status != http.StatusOK {
			t.Errorf("answer %d %s, want 200", got.status, got.body)
		}
	})
}

func TestPressIntoAFaultIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		p.show(device.Show{Kind: device.Fault})
		p.wantRefusal(p.press(keystroke("token-0001", "", 5)), http.StatusConflict, touch.ReasonFault)
	})
}

// A browser one turn behind still shows the idle page's keys.
func TestPressIntoAThankYouIsLeftToTheAgent(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		p.show(device.Show{Kind: device.Thanks})
		answers := p.pressing(keystroke("token-0001", "", 1))
		p.show(device.Show{For: p.signal().ID, Kind: device.Thanks})
		if got := <-answers; got.status != http.StatusOK {
			t.Errorf("answer %d %s, want 200", got.status, got.body)
		}
		p.wantRefusal(p.press(keystroke("token-0002", "attitude", 1)), http.StatusConflict, touch.ReasonDimension)
	})
}

func TestGetOfPressIsNoPress(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		got := p.get("/press")
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != http.MethodPost {
			t.Errorf("GET /press: %d, Allow %q, want 405 and POST", got.status, got.header.Get("Allow"))
		}
		p.wantNoSignal()
	})
}

func TestTooManyPressesAtOnceAreRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		var ids []string
		for i := range touch.MaxPresses {
			p.pressing(keystroke(fmt.Sprintf("token-%04d", i), "", 5))
			ids = append(ids, p.signal().ID)
		}
		p.wantRefusal(p.press(keystroke("token-last", "", 5)), http.StatusServiceUnavailable, touch.ReasonCrowd)
		for _, id := range ids {
			p.show(device.Show{For: id, Kind: device.Idle})
		}
		answers := p.pressing(keystroke("token-last", "", 5)) // there is room again
		p.show(device.Show{For: p.signal().ID, Kind: device.Idle})
		if got := <-answers; got.status != http.StatusOK {
			t.Errorf("answer after the crowd %d %s, want 200", got.status, got.body)
		}
	})
}

// An agent that takes nothing must cost neither memory nor an answer.
func TestPressesWhileTheAgentIsDeaf(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		for i := range 100 {
			got := p.press(keystroke(fmt.Sprintf("token-%04d", i), "", 9))
			if got.status != http.StatusUnprocessableEntity {
				t.Fatalf("press %d: %d, want 422", i, got.status)
			}
		}
		if got := p.press(keystroke("token-good", "", 5)); got.status != http.StatusServiceUnavailable {
			t.Errorf("press into a full queue: %d, want 503", got.status)
		}
		heard := 0
		for range 200 {
			synctest.Wait()
			select {
			case s := <-p.in:
				if heard++; s.Kind != device.Refused {
					t.Errorf("signal %+v, want refused", s)
				}
			default:
			}
		}
		if heard == 0 || heard >= 100 {
			t.Errorf("%d signals waited for the agent, want some and a bound", heard)
		}
	})
}

func TestTokensAreForgottenInTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		body := func(i int) string { return keystroke(fmt.Sprintf("token-%04d", i), "", 5) }
		for i := range touch.MaxPromises + 1 {
			answers := p.pressing(body(i))
			p.show(device.Show{For: p.signal().ID, Kind: device.Idle})
			<-answers
		}
		if got := p.press(body(1)); got.status != http.StatusOK { // the oldest that is remembered
			t.Errorf("resend of a remembered token: %d, want 200", got.status)
		}
		p.wantNoSignal()
		answers := p.pressing(body(0)) // forgotten, so it is a press again
		p.show(device.Show{For: p.signal().ID, Kind: device.Idle})
		<-answers
	})
}

func TestSignalIDsNeverRepeat(t *testing.T) {
	seen := map[string]bool{}
	for range 2 { // as after a restart
		inBubble(t, func(t *testing.T, p *pad) {
			for i := range 5 {
				p.press(keystroke(fmt.Sprintf("token-%04d", i), "", 9))
				id := p.signal().ID
				if seen[id] {
					t.Errorf("id %s given twice", id)
				}
				seen[id] = true
			}
		})
	}
}
