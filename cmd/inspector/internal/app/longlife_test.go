package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/agent"
	"evalpad/agent/evaluation"
	"evalpad/cmd/inspector/internal/app"
	"evalpad/device"
	"evalpad/sync/linktest"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
	"evalpad/test/trial"
)

// A long life: this many counters, a customer at each so often, a line cut after so many of them, and
// one in so many dissatisfied. A session lives for a minute, as it must for the box to trust the line
// again and come back within a second.
const (
	lifeCounters     = 256
	lifePause        = 160 * time.Second
	lifeCutEvery     = 100
	lifeDissatisfied = 200
)

// TestLongLife has a box live through years of customers and lost lines. What it takes of memory,
// goroutines, descriptors and disk must be the same at the end as after its youth, and everything
// that it thanked for is in the ledger once.
func TestLongLife(t *testing.T) {
	n := trial.Times(20_000, 1_000_000)
	synctest.Test(t, func(t *testing.T) {
		l := newLife(t, n)
		defer l.stop()
		young := l.until(n / 4)
		old := l.until(n)
		l.awaitReceipts()
		lost, twice := l.account()
		t.Logf("after a quarter: %s", young)
		t.Logf("at the end:      %s", old)
		wantFlat(t, young, old)
		if sessions := l.agent.Status().Headquarters.Session; sessions < uint64(l.cuts) {
			t.Errorf("%d sessions after %d cuts: want one for each", sessions, l.cuts)
		}
		trial.Report(t, trial.Trial{
			Fault: fmt.Sprintf("a long life: the line cut every %d evaluations", lifeCutEvery), Injected: "whole system in a bubble",
			Tried: int(l.cuts), Lost: lost, Duplicated: twice, Planted: "a-goroutine-a-session",
		})
	})
}

// life is a bank with one box of many counters.
type life struct {
	t       *testing.T
	broker  *linktest.Broker
	file    string // the outbox
	hqDir   string
	agent   *agent.Agent
	began   time.Time
	pressed atomic.Int64
	target  atomic.Int64 // the customers stand still when so many have pressed
	cuts    int64
	stop    func()
}

func newLife(t *testing.T, n int) *life {
	l := &life{t: t, broker: linktest.NewBroker(t), hqDir: t.TempDir(), began: time.Now()}
	box := t.TempDir()
	l.file = filepath.Join(box, agent.OutboxFile)
	hq, err := app.New(app.Options{DataDir: l.hqDir, NoSocket: true, DialBroker: l.broker.Dial, Broker: app.Broker{URL: "mqtt://mqtt.bank.example"}})
	if err != nil {
		t.Fatal(err)
	}
	o := agent.Options{
		Place: wire.Place{Region: "r11", Branch: "b0731", Device: "pad-1"}, DataDir: box, NoSocket: true, Topics: "evalpad/v1",
		Outbox: outbox.Options{Max: 8 << 20}, Link: l.broker.Options("pad-1"), Now: l.now, Version: "long life",
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})), // lost lines are no news here
	}
	var pads []keys
	for i := range lifeCounters {
		pads = append(pads, keys{make(chan device.Signal), make(chan device.Show, 1)})
		o.Counters = append(o.Counters, agent.Counter{
			Counter: fmt.Sprintf("c%d", i), Business: "credit", Rules: evaluation.Rules{Ask: []wire.Dimension{wire.Overall}}, Pads: []device.Driver{pads[i]},
		})
	}
	if l.agent, err = agent.New(o); err != nil {
		t.Fatal(err)
	}
	l.run(hq.Run, l.agent.Run, pads, n)
	return l
}

// run starts headquarters, the box and its customers; stop ends them in that order turned round.
func (l *life) run(hq, box func(context.Context) error, pads []keys, n int) {
	var ends []func()
	start := func(run func(context.Context)) {
		ctx, cancel := context.WithCancel(context.WithoutCancel(l.t.Context()))
		var running sync.WaitGroup
		running.Go(func() { run(ctx) })
		ends = append(ends, func() { cancel(); running.Wait() })
	}
	must := func(run func(context.Context) error) func(context.Context) {
		return func(ctx context.Context) {
			if err := run(ctx); err != nil {
				l.t.Error(err)
			}
		}
	}
	start(must(hq))
	start(must(box))
	for i, pad := range pads {
		start(func(ctx context.Context) { l.customers(ctx, i, pad, n) })
	}
	l.stop = func() {
		for _, end := range slices.Backward(ends) {
			end()
		}
	}
}

func (l *life) now() evaluation.Moment {
	up := time.Since(l.began) + time.Hour
	return evaluation.Moment{Boot: "boot-1", Uptime: up, Wall: time.Unix(0, 0).Add(up), Clock: wire.ClockUnset}
}

// customers press at one counter, one after the other, while the target is not reached.
func (l *life) customers(ctx context.Context, counter int, pad keys, n int) {
	for i := counter; i < n; i += lifeCounters {
		for l.pressed.Load() >= l.target.Load() {
			if !sleepIn(ctx, time.Second) {
				return
			}
		}
		score := 5
		if i%lifeDissatisfied == 0 {
			score = 1
		}
		select {
		case pad.press <- device.Signal{ID: fmt.Sprint("press-", i), Kind: device.Press, Score: score, At: l.now().Uptime, UI: "keys"}:
		case <-ctx.Done():
			return
		}
		select {
		case s := <-pad.shown:
			if s.Kind != device.Thanks {
				l.t.Errorf("press %d: shown %s, want thanks", i, s.Kind)
			}
		case <-time.After(time.Hour):
			l.t.Errorf("press %d is not answered within an hour; the box: %+v", i, l.agent.Status())
			return
		}
		l.pressed.Add(1)
		sleepIn(ctx, lifePause)
	}
}

func sleepIn(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// until lets customers come until n have pressed, cuts the line again and again meanwhile, and takes
// stock when all is quiet.
func (l *life) until(n int) stock {
	l.target.Store(int64(n))
	for l.pressed.Load() < int64(n) && !l.t.Failed() {
		if l.pressed.Load() >= (l.cuts+1)*lifeCutEvery {
			l.cuts++
			l.broker.Cut()
			l.broker.Forget() // what the test's broker remembers is not the box's
		}
		time.Sleep(time.Second)
	}
	l.awaitReceipts()
	l.broker.Forget()
	return takeStock(l.t, l.file)
}

func (l *life) awaitReceipts() {
	l.t.Helper()
	for range 600 {
		if l.agent.Status().Outbox.Waiting == 0 {
			return
		}
		time.Sleep(time.Second)
	}
	l.t.Fatalf("%d records wait after ten minutes of quiet", l.agent.Status().Outbox.Waiting)
}

// account compares what was thanked with what stands in headquarters' file.
func (l *life) account() (lost, twice int) {
	l.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(l.hqDir, "ledger.db")+"?mode=ro")
	if err != nil {
		l.t.Fatal(err)
	}
	defer db.Close()
	var rows, evaluations int
	if err := db.QueryRow(`select count(*), count(distinct evaluation) from evaluations`).Scan(&rows, &evaluations); err != nil {
		l.t.Fatal(err)
	}
	return max(0, int(l.pressed.Load())-evaluations), rows - evaluations
}

// stock is what a box takes of its machine.
type stock struct {
	heap, goroutines, descriptors int
	file                          int64 // bytes on the disk
}

func (s stock) String() string {
	return fmt.Sprintf("%d KiB of heap, %d goroutines, %d descriptors, %d KiB of disk", s.heap>>10, s.goroutines, s.descriptors, s.file>>10)
}

func takeStock(t *testing.T, file string) stock {
	t.Helper()
	synctest.Wait()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return stock{int(m.HeapAlloc), runtime.NumGoroutine(), len(open), info.Sys().(*syscall.Stat_t).Blocks * 512}
}

// wantFlat allows the heap a quarter and a MiB, for caches that fill late, and two descriptors, for
// the ledger's spare connections.
func wantFlat(t *testing.T, young, old stock) {
	t.Helper()
	if old.heap > young.heap*5/4+1<<20 {
		t.Errorf("the heap has grown from %d to %d KiB", young.heap>>10, old.heap>>10)
	}
	if old.goroutines > young.goroutines {
		t.Errorf("goroutines have grown from %d to %d", young.goroutines, old.goroutines)
	}
	if old.descriptors > young.descriptors+2 {
		t.Errorf("descriptors have grown from %d to %d", young.descriptors, old.descriptors)
	}
	if old.file != young.file {
		t.Errorf("the outbox has grown from %d to %d bytes", young.file, old.file)
	}
}
