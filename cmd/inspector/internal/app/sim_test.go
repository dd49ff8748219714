package app_test

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/linktest"
	"evalpad/sync/outboxtest"
	"evalpad/sync/wire"
	"evalpad/test/trial"
)

// simulation is a whole bank in a bubble that lives through one plan: boxes with counters, a broker
// and headquarters, each of which fails as the plan says. The main goroutine plays the plan; what it
// knows of thanks and receipts it has from pads and from the wire, as a customer or an auditor would.
type simulation struct {
	t      *testing.T
	plan   plan
	began  time.Time
	folder string // everything that is on a disk lies below it
	log    *slog.Logger
	broker *linktest.Broker
	boxes  []*simBox
	hq     *simHQ
	ending sync.WaitGroup // lives that were cut off and have not yet noticed
	wire   tap

	promises promises
	cases    watched
	faults   []string       // what has happened, with its time
	counts   map[string]int // by fault
	down     bool           // the broker is
	healing  time.Duration  // from the last fault until everything had arrived
}

// TestSimulation plays seeded histories of faults and holds the promises against what came of each.
// One history again, with the logs of both programs:
//
//	EVALPAD_SEED=17 go test -run TestSimulation -v ./cmd/inspector/internal/app
//
// The same seed plays the same customers and the same faults at the same milliseconds. What the
// seed does not decide is the order of goroutines within one instant, the keys and ids, and the
// uplink's wait before a new try: a rare failure may need its seed more than once.
func TestSimulation(t *testing.T) {
	var sum simSum
	t.Cleanup(func() { sum.report(t) })
	for _, seed := range trial.Seeds(t, trial.Times(20, 1000)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSimulation(t, seed)
				defer s.tellHistory()
				s.play()
				sum.add(s)
			})
		})
	}
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{
		t: t, plan: drawPlan(rand.New(rand.NewPCG(seed, 0x5eed))), began: time.Now(),
		log: slog.New(slog.NewTextHandler(simLog(t), nil)), broker: linktest.NewBroker(t), counts: map[string]int{},
	}
	folder, err := os.MkdirTemp(outboxtest.Dir(t), "bank-")
	if err != nil {
		t.Fatal(err)
	}
	s.folder = folder
	s.behave()
	s.hq = &simHQ{s: s, dir: s.newFolder()}
	for i, counters := range s.plan.boxes {
		s.boxes = append(s.boxes, newSimBox(s, i, counters))
	}
	return s
}

// simLog is where the programs' own logs go: to the test's, if one seed is played again.
func simLog(t *testing.T) io.Writer {
	if os.Getenv("EVALPAD_SEED") == "" {
		return io.Discard
	}
	return t.Output()
}

// play opens the bank, lives through the plan, heals everything, and holds the promises against what
// came of it.
func (s *simulation) play() {
	s.hq.open()
	for _, b := range s.boxes {
		b.start()
	}
	for _, a := range s.plan.acts {
		time.Sleep(a.at - time.Since(s.began))
		if a.do(s) && a.fault != "" {
			s.counts[a.fault]++
			s.faults = append(s.faults, fmt.Sprintf("%10s  %s", a.at, a.what))
		}
	}
	s.heal()
	s.cases.look(s)
	s.close()
	s.check()
}

// openAtMost is how long an evaluation waits for a customer who has gone, and the commit after.
const openAtMost = 35 * time.Second

// heal ends every fault and waits until everything has arrived, that which was still open included. An
// hour and a half is more than a record takes that is parked because the line went three times while
// it was on its way.
func (s *simulation) heal() {
	s.behave()
	s.broker.Restart()
	s.hq.heal()
	for _, b := range s.boxes {
		b.heal()
	}
	start := time.Now()
	after(openAtMost)
	for _, b := range s.boxes {
		b.healed = b.life.uptime()
	}
	for step := time.Second; !s.settled(); step = min(2*step, time.Minute) {
		if time.Since(start) > 90*time.Minute {
			s.t.Errorf("90 minutes after the last fault not everything has arrived: %s", s.waiting())
			return
		}
		after(step)
	}
	s.healing = time.Since(start)
}

// settled reports whether every box says, and headquarters knows, that nothing waits.
func (s *simulation) settled() bool { return s.waiting() == "" }

func (s *simulation) waiting() string {
	var words []string
	for _, b := range s.boxes {
		if w := b.waiting(); w != "" {
			words = append(words, b.name+": "+w)
		}
	}
	return strings.Join(words, "; ")
}

// close ends all in order; the files are then those of a bank at rest.
func (s *simulation) close() {
	for _, b := range s.boxes {
		b.shutDown()
	}
	after(2 * time.Second) // the farewells
	s.hq.shutDown()
	s.ending.Wait()
}

// behave ends the broker's misbehaviour, and goes on listening to the wire.
func (s *simulation) behave() {
	s.broker.Behave()
	s.broker.HangUpOn(func(m link.Message) bool { s.wire.hear(m); return false })
}

func (s *simulation) newFolder() string {
	dir, err := os.MkdirTemp(s.folder, "")
	if err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// image is a copy of a folder as it lies on the disk now: what a power cut leaves, since everything
// that was promised is synced and nothing else counts.
func (s *simulation) image(of string) string {
	to := s.newFolder()
	files, err := os.ReadDir(of)
	if err != nil {
		s.t.Error(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			s.t.Error(err)
			continue
		}
		text, err := os.ReadFile(filepath.Join(of, f.Name()))
		if err != nil {
			s.t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(to, f.Name()), text, info.Mode().Perm()); err != nil {
			s.t.Error(err)
		}
	}
	return to
}

func (s *simulation) tellHistory() {
	if s.t.Failed() {
		s.t.Logf("%s\n%s", s.plan, strings.Join(s.faults, "\n"))
	}
}

// tap is what passed over the wire, in order: records, which may be sent again, and receipts.
type tap struct {
	mu       sync.Mutex
	records  []link.Message
	receipts []link.Message
}

func (w *tap) hear(m link.Message) {
	_, kind, err := wire.Topics("evalpad/v1").Parse(m.Topic)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil:
	case kind.IsRecord():
		w.records = append(w.records, m)
	case kind == wire.KindReceipt:
		w.receipts = append(w.receipts, m)
	}
}

// all is a copy of what has passed so far.
func (w *tap) all() (records, receipts []link.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append(records, w.records...), append(receipts, w.receipts...)
}
