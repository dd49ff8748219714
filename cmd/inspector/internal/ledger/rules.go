package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"evalpad/sync/wire"
)

// InForce is how one counter asks, as its box has told at its last start.
type InForce struct {
	wire.CounterRules
	ToldAt   wire.Instant `json:"told_at"`  // when it arrived
	KID      wire.KID     `json:"kid"`      // of the key under which it came
	Standing KeyStanding  `json:"standing"` // of that key
	Outside  []string     `json:"outside"`  // where it lies outside the bank's template, a sentence each
}

// told is a counter's row: which start of which epoch told it.
type told struct {
	counter string
	epoch   wire.Epoch
	first   int64 // number of the start's first record
	part    int
	rules   wire.CounterRules
}

func scanTold(rows *sql.Rows) (r told, err error) {
	var doc string
	if err := rows.Scan(&r.counter, &r.epoch, &r.first, &r.part, &doc); err != nil {
		return r, err
	}
	return r, decode(doc, &r.rules)
}

func (t tx) toldBy(ctx context.Context, device string) ([]told, error) {
	list, err := scan(ctx, t, scanTold, `select counter, epoch, first_seq, part, doc from rules where device = $1 order by counter`, device)
	if err != nil {
		return nil, fmt.Errorf("read the rules of %s: %w", device, err)
	}
	return list, nil
}

// fileRules keeps what a start tells of its counters' rules, unless a later start has told already: a
// box that sends its history again changes nothing.
func (t *taking) fileRules(ctx context.Context, a Arrival, r wire.RulesInForce) error {
	device, epoch, first := a.Record.Place.Device, a.Record.Epoch, int64(a.Record.Seq)-int64(r.Part)+1
	rows, err := t.toldBy(ctx, device)
	if err != nil {
		return err
	}
	for _, was := range rows {
		if older, err := t.isOlder(ctx, device, epoch, first, was); older || err != nil {
			return err
		}
	}
	for _, c := range r.Counters {
		doc, err := encode(c)
		if err != nil {
			return err
		}
		if err := t.exec(ctx, `insert into rules (device, counter, epoch, first_seq, part, kid, doc, told_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (device, counter) do update set epoch = excluded.epoch,
			first_seq = excluded.first_seq, part = excluded.part, kid = excluded.kid, doc = excluded.doc, told_at = excluded.told_at`,
			device, c.Counter, string(epoch), first, r.Part, string(a.Record.KID), doc, millis(a.Received)); err != nil {
			return fmt.Errorf("keep its rules: %w", err)
		}
	}
	if err := t.dropEarlier(ctx, device, epoch, first, r.Parts); err != nil {
		return err
	}
	return t.judge(ctx, device, a.Received, true)
}

// isOlder reports whether a start came before the one that told was.
func (t tx) isOlder(ctx context.Context, device string, epoch wire.Epoch, first int64, was told) (bool, error) {
	if was.epoch == epoch {
		return first < was.first, nil
	}
	return t.descends(ctx, device, was.epoch, epoch)
}

// maxDescent bounds how far back epochs are followed.
const maxDescent = 64

// descends reports whether one epoch of a device came after another, by the word of the first record
// of each on the epoch before it.
func (t tx) descends(ctx context.Context, device string, epoch, from wire.Epoch) (bool, error) {
	for range maxDescent {
		lines, err := scan(ctx, t, scanText, `select line from records where device = $1 and epoch = $2 and seq = 1 and variant = 0`, device, string(epoch))
		if err != nil {
			return false, fmt.Errorf("look for the epoch before %s: %w", epoch, err)
		}
		if len(lines) == 0 {
			return false, nil
		}
		r, err := wire.ParseRecord([]byte(lines[0]))
		if err != nil {
			return false, nil // an older version kept it; it is read again after an upgrade
		}
		e, err := r.Event()
		if err != nil || e.Opened == nil || e.Opened.Previous == nil {
			return false, nil
		}
		if epoch = e.Opened.Previous.Epoch; epoch == from {
			return true, nil
		}
	}
	return false, nil
}

// dropEarlier lets go what earlier starts told of counters that the box no longer has, once all parts
// of this start are there.
func (t tx) dropEarlier(ctx context.Context, device string, epoch wire.Epoch, first int64, parts int) error {
	var there int
	if err := t.row(ctx, `select count(distinct part) from rules where device = $1 and epoch = $2 and first_seq = $3`,
		device, string(epoch), first).Scan(&there); err != nil {
		return fmt.Errorf("count the parts of its rules: %w", err)
	}
	if there < parts {
		return nil
	}
	return t.exec(ctx, `delete from rules where device = $1 and not (epoch = $2 and first_seq = $3)`, device, string(epoch), first)
}

// judge holds the rules of a device against the bank's template: what lies outside is an incident, and
// what lies within again mends it. Where news is false, an incident that says the same already is left.
func (t *taking) judge(ctx context.Context, device string, now time.Time, news bool) error {
	if t.outside == nil {
		return nil
	}
	rows, err := t.toldBy(ctx, device)
	if err != nil {
		return err
	}
	var outside []string
	for _, r := range rows {
		for _, words := range t.outside(r.rules) {
			outside = append(outside, r.counter+": "+words)
		}
	}
	if len(outside) == 0 {
		return t.mend(ctx, OutsideRules, device, "the rules in force are within the template", now)
	}
	evidence := strings.Join(outside, "; ")
	if !news {
		latest, err := scan(ctx, t, scanText, `select latest from incidents where kind = $1 and device = $2 and closed_at is null`, OutsideRules, device)
		if err != nil || slices.Contains(latest, plain(evidence)) {
			return err
		}
	}
	return t.incident(ctx, OutsideRules, device, evidence, now)
}

// byHeadquarters is who closes an incident that has mended itself.
const byHeadquarters = "headquarters"

// mend closes the open incident of a kind and device, if there is one.
func (t tx) mend(ctx context.Context, kind, device, words string, now time.Time) error {
	if err := t.exec(ctx, `update incidents set closed_at = $3, closed_by = $4, words = $5
		where kind = $1 and device = $2 and closed_at is null`, kind, device, millis(now), byHeadquarters, words); err != nil {
		return fmt.Errorf("mend incident %s: %w", kind, err)
	}
	return nil
}

// judgeAll holds every device's rules against a template that may be another than at the last start.
func (l *Ledger) judgeAll(ctx context.Context) error {
	if l.o.Outside == nil {
		return nil
	}
	return l.write(ctx, "hold the rules against the template", func(x tx) error {
		devices, err := scan(ctx, x, scanText, `select distinct device from rules order by device`)
		if err != nil {
			return err
		}
		t := &taking{tx: x, outside: l.o.Outside}
		for _, device := range devices {
			if err := t.judge(ctx, device, l.o.Now(), false); err != nil {
				return err
			}
		}
		return nil
	})
}

// Rules are how a device's counters ask, by counter; none where it has never told.
func (l *Ledger) Rules(ctx context.Context, device string) ([]InForce, error) {
	list, err := scan(ctx, look{l.eyes}, scanInForce, `select r.doc, r.told_at, r.kid, coalesce(k.standing, '')
		from rules r left join keys k on k.device = r.device and k.kid = r.kid where r.device = $1 order by r.counter`, device)
	if err != nil {
		return nil, fmt.Errorf("read the rules of %s: %w", device, err)
	}
	for i := range list {
		list[i].Outside = []string{}
		if l.o.Outside != nil {
			list[i].Outside = append(list[i].Outside, l.o.Outside(list[i].CounterRules)...)
		}
	}
	return list, nil
}

func scanInForce(rows *sql.Rows) (r InForce, err error) {
	var doc string
	var at int64
	err = rows.Scan(&doc, &at, &r.KID, &r.Standing)
	r.ToldAt = instant(at)
	return r, errors.Join(err, decode(doc, &r.CounterRules))
}
