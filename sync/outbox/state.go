package outbox

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/wire"
)

// The buckets.
var (
	inLetters = []byte("letters") // ref → letter
	inFresh   = []byte("fresh")   // the same, the newest
	inLanes   = [2][]byte{Alerts: []byte("a"), Normal: []byte("n")}
	inEpochs  = []byte("epochs") // base → row
	inDesks   = []byte("desks")  // counter → open evaluation
	inNotes   = []byte("notes")  // name → small fact
	inAside   = []byte("aside")  // ref → value of a letter whose CRC is wrong
	inState   = []byte("state")
	buckets   = [][]byte{inLetters, inFresh, inLanes[0], inLanes[1], inEpochs, inDesks, inNotes, inAside, inState}
)

var stateKey = []byte("state")

// row is one epoch of the file. The ref of its record seq is Base + seq.
type row struct {
	Epoch wire.Epoch `json:"epoch"`
	Base  Ref        `json:"base"`
	Head  uint64     `json:"head"`
	Hash  wire.Hash  `json:"hash"`
	KID   wire.KID   `json:"kid"`

	settled uint64 // all up to it are settled; reckoned from the lanes
}

func (r row) ref(seq uint64) Ref { return r.Base + Ref(seq) }

// state is what the writer must know of the file to go on. It is written in every transaction, so
// that a commit that failed can be told from one that did not.
type state struct {
	Commits uint64 `json:"commits"`
	Next    Ref    `json:"next"`  // the next letter's
	Kept    int    `json:"kept"`  // letters in the file
	Aside   int    `json:"aside"` // letters ever found with a wrong CRC
	Lived   int64  `json:"lived"` // as of the last commit, with the boot and uptime of that moment
	Boot    uint64 `json:"boot"`
	Uptime  int64  `json:"uptime"`

	rows    []row // oldest first; the last is the current epoch
	touched int   // the first row that has changed
	waiting [2]int
	fresh   int // bytes of letters that do not fill a page yet
}

func newState() state { return state{Next: 1} }

// clone returns a state that can be changed while others read this one.
func (s state) clone() state {
	s.rows = slices.Clone(s.rows)
	s.touched = max(len(s.rows)-1, 0)
	return s
}

// live counts for how long the box has run, up to now, and writes it into now. Of a new boot what counts
// is its uptime; for how long the box was off nobody knows. A wall clock has no say in it: one that
// jumps by years would make all history old at once.
func (s *state) live(now *moment) {
	since := now.uptime
	if now.boot == s.Boot {
		since -= s.Uptime
	}
	s.Lived += max(since, 0)
	s.Boot, s.Uptime = now.boot, now.uptime
	now.lived = s.Lived
}

func (s state) current() row {
	if len(s.rows) == 0 {
		return row{}
	}
	return s.rows[len(s.rows)-1]
}

func (s state) row(e wire.Epoch) (row, bool) {
	i := slices.IndexFunc(s.rows, func(r row) bool { return r.Epoch == e })
	if i < 0 {
		return row{}, false
	}
	return s.rows[i], true
}

// save writes the state and the rows that have changed.
func (s state) save(tx *bolt.Tx) error {
	epochs := tx.Bucket(inEpochs)
	for _, r := range s.rows[s.touched:] {
		if err := put(epochs, r.Base.key(), r); err != nil {
			return err
		}
	}
	return put(tx.Bucket(inState), stateKey, s)
}

func put(b *bolt.Bucket, key []byte, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return b.Put(key, pack(text))
}

func get(v []byte, into any) error {
	text, err := unpack(v)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// load reads the state; it returns ErrDamaged where the file is none of ours or has been altered.
func load(tx *bolt.Tx) (s state, err error) {
	for _, name := range buckets {
		if tx.Bucket(name) == nil {
			return s, fmt.Errorf("%w: no bucket %q", ErrDamaged, name)
		}
	}
	if err := get(tx.Bucket(inState).Get(stateKey), &s); err != nil {
		return s, fmt.Errorf("read state: %w", err)
	}
	if s.rows, err = loadRows(tx); err != nil {
		return s, err
	}
	if len(s.rows) == 0 {
		return s, fmt.Errorf("%w: no epoch", ErrDamaged)
	}
	for lane, name := range inLanes {
		for range keys(tx.Bucket(name)) {
			s.waiting[lane]++
		}
	}
	s.fresh = shelfOf(tx).freshBytes()
	for i := range s.rows {
		s.rows[i].settled = settledThrough(tx, s.rows[i], nil)
	}
	return s, nil
}

func loadRows(tx *bolt.Tx) (rows []row, err error) {
	c := tx.Bucket(inEpochs).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		var r row
		if err := get(v, &r); err != nil {
			return nil, fmt.Errorf("read epoch at %x: %w", k, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// keys walks the refs of a bucket, lowest first.
func keys(b *bolt.Bucket) iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		c := b.Cursor()
		for k, _ := c.First(); k != nil && yield(refOf(k)); k, _ = c.Next() {
		}
	}
}
