package outbox

import (
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// pageMax is the most letters that one read copies.
const pageMax = 512

// Waiting lists letters of a lane that are not settled, in order, after the letter after (0 is
// before all): at most limit, and never more than 512. A letter whose bytes are damaged is left out,
// set aside and counted.
func (b *Outbox) Waiting(lane Lane, after Ref, limit int) ([]Letter, error) {
	if lane != Alerts && lane != Normal {
		return nil, fmt.Errorf("read letters: lane %d: want Alerts or Normal", lane)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var letters []Letter
	err := b.view(func(tx *bolt.Tx) error {
		in := shelfOf(tx)
		c := tx.Bucket(inLanes[lane]).Cursor()
		for k, _ := c.Seek((after + 1).key()); k != nil && len(letters) < min(limit, pageMax); k, _ = c.Next() {
			ref := refOf(k)
			if b.settling[ref] {
				continue
			}
			l, _, err := decode(ref, in.get(ref))
			if err != nil {
				b.suspect(ref)
				continue
			}
			letters = append(letters, l)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read letters: %w", err)
	}
	return letters, nil
}

// OpenAlerts lists the alerts that headquarters has not receipted, the first 512 of them.
func (b *Outbox) OpenAlerts() ([]Letter, error) { return b.Waiting(Alerts, 0, pageMax) }

// suspect has the writer set a letter aside, so that it never blocks the rest. mu is held.
func (b *Outbox) suspect(ref Ref) {
	if !b.suspects[ref] {
		b.suspects[ref] = true
		b.o.Log.Error("a letter's bytes are not those that were written; it is set aside", "ref", ref)
		poke(b.kick)
	}
}

// asideMax bounds how many damaged letters are kept for a person to look at.
const asideMax = 256

// setAside takes a damaged letter out of the way of the others.
func (p *plan) setAside(tx *bolt.Tx, ref Ref) error {
	in := shelfOf(tx)
	v := in.get(ref)
	if _, _, err := decode(ref, v); err == nil {
		return nil
	}
	if v != nil {
		if p.state.Aside < asideMax {
			if err := tx.Bucket(inAside).Put(ref.key(), append([]byte(nil), v...)); err != nil {
				return err
			}
		}
		if err := in.delete(ref); err != nil {
			return err
		}
		p.state.Kept--
	}
	p.state.Aside++
	return p.settle(tx, ref)
}
