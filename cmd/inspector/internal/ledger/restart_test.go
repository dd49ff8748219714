package ledger_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// childEnv makes the test program the child of TestKillNine, writing to the ledger that it names.
const childEnv = "EVALPAD_LEDGER_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		takeForEver(path)
		return
	}
	os.Exit(m.Run())
}

// takeForEver takes batch after batch and says so on standard output after each, until it is killed.
func takeForEver(path string) {
	t := dying{}
	l := open(t, path, ledger.Options{})
	b := newBox(t)
	h := held(t, l)
	b.seq, b.head = h.Through, h.Head
	for i := 0; ; i++ {
		batch := b.plain(i%7+1, nine)
		bad := rating(fmt.Sprint("bad-", b.seq), 1)
		take(t, l, append(batch, b.says(wire.KindAlert, alert(bad), nine), b.says(wire.KindEvaluation, bad, nine))...)
		fmt.Println(b.seq)
	}
}

// dying is what the child has in place of a test: whatever fails ends the process.
type dying struct{ testing.TB }

func (dying) Helper()                  {}
func (dying) Cleanup(func())           {}
func (dying) Context() context.Context { return context.Background() }

func (dying) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

// TestKillNine kills a taking process at ten random moments: what Take had returned is there, and
// nothing is there by half.
func TestKillNine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	for round := range 10 {
		returned := runAndKill(t, path, time.Duration(50+rand.IntN(150))*time.Millisecond)
		l := open(t, path, ledger.Options{})
		h := held(t, l)
		if h.Through < returned || len(h.Also) > 0 {
			t.Fatalf("round %d: through %d, but Take had returned %d; %+v", round, h.Through, returned, h.Also)
		}
		if n := count(t, path, "records"); uint64(n) != h.Through {
			t.Fatalf("round %d: %d records, through %d", round, n, h.Through)
		}
		bad := count(t, path, "records where kind = 'alert'")
		if c, e := count(t, path, "cases"), count(t, path, "evaluations where dissatisfied"); c != bad || e != bad {
			t.Fatalf("round %d: %d alerts, %d cases, %d evaluations", round, bad, c, e)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// runAndKill lets a child take records for a while after its first and returns the last that Take
// had returned for.
func runAndKill(t *testing.T, path string, after time.Duration) (last uint64) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+path)
	var complaints bytes.Buffer
	child.Stderr = &complaints
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil {
			break // cut off in the middle
		}
		if last == 0 {
			time.AfterFunc(after, func() { _ = child.Process.Kill() })
		}
		last = n
	}
	_ = child.Wait() // it was killed
	if last == 0 || complaints.Len() > 0 {
		t.Fatalf("the child did not work: %s", complaints.String())
	}
	return last
}

// TestRestartChangesNothing plays the same story twice: once through, and once with the ledger
// closed and opened again between any two steps. Both end with the same tables.
func TestRestartChangesNothing(t *testing.T) {
	for seed := range uint64(3) {
		straight, restarted := play(t, seed, 0), play(t, seed, 0.3)
		if diff := cmp.Diff(straight, restarted); diff != "" {
			t.Fatalf("seed %d (-straight +restarted):\n%s", seed, diff)
		}
		if len(straight["cases"]) == 0 || len(straight["incidents"]) == 0 || len(straight["gaps"]) == 0 {
			t.Fatalf("seed %d: the story is empty", seed)
		}
	}
}

// play plays one story, restarting with the given chance before each step, and dumps the tables.
func play(t *testing.T, seed uint64, restart float64) map[string][]string {
	t.Helper()
	story, chance := rand.New(rand.NewPCG(seed, 4)), rand.New(rand.NewPCG(seed, 5))
	path := filepath.Join(t.TempDir(), "ledger.db")
	o := ledger.Options{Now: func() time.Time { return nine }}
	l := open(t, path, o)
	steps, now := arrivalsOf(t, story), nine
	for len(steps) > 0 {
		if chance.Float64() < restart {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = open(t, path, o)
		}
		now = now.Add(time.Duration(story.IntN(90)) * time.Minute)
		switch n := min(story.IntN(6)+1, len(steps)); story.IntN(4) {
		case 0:
			poll(t, l, now)
		case 1:
			work(t, l, story, now)
		default:
			for i := range steps[:n] {
				steps[i].Received = now
			}
			take(t, l, steps[:n]...)
			steps = steps[n:]
		}
	}
	poll(t, l, now)
	return dump(t, path)
}

// arrivalsOf is a box's life in the wrong order, with records said twice, lost, forked and cut.
func arrivalsOf(t *testing.T, story *rand.Rand) []ledger.Arrival {
	b := newBox(t)
	var all []ledger.Arrival
	for range 12 {
		all = append(all, b.plain(story.IntN(3), nine)...)
		bad := rating(fmt.Sprint("bad-", b.seq), 1, 4)
		all = append(all, b.says(wire.KindAlert, alert(bad), nine), b.says(wire.KindEvaluation, bad, nine))
	}
	restored := *b
	all = append(all, b.says(wire.KindEvaluation, rating("one", 5), nine), restored.says(wire.KindEvaluation, rating("two", 5), nine))
	b.head[0]++
	all = append(all, b.plain(2, nine)...)
	lost := story.IntN(10) + 2
	all = append(all[:lost], all[lost+1:]...)
	all = append(all, b.says(wire.KindEvent, missing(epoch, uint64(lost+1), uint64(lost+1)), nine))
	all = append(all, all[:5]...)
	story.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// work lets a person do the next thing on some case.
func work(t *testing.T, l *ledger.Ledger, story *rand.Rand, now time.Time) {
	t.Helper()
	list := cases(t, l)
	if len(list) == 0 {
		return
	}
	if _, err := l.Change(t.Context(), list[story.IntN(len(list))].ID, func(c *casebook.Case) error {
		switch c.State {
		case casebook.StateOpen:
			return c.Start("li.na", casebook.StepTellerAsked, "", now)
		case casebook.StateInvestigating:
			return c.FilePlan("li.na", casebook.Plan{Cause: "c", Text: "t", Owner: "o", Due: wire.At(now)}, now)
		case casebook.StatePlanned:
			return c.Close("wang.wei", "", now)
		}
		return c.Reopen("wang.wei", "again", casebook.DefaultClocks(), now)
	}); err != nil {
		t.Fatal(err)
	}
}

// dump is every row of every table as text.
func dump(t *testing.T, path string) map[string][]string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables := map[string][]string{}
	for _, table := range []string{"records", "runs", "gaps", "evaluations", "cases", "case_history", "incidents"} {
		rows, err := db.Query("select * from " + table + " order by 1, 2, 3, 4")
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range into {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			tables[table] = append(tables[table], strings.TrimSpace(fmt.Sprintln(values...)))
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return tables
}
