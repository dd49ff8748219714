package app_test

import (
	"database/sql"
	"fmt"
	"testing"

	"evalpad/sync/outbox"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// account is what a ledger or an outbox holds, read from its file by nobody but the test.
type account struct {
	evaluations []rated
	alerts      map[string]int // by evaluation
	chains      map[chainKey][]chained
	gaps        map[chainKey][][2]uint64
	incidents   map[string]string            // evidence by kind
	held        map[chainKey]map[uint64]bool // made when first asked
}

// rated is one evaluation record.
type rated struct {
	device string
	wire.Evaluation
}

type chainKey struct {
	device string
	epoch  wire.Epoch
}

// chained is one record of a chain.
type chained struct {
	seq        uint64
	variant    int
	prev, hash wire.Hash
}

func newAccount() *account {
	return &account{alerts: map[string]int{}, chains: map[chainKey][]chained{}, gaps: map[chainKey][][2]uint64{}, incidents: map[string]string{}}
}

// add reads one record's line.
func (a *account) add(line []byte, variant int) error {
	r, err := wire.ParseRecord(line)
	if err != nil {
		return err
	}
	hash, err := seal.HashOf(line)
	if err != nil {
		return err
	}
	key := chainKey{r.Place.Device, r.Epoch}
	a.chains[key] = append(a.chains[key], chained{r.Seq, variant, r.Prev, hash})
	switch r.Kind {
	case wire.KindEvaluation:
		e, err := r.Evaluation()
		a.evaluations = append(a.evaluations, rated{r.Place.Device, e})
		return err
	case wire.KindAlert:
		alert, err := r.Alert()
		a.alerts[alert.Evaluation.Evaluation]++
		return err
	}
	return nil
}

// readLedger reads headquarters' file.
func readLedger(t *testing.T, file string) *account {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a := newAccount()
	each(t, db, `select line, variant from records order by device, epoch, seq, variant`, func(rows *sql.Rows) error {
		var line string
		var variant int
		if err := rows.Scan(&line, &variant); err != nil {
			return err
		}
		return a.add([]byte(line), variant)
	})
	each(t, db, `select device, epoch, first_seq, last_seq from gaps`, func(rows *sql.Rows) error {
		var key chainKey
		var gap [2]uint64
		err := rows.Scan(&key.device, &key.epoch, &gap[0], &gap[1])
		a.gaps[key] = append(a.gaps[key], gap)
		return err
	})
	each(t, db, `select kind, device || ' ' || evidence || ' … ' || latest from incidents`, func(rows *sql.Rows) error {
		var kind, evidence string
		err := rows.Scan(&kind, &evidence)
		a.incidents[kind] += evidence + "; "
		return err
	})
	return a
}

func each(t *testing.T, db *sql.DB, query string, one func(*sql.Rows) error) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := one(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// readOutbox reads a box's file, which nobody may have open.
func readOutbox(t *testing.T, file string) *account {
	t.Helper()
	a := newAccount()
	for item, err := range outbox.List(file) {
		if err == nil {
			err = a.add(item.Line, 0)
		}
		if err != nil {
			t.Errorf("I1: %s: %v", file, err)
		}
	}
	return a
}

// of is how many evaluations of a counter were given at one of these moments.
func (a *account) of(device, counter string, stamps []stampKey) (n int) {
	for _, e := range a.evaluations {
		for _, s := range stamps {
			if e.device == device && e.Counter == counter && e.Pressed.Boot == s.boot && e.Pressed.UptimeMS == s.ms && len(e.Scores) > 0 {
				n++
			}
		}
	}
	return n
}

// scores counts how often each score was given at a counter.
func (a *account) scores(device, counter string) map[int]int {
	n := map[int]int{}
	for _, e := range a.evaluations {
		if e.device != device || e.Counter != counter {
			continue
		}
		for _, s := range e.Scores {
			n[int(s)]++
		}
	}
	return n
}

func (u *promise) String() string {
	return fmt.Sprintf("score %d at %s of %s in %v", u.score, u.pad.counter, u.box.name, u.stamps)
}
