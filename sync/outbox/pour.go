package outbox

import (
	"io"
	"maps"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// pour writes the wreck into a new file.
func (w *wreck) pour(db *bolt.DB, st *state, size int64) error {
	err := db.Update(func(tx *bolt.Tx) error {
		if err := keep(tx.Bucket(inDesks), w.desks); err != nil {
			return err
		}
		return keep(tx.Bucket(inNotes), w.notes)
	})
	if err != nil {
		return err
	}
	w.layRows(st)
	f, err := os.Open(w.path)
	if err != nil {
		return err
	}
	defer f.Close()
	for batch := range slices.Chunk(w.order(), 64) {
		err := db.Update(func(tx *bolt.Tx) error {
			if r := roomIn(tx, size); r.free < r.floor(ordinaryFloor, ordinaryPages) {
				return ErrFull
			}
			return w.pourBatch(tx, f, batch, st)
		})
		if isFull(err) {
			return nil // the oldest history stays in the damaged file
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// order puts what waits first, and of the history the newest, should not all fit.
func (w *wreck) order() []relic {
	var waiting, history []relic
	for _, r := range w.found {
		if w.waits(r) {
			waiting = append(waiting, r)
		} else {
			history = append(history, r)
		}
	}
	slices.Reverse(history)
	return append(waiting, history...)
}

// waits reports whether a relic must be sent (again). One that the tree does not know of yet must.
func (w *wreck) waits(r relic) bool {
	i := slices.IndexFunc(w.rows, func(o row) bool { return o.Epoch == r.epoch })
	return w.waiting == nil || w.waiting[r.old] || i < 0 || r.seq > w.rows[i].Head
}

func (w *wreck) pourBatch(tx *bolt.Tx, f io.ReaderAt, batch []relic, st *state) error {
	kept, waiting, lived, in := 0, [2]int{}, int64(0), shelfOf(tx)
	for _, r := range batch {
		l, at, err := w.letter(f, r)
		if err != nil {
			continue // readable a moment ago
		}
		own, _ := st.row(l.Epoch)
		l.Ref = own.ref(l.Seq)
		if err := in.packed.Put(l.Ref.key(), l.encode(at)); err != nil {
			return err
		}
		kept, lived = kept+1, max(lived, at.lived)
		if !w.waits(r) {
			continue
		}
		if err := await(tx, l); err != nil {
			return err
		}
		waiting[laneOf(l.Kind)]++
	}
	tx.OnCommit(func() {
		st.Kept += kept
		st.Lived = max(st.Lived, lived)
		st.waiting[Alerts] += waiting[Alerts]
		st.waiting[Normal] += waiting[Normal]
	})
	return nil
}

// layRows gives each epoch its refs in the new file, in the old order as far as that is known. An
// epoch's head is the highest that either the tree or a letter tells of: headquarters then asks for
// what is lost between, and hears that it is.
func (w *wreck) layRows(st *state) {
	heads := map[wire.Epoch]row{}
	for _, r := range w.rows {
		heads[r.Epoch] = r
	}
	for _, r := range w.found { // seq rises within an epoch
		if own := heads[r.epoch]; r.seq > own.Head {
			heads[r.epoch] = row{Epoch: r.epoch, Head: r.seq, Hash: r.hash, KID: seal.KIDOf(w.public)}
		}
	}
	for _, r := range w.rows {
		st.lay(heads[r.Epoch])
		delete(heads, r.Epoch)
	}
	for _, e := range slices.Sorted(maps.Keys(heads)) {
		st.lay(heads[e])
	}
}

func (s *state) lay(r row) {
	r.Base = s.Next - 1
	s.Next += Ref(r.Head)
	s.rows = append(s.rows, r)
}
