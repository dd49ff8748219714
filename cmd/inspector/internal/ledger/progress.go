package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"evalpad/sync/wire"
)

// Holding is how far one epoch of a device is in the ledger: everything through a record, whose hash
// is Head, and the stretches beyond it. Through 0 means that the first is not there.
type Holding struct {
	Through uint64
	Head    wire.Hash
	Also    []wire.Span // ascending; the 32 that changed last, so that a receipt stays small
}

// maxAlso bounds the stretches that a Holding names: a receipt is at most 8 KiB.
const maxAlso = 32

// Held tells what of an epoch is in the ledger.
func (l *Ledger) Held(ctx context.Context, device string, epoch wire.Epoch) (Holding, error) {
	runs, err := scan(ctx, look{l.eyes}, scanRun, `select first_seq, last_seq, prev, head from runs
		where device = $1 and epoch = $2
		order by case when first_seq = 0 then 0 else 1 end, changed_at desc, first_seq desc limit $3`,
		device, string(epoch), maxAlso+1)
	if err != nil {
		return Holding{}, fmt.Errorf("hold epoch %s of %s: %w", epoch, device, err)
	}
	var h Holding
	if len(runs) > 0 && runs[0].first == 0 {
		h.Through, h.Head, runs = runs[0].last, runs[0].head, runs[1:]
	}
	for _, r := range runs[:min(len(runs), maxAlso)] {
		h.Also = append(h.Also, wire.Span{From: r.first, To: r.last, Head: r.head})
	}
	slices.SortFunc(h.Also, func(a, b wire.Span) int { return cmp.Compare(a.From, b.From) })
	return h, nil
}

func scanRun(rows *sql.Rows) (r run, err error) {
	var prev, head string
	if err := rows.Scan(&r.first, &r.last, &prev, &head); err != nil {
		return r, err
	}
	if err := r.prev.UnmarshalText([]byte(prev)); err != nil {
		return r, err
	}
	return r, r.head.UnmarshalText([]byte(head))
}

// epochOf names one epoch of one device.
type epochOf struct {
	device string
	epoch  wire.Epoch
}

// loaded is a chain as it is worked on, and as it was read.
type loaded struct {
	chain
	were []run
	had  []gap
}

// load reads what touches first to last: the gaps first, since a gap brings those behind it into
// touch, then the runs. What is stored never touches its like, so one look is enough.
func (t tx) load(ctx context.Context, e epochOf, first, last uint64) (*loaded, error) {
	gaps, err := scan(ctx, t, scanGap, `select first_seq, last_seq, why from gaps
		where device = $1 and epoch = $2 and last_seq >= $3 and first_seq <= $4 order by first_seq`,
		e.device, string(e.epoch), first-1, last+1)
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	for _, g := range gaps {
		first, last = min(first, g.first), max(last, g.last)
	}
	runs, err := scan(ctx, t, scanRun, `select first_seq, last_seq, prev, head from runs
		where device = $1 and epoch = $2 and last_seq >= $3 and first_seq <= $4 order by first_seq`,
		e.device, string(e.epoch), first-1, last+1)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	c := &loaded{chain{slices.Clone(runs), slices.Clone(gaps)}, runs, gaps}
	if first <= 1 && (len(runs) == 0 || runs[0].first > 0) {
		c.runs = slices.Insert(c.runs, 0, run{}) // nothing comes before record 1
	}
	return c, nil
}

func scanGap(rows *sql.Rows) (g gap, err error) {
	return g, rows.Scan(&g.first, &g.last, &g.why)
}

// save writes what has changed.
func (t tx) save(ctx context.Context, e epochOf, c *loaded, now time.Time) error {
	for _, r := range c.were {
		if slices.Contains(c.runs, r) {
			continue
		}
		if err := t.exec(ctx, `delete from runs where device = $1 and epoch = $2 and first_seq = $3`,
			e.device, string(e.epoch), r.first); err != nil {
			return fmt.Errorf("write runs: %w", err)
		}
	}
	for _, r := range c.runs {
		if slices.Contains(c.were, r) {
			continue
		}
		if err := t.exec(ctx, `insert into runs (device, epoch, first_seq, last_seq, prev, head, changed_at)
			values ($1, $2, $3, $4, $5, $6, $7)`, e.device, string(e.epoch),
			r.first, r.last, r.prev.String(), r.head.String(), millis(now)); err != nil {
			return fmt.Errorf("write runs: %w", err)
		}
	}
	return t.saveGaps(ctx, e, c, now)
}

func (t tx) saveGaps(ctx context.Context, e epochOf, c *loaded, now time.Time) error {
	if slices.Equal(c.gaps, c.had) {
		return nil
	}
	for _, g := range c.had {
		if err := t.exec(ctx, `delete from gaps where device = $1 and epoch = $2 and first_seq = $3`,
			e.device, string(e.epoch), g.first); err != nil {
			return fmt.Errorf("write gaps: %w", err)
		}
	}
	for _, g := range c.gaps {
		if err := t.exec(ctx, `insert into gaps (device, epoch, first_seq, last_seq, why, told_at)
			values ($1, $2, $3, $4, $5, $6)`,
			e.device, string(e.epoch), g.first, g.last, g.why, millis(now)); err != nil {
			return fmt.Errorf("write gaps: %w", err)
		}
	}
	return nil
}
