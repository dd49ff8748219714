package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// KeyStanding is how far a device's key is believed. Records under any of them are stored.
type KeyStanding string

// The standings.
const (
	Unenrolled  KeyStanding = "unenrolled"  // the first key of its device, taken on first sight
	Unconfirmed KeyStanding = "unconfirmed" // another key than the first: a person has to say
	Confirmed   KeyStanding = "confirmed"   // a person has said so
)

// ErrUnknownKey is returned for a key that was never introduced.
var ErrUnknownKey = errors.New("unknown key")

// Key returns a key of a device, or ErrUnknownKey.
func (l *Ledger) Key(ctx context.Context, device string, kid wire.KID) (key wire.PublicKey, standing KeyStanding, err error) {
	err = l.read(ctx, fmt.Sprintf("read key %s of %s", kid, device), func(t tx) error {
		key, standing, err = t.key(ctx, device, kid)
		return err
	})
	return key, standing, err
}

func (t tx) key(ctx context.Context, device string, kid wire.KID) (key wire.PublicKey, standing KeyStanding, err error) {
	var text string
	err = t.row(ctx, `select key, standing from keys where device = $1 and kid = $2`, device, string(kid)).Scan(&text, &standing)
	if errors.Is(err, sql.ErrNoRows) {
		return key, "", ErrUnknownKey
	}
	if err != nil {
		return key, "", err
	}
	return key, standing, key.UnmarshalText([]byte(text))
}

// Introduce makes a key known for the device at place and tells how it stands. The first key of a
// device is taken on first sight; any other stays unconfirmed, under an incident. A key that is
// known keeps its standing.
func (l *Ledger) Introduce(ctx context.Context, place wire.Place, key wire.PublicKey, now time.Time) (standing KeyStanding, err error) {
	kid := seal.KIDOf(key)
	err = l.write(ctx, fmt.Sprintf("introduce key %s of %s", kid, place.Device), func(t tx) error {
		if _, standing, err = t.key(ctx, place.Device, kid); !errors.Is(err, ErrUnknownKey) {
			return err
		}
		var others int
		if err := t.row(ctx, `select count(*) from keys where device = $1`, place.Device).Scan(&others); err != nil {
			return err
		}
		standing = Unenrolled
		if others > 0 {
			standing = Unconfirmed
			evidence := fmt.Sprintf("key %s at %s is not the first of this device", kid, place)
			if err := t.incident(ctx, KeyUnconfirmed, place.Device, evidence, now); err != nil {
				return err
			}
		}
		return t.exec(ctx, `insert into keys (device, kid, key, standing, introduced_at) values ($1, $2, $3, $4, $5)`,
			place.Device, string(kid), key.String(), string(standing), millis(now))
	})
	return standing, err
}

// ConfirmKey notes a person's word that a key is its device's own. Its cases lose their mark, and
// those that had to wait for it are opened, with the deadlines of their rating.
func (l *Ledger) ConfirmKey(ctx context.Context, device string, kid wire.KID, by string, now time.Time) error {
	var t *taking
	err := l.write(ctx, fmt.Sprintf("confirm key %s of %s", kid, device), func(x tx) error {
		t = &taking{tx: x, clocks: l.o.Clocks, outside: l.o.Outside}
		if strings.TrimSpace(by) == "" {
			return &casebook.Refusal{Wish: "confirm key", Case: string(kid), Why: "a named person is missing"}
		}
		if _, _, err := t.key(ctx, device, kid); err != nil {
			return err
		}
		if err := t.exec(ctx, `update keys set standing = $3, confirmed_at = $4, confirmed_by = $5
			where device = $1 and kid = $2 and standing <> $3`, device, string(kid), string(Confirmed), millis(now), by); err != nil {
			return err
		}
		if err := t.confirmed(ctx, device, kid, by, now); err != nil {
			return err
		}
		return t.release(ctx, device, kid)
	})
	if err != nil {
		return err
	}
	l.tell(t.changed)
	return nil
}

// confirmed takes the mark from all that came under a key.
func (t *taking) confirmed(ctx context.Context, device string, kid wire.KID, by string, now time.Time) error {
	docs, err := scan(ctx, t, scanText, `select doc from cases where device = $1 and kid = $2 and unconfirmed order by id`,
		device, string(kid))
	if err != nil {
		return err
	}
	for _, doc := range docs {
		k, err := t.readCase(ctx, doc)
		if err != nil {
			return err
		}
		k.Confirm(by, now)
		if err := t.update(ctx, k); err != nil {
			return err
		}
	}
	return t.exec(ctx, `update records set unconfirmed = false where device = $1 and kid = $2 and unconfirmed`,
		device, string(kid))
}
