package outbox

import (
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/wire"
)

// Gap is a run of records, both ends included, that this file does not hold, and why.
type Gap struct {
	From, To uint64
	Why      string
}

// History lists the records from to to of an epoch, waiting or settled, at most limit and never more
// than 512, and the runs that are not there. It looks no further than the last record it returns.
// An epoch that is not known is one gap and no error: whoever asks must hear that it is gone.
func (b *Outbox) History(epoch wire.Epoch, from, to uint64, limit int) ([]Letter, []Gap, error) {
	from = max(from, 1)
	if from > to {
		return nil, nil, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	r, known := b.state.row(epoch)
	if !known {
		return nil, []Gap{{from, to, "nothing of this epoch is left"}}, nil
	}
	h := account{next: from}
	err := b.view(func(tx *bolt.Tx) error {
		last := min(to, r.Head)
		for l := range b.letters(tx, r, from, last) {
			if len(h.letters) >= min(limit, pageMax) {
				return nil
			}
			h.add(l)
		}
		h.end(last, "no longer kept")
		h.end(to, "beyond the head of this epoch")
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read history: %w", err)
	}
	return h.letters, h.gaps, nil
}

// letters walks the records from to to of an epoch that can be read. to is not beyond the head.
func (b *Outbox) letters(tx *bolt.Tx, r row, from, to uint64) iter.Seq[Letter] {
	return func(yield func(Letter) bool) {
		if from > to {
			return
		}
		for ref, v := range shelfOf(tx).between(r.ref(from), r.ref(to)) {
			l, _, err := decode(ref, v)
			if err != nil {
				b.suspect(ref)
			} else if !yield(l) {
				return
			}
		}
	}
}

// account collects letters and the gaps between them.
type account struct {
	next    uint64 // the first record not yet accounted for
	letters []Letter
	gaps    []Gap
}

func (h *account) add(l Letter) {
	h.end(l.Seq-1, "no longer kept")
	h.letters = append(h.letters, l)
	h.next = l.Seq + 1
}

func (h *account) end(to uint64, why string) {
	if h.next <= to {
		h.gaps = append(h.gaps, Gap{h.next, to, why})
		h.next = to + 1
	}
}

// settled walks the letters that no lane names, oldest first. Lanes are small and letters are not:
// where letters wait in a row the walk jumps over them without reading.
func settled(tx *bolt.Tx) iter.Seq2[Ref, []byte] {
	return func(yield func(Ref, []byte) bool) {
		waits, w := waitingRefs(tx), shelfOf(tx).walk()
		for ref, v := w.seek(1); ref != 0; {
			if free := waits.notBefore(ref); free != ref {
				ref, v = w.seek(free)
				continue
			}
			if !yield(ref, v) {
				return
			}
			ref, v = w.next()
		}
	}
}

// merged walks the refs of both lanes together.
type merged struct {
	cursors [2]*bolt.Cursor
	at      [2]Ref // 0 when that lane is through
}

func waitingRefs(tx *bolt.Tx) *merged {
	var m merged
	for i, name := range inLanes {
		m.cursors[i] = tx.Bucket(name).Cursor()
		k, _ := m.cursors[i].First()
		m.at[i] = refOf(k)
	}
	return &m
}

// notBefore is the first ref from ref on that waits in no lane. Refs asked for must rise.
func (m *merged) notBefore(ref Ref) Ref {
	for moved := true; moved; {
		moved = false
		for i, c := range m.cursors {
			for m.at[i] != 0 && m.at[i] < ref {
				k, _ := c.Next()
				m.at[i] = refOf(k)
			}
			if m.at[i] == ref {
				ref, moved = ref+1, true
			}
		}
	}
	return ref
}
