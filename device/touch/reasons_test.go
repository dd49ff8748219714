package touch_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/device"
	"evalpad/device/touch"
)

func why() device.Show {
	return device.Show{Kind: device.Why, Codes: reasons, Code: "7KQM-X3RD", Window: 20 * time.Second}
}

// told is the body that the page posts for reasons and for more time.
func told(token, question, codes, ui string) string {
	return fmt.Sprintf(`{"token":%q,"question":%q,"codes":%q,"ui":%q}`, token, question, codes, ui)
}

func TestReasonsAreSignalledAndThanked(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		p.show(why())
		time.Sleep(3 * time.Second)
		v := p.browse().next()
		if v.Kind != device.Why || v.Codes != reasons || v.Code != "7KQM-X3RD" || v.LeftMS != 17000 {
			t.Errorf("shown %+v, want the reasons, the code and 17 s", v)
		}
		body := told("token-0001", v.Question, "waiting rules", "large")
		answers := p.posting("/reasons", body)
		got := p.signal()
		want := device.Signal{
			ID: got.ID, Kind: device.Reasons, At: booted + 3*time.Second, UI: "large", Codes: "waiting rules", Echo: "token-0001",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("signal (-want +got):\n%s", diff)
		}
		again := p.posting("/reasons", body)
		p.wantNoSignal()
		p.show(device.Show{For: got.ID, Kind: device.Thanks, Code: "7KQM-X3RD"})
		for _, got := range []answer{<-answers, <-again} {
			if got.status != http.StatusOK {
				t.Errorf("answer %d %s, want 200", got.status, got.body)
			}
		}
	})
}

func TestReasonsAreRefused(t *testing.T) {
	tests := map[string]struct {
		codes, ui string
		late      bool
		status    int
		reason    string
	}{
		"four":       {"attitude waiting efficiency other", "normal", false, 422, touch.ReasonCodes},
		"twice":      {"attitude attitude", "normal", false, 422, touch.ReasonCodes},
		"not shown":  {"teller", "normal", false, 422, touch.ReasonCodes},
		"of another": {"attitude", "normal", true, 409, touch.ReasonLate},
		"ui":         {"attitude", "keys", false, 400, touch.ReasonUnread},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *pad) {
				b := p.browse()
				b.next()
				p.show(why())
				v := b.next()
				if tt.late { // the next customer is asked the same
					p.show(device.Show{Kind: device.Idle})
					p.show(why())
				}
				p.wantRefusal(p.post("/reasons", told("token-0001", v.Question, tt.codes, tt.ui)), tt.status, tt.reason)
			})
		})
	}
	inBubble(t, func(t *testing.T, p *pad) { // nobody is asked why
		v := p.browse().next()
		p.wantRefusal(p.post("/reasons", told("token-0001", v.Question, "", "")), 409, touch.ReasonLate)
	})
}

func TestRatherNotSayIsNoReason(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		p.show(why())
		answers := p.posting("/reasons", told("token-0001", p.browse().next().Question, "", ""))
		s := p.signal()
		if s.Kind != device.Reasons || s.Codes != "" || s.UI != "normal" {
			t.Errorf("signal %+v, want reasons without a code", s)
		}
		p.show(device.Show{For: s.ID, Kind: device.Thanks})
		<-answers
	})
}

// A reason that nobody can read must not be chosen; the others can.
func TestReasonWithoutWordsIsLeftOut(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		p.show(device.Show{Kind: device.Why, Codes: "attitude tellers-tie waiting"})
		if got := p.browse().next(); got.Codes != "attitude waiting" {
			t.Errorf("shown %+v, want attitude and waiting", got)
		}
	})
}

// The question stays the same question: a press on its way, or its token, is not forgotten.
func TestMoreTimeKeepsTheQuestion(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		b.next()
		show := ask("attitude")
		show.Window = 30 * time.Second
		p.show(show)
		before := b.next()
		time.Sleep(20*time.Second + touch.Beat/2)
		for len(b.views) > 0 {
			<-b.views
		}
		answers := p.posting("/more", told("token-0001", before.Question, "", "voice"))
		s := p.signal()
		if s.Kind != device.More || s.UI != "voice" {
			t.Errorf("signal %+v, want more", s)
		}
		show.For = s.ID
		p.show(show)
		if got := <-answers; got.status != http.StatusOK {
			t.Errorf("answer %d %s, want 200", got.status, got.body)
		}
		if after := b.next(); after.Question != before.Question || after.LeftMS != 30000 {
			t.Errorf("shown %+v after %+v, want the same question and 30 s", after, before)
		}
		p.wantRefusal(p.post("/more", told("token-0002", "elsewhere", "", "")), 409, touch.ReasonLate)
	})
}

// What the counter does not take is said at once: a customer who wants more time in vain is not kept
// waiting for it, and the question stays.
func TestDeniedIsSaidAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		b.next()
		show := ask("attitude")
		show.Window = 30 * time.Second
		p.show(show)
		before := b.next()
		time.Sleep(25*time.Second + touch.Beat/2)
		for len(b.views) > 0 {
			<-b.views
		}
		asked := time.Now()
		answers := p.posting("/more", told("token-0001", before.Question, "", "switch"))
		show.For, show.Denied, show.Window = p.signal().ID, true, 4*time.Second
		p.show(show)
		if got := <-answers; got.status != http.StatusConflict || time.Since(asked) > 0 {
			t.Errorf("answer %d %s after %s, want 409 at once", got.status, got.body, time.Since(asked))
		}
		if after := b.next(); after.Question != before.Question {
			t.Errorf("shown %+v after %+v, want the same question", after, before)
		}
	})
}

func TestThanksCarryTheCode(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		p.show(device.Show{Kind: device.Thanks, Code: "7KQM-X3RD"})
		if got := p.browse().next(); got.Code != "7KQM-X3RD" || strings.TrimSpace(got.Codes) != "" {
			t.Errorf("shown %+v, want the code", got)
		}
		synctest.Wait()
	})
}
