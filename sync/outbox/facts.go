package outbox

import (
	"bytes"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Desks are the open evaluations by counter, as the last Commit left them. One that is damaged is
// left out and logged.
func (b *Outbox) Desks() (map[string][]byte, error) {
	desks := map[string][]byte{}
	err := b.view(func(tx *bolt.Tx) error {
		c := tx.Bucket(inDesks).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			p, err := unpack(v)
			if err != nil {
				b.o.Log.Error("an open evaluation's bytes are not those that were written", "counter", string(k))
				continue
			}
			desks[string(k)] = bytes.Clone(p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read open evaluations: %w", err)
	}
	return desks, nil
}

// Note is a small fact by name; nil if there is none. It returns ErrDamaged for one whose bytes are
// not those that were written.
func (b *Outbox) Note(name string) (note []byte, err error) {
	err = b.view(func(tx *bolt.Tx) error {
		v := tx.Bucket(inNotes).Get([]byte(name))
		if v == nil {
			return nil
		}
		p, err := unpack(v)
		note = bytes.Clone(p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read note %q: %w", name, err)
	}
	return note, nil
}
