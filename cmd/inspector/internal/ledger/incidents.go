package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

// Kinds of incidents. The last four are the intake's.
const (
	ForkFound      = "fork"             // other bytes under a number that was taken
	ChainBroken    = "chain-broken"     // a record builds on another than the one before it
	RecordsMissing = "records-missing"  // a box no longer has what never arrived
	KeyUnconfirmed = "key-unconfirmed"  // another key than the one known
	DataUnreadable = "unreadable"       // verified, kept, and not understood by this version
	EpochOpened    = "new-epoch"        // a box has begun a new outbox
	OutsideRules   = "outside-template" // a counter asks by rules that the bank's template does not allow
	LedgerBehind   = "ledger-behind"    // a box has settled what is not in this ledger
	ForeignTopic   = "foreign-topic"    // a record came on another device's topic
	RolledBack     = "rolled-back"      // a box stands before what it had sent or told of already
	Withheld       = "withheld"         // a box sends on and leaves out a record, though asked for it
)

// Incident is something that a person should look at. While it is open, more of the same kind at the
// same device counts up.
type Incident struct {
	ID       string        `json:"id"`
	Kind     string        `json:"kind"`
	Device   string        `json:"device"`
	Evidence string        `json:"evidence"` // of the first time
	Latest   string        `json:"latest"`   // of the last
	Count    int64         `json:"count"`
	FirstAt  wire.Instant  `json:"first_at"`
	LastAt   wire.Instant  `json:"last_at"`
	ClosedAt *wire.Instant `json:"closed_at,omitempty"`
	ClosedBy string        `json:"closed_by,omitempty"`
	Words    string        `json:"words,omitempty"`
}

// Incident raises an incident, or counts up the open one of that kind and device.
func (l *Ledger) Incident(ctx context.Context, kind, device, evidence string, now time.Time) error {
	return l.write(ctx, "raise incident "+kind, func(t tx) error { return t.incident(ctx, kind, device, evidence, now) })
}

func (t tx) incident(ctx context.Context, kind, device, evidence string, now time.Time) error {
	sum := sha256.Sum256([]byte(kind + "\x00" + device))
	at := now.UTC()
	id := fmt.Sprintf("i-%s%06d-%x", at.Format("20060102150405"), at.Nanosecond()/1e3, sum[:4])
	if err := t.exec(ctx, `insert into incidents (id, kind, device, evidence, latest, count, first_at, last_at)
		values ($1, $2, $3, $4, $4, 1, $5, $5) on conflict (kind, device) where closed_at is null
		do update set count = incidents.count + 1, latest = excluded.latest, last_at = excluded.last_at`,
		id, kind, device, plain(evidence), millis(now)); err != nil {
		return fmt.Errorf("raise incident %s: %w", kind, err)
	}
	return nil
}

// plain makes text of what a box may have sent: at most 2,000 characters, no zero byte.
func plain(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if r := []rune(s); len(r) > 2000 {
		s = string(r[:2000]) + "…"
	}
	return s
}

const selectIncident = `select id, kind, device, evidence, latest, count, first_at, last_at,
	closed_at, coalesce(closed_by, ''), coalesce(words, '') from incidents`

// Incidents returns the open incidents, or all, the latest first, at most 1,000.
func (l *Ledger) Incidents(ctx context.Context, all bool) ([]Incident, error) {
	list, err := scan(ctx, look{l.eyes}, scanIncident, selectIncident+` where closed_at is null or $1 order by last_at desc, id desc limit 1000`, all)
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	return list, nil
}

func scanIncident(rows *sql.Rows) (i Incident, err error) {
	var first, last int64
	var closed sql.Null[int64]
	err = rows.Scan(&i.ID, &i.Kind, &i.Device, &i.Evidence, &i.Latest, &i.Count, &first, &last, &closed, &i.ClosedBy, &i.Words)
	i.FirstAt, i.LastAt = instant(first), instant(last)
	if closed.Valid {
		i.ClosedAt = new(instant(closed.V))
	}
	return i, err
}

// CloseIncident notes a person's word on an incident. It returns ErrUnknown for one that is not
// there or closed already.
func (l *Ledger) CloseIncident(ctx context.Context, id, by, words string, now time.Time) error {
	return l.write(ctx, "close incident "+id, func(t tx) error {
		if strings.TrimSpace(by) == "" || strings.TrimSpace(words) == "" {
			return &casebook.Refusal{Wish: "close incident", Case: id, Why: "a named person and words are needed"}
		}
		result, err := t.ExecContext(ctx, `update incidents set closed_at = $2, closed_by = $3, words = $4
			where id = $1 and closed_at is null`, id, millis(now), by, words)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return ErrUnknown
		}
		return nil
	})
}
