package touch_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"evalpad/device"
	"evalpad/device/touch"
)

// shows compares what is shown, not its names.
var shows = cmpopts.IgnoreFields(view{}, "Question", "LeftMS", "Build")

func TestBrowserIsToldWhatIsShown(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		want := []view{
			{Kind: device.Idle},
			{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 3},
			{Kind: device.Ask, Dimension: "efficiency", Step: 2, Steps: 3},
			{Kind: device.Ask, Dimension: "compliance", Step: 3, Steps: 3},
			{Kind: device.Thanks},
			{Kind: device.Idle},
			{Kind: device.Ask, Dimension: "overall", Step: 1, Steps: 1},
			{Kind: device.Ask}, // whichever is asked
			{Kind: device.Fault},
		}
		names := map[string]bool{}
		for i, w := range want {
			if i > 0 {
				p.show(device.Show{Kind: w.Kind, Dimension: w.Dimension, Step: w.Step, Steps: w.Steps, Window: 30 * time.Second})
			}
			got := b.next()
			if diff := cmp.Diff(w, got, shows); diff != "" {
				t.Errorf("view %d (-want +got):\n%s", i, diff)
			}
			names[got.Question] = true
		}
		if len(names) != len(want) {
			t.Errorf("%d names for %d views: every one has its own", len(names), len(want))
		}
	})
}

func TestEveryBrowserSeesTheSame(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		first, second := p.browse(), p.browse()
		if a, b := first.next(), second.next(); a != b {
			t.Errorf("at first %+v and %+v", a, b)
		}
		p.show(ask("attitude"))
		late := p.browse()
		a, b, c := first.next(), second.next(), late.next()
		if a != b || a != c || a.Dimension != "attitude" {
			t.Errorf("then %+v, %+v and %+v, want attitude three times", a, b, c)
		}
	})
}

func TestSameShowAgainIsTheSameQuestion(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		b.next()
		p.show(ask("attitude"))
		b.next()
		p.show(ask("attitude"))
		select {
		case v := <-b.views:
			t.Errorf("streamed %+v, want nothing: a customer's press on its way would be forgotten", v)
		default:
		}
	})
}

func TestAnsweredPressMakesANewQuestion(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		before := b.next()
		answers := p.pressing(keystroke("token-0001", "", 5))
		p.show(device.Show{For: p.signal().ID, Kind: device.Idle})
		<-answers
		if after := b.next(); after.Question == before.Question || after.Kind != device.Idle {
			t.Errorf("view %+v after %+v, want idle under a new name", after, before)
		}
	})
}

// A browser that hears "stored" must find the next question there when it looks.
func TestScreenTurnsBeforeThePressIsAnswered(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		p.show(ask("attitude"))
		answers := p.pressing(keystroke("token-0001", "attitude", 2))
		p.out <- device.Show{For: p.signal().ID, Kind: device.Ask, Dimension: "efficiency", Step: 2, Steps: 3}
		<-answers
		if got := p.browse().next(); got.Dimension != "efficiency" {
			t.Errorf("shown %+v, want efficiency", got)
		}
	})
}

func TestDimensionWithoutWordsIsAFault(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		b.next()
		p.show(ask("tellers-tie"))
		if got := b.next(); got.Kind != device.Fault {
			t.Errorf("shown %+v, want a fault", got)
		}
	})
}

func TestUnknownShowIsIgnored(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		p.show(ask("attitude"))
		p.show(device.Show{Kind: "fireworks"})
		if got := p.browse().next(); got.Dimension != "attitude" {
			t.Errorf("shown %+v, want attitude still", got)
		}
	})
}

func TestStreamRepeatsItselfEveryBeat(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		first := b.next()
		for range 3 {
			time.Sleep(touch.Beat - time.Nanosecond)
			synctest.Wait()
			if len(b.views) != 0 {
				t.Fatal("streamed before the beat")
			}
			time.Sleep(time.Nanosecond)
			if got := b.next(); got != first {
				t.Errorf("beat %+v, want %+v", got, first)
			}
		}
	})
}

func TestStreamOutlivesEveryTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		b := p.browse()
		first := b.next()
		for range int(time.Hour / touch.Beat) {
			time.Sleep(touch.Beat)
			if got := b.next(); got != first {
				t.Fatalf("beat %+v, want %+v", got, first)
			}
		}
		p.show(ask("attitude"))
		if got := b.next(); got.Dimension != "attitude" {
			t.Errorf("shown %+v an hour later, want attitude", got)
		}
	})
}

func TestStreamsAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		var last *browser
		for range touch.MaxViewers {
			last = p.browse()
		}
		if got := p.get("/state"); got.status != http.StatusServiceUnavailable {
			t.Errorf("one stream too many: %d, want 503", got.status)
		}
		last.body.Close()
		synctest.Wait()
		p.browse().next()
	})
}

// A browser that stands still is given up, so that it holds none of the few streams.
func TestStalledBrowserIsGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pad) {
		var stalled []*http.Response
		for range touch.MaxViewers {
			got, err := p.client.Get("http://127.0.0.1:8090/state")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { got.Body.Close() })
			stalled = append(stalled, got)
		}
		_ = stalled // nobody reads them
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if got := p.browse().next(); got.Kind != device.Idle {
			t.Errorf("shown %+v, want idle", got)
		}
	})
}
