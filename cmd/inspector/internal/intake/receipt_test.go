package intake_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/intake"
	"evalpad/sync/wire"
)

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// next returns the next receipt and when it came, in time since start.
func next(p *pad, start time.Time) (wire.Receipt, time.Duration) {
	p.t.Helper()
	r := p.receipt()
	return r, time.Since(start)
}

const lingering = 5 * time.Millisecond

func TestPaceOfReceipts(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		time.Sleep(3 * time.Second)
		start := time.Now()
		send := func(score wire.Score) {
			alert, evaluation := p.press(fmt.Sprint("ev-", p.seq), score)
			if alert != nil {
				p.send(wire.KindAlert, alert)
			}
			p.send(wire.KindEvaluation, evaluation)
		}
		check := func(what string, wantThrough uint64, wantAt time.Duration) {
			t.Helper()
			r, at := next(p, start)
			if r.Through != wantThrough || at != wantAt {
				t.Errorf("%s: got through %d at %v, want %d at %v", what, r.Through, at, wantThrough, wantAt)
			}
		}
		send(5)
		check("the last is long ago: at once", 1, lingering)
		time.Sleep(100 * time.Millisecond)
		send(5)
		check("otherwise: at the end of the second", 2, time.Second+lingering)
		send(1)
		check("an alert: at once", 4, time.Second+2*lingering)
		for range 63 {
			send(4)
		}
		time.Sleep(100 * time.Millisecond)
		send(4)
		check("64 new ones: at once", 68, time.Second+3*lingering+100*time.Millisecond)
		p.hush(5 * time.Second)
	})
}

func TestEveryBirthIsAnsweredForEachEpoch(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		_, line := p.press("ev-1", 5)
		p.send(wire.KindEvaluation, line)
		old, head := p.epoch, p.head
		p.epoch, p.seq, p.head = "00000000000000aa", 0, wire.Hash{}
		p.session = 2
		st := p.status(wire.Ready)
		st.Epochs = append([]wire.EpochState{{Epoch: old, Head: 1, Hash: head}}, st.Epochs...)
		settle()
		p.receipt()
		p.say(wire.KindStatus, "evalpad/v1/status\x00", st, 1, true)
		one, two := p.receipt(), p.receipt()
		through(t, one, 1, head)
		through(t, two, 0, wire.Hash{})
		if one.Epoch != old || two.Epoch != p.epoch || one.Session != 2 || two.Session != 2 {
			t.Errorf("receipts: got epochs %s %s sessions %d %d", one.Epoch, two.Epoch, one.Session, two.Session)
		}
		now := wire.At(time.Now())
		if one.Sent != now {
			t.Errorf("sent: got %v, want %v", one.Sent, now)
		}
	})
}

// TestReceiptNamesWhatLiesBeyondAGap leaves record 2 out.
func TestReceiptNamesWhatLiesBeyondAGap(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		p := newPad(t, d.broker, "pad-1")
		p.born()
		p.send(wire.KindEvent, p.opened())
		first := p.head
		p.press("ev-lost", 5)
		_, third := p.press("ev-3", 5)
		p.send(wire.KindEvaluation, third)
		settle()
		r := p.receipt()
		through(t, r, 1, first)
		equal(t, "also", r.Also, []wire.Span{{From: 3, To: 3, Head: p.head}})
	})
}

func TestWindowsStayWithinTheBudget(t *testing.T) {
	story(t, func(t *testing.T, d *desk) {
		d.stop()
		d.start(func(o *intake.Options) { o.QueueBudget = 500 })
		granted := map[string]int{}
		var pads []*pad
		sum := func() (n int) {
			for _, w := range granted {
				n += w
			}
			return n
		}
		for i := range 10 {
			p := newPad(t, d.broker, fmt.Sprint("pad-", i))
			pads = append(pads, p)
			granted[p.place.Device] = p.born().Window
			if n := sum(); n > 500+4*i {
				t.Fatalf("windows after %d births: got %v = %d, want 500 and the floors", i+1, granted, n)
			}
		}
		if granted["pad-0"] != 256 {
			t.Errorf("window of the only box: got %d, want 256", granted["pad-0"])
		}
		for range 2 {
			for _, p := range pads {
				granted[p.place.Device] = p.born().Window
			}
		}
		for name, w := range granted {
			if w != 50 {
				t.Errorf("window of %s among ten, after two rounds: got %d, want 50", name, w)
			}
		}
		for _, p := range pads[1:] {
			p.say(wire.KindStatus, "evalpad/v1/status\x00", p.status(wire.Disconnected), 1, true)
		}
		settle()
		if w := pads[0].born().Window; w != 256 {
			t.Errorf("window when the others have left: got %d, want 256", w)
		}
	})
}
