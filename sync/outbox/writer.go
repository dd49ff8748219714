package outbox

import bolt "go.etcd.io/bbolt"

const (
	groupMax  = 256  // requests that share a transaction
	flushAt   = 256  // settled letters that are written without waiting for a commit
	settleMax = 4096 // settled letters written in one transaction
)

// write is the one goroutine that changes the file.
func (b *Outbox) write() {
	defer close(b.done)
	for {
		select {
		case r := <-b.requests:
			b.commit(b.gather(r))
		case <-b.kick:
			b.flush()
		case <-b.closing:
			b.flush()
			return
		}
	}
}

// gather takes along whoever has been waiting while the disk was busy, without waiting for more.
// An opened epoch ends the group.
func (b *Outbox) gather(first *request) (group []*request) {
	for r := first; ; {
		group = append(group, r)
		if r.epoch || len(group) == groupMax {
			return group
		}
		select {
		case r = <-b.requests:
		default:
			return group
		}
	}
}

// commit stores a group of requests in one transaction and answers each. A group that does not fit
// is tried one by one, so that what does fit is kept.
func (b *Outbox) commit(group []*request) {
	b.makeRoom(group)
	p := b.plan()
	for _, r := range group {
		if err := p.take(b.scribe, r); err != nil {
			r.answer <- answer{err: err}
		}
	}
	if len(p.taken) == 0 {
		return
	}
	err := b.save(p)
	if isFull(err) && len(p.taken) > 1 {
		for _, r := range p.taken {
			b.commit([]*request{r})
		}
		return
	}
	for _, r := range p.taken {
		if err != nil {
			r.sealed = nil
		}
		r.answer <- answer{r.sealed, err}
	}
}

// flush writes what is settled when no commit has carried it along.
func (b *Outbox) flush() {
	for {
		p := b.plan()
		if len(p.settles) == 0 && len(p.suspects) == 0 {
			break
		}
		if err := b.save(p); err != nil {
			b.o.Log.Error("settled letters are not written and will be sent again", "error", err)
			break
		}
	}
	b.pruneOld()
}

// save commits a plan and, if it is on disk, makes it the state that others see.
func (b *Outbox) save(p *plan) error {
	at := momentOf(b.o.Stamp())
	p.state.live(&at)
	err := b.update(func(tx *bolt.Tx) error { return p.apply(tx, at) })
	if err != nil && !isFull(err) {
		err = b.reopen(p, err)
	}
	if err != nil {
		return asFull(err)
	}
	b.publish(p)
	return nil
}

// update runs one write transaction. Only the writer calls it, the only one to replace db.
func (b *Outbox) update(fn func(*bolt.Tx) error) error {
	if b.db == nil {
		return errNotOpen
	}
	return guard(func() error {
		if err := b.vouch(); err != nil {
			return err
		}
		tx, err := b.db.Begin(true)
		if err != nil {
			return err
		}
		defer tx.Rollback() // does nothing after the end
		if err := fn(tx); err != nil {
			return err
		}
		return b.o.finish(tx)
	})
}

func (b *Outbox) publish(p *plan) {
	b.mu.Lock()
	for i := range p.state.rows { // others have reckoned it meanwhile
		if r, ok := b.state.row(p.state.rows[i].Epoch); ok {
			p.state.rows[i].settled = r.settled
		}
	}
	b.state, b.fault = p.state, nil
	b.carried(p)
	if len(p.suspects) > 0 {
		b.reckonSettled("")
	}
	b.mu.Unlock()
	for _, r := range p.taken {
		if len(r.sealed) > 0 {
			poke(b.changed)
			return
		}
	}
}

// carried strikes out what the file now says itself; mu is held.
func (b *Outbox) carried(p *plan) {
	for _, ref := range p.settles {
		delete(b.settling, ref)
	}
	for _, ref := range p.suspects {
		delete(b.suspects, ref)
	}
}
