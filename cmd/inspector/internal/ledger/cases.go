package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

// ErrUnknown is returned for a case or an incident that is not there.
var ErrUnknown = errors.New("there is none of that name")

// kept is a case as it is stored: lines of its history are written already.
type kept struct {
	casebook.Case
	lines int
}

const (
	selectCaseOf = `select doc from cases where device = $1 and evaluation = $2`
	selectCase   = `select doc from cases where id = $1`
)

// caseOf finds the case of an evaluation.
func (t tx) caseOf(ctx context.Context, device, evaluation string) (kept, error) {
	return t.oneCase(ctx, selectCaseOf, device, evaluation)
}

func (t tx) oneCase(ctx context.Context, text string, args ...any) (kept, error) {
	docs, err := scan(ctx, t, scanText, text, args...)
	if err != nil {
		return kept{}, fmt.Errorf("read case: %w", err)
	}
	if len(docs) == 0 {
		return kept{}, ErrUnknown
	}
	return t.readCase(ctx, docs[0])
}

func (t tx) readCase(ctx context.Context, doc string) (k kept, err error) {
	if err := decode(doc, &k.Case); err != nil {
		return k, fmt.Errorf("read case: %w", err)
	}
	k.History, err = scan(ctx, t, scanEntry, `select entry from case_history where case_id = $1 order by n`, k.ID)
	if err != nil {
		return k, fmt.Errorf("read history of %s: %w", k.ID, err)
	}
	k.lines = len(k.History)
	return k, nil
}

func scanEntry(rows *sql.Rows) (e casebook.Entry, err error) {
	text, err := scanText(rows)
	if err != nil {
		return e, err
	}
	return e, decode(text, &e)
}

func scanText(rows *sql.Rows) (s string, err error) { return s, rows.Scan(&s) }

// insertCase writes a new case, sealed under the key kid.
func (t *taking) insertCase(ctx context.Context, c casebook.Case, kid wire.KID) error {
	doc, err := docOf(c)
	if err != nil {
		return err
	}
	if err := t.exec(ctx, `insert into cases (id, device, evaluation, region, branch, counter, state, kid, unconfirmed,
		rated_at, received_at, investigate_by, plan_by, desk_investigate_by, desk_plan_by, due_at, pending_by, doc, code)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		c.ID, c.Device, c.Evaluation, c.Region, c.Branch, c.Counter, string(c.State), string(kid), unconfirmed(c),
		millis(c.RatedAt.Time), millis(c.ReceivedAt.Time), millis(c.InvestigateBy.Time), millis(c.PlanBy.Time),
		millis(c.DeskInvestigateBy.Time), millis(c.DeskPlanBy.Time), when(c.Due()), when(c.Pending()), doc, wire.Code(c.Evaluation)); err != nil {
		return fmt.Errorf("open case %s: %w", c.ID, err)
	}
	t.changed = append(t.changed, c)
	return t.writeHistory(ctx, kept{Case: c})
}

// update writes a changed case.
func (t *taking) update(ctx context.Context, k kept) error {
	t.changed = append(t.changed, k.Case)
	return t.tx.update(ctx, k)
}

func (t tx) update(ctx context.Context, k kept) error {
	doc, err := docOf(k.Case)
	if err != nil {
		return err
	}
	if err := t.exec(ctx, `update cases set state = $2, unconfirmed = $3, due_at = $4, pending_by = $5, doc = $6 where id = $1`,
		k.ID, string(k.State), unconfirmed(k.Case), when(k.Due()), when(k.Pending()), doc); err != nil {
		return fmt.Errorf("write case %s: %w", k.ID, err)
	}
	return t.writeHistory(ctx, k)
}

// writeHistory adds the lines that are new.
func (t tx) writeHistory(ctx context.Context, k kept) error {
	for i, e := range k.History[k.lines:] {
		line, err := encode(e)
		if err != nil {
			return err
		}
		if err := t.exec(ctx, `insert into case_history (case_id, n, at, entry) values ($1, $2, $3, $4)`,
			k.ID, k.lines+i+1, millis(e.At.Time), line); err != nil {
			return fmt.Errorf("write history of %s: %w", k.ID, err)
		}
	}
	return nil
}

// docOf is the case without its history, which has a table of its own.
func docOf(c casebook.Case) (string, error) {
	c.History = nil
	return encode(c)
}

func unconfirmed(c casebook.Case) bool { return slices.Contains(c.Flags, casebook.FlagKeyUnconfirmed) }

func when(t time.Time, some bool) *int64 {
	if !some {
		return nil
	}
	return new(millis(t))
}

// Filter chooses cases. The zero Filter chooses all that are not closed.
type Filter struct {
	All                             bool           // closed ones too
	State                           casebook.State // "" for any
	Region, Branch, Counter, Device string         // "" for any
	Code                            string         // of the customer's evaluation, as wire.ReadCode gives it; "" for any
	Limit                           int            // 1,000 where it is zero
}

// Cases returns the cases that f chooses, the greatest danger first, as casebook.Less orders them.
func (l *Ledger) Cases(ctx context.Context, f Filter) ([]casebook.Case, error) {
	var cases []casebook.Case
	err := l.read(ctx, "list cases", func(t tx) error {
		docs, err := scan(ctx, t, scanText, `select doc from cases
			where ($1 = '' or state = $1) and ($2 = '' or region = $2) and ($3 = '' or branch = $3)
			and ($4 = '' or counter = $4) and ($5 = '' or device = $5) and state <> $6 and ($7 = '' or code = $7)
			order by pending_by is null, pending_by, case when pending_by is null then '' else id end, id desc limit $8`,
			string(f.State), f.Region, f.Branch, f.Counter, f.Device, except(f), f.Code, cmp.Or(f.Limit, 1000))
		for _, doc := range docs {
			k, err := t.readCase(ctx, doc)
			if err != nil {
				return err
			}
			cases = append(cases, k.Case)
		}
		return err
	})
	return cases, err
}

// except is the state that f leaves out.
func except(f Filter) string {
	if f.All || f.State != "" {
		return "none"
	}
	return string(casebook.StateClosed)
}

// Case returns one case, or ErrUnknown.
func (l *Ledger) Case(ctx context.Context, id string) (casebook.Case, error) {
	var k kept
	err := l.read(ctx, "read case "+id, func(t tx) (err error) {
		k, err = t.oneCase(ctx, selectCase, id)
		return err
	})
	return k.Case, err
}
