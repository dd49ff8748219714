package app_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/agent"
	"evalpad/agent/evaluation"
	"evalpad/cmd/inspector/internal/app"
	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/device"
	"evalpad/sync/link"
	"evalpad/sync/linktest"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// bank is a whole bank in a bubble: the real agent at a counter, a broker over net.Pipe, and the
// real inspector on an outside broker, each of which can be taken down and brought back.
type bank struct {
	t      *testing.T
	broker *linktest.Broker
	began  time.Time
	hqDir  string
	boxDir string
	keys   keys

	app   *app.App
	book  *ledger.Ledger
	endHQ func()
}

// keys is a pad whose presses come from the test.
type keys struct {
	press chan device.Signal
	shown chan device.Show
}

func (k keys) String() string { return "keys of the story" }

func (k keys) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-k.press:
			select {
			case in <- s:
			case <-ctx.Done():
				return nil
			}
		case s := <-out:
			if s.For != "" {
				k.shown <- s
			}
		}
	}
}

// story runs a bank. The box's clock is unset and its wall clock says 1970, as after any power cut
// without a battery: everything that headquarters reckons comes from uptimes.
func story(t *testing.T, play func(b *bank)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bank{
			t: t, broker: linktest.NewBroker(t), began: time.Now(), hqDir: t.TempDir(), boxDir: t.TempDir(),
			keys: keys{make(chan device.Signal), make(chan device.Show, 16)},
		}
		b.openHQ()
		defer func() { b.endHQ() }()
		defer b.openBox()()
		after(10 * time.Second)
		play(b)
	})
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (b *bank) openHQ() {
	b.t.Helper()
	b.app, b.endHQ = begin(b.t, app.Options{
		DataDir: b.hqDir, NoSocket: true, DialBroker: b.broker.Dial, Broker: app.Broker{URL: "mqtt://mqtt.bank.example"},
	})
	b.book = b.app.Ledger()
}

func (b *bank) openBox() (end func()) {
	b.t.Helper()
	a, err := agent.New(agent.Options{
		Place: wire.Place{Region: "r11", Branch: "b0731", Device: "pad-1"}, DataDir: b.boxDir, NoSocket: true,
		Counters: []agent.Counter{{
			Counter: "c03", Business: "credit", Rules: evaluation.Rules{Ask: []wire.Dimension{wire.Overall}}, Pads: []device.Driver{b.keys},
		}},
		Outbox: outbox.Options{Max: 4 << 20}, Topics: "evalpad/v1",
		Link: link.Options{Broker: "mqtt://mqtt.bank.example", Dial: func(ctx context.Context) (net.Conn, error) { return b.broker.Dial(ctx) }},
		Now: func() evaluation.Moment {
			return evaluation.Moment{Boot: "boot-1", Uptime: b.uptime(), Wall: time.Unix(0, 0).Add(b.uptime()), Clock: wire.ClockUnset}
		},
		Version: "story", Log: slog.New(slog.NewTextHandler(b.t.Output(), nil)),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := a.Run(ctx); err != nil {
			b.t.Error(err)
		}
	})
	return func() { cancel(); running.Wait() }
}

func (b *bank) uptime() time.Duration { return time.Since(b.began) + 40*time.Minute }

// press is a customer's key, and returns when the pad has been thanked.
func (b *bank) press(id string, score int) time.Time {
	b.t.Helper()
	at := time.Now()
	b.keys.press <- device.Signal{ID: id, Kind: device.Press, Score: score, At: b.uptime(), UI: "keys"}
	if s := <-b.keys.shown; s.Kind != device.Thanks {
		b.t.Fatalf("press %s: shown %s, want %s", id, s.Kind, device.Thanks)
	}
	return at
}

func (b *bank) cases() []casebook.Case {
	b.t.Helper()
	cases, err := b.book.Cases(b.t.Context(), ledger.Filter{All: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return cases
}

// wantLate is a case of a press three hours ago: overdue by the customer's deadline, which counts
// from the press, and not by the desk's, which counts from arrival.
func (b *bank) wantLate(pressed time.Time) {
	b.t.Helper()
	cases := b.cases()
	if len(cases) != 1 {
		b.t.Fatalf("cases: got %d, want 1", len(cases))
	}
	c := cases[0]
	if off := c.RatedAt.Sub(pressed).Abs(); off > time.Duration(c.RatedAtErrorMS)*time.Millisecond || c.RatedAtErrorMS > 10_000 {
		b.t.Errorf("rated_at is off by %s, stated error %d ms (want at most 10 s)", off, c.RatedAtErrorMS)
	}
	if !c.Late || c.TimeUncertain || c.LagMS < (3*time.Hour-time.Minute).Milliseconds() {
		b.t.Errorf("late %t, time_uncertain %t, lag %d ms: want true, false, 3 h", c.Late, c.TimeUncertain, c.LagMS)
	}
	if got := c.InvestigateBy.Sub(c.RatedAt.Time); got != 2*time.Hour {
		b.t.Errorf("investigate_by is rated_at + %s, want exactly 2 h", got)
	}
	if got := c.DeskInvestigateBy.Sub(c.ReceivedAt.Time); got != 2*time.Hour {
		b.t.Errorf("desk_investigate_by is received_at + %s, want exactly 2 h", got)
	}
	if c.InvestigateBreachedAt == nil || c.DeskInvestigateBreachedAt != nil {
		b.t.Errorf("breached: customer's %v, desk's %v: want the first only", c.InvestigateBreachedAt, c.DeskInvestigateBreachedAt)
	}
}

// wantAlertFirst looks at the wire as it was after headquarters came back.
func (b *bank) wantAlertFirst() {
	b.t.Helper()
	for _, m := range b.broker.Seen("evalpad/v1/r11/b0731/pad-1/#") {
		_, kind, err := wire.Topics("evalpad/v1").Parse(m.Topic)
		if err != nil || !kind.IsRecord() {
			continue
		}
		if kind != wire.KindAlert {
			b.t.Errorf("first record on the wire: %s, want the alert", kind)
		}
		return
	}
	b.t.Error("no record on the wire")
}

// pressThroughTheOutage has satisfied customers before and after the dissatisfied one.
func (b *bank) pressThroughTheOutage() (pressed time.Time) {
	for i := range 5 {
		b.press("before-"+string(rune('a'+i)), 5)
		after(5 * time.Second)
	}
	pressed = b.press("bad", 1)
	for i := range 5 {
		after(5 * time.Second)
		b.press("after-"+string(rune('a'+i)), 4)
	}
	return pressed
}

// TestThreeHoursWithoutHeadquarters takes broker and inspector down together.
func TestThreeHoursWithoutHeadquarters(t *testing.T) {
	story(t, func(b *bank) {
		b.endHQ()
		b.broker.Stop()
		after(time.Minute)
		pressed := b.pressThroughTheOutage()
		after(3 * time.Hour)
		b.broker.Forget()
		b.broker.Restart()
		b.openHQ()
		after(3 * time.Minute)
		b.wantLate(pressed)
		b.wantAlertFirst()
	})
}

// TestThreeHoursWithoutTheInspector leaves the broker up: it acknowledges everything to the box, and
// that must mean nothing.
func TestThreeHoursWithoutTheInspector(t *testing.T) {
	story(t, func(b *bank) {
		b.endHQ()
		after(time.Minute)
		pressed := b.pressThroughTheOutage()
		after(3 * time.Hour)
		b.broker.Forget()
		b.openHQ()
		after(3 * time.Minute)
		b.wantLate(pressed)
		b.wantAlertFirst()
	})
}

// TestTwoHours: 1 h 59 min 59 s nothing, one second more a breach, once; and a restart of the
// inspector at any point changes nothing.
func TestTwoHours(t *testing.T) {
	for name, restarts := range map[string][]time.Duration{
		"no restart":         {},
		"early":              {time.Minute},
		"in the last minute": {119 * time.Minute},
		"again and again":    {time.Second, 30 * time.Minute, time.Hour, 118 * time.Minute},
		"two seconds before": {2*time.Hour - 2*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(b *bank) {
				b.press("bad", 2)
				after(5 * time.Second)
				due := b.cases()[0].InvestigateBy
				for _, at := range restarts {
					after(time.Until(due.Add(-2 * time.Hour).Add(at)))
					b.endHQ()
					b.openHQ()
				}
				after(time.Until(due.Add(-time.Second)))
				if c := b.cases()[0]; c.InvestigateBreachedAt != nil {
					t.Errorf("breached a second early: %v", c.InvestigateBreachedAt)
				}
				after(2 * time.Second)
				c := b.cases()[0]
				if c.InvestigateBreachedAt == nil || !c.InvestigateBy.Equal(due.Time) {
					t.Errorf("breached %v, deadline %v: want a breach at %v", c.InvestigateBreachedAt, c.InvestigateBy, due)
				}
				after(time.Hour)
				b.wantBreaches(1)
			})
		})
	}
}

// wantBreaches counts the customer's investigation deadline in the history.
func (b *bank) wantBreaches(n int) {
	b.t.Helper()
	got := 0
	for _, e := range b.cases()[0].History {
		if e.What == casebook.Breached && e.Deadline == casebook.DeadlineInvestigate {
			got++
		}
	}
	if got != n {
		b.t.Errorf("breaches in the history: got %d, want %d", got, n)
	}
}
