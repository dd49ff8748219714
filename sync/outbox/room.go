package outbox

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"evalpad/sync/wire"
)

// Shares of the file, in percent, and the least number of pages that they stand for. Deleting needs
// pages too: bbolt never writes over a page that is in use.
const (
	historyYields = 12 // below this much free, history goes
	ordinaryFloor = 8  // below this, only alerts and events are taken
	urgentFloor   = 2  // below this, nothing
	ordinaryPages = 48
	urgentPages   = 24

	evictAtOnce = 256
	pruneEvery  = time.Hour
)

// room is how much of the file is free, in pages; what others read hold back counts as free.
type room struct {
	pageSize, total, free int
}

// room is measured by the writer, between its own transactions.
func (b *Outbox) room() (r room) {
	err := b.view(func(tx *bolt.Tx) error {
		r = roomIn(tx, b.o.Max)
		return nil
	})
	if err != nil {
		return room{pageSize: 1, total: 1, free: 1 << 30} // not open: the transaction will say so
	}
	return r
}

func roomIn(tx *bolt.Tx, size int64) (r room) {
	stats := tx.DB().Stats()
	r.pageSize = tx.DB().Info().PageSize
	r.total = int(size) / r.pageSize
	r.free = r.total - int(tx.Size())/r.pageSize + stats.FreePageN + stats.PendingPageN
	return r
}

func (r room) floor(percent, pages int) int { return max(r.total*percent/100, pages) }

// take reserves room for letters that are stored together, and reports whether there is any.
// Alerts, the evaluations that go with them and events may use what others may not.
func (r *room) take(letters []Letter) bool {
	if len(letters) == 0 {
		return true // open evaluations and notes take the place of earlier ones
	}
	floor := r.floor(ordinaryFloor, ordinaryPages)
	if slices.ContainsFunc(letters, func(l Letter) bool { return l.Urgent || l.Kind == wire.KindEvent }) {
		floor = r.floor(urgentFloor, urgentPages)
	}
	need := bytesOf(letters)*5/4/r.pageSize + 1
	if r.free-need < floor {
		return false
	}
	r.free -= need
	return true
}

// makeRoom lets the oldest history go until the group fits, or there is no more history.
func (b *Outbox) makeRoom(group []*request) {
	for {
		p := b.plan()
		need := p.room.floor(historyYields, ordinaryPages+16)
		for _, r := range group {
			need += len(r.change.Drafts)
		}
		if p.room.free >= need || b.letGo(p, oldest) == 0 {
			return
		}
	}
}

// pruneOld lets go what has been history for too long. It looks once an hour and takes at most one
// batch.
func (b *Outbox) pruneOld() {
	if time.Since(b.pruned) < pruneEvery {
		return
	}
	b.pruned = time.Now()
	p, now := b.plan(), momentOf(b.o.Stamp())
	p.state.live(&now)
	b.letGo(p, func(tx *bolt.Tx) []Ref { return agedOut(tx, now.lived-b.o.History.Milliseconds()) })
}

// letGo evicts what choose names, in a transaction of its own, and says how many they were.
func (b *Outbox) letGo(p *plan, choose func(*bolt.Tx) []Ref) int {
	err := b.view(func(tx *bolt.Tx) error {
		p.evicts = choose(tx)
		return nil
	})
	if err != nil || len(p.evicts) == 0 {
		return 0
	}
	if err := b.save(p); err != nil {
		b.o.Log.Error("history is not let go", "error", err)
		return 0
	}
	return len(p.evicts)
}

func oldest(tx *bolt.Tx) (refs []Ref) {
	for ref := range settled(tx) {
		if refs = append(refs, ref); len(refs) == evictAtOnce {
			break
		}
	}
	return refs
}

// agedOut lists settled letters that were stored before the box had run for so long. One that cannot be
// read is left to whoever sets it aside.
func agedOut(tx *bolt.Tx, before int64) (refs []Ref) {
	for ref, v := range settled(tx) {
		switch _, at, err := decode(ref, v); {
		case err != nil:
		case at.lived >= before || len(refs) == evictAtOnce:
			return refs
		default:
			refs = append(refs, ref)
		}
	}
	return refs
}

// evict deletes letters from the history, and epochs of which nothing is left.
func (p *plan) evict(tx *bolt.Tx) error {
	in := shelfOf(tx)
	for _, ref := range p.evicts {
		if in.get(ref) == nil {
			continue // set aside in this same transaction
		}
		if err := in.delete(ref); err != nil {
			return err
		}
		p.state.Kept--
	}
	for len(p.evicts) > 0 && len(p.state.rows) > 1 {
		r := p.state.rows[0]
		if ref, _ := in.walk().seek(r.ref(1)); ref != 0 && ref <= r.ref(r.Head) {
			return nil
		}
		if err := tx.Bucket(inEpochs).Delete(r.Base.key()); err != nil {
			return err
		}
		p.state.rows = p.state.rows[1:]
		p.state.touched = max(p.state.touched-1, 0)
	}
	return nil
}

// isFull tells a lack of room, after which bbolt goes on, from a fault, after which it must not.
func isFull(err error) bool {
	if errors.Is(err, ErrFull) || errors.Is(err, berrors.ErrMaxSizeReached) {
		return true
	}
	_, writing := errors.AsType[*fs.PathError](err) // a failing sync is a bare errno: always a fault
	return writing && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT))
}

func asFull(err error) error {
	if isFull(err) && !errors.Is(err, ErrFull) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
