package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

const selectSaid = `select overall, attitude, efficiency, compliance, device, root, evaluation, region, branch, counter,
	business, teller, service, outcome, prompted, reasons, flags, rated_at, received_at from evaluations`

func scanSaid(rows *sql.Rows) (r rates.Record, err error) {
	var reasons, flags string
	var rated, received int64
	r.Scores, err = scanScores(rows, &r.Device, &r.Root, &r.Evaluation, &r.Region, &r.Branch, &r.Counter,
		&r.Business, &r.Teller, &r.Service, &r.Outcome, &r.Prompted, &reasons, &flags, &rated, &received)
	if err != nil {
		return r, err
	}
	r.RatedAt, r.ReceivedAt = instant(rated), instant(received)
	return r, errors.Join(decode(reasons, &r.Reasons), decode(flags, &r.Flags))
}

// EachEvaluation hands over every evaluation of which a record was rated within a period, joined of all
// its records, those outside of the period too; and after them what was said by phone within it, each as
// one of its own. An error of one ends it and is returned.
func (l *Ledger) EachEvaluation(ctx context.Context, p rates.Period, one func(rates.Evaluation) error) error {
	if err := l.eachPadEvaluation(ctx, p, one); err != nil {
		return err
	}
	return l.eachPhoneRating(ctx, p, one)
}

func (l *Ledger) eachPadEvaluation(ctx context.Context, p rates.Period, one func(rates.Evaluation) error) error {
	rows, err := l.eyes.QueryContext(ctx, selectSaid+` where (device, root) in
		(select device, root from evaluations where rated_at >= $1 and rated_at < $2) order by device, root, epoch, seq, variant`,
		millis(p.From.Time), millis(p.To.Time))
	if err != nil {
		return fmt.Errorf("read evaluations: %w", err)
	}
	defer rows.Close()
	var same []rates.Record
	for rows.Next() {
		r, err := scanSaid(rows)
		if err != nil {
			return fmt.Errorf("read evaluations: %w", err)
		}
		if len(same) > 0 && (same[0].Device != r.Device || same[0].Root != r.Root) {
			if err := one(rates.Join(same)); err != nil {
				return err
			}
			same = same[:0]
		}
		same = append(same, r)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read evaluations: %w", err)
	}
	if len(same) == 0 {
		return nil
	}
	return one(rates.Join(same))
}

// Found is an evaluation that a customer has asked for by its code, and what became of it.
type Found struct {
	rates.Evaluation
	Code  string         `json:"code"`
	Case  string         `json:"case,omitempty"`  // "" where there is none: a satisfied customer's
	State casebook.State `json:"state,omitempty"` // of the case
}

// ByCode returns every evaluation that has a code, as wire.ReadCode gives it: mostly one, or none. An
// alert whose evaluation has not come yet is found by its case.
func (l *Ledger) ByCode(ctx context.Context, code string) (found []Found, err error) {
	err = l.read(ctx, "look for code "+code, func(t tx) error {
		roots, err := scan(ctx, t, scanName, `select device, root from evaluations where code = $1
			union select device, evaluation from cases where code = $1 order by 1, 2`, code)
		if err != nil {
			return err
		}
		for _, r := range roots {
			f, err := t.found(ctx, r)
			if err != nil {
				return err
			}
			f.Code = code
			found = append(found, f)
		}
		return nil
	})
	return found, err
}

// nameOf names an evaluation.
type nameOf struct{ device, root string }

func scanName(rows *sql.Rows) (n nameOf, err error) { return n, rows.Scan(&n.device, &n.root) }

func (t tx) found(ctx context.Context, n nameOf) (f Found, err error) {
	records, err := scan(ctx, t, scanSaid, selectSaid+` where device = $1 and root = $2`, n.device, n.root)
	if err != nil {
		return f, err
	}
	k, err := t.caseOf(ctx, n.device, n.root)
	switch {
	case err == nil:
		f.Case, f.State = k.ID, k.State
	case !errors.Is(err, ErrUnknown):
		return f, err
	}
	if len(records) == 0 {
		f.Evaluation = ofCase(k.Case)
		return f, nil
	}
	f.Evaluation = rates.Join(records)
	return f, nil
}

// ofCase is what an alert has told of its evaluation.
func ofCase(c casebook.Case) rates.Evaluation {
	return rates.Evaluation{
		Evaluation: c.Evaluation, Device: c.Device, Region: c.Region, Branch: c.Branch, Counter: c.Counter, Business: c.Business,
		Teller: c.Teller, Outcome: wire.Rated, Scores: c.Scores, Reasons: c.Reasons, Flags: c.Flags, RatedAt: c.RatedAt, ReceivedAt: c.ReceivedAt,
	}
}

// codesAtOnce is how many codes one transaction fills.
const codesAtOnce = 1000

// fillCodes gives rows of an older version their codes.
func (l *Ledger) fillCodes(ctx context.Context) error {
	for _, table := range []struct{ find, fill string }{
		{`select distinct device, root from evaluations where code = '' limit $1`, `update evaluations set code = $3 where device = $1 and root = $2`},
		{`select device, evaluation from cases where code = '' limit $1`, `update cases set code = $3 where device = $1 and evaluation = $2`},
	} {
		for left := true; left; {
			err := l.write(ctx, "fill codes", func(t tx) error {
				names, err := scan(ctx, t, scanName, table.find, codesAtOnce)
				left = len(names) == codesAtOnce
				for _, n := range names {
					if err := t.exec(ctx, table.fill, n.device, n.root, wire.Code(n.root)); err != nil {
						return err
					}
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
