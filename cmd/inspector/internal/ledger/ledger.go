// Package ledger keeps what headquarters has been told: every verified record exactly once, the
// cases that follow from them, and how far each box's records are complete.
//
// What Take has returned is on disk. Each change is one transaction; the ledger remembers nothing
// in memory, so that a restart at any point changes nothing. It is the only importer of the SQL
// driver. The rules on cases are those of package casebook, which decides; this package keeps.
//
// SQL: one text for SQLite and PostgreSQL. $1 placeholders, text ids, times as UTC milliseconds.
package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver named sqlite

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many connections read beside the one that writes.
const readers = 4

// Options are a ledger's. The zero Options are good.
type Options struct {
	Clocks casebook.Clocks  // of cases that open from now on; zero means 2 h and 24 h
	Now    func() time.Time // for what is not handed the time; nil means time.Now
	Log    *slog.Logger     // nil discards
	// Changed is told, after the commit, of the cases that a Take, a Change, a Poll or a ConfirmKey
	// has opened or changed, in the goroutine of that call.
	Changed func([]casebook.Case)
	// Outside says, a sentence each, where the rules of a counter lie outside what the bank wants; nil
	// compares nothing.
	Outside func(wire.CounterRules) []string
}

func (o *Options) complete() error {
	if o.Clocks == (casebook.Clocks{}) {
		o.Clocks = casebook.DefaultClocks()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func([]casebook.Case) {}
	}
	return o.Clocks.Validate()
}

// Ledger is an open ledger. Its methods may be called from several goroutines; those that write
// wait for one another.
type Ledger struct {
	o     Options
	pen   *sql.DB // the one connection that writes
	eyes  *sql.DB // those that read what is committed
	ready map[string]*sql.Stmt
}

// Open opens the ledger in the SQLite file at path, makes it where there is none, brings its tables
// up to date, reads again what an older version could not read, and holds what boxes have told of their
// rules against Outside. Only the owner may read the
// file: tickets lead to persons.
func Open(ctx context.Context, path string, o Options) (*Ledger, error) {
	l := &Ledger{o: o}
	if err := l.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger %s: %w", path, err), l.Close())
	}
	return l, nil
}

func (l *Ledger) open(ctx context.Context, path string) (err error) {
	if err := l.o.complete(); err != nil {
		return err
	}
	if err := makePrivate(path); err != nil {
		return err
	}
	if l.pen, err = sql.Open("sqlite", source(path, "_txlock=immediate")); err != nil {
		return err
	}
	l.pen.SetMaxOpenConns(1)
	if l.eyes, err = sql.Open("sqlite", source(path, "_pragma=query_only(1)")); err != nil {
		return err
	}
	l.eyes.SetMaxOpenConns(readers)
	l.eyes.SetMaxIdleConns(readers)
	if err := migrate(ctx, l.pen); err != nil {
		return err
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{l.reread, l.fillCodes, l.fillTallies, l.judgeAll} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close waits for nobody: end what uses the ledger first.
func (l *Ledger) Close() error {
	var errs []error
	for _, s := range l.ready {
		errs = append(errs, s.Close())
	}
	for _, db := range []*sql.DB{l.eyes, l.pen} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// source is the driver's name for the file. synchronous FULL: a commit is on disk when it returns,
// which in WAL mode NORMAL does not promise.
func source(path, more string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)" +
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&" + more
}

func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// NextSession counts headquarters' sessions, from 1, across restarts.
func (l *Ledger) NextSession(ctx context.Context) (uint64, error) {
	var n uint64
	err := l.write(ctx, "count session", func(t tx) error {
		return t.row(ctx, `insert into counters (name, value) values ('session', 1)
			on conflict (name) do update set value = counters.value + 1 returning value`).Scan(&n)
	})
	return n, err
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func instant(ms int64) wire.Instant { return wire.At(time.UnixMilli(ms)) }
