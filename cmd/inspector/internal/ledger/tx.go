package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// tx is one transaction. Statements that are in the ready table run prepared. A statement is not
// interrupted half-way: the driver would spend a goroutine on each to watch ctx, which halves the
// speed. The transaction as a whole ends with ctx.
type tx struct {
	*sql.Tx
	ready map[string]*sql.Stmt
}

// write runs do in one transaction of the pen: all of it is on disk when write returns nil, or none
// of it.
func (l *Ledger) write(ctx context.Context, op string, do func(tx) error) error {
	t, err := l.pen.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := do(tx{t, l.ready}); err != nil {
		_ = t.Rollback() // the first error is the one that counts
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// read runs do on one state of what is committed.
func (l *Ledger) read(ctx context.Context, op string, do func(tx) error) error {
	t, err := l.eyes.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer t.Rollback() // nothing was written
	if err := do(tx{Tx: t}); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// prepare readies what runs for every record.
func (l *Ledger) prepare(ctx context.Context) error {
	l.ready = map[string]*sql.Stmt{}
	for _, text := range []string{insertRecord, insertEvaluation, selectVariants, selectCaseOf} {
		s, err := l.pen.PrepareContext(ctx, text)
		if err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		l.ready[text] = s
	}
	return nil
}

func (t tx) exec(ctx context.Context, text string, args ...any) (err error) {
	ctx = context.WithoutCancel(ctx)
	if s := t.ready[text]; s != nil {
		_, err = t.StmtContext(ctx, s).ExecContext(ctx, args...)
		return err
	}
	_, err = t.ExecContext(ctx, text, args...)
	return err
}

func (t tx) row(ctx context.Context, text string, args ...any) *sql.Row {
	return t.QueryRowContext(context.WithoutCancel(ctx), text, args...)
}

func (t tx) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	if s := t.ready[text]; s != nil {
		return t.StmtContext(ctx, s).QueryContext(ctx, args...)
	}
	return t.QueryContext(ctx, text, args...)
}

// querier is a transaction, or a look at what is committed.
type querier interface {
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

type look struct{ *sql.DB }

func (l look) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return l.QueryContext(ctx, text, args...)
}

// scan reads all rows of a query, each by one.
func scan[T any](ctx context.Context, q querier, one func(*sql.Rows) (T, error), text string, args ...any) ([]T, error) {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := one(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// encode and decode are for what is kept as one piece: nobody asks SQL about its members.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write %T: %w", v, err)
	}
	return string(b), nil
}

func decode(doc string, v any) error {
	if err := json.Unmarshal([]byte(doc), v); err != nil {
		return fmt.Errorf("read %T: %w", v, err)
	}
	return nil
}
