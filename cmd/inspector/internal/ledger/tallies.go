package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

// insertTally keeps how many presses a box has refused.
func (t *taking) insertTally(ctx context.Context, a Arrival, variant int, e wire.Event) error {
	refused, err := encode(e.Tally)
	if err != nil {
		return err
	}
	at := a.Rated.At
	if at.IsZero() {
		at = a.Received // of a box whose time is not known: no later than that
	}
	r := a.Record
	if err := t.exec(ctx, `insert into tallies (device, epoch, seq, variant, region, branch, counter, at, refused)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (device, epoch, seq, variant) do nothing`,
		r.Place.Device, string(r.Epoch), r.Seq, variant, r.Place.Region, r.Place.Branch, e.Counter, millis(at), refused); err != nil {
		return fmt.Errorf("store its tally: %w", err)
	}
	return nil
}

// Tallies are what boxes have told of refused presses from a moment to another one.
func (l *Ledger) Tallies(ctx context.Context, p rates.Period) ([]rates.Tally, error) {
	list, err := scan(ctx, look{l.eyes}, scanTally, `select device, region, branch, counter, at, refused from tallies
		where at >= $1 and at < $2 order by at, device, epoch, seq, variant`, millis(p.From.Time), millis(p.To.Add(rates.TallyEvery)))
	if err != nil {
		return nil, fmt.Errorf("list tallies: %w", err)
	}
	return list, nil
}

func scanTally(rows *sql.Rows) (t rates.Tally, err error) {
	var at int64
	var refused string
	if err := rows.Scan(&t.Device, &t.Region, &t.Branch, &t.Counter, &at, &refused); err != nil {
		return t, err
	}
	t.At = instant(at)
	return t, decode(refused, &t.Refused)
}

// filled is the name under which the ledger remembers that the tallies of older versions are in.
const filled = "tallies-filled"

// fillTallies takes the tallies out of events that an older version has kept, once.
func (l *Ledger) fillTallies(ctx context.Context) error {
	return l.write(ctx, "take in older tallies", func(x tx) error {
		done, err := scan(ctx, x, scanText, `select name from counters where name = $1`, filled)
		if err != nil || len(done) > 0 {
			return err
		}
		events, err := scan(ctx, x, scanStored, `select line, variant, unconfirmed, received_at, rated_at, rated_error_ms, rated_how from records
			where kind = $1 and line like '%"tally":{%'`, string(wire.KindEvent))
		if err != nil {
			return err
		}
		t := &taking{tx: x}
		for _, s := range events {
			if c, err := s.contents(); err != nil || c.event.Tally == nil {
				continue
			} else if err := t.insertTally(ctx, s.Arrival, s.variant, *c.event); err != nil {
				return err
			}
		}
		return x.exec(ctx, `insert into counters (name, value) values ($1, $2)`, filled, len(events))
	})
}
