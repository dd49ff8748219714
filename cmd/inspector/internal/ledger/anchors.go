package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"evalpad/cmd/inspector/internal/casebook"
)

// Anchors returns what is known of one boot of a device; zero Anchors where nothing is.
func (l *Ledger) Anchors(ctx context.Context, device, boot string) (a casebook.Anchors, err error) {
	docs, err := scan(ctx, look{l.eyes}, scanText, `select doc from anchors where device = $1 and boot = $2`, device, boot)
	if err == nil && len(docs) > 0 {
		err = decode(docs[0], &a)
	}
	if err != nil {
		return a, fmt.Errorf("read anchors of %s: %w", device, err)
	}
	return a, nil
}

// Boots returns what is known of all boots of a device.
func (l *Ledger) Boots(ctx context.Context, device string) (map[string]casebook.Anchors, error) {
	type boot struct{ name, doc string }
	list, err := scan(ctx, look{l.eyes}, func(rows *sql.Rows) (b boot, err error) { return b, rows.Scan(&b.name, &b.doc) },
		`select boot, doc from anchors where device = $1`, device)
	boots := map[string]casebook.Anchors{}
	for _, b := range list {
		var a casebook.Anchors
		if err = decode(b.doc, &a); err != nil {
			break
		}
		boots[b.name] = a
	}
	if err != nil {
		return nil, fmt.Errorf("read the boots of %s: %w", device, err)
	}
	return boots, nil
}

// maxBoots bounds the boots of a device whose anchors are kept, the latest first.
const maxBoots = 64

// KeepAnchors keeps what is known of one boot of a device across a restart of headquarters.
func (l *Ledger) KeepAnchors(ctx context.Context, device, boot string, a casebook.Anchors) error {
	return l.write(ctx, "keep anchors of "+device, func(t tx) error {
		doc, err := encode(a)
		if err != nil {
			return err
		}
		if err := t.exec(ctx, `insert into anchors (device, boot, doc, kept_at) values ($1, $2, $3, $4)
			on conflict (device, boot) do update set doc = excluded.doc, kept_at = excluded.kept_at`,
			device, boot, doc, millis(l.o.Now())); err != nil {
			return err
		}
		return t.exec(ctx, `delete from anchors where device = $1 and boot not in
			(select boot from anchors where device = $1 order by kept_at desc, boot limit $2)`, device, maxBoots)
	})
}
