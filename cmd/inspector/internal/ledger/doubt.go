package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"evalpad/sync/wire"
)

// Beyond returns a record of an epoch that lies after head and had arrived before a moment, 0 where
// there is none. A box that has heard from headquarters since that moment cannot honestly stand at head.
func (l *Ledger) Beyond(ctx context.Context, device string, epoch wire.Epoch, head uint64, by time.Time) (seq uint64, err error) {
	if head >= maxSeq {
		return 0, nil
	}
	err = l.eyes.QueryRowContext(ctx, `select seq from records where device = $1 and epoch = $2 and seq > $3 and received_at < $4
		order by seq limit 1`, device, string(epoch), head, millis(by)).Scan(&seq)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("look beyond record %d of %s: %w", head, device, err)
	}
	return seq, nil
}

// Contradicts reports whether a record is in the ledger, and whether none of those under its number
// has the hash that its box had told of.
func (l *Ledger) Contradicts(ctx context.Context, device string, epoch wire.Epoch, seq uint64, told wire.Hash) (there, contradicts bool, err error) {
	if seq == 0 || seq > maxSeq {
		return false, false, nil
	}
	hashes, err := scan(ctx, look{l.eyes}, scanText, selectVariants, device, string(epoch), seq)
	if err != nil {
		return false, false, fmt.Errorf("look for record %d of %s: %w", seq, device, err)
	}
	return len(hashes) > 0, len(hashes) > 0 && !slices.Contains(hashes, told.String()), nil
}
