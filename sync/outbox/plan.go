package outbox

import (
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// plan is what one transaction will do to the file.
type plan struct {
	state    state // as it will be
	before   uint64
	taken    []*request
	settles  []Ref
	suspects []Ref
	evicts   []Ref
	room     room
}

// plan begins with what has been settled since the last transaction.
func (b *Outbox) plan() *plan {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &plan{state: b.state.clone(), before: b.state.Commits, room: b.room()}
	p.state.Commits = max(p.state.Commits, b.doubted) + 1
	for ref := range b.settling {
		if len(p.settles) == settleMax {
			break
		}
		p.settles = append(p.settles, ref)
	}
	for ref := range b.suspects {
		p.suspects = append(p.suspects, ref)
	}
	return p
}

// take seals a request's drafts after those already taken; a request that is refused leaves no
// trace. Sealing here and not in the transaction keeps a bad draft from harming its neighbours.
func (p *plan) take(s scribe, r *request) (err error) {
	before, room := p.state, p.room
	p.state = p.state.clone()
	p.state.touched = before.touched
	defer func() {
		if err != nil {
			p.state, p.room, r.sealed = before, room, nil
		}
	}()
	r.sealed = nil // it may have been tried before
	if r.epoch {
		l, err := s.open(&p.state, r.why)
		if err != nil {
			return err
		}
		r.sealed = append(r.sealed, l)
	}
	for i, d := range r.change.Drafts {
		l, err := s.seal(&p.state, d)
		if err != nil {
			return fmt.Errorf("draft %d: %w", i, err)
		}
		r.sealed = append(r.sealed, l)
	}
	if !p.room.take(r.sealed) {
		return ErrFull
	}
	p.taken = append(p.taken, r)
	return nil
}

// apply is the transaction.
func (p *plan) apply(tx *bolt.Tx, at moment) error {
	var letters []Letter
	for _, r := range p.taken {
		letters = append(letters, r.sealed...)
		if err := keep(tx.Bucket(inDesks), r.change.Desks); err != nil {
			return err
		}
		if err := keep(tx.Bucket(inNotes), r.change.Notes); err != nil {
			return err
		}
	}
	if err := store(tx, letters, at, &p.state); err != nil {
		return err
	}
	for _, ref := range p.settles {
		if err := p.settle(tx, ref); err != nil {
			return err
		}
	}
	for _, ref := range p.suspects {
		if err := p.setAside(tx, ref); err != nil {
			return err
		}
	}
	if err := p.evict(tx); err != nil {
		return err
	}
	return p.state.save(tx)
}

// store writes letters, and their keys into the lanes where they wait.
func store(tx *bolt.Tx, letters []Letter, at moment, st *state) (err error) {
	if len(letters) == 0 {
		return nil
	}
	if st.fresh, err = shelfOf(tx).add(letters, at, st.fresh); err != nil {
		return err
	}
	for _, l := range letters {
		if err := await(tx, l); err != nil {
			return err
		}
	}
	return nil
}

// await puts a letter into its lane.
func await(tx *bolt.Tx, l Letter) error {
	lane := tx.Bucket(inLanes[laneOf(l.Kind)])
	lane.FillPercent = 0.9 // refs only rise
	return lane.Put(l.Ref.key(), []byte{version})
}

func keep(in *bolt.Bucket, small map[string][]byte) error {
	for name, v := range small {
		var err error
		if v == nil {
			err = in.Delete([]byte(name))
		} else {
			err = in.Put([]byte(name), pack(v))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
