package outbox

import (
	"bytes"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// shelf holds the letters of the file in two buckets. bbolt splits a page of few large values so
// that two stay behind and three go on: letters put one by one would fill half of each page. So they
// are gathered in a bucket of one page, and moved on to the large bucket when that page is full.
// Every ref of the large bucket is below every ref of the small one.
type shelf struct{ packed, fresh *bolt.Bucket }

// bbolt's own bytes about a letter, and about a page.
const (
	besideLetter = 16 + 8 // place and key
	besidePage   = 16
)

func shelfOf(tx *bolt.Tx) shelf {
	s := shelf{tx.Bucket(inLetters), tx.Bucket(inFresh)}
	s.packed.FillPercent = 1 // refs only rise
	return s
}

func (s shelf) get(ref Ref) []byte {
	if v := s.fresh.Get(ref.key()); v != nil {
		return v
	}
	return s.packed.Get(ref.key())
}

// add puts new letters beside fresh bytes of others, and says how many bytes are fresh then.
func (s shelf) add(letters []Letter, at moment, fresh int) (int, error) {
	room := s.fresh.Tx().DB().Info().PageSize - besidePage
	size := bytesOf(letters)
	if fresh+size > room {
		if err := s.pack(); err != nil {
			return 0, err
		}
		fresh = 0
	}
	in := s.fresh
	if size > room {
		in, size = s.packed, 0 // many at once fill pages by themselves
	}
	for _, l := range letters {
		if err := in.Put(l.Ref.key(), l.encode(at)); err != nil {
			return 0, err
		}
	}
	return fresh + size, nil
}

// bytesOf is how much of their pages letters take.
func bytesOf(letters []Letter) (n int) {
	for _, l := range letters {
		n += besideLetter + letterHeader + len(l.Line)
	}
	return n
}

// freshBytes is the same for what the small bucket holds.
func (s shelf) freshBytes() (n int) {
	c := s.fresh.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		n += besideLetter + len(v)
	}
	return n
}

func (s shelf) delete(ref Ref) error {
	if err := s.fresh.Delete(ref.key()); err != nil {
		return err
	}
	return s.packed.Delete(ref.key())
}

// pack moves all fresh letters on.
func (s shelf) pack() error {
	for _, ref := range slices.Collect(keys(s.fresh)) { // not deleted under a cursor
		v := bytes.Clone(s.fresh.Get(ref.key()))
		if err := s.packed.Put(ref.key(), v); err != nil {
			return err
		}
		if err := s.fresh.Delete(ref.key()); err != nil {
			return err
		}
	}
	return nil
}

// walk is a cursor over both buckets.
type walk struct {
	shelf  shelf
	cursor *bolt.Cursor
	last   bool // in the fresh bucket
}

func (s shelf) walk() *walk { return &walk{shelf: s} }

// seek goes to the first letter from ref on; 0 is none.
func (w *walk) seek(ref Ref) (Ref, []byte) {
	w.cursor, w.last = w.shelf.packed.Cursor(), false
	if k, v := w.cursor.Seek(ref.key()); k != nil {
		return refOf(k), v
	}
	w.cursor, w.last = w.shelf.fresh.Cursor(), true
	k, v := w.cursor.Seek(ref.key())
	return refOf(k), v
}

// next goes on to the following letter; 0 is none.
func (w *walk) next() (Ref, []byte) {
	k, v := w.cursor.Next()
	if k == nil && !w.last {
		w.cursor, w.last = w.shelf.fresh.Cursor(), true
		k, v = w.cursor.First()
	}
	return refOf(k), v
}

// between walks the letters from first to last.
func (s shelf) between(first, last Ref) iter.Seq2[Ref, []byte] {
	return func(yield func(Ref, []byte) bool) {
		w := s.walk()
		for ref, v := w.seek(first); ref != 0 && ref <= last && yield(ref, v); ref, v = w.next() {
		}
	}
}
