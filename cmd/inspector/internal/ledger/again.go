package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"evalpad/sync/wire"
)

// stored is a record that is read again.
type stored struct {
	Arrival
	variant int
	unknown error // its line, which an older version understood
}

const selectPending = `select line, variant, unconfirmed, received_at, rated_at, rated_error_ms, rated_how from records
	where pending = $1 and device = $2`

func scanStored(rows *sql.Rows) (s stored, err error) {
	var line string
	var unconfirmed bool
	var received, off int64
	var rated sql.Null[int64]
	if err := rows.Scan(&line, &s.variant, &unconfirmed, &received, &rated, &off, &s.Rated.How); err != nil {
		return s, err
	}
	s.Standing = Confirmed
	if unconfirmed {
		s.Standing = Unconfirmed
	}
	s.Received = time.UnixMilli(received)
	if rated.Valid {
		s.Rated.At, s.Rated.Error = time.UnixMilli(rated.V), time.Duration(off)*time.Millisecond
	}
	s.Record, s.unknown = wire.ParseRecord([]byte(line))
	return s, nil
}

func (s stored) contents() (contents, error) {
	if s.unknown != nil {
		return contents{}, s.unknown
	}
	return contentsOf(s.Record)
}

// release opens the cases that had to wait for a person's word on their key. Only the case is made
// up for: the evaluation was counted when it came.
func (t *taking) release(ctx context.Context, device string, kid wire.KID) error {
	waiting, err := scan(ctx, t, scanStored, selectPending+` and kid = $3 order by received_at, epoch, seq`,
		pendingHeld, device, string(kid))
	if err != nil {
		return fmt.Errorf("read what waits: %w", err)
	}
	for _, s := range waiting {
		c, err := s.contents()
		if err != nil {
			continue // it stays as it is, for a version that can
		}
		if _, err := t.fileCase(ctx, s.Arrival, s.variant, *c.evaluation); err != nil {
			return err
		}
		if err := t.settled(ctx, s, pendingNothing); err != nil {
			return err
		}
	}
	return nil
}

// reread reads again what an older version of this program could not read: one transaction a device.
func (l *Ledger) reread(ctx context.Context) error {
	devices, err := scan(ctx, look{l.eyes}, scanText, `select distinct device from records where pending = $1`, pendingUnreadable)
	if err != nil {
		return fmt.Errorf("read again: %w", err)
	}
	for _, device := range devices {
		var t *taking
		if err := l.write(ctx, "read again what "+device+" sent", func(x tx) error {
			t = &taking{tx: x, clocks: l.o.Clocks, outside: l.o.Outside}
			return t.reread(ctx, device)
		}); err != nil {
			return err
		}
		l.tell(t.changed)
	}
	return nil
}

func (t *taking) reread(ctx context.Context, device string) error {
	unread, err := scan(ctx, t, scanStored, selectPending+` order by received_at, epoch, seq`, pendingUnreadable, device)
	if err != nil {
		return err
	}
	for _, s := range unread {
		c, err := s.contents()
		if err != nil {
			continue // not by this version either
		}
		if err := t.file(ctx, s.Arrival, s.variant, &c); err != nil {
			return err
		}
		if err := t.settled(ctx, s, c.pending); err != nil {
			return err
		}
	}
	return t.settle(ctx, nil)
}

func (t *taking) settled(ctx context.Context, s stored, pending string) error {
	r := s.Record
	return t.exec(ctx, `update records set pending = $5 where device = $1 and epoch = $2 and seq = $3 and variant = $4`,
		r.Place.Device, string(r.Epoch), r.Seq, s.variant, pending)
}
