package outbox

import (
	"context"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/wire"
)

// Settle marks the waiting letters from to to, both included, of an epoch as receipted, if head is
// the hash of our own record to, and says how many they were. It does not wait for the disk: they
// leave with the next commit, or by themselves at 256 or after 250 ms. After a power cut before
// that they simply wait again, and headquarters drops what it has.
//
// It returns ErrUnknownEpoch, ErrBeyondHead or ErrHeadDiffers, and then nothing is settled.
func (b *Outbox) Settle(ctx context.Context, epoch wire.Epoch, from, to uint64, head wire.Hash) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("settle: %w", err)
	}
	if to == 0 || from > to {
		return 0, nil // a receipt that names nothing
	}
	n, err := b.settle(epoch, max(from, 1), to, head)
	if err != nil {
		return 0, fmt.Errorf("settle %s to %d: %w", epoch, to, err)
	}
	return n, nil
}

// settle holds mu while it reads: a letter is then either still among the settling or gone from its
// lane, never counted twice.
func (b *Outbox) settle(epoch wire.Epoch, from, to uint64, head wire.Hash) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, known := b.state.row(epoch)
	if !known {
		return 0, ErrUnknownEpoch
	}
	if to > r.Head {
		return 0, ErrBeyondHead
	}
	var fresh []Ref
	err := b.view(func(tx *bolt.Tx) error {
		fresh = b.waitingBetween(tx, r.ref(from), r.ref(to))
		switch own, known := hashOf(tx, r, to); {
		case !known:
			fresh = nil // to left the history long ago: a later receipt will name what still waits
		case own != head:
			return ErrHeadDiffers
		}
		return nil
	})
	if err != nil || len(fresh) == 0 {
		return 0, err
	}
	b.markSettled(fresh)
	b.reckonSettled(epoch)
	return len(fresh), nil
}

// markSettled has the letters written soon.
func (b *Outbox) markSettled(fresh []Ref) {
	if len(b.settling) == 0 {
		time.AfterFunc(b.o.settleWithin, func() { poke(b.kick) })
	}
	for _, ref := range fresh {
		b.settling[ref] = true
	}
	if len(b.settling) >= flushAt {
		poke(b.kick)
	}
}

// waitingBetween lists the refs of both lanes from first to last that are not settling.
func (b *Outbox) waitingBetween(tx *bolt.Tx, first, last Ref) (refs []Ref) {
	for _, name := range inLanes {
		c := tx.Bucket(name).Cursor()
		for k, _ := c.Seek(first.key()); k != nil && refOf(k) <= last; k, _ = c.Next() {
			if ref := refOf(k); !b.settling[ref] {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// hashOf is the hash of our own record seq: from the row if it is the head, from the record, or
// from the record after it. It is unknown when all of them are gone from the history.
func hashOf(tx *bolt.Tx, r row, seq uint64) (wire.Hash, bool) {
	if seq == r.Head {
		return r.Hash, true
	}
	in := shelfOf(tx)
	if l, _, err := decode(r.ref(seq), in.get(r.ref(seq))); err == nil {
		return l.Hash, true
	}
	l, _, err := decode(r.ref(seq+1), in.get(r.ref(seq+1)))
	if err != nil {
		return wire.Hash{}, false
	}
	rec, err := wire.ParseRecord(l.Line)
	return rec.Prev, err == nil
}

// settledThrough is the last record of an epoch before the first that still waits.
func settledThrough(tx *bolt.Tx, r row, settling map[Ref]bool) uint64 {
	through := r.Head
	for _, name := range inLanes {
		c := tx.Bucket(name).Cursor()
		k, _ := c.Seek(r.ref(1).key())
		for k != nil && settling[refOf(k)] {
			k, _ = c.Next()
		}
		if k != nil && refOf(k) <= r.ref(r.Head) {
			through = min(through, uint64(refOf(k)-r.Base)-1)
		}
	}
	return through
}

// reckonSettled brings the row of an epoch up to date; "" is every epoch. It may fail only where the
// file is shut, and then the row is reckoned when that is opened again.
func (b *Outbox) reckonSettled(epoch wire.Epoch) {
	_ = b.view(func(tx *bolt.Tx) error {
		for i := range b.state.rows {
			if r := &b.state.rows[i]; epoch == "" || r.Epoch == epoch {
				r.settled = settledThrough(tx, *r, b.settling)
			}
		}
		return nil
	})
}

// settle takes a letter off its lane; it stays in the file as history.
func (p *plan) settle(tx *bolt.Tx, ref Ref) error {
	for lane, name := range inLanes {
		in := tx.Bucket(name)
		if in.Get(ref.key()) == nil {
			continue
		}
		p.state.waiting[lane]--
		return in.Delete(ref.key())
	}
	return nil
}
