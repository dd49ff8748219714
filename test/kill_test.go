package test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"evalpad/device/devicetest"
	"evalpad/sync/linktest"
	"evalpad/sync/wire"
	"evalpad/test/harness"
	"evalpad/test/trial"
)

// Sizes of the kill rig.
const (
	rigCounters  = 4
	resendEvery  = 400 * time.Millisecond
	rigPatience  = 8 * time.Minute
	drainAtLast  = 90 * time.Second
	pressPause   = 2 * time.Millisecond
	killPauseMin = 300 * time.Millisecond
)

// How often who is killed, and how many customers there are for that.
var (
	agentKills  = trial.Times(20, 100)
	brokerKills = trial.Times(5, 10)
	officeKills = trial.Times(5, 10)
	rigPresses  = trial.Times(3000, 6000)
)

// TestKills presses thousands of times at four counters while the agent, mosquitto and headquarters are
// killed at random moments. Everything thanked is in the ledger exactly once and in order, the chain
// has no gap, and every dissatisfied one has exactly one case.
func TestKills(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rig := newRig(t, rand.New(rand.NewPCG(seed, 1)))
	ctx, cancel := context.WithTimeout(t.Context(), rigPatience)
	defer cancel()
	var pressing sync.WaitGroup
	for i := range rig.pads {
		pressing.Go(func() { rig.customers(ctx, i, rand.New(rand.NewPCG(seed, uint64(i+2)))) })
	}
	rig.killAtRandom(ctx)
	pressing.Wait()
	rig.up()
	drained := harness.Eventually(t, drainAtLast, "everything receipted", func() bool { return rig.site.Waiting(t) == 0 })
	lost, duplicated := rig.wantEverythingOnce()
	trial.Report(t, trial.Trial{
		Fault: "agent, broker and headquarters killed", Injected: "SIGKILL at random moments under load",
		Tried: agentKills + brokerKills + officeKills, Lost: lost, Duplicated: duplicated, Recovery: drained,
		Planted: "thanks-before-commit, settle-on-puback, ledger-keeps-duplicates",
	})
}

type rig struct {
	t         *testing.T
	rnd       *rand.Rand
	site      *harness.Site
	broker    *linktest.RealBroker
	agent     *harness.Program
	inspector *harness.Program
	pads      []*devicetest.FF68
	thanked   [rigCounters][]wire.Score // in the order of the thank-yous; one goroutine a counter
	pressed   atomic.Int64
}

func newRig(t *testing.T, rnd *rand.Rand) *rig {
	r := &rig{t: t, rnd: rnd, site: harness.NewSite(t), broker: linktest.Mosquitto(t)}
	r.inspector = r.site.Inspector(t, "{url: "+r.broker.URL()+"}")
	var counters strings.Builder
	counters.WriteString("screen: {listen: \"\"}\ncounters:\n")
	for i := range rigCounters {
		pad := devicetest.NewFF68(t)
		r.pads = append(r.pads, pad)
		fmt.Fprintf(&counters, "  - {counter: c%d, ask: [overall], rules: {lock_out: 0, hammer: 0}, pad: {serial: {port: %s, profile: ff68}}}\n", i, pad.Path())
	}
	r.agent = r.site.Evalpad(t, r.broker.URL(), counters.String())
	return r
}

// customers come one after the other to one counter: the teller prompts, the customer presses, and
// either keypad repeats itself until it is answered. A prompt that goes unanswered would make two
// customers' equal presses one: on the wire they are the same frame within two seconds.
func (r *rig) customers(ctx context.Context, i int, rnd *rand.Rand) {
	pad := r.pads[i]
	for range rigPresses / rigCounters {
		if err := pad.PromptUntilThanked(ctx, resendEvery); err != nil {
			r.t.Errorf("prompt at c%d: never taken: %v", i, err)
			return
		}
		key := byte(rnd.IntN(4)) // 00 dissatisfied (2) to 03 very satisfied (5)
		if err := pad.PressUntilThanked(ctx, key, resendEvery); err != nil {
			r.t.Errorf("press at c%d: never thanked: %v", i, err)
			return
		}
		r.thanked[i] = append(r.thanked[i], wire.Score(key)+2)
		r.pressed.Add(1)
		time.Sleep(pressPause) // a customer takes their hand back
	}
}

// killAtRandom spreads the kills over the presses.
func (r *rig) killAtRandom(ctx context.Context) {
	var deaths []string
	for what, n := range map[string]int{"agent": agentKills, "broker": brokerKills, "inspector": officeKills} {
		deaths = append(deaths, slices.Repeat([]string{what}, n)...)
	}
	slices.Sort(deaths)
	r.rnd.Shuffle(len(deaths), func(i, j int) { deaths[i], deaths[j] = deaths[j], deaths[i] })
	for i, what := range deaths {
		due := int64(rigPresses * i / len(deaths)) // presses
		for r.pressed.Load() < due && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(r.rnd.IntN(20)) * time.Millisecond)
		r.kill(what)
	}
}

func (r *rig) kill(what string) {
	switch what {
	case "agent":
		r.agent.Kill()
		r.agent = r.site.Again(r.t, "evalpad")
	case "broker":
		r.broker.Kill()
		time.Sleep(time.Duration(r.rnd.IntN(200)) * time.Millisecond)
		r.broker.Restart()
	case "inspector":
		r.inspector.Kill()
		r.inspector = r.site.Again(r.t, "inspector")
	}
}

func (r *rig) up() { r.t.Logf("%d presses thanked", r.pressed.Load()) }

// wantEverythingOnce reads the ledger as an auditor would, from its file, and counts what was thanked
// and is not in it, and what is in it more than once.
func (r *rig) wantEverythingOnce() (lost, duplicated int) {
	t := r.t
	if out, errs, code := harness.Run(t, "evalpad", "outbox", "verify", "-c", r.site.EvalpadConfig); code != 0 {
		t.Errorf("the box's chain: exit %d: %s%s", code, out, errs)
	}
	records := r.records()
	wantWholeChain(t, records)
	got := [rigCounters][]wire.Score{}
	bad := map[string]bool{}
	for _, rec := range records {
		if rec.Kind != wire.KindEvaluation {
			continue
		}
		e, err := rec.Evaluation()
		if err != nil {
			t.Fatal(err)
		}
		if score, rated := e.Scores[wire.Overall]; rated {
			i := int(e.Counter[1] - '0')
			got[i] = append(got[i], score)
		}
		if e.Dissatisfied {
			bad[e.Evaluation] = true
		}
	}
	for i := range got {
		if !slices.Equal(got[i], r.thanked[i]) {
			t.Errorf("c%d: %d thanked, %d in the ledger; they differ first at %d", i, len(r.thanked[i]), len(got[i]), firstDifference(got[i], r.thanked[i]))
		}
		lost += max(len(r.thanked[i])-len(got[i]), 0)
		duplicated += max(len(got[i])-len(r.thanked[i]), 0)
	}
	return lost, duplicated + r.wantOneCaseEach(bad)
}

// wantOneCaseEach returns how many cases there are too many.
func (r *rig) wantOneCaseEach(bad map[string]bool) (surplus int) {
	db := openLedger(r.t, r.site)
	defer db.Close()
	var cases, distinct int
	if err := db.QueryRow(`select count(*), count(distinct evaluation) from cases`).Scan(&cases, &distinct); err != nil {
		r.t.Fatal(err)
	}
	if cases != len(bad) || distinct != len(bad) {
		r.t.Errorf("%d dissatisfied, %d cases of %d evaluations: want one each", len(bad), cases, distinct)
	}
	r.t.Logf("%d dissatisfied evaluations, %d cases", len(bad), cases)
	return max(cases-len(bad), 0)
}

// openLedger reads headquarters' file beside the running inspector.
func openLedger(t testing.TB, site *harness.Site) *sql.DB {
	t.Helper()
	path := filepath.Join(site.Dir, "hq", "ledger.db")
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// records are all that the ledger holds, in the order of epoch and number.
func (r *rig) records() (records []wire.Record) {
	db := openLedger(r.t, r.site)
	defer db.Close()
	rows, err := db.Query(`select line from records order by epoch, seq`)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line []byte
		if err := rows.Scan(&line); err != nil {
			r.t.Fatal(err)
		}
		rec, err := wire.ParseRecord(line)
		if err != nil {
			r.t.Fatal(err)
		}
		records = append(records, rec)
	}
	return records
}

func wantWholeChain(t *testing.T, records []wire.Record) {
	t.Helper()
	for i, rec := range records {
		if want := uint64(i + 1); rec.Seq != want || rec.Epoch != records[0].Epoch {
			t.Fatalf("record %d of the ledger is %s, want number %d of one epoch", i, rec.ID, want)
		}
	}
}

func firstDifference(a, b []wire.Score) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// killMutants are the bugs that TestKills hunts.
var killMutants = []mutant{
	{
		name: "thanks-before-commit", quick: true, pkg: "./test", run: "TestKills",
		file: "agent/evaluation/promise.go",
		old:  "		if err := d.commit(ctx, next, finished); err != nil {\n",
		new:  "		for _, effect := range effects {\n			d.do(ctx, effect)\n		}\n		if err := d.commit(ctx, next, finished); err != nil {\n",
	},
	{
		name: "settle-on-puback", quick: true, pkg: "./test", run: "TestKills",
		file: "sync/uplink/session.go",
		old:  "s.flight.granted, s.flight.receipts = firstWindow, u.o.SettleOn == Receipt",
		new:  "s.flight.granted, s.flight.receipts = firstWindow, false",
	},
	{
		name: "ledger-keeps-duplicates", pkg: "./test", run: "TestKills",
		file: "cmd/inspector/internal/ledger/take.go",
		old:  "		if h == a.Hash.String() {\n",
		new:  "		if h == \"\" {\n",
	},
}
