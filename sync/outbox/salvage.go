package outbox

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// wreck is what can be read of a damaged file. The letters are found by their bytes, wherever they
// lie and whatever has become of the tree above them; so a letter deleted long ago may be found
// too, and headquarters drops it. Open evaluations, notes, and which letters still waited can only
// be had through the tree.
type wreck struct {
	path   string
	public wire.PublicKey

	found   []relic
	rows    []row
	waiting map[Ref]bool // by the old refs; nil where the lanes cannot be read: then all wait
	desks   map[string][]byte
	notes   map[string][]byte
}

// relic is a letter in the damaged file.
type relic struct {
	offset int64
	size   int
	old    Ref
	epoch  wire.Epoch
	seq    uint64
	hash   wire.Hash
}

// salvage reads what is left. It never fails for damage, only where the file cannot be opened.
func salvage(path string, public wire.PublicKey) (*wreck, error) {
	w := &wreck{path: path, public: public, desks: map[string][]byte{}, notes: map[string][]byte{}}
	w.readTree()
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w.scan(f)
	return w, nil
}

// readTree takes what the tree still gives, bucket by bucket.
func (w *wreck) readTree() {
	if info, err := os.Stat(w.path); err != nil || info.Size() == 0 {
		return // bbolt would take an empty file for a new one
	}
	db, err := openReadOnly(w.path)
	if err != nil {
		return
	}
	defer db.Close()
	try := func(fn func(*bolt.Tx) error, reads ...[]byte) bool {
		return db.View(func(tx *bolt.Tx) error {
			if err := guard(func() error { return noLoop(tx, reads...) }); err != nil {
				return err
			}
			return guard(func() error { return fn(tx) })
		}) == nil
	}
	try(func(tx *bolt.Tx) (err error) { w.rows, err = loadRows(tx); return err }, inEpochs)
	try(func(tx *bolt.Tx) error { return readSmall(tx, inDesks, w.desks) }, inDesks)
	try(func(tx *bolt.Tx) error { return readSmall(tx, inNotes, w.notes) }, inNotes)
	waiting := map[Ref]bool{}
	if try(func(tx *bolt.Tx) error {
		for _, lane := range inLanes {
			for ref := range keys(tx.Bucket(lane)) {
				waiting[ref] = true
			}
		}
		return nil
	}, inLanes[:]...) && len(w.rows) > 0 {
		w.waiting = waiting
	}
}

// readSmall keeps what it has read when a later page fails.
func readSmall(tx *bolt.Tx, name []byte, into map[string][]byte) error {
	c := tx.Bucket(name).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if p, err := unpack(v); err == nil {
			into[string(k)] = bytes.Clone(p)
		}
	}
	return nil
}

// sigStart is followed by 86 characters and the end of the line.
var sigStart = []byte(`,"sig":"`)

const (
	scanBlock = 1 << 20
	sigRest   = 86 + len(`"}`)
	valueMax  = letterHeader + wire.MaxRecord
)

// scan looks for letters in every byte of the file. A page that the disk does not give is passed.
func (w *wreck) scan(f io.ReaderAt) {
	buf := make([]byte, scanBlock+valueMax)
	seen := map[wire.Hash]bool{}
	for offset, end := int64(0), false; !end; offset += scanBlock {
		var n int
		n, end = readBlock(f, buf, offset)
		for at, v := range values(buf[:n]) {
			l, _, err := decodeAny(v)
			if err != nil || seen[l.Hash] {
				continue
			}
			seen[l.Hash] = true
			w.found = append(w.found, relic{offset + int64(at), len(v), l.Ref, l.Epoch, l.Seq, l.Hash})
		}
	}
	w.believe(f)
}

// scanPage is the least that a disk refuses to give.
const scanPage = 4096

// readBlock fills buf, with zeros for a page that cannot be read, and says whether the file has ended.
func readBlock(f io.ReaderAt, buf []byte, offset int64) (n int, end bool) {
	n, err := f.ReadAt(buf, offset)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err != nil
	}
	for n = 0; n < len(buf); n += scanPage {
		page := buf[n:min(n+scanPage, len(buf))]
		switch m, err := f.ReadAt(page, offset+int64(n)); {
		case errors.Is(err, io.EOF):
			return n + m, true
		case err != nil:
			clear(page)
		}
	}
	return len(buf), false
}

// values walks what may be a letter's value, with where it lies.
func values(buf []byte) func(yield func(int, []byte) bool) {
	return func(yield func(int, []byte) bool) {
		for from := 0; ; {
			i := bytes.Index(buf[from:], []byte(lineStart))
			if i < 0 {
				return
			}
			start := from + i
			from = start + 1
			sig := bytes.Index(buf[start:min(start+wire.MaxRecord, len(buf))], sigStart)
			end := start + sig + len(sigStart) + sigRest
			if start < letterHeader || sig < 0 || end > len(buf) {
				continue
			}
			if !yield(start-letterHeader, buf[start-letterHeader:end]) {
				return
			}
		}
	}
}

// believe keeps the letters that this box has sealed. The newest of a run must bear its signature;
// an older one is vouched for by the hash in the one after it, which is a hundred times cheaper.
func (w *wreck) believe(f io.ReaderAt) {
	slices.SortFunc(w.found, func(a, b relic) int {
		return cmp.Or(cmp.Compare(a.epoch, b.epoch), cmp.Compare(b.seq, a.seq), cmp.Compare(a.offset, b.offset))
	})
	var vouched wire.Hash
	var last relic
	kept := w.found[:0]
	for _, r := range w.found {
		if r.epoch == last.epoch && r.seq == last.seq {
			continue // another under the same number: the first that is believed stays
		}
		l, _, err := w.letter(f, r)
		if err != nil || r.hash != vouched && seal.Check(w.public, seal.TagRecord, l.Line) != nil {
			continue
		}
		rec, err := wire.ParseRecord(l.Line)
		if err != nil || rec.Epoch != r.epoch || rec.Seq != r.seq {
			continue
		}
		vouched, last = rec.Prev, r
		kept = append(kept, r)
	}
	slices.Reverse(kept)
	w.found = kept
}

func (w *wreck) letter(f io.ReaderAt, r relic) (Letter, moment, error) {
	v := make([]byte, r.size)
	if _, err := f.ReadAt(v, r.offset); err != nil {
		return Letter{}, moment{}, err
	}
	return decodeAny(v)
}
