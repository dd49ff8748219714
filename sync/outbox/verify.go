package outbox

import (
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// Report is what Verify has found. A gap is no fault: history that is no longer kept leaves one.
type Report struct {
	Records   int
	Waiting   int
	Alerts    int // alerts among the waiting
	OtherKeys int // records under an earlier key of this box, which its own epoch-opened record names
	Epochs    []wire.EpochState
	Gaps      map[wire.Epoch][]Gap
	Faults    []Fault // at most 1,000
}

// Fault is one thing that is not as it was sealed.
type Fault struct {
	Ref   Ref
	Epoch wire.Epoch
	Seq   uint64
	What  string
}

func (f Fault) String() string {
	return fmt.Sprintf("letter %d (%s): %s", f.Ref, wire.RecordID(f.Epoch, f.Seq), f.What)
}

// Err is nil for a report without faults, else it tells the first and how many there are.
func (r Report) Err() error {
	if len(r.Faults) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d faults, the first: %s", ErrDamaged, len(r.Faults), r.Faults[0])
}

const faultsMax = 1000

// Verify reads the whole file at path, while no agent runs: CRC, form, hash, signature and chain of
// every record, and that whatever waits is there. It changes nothing. The error tells that it could
// not be read; what is wrong with what was read is in the report.
func Verify(path string, key wire.PublicKey) (Report, error) {
	db, err := openReadOnly(path)
	if err != nil {
		return Report{}, fmt.Errorf("verify %s: %w", path, err)
	}
	defer db.Close()
	v, err := verify(db.View, key)
	if err != nil {
		return v.report, fmt.Errorf("verify %s: %w", path, err)
	}
	if v.counted != v.state.Kept {
		v.fault(Letter{}, "%d letters are there, %d were kept", v.counted, v.state.Kept)
	}
	return v.report, nil
}

// Verify is the same for an outbox that is open, as it was when the call began.
func (b *Outbox) Verify() (Report, error) {
	v, err := verify(b.view, b.scribe.public)
	if err != nil {
		return v.report, fmt.Errorf("verify: %w", err)
	}
	return v.report, nil
}

func verify(view viewer, key wire.PublicKey) (*verifier, error) {
	v := &verifier{
		own: seal.KIDOf(key), keys: map[wire.KID]wire.PublicKey{seal.KIDOf(key): key}, heads: map[wire.Epoch]uint64{},
	}
	err := view(func(tx *bolt.Tx) error {
		return guard(func() (err error) {
			if v.state, err = load(tx); err == nil {
				v.checkLanes(tx)
			}
			return err
		})
	})
	if err == nil {
		err = v.walk(items(view))
	}
	v.finish()
	return v, err
}

// verifier walks the letters in order and remembers the one before.
type verifier struct {
	state   state
	own     wire.KID
	keys    map[wire.KID]wire.PublicKey
	last    Letter
	heads   map[wire.Epoch]uint64 // the highest record seen
	counted int
	report  Report
}

func (v *verifier) fault(l Letter, format string, args ...any) {
	if len(v.report.Faults) < faultsMax {
		v.report.Faults = append(v.report.Faults, Fault{l.Ref, l.Epoch, l.Seq, fmt.Sprintf(format, args...)})
	}
}

// checkLanes looks for letters that should wait and are not there.
func (v *verifier) checkLanes(tx *bolt.Tx) {
	in := shelfOf(tx)
	for _, name := range inLanes {
		for ref := range keys(tx.Bucket(name)) {
			if in.get(ref) == nil {
				v.fault(Letter{Ref: ref}, "waits to be sent and is not there")
			}
		}
	}
}

func (v *verifier) walk(letters iter.Seq2[Item, error]) error {
	for it, err := range letters {
		v.counted++
		switch {
		case isDamage(it, err):
			v.fault(it.Letter, "its bytes are not those that were written")
		case err != nil:
			return err
		case it.Ref >= v.state.Next:
			return nil // stored since
		default:
			v.letter(it)
		}
	}
	return nil
}

func (v *verifier) letter(it Item) {
	v.report.Records++
	if it.Waiting {
		v.report.Waiting++
		if it.Urgent {
			v.report.Alerts++
		}
	}
	rec, err := wire.ParseRecord(it.Line)
	if err != nil {
		v.fault(it.Letter, "%v", err)
		return
	}
	v.checkSelf(it.Letter, rec)
	v.checkChain(it.Letter, rec)
	v.last, v.heads[it.Epoch] = it.Letter, it.Seq
}

// checkSelf checks a record by itself: its number and its signature.
func (v *verifier) checkSelf(l Letter, rec wire.Record) {
	r, known := v.state.row(l.Epoch)
	if !known || rec.Epoch != l.Epoch || rec.Seq != l.Seq || r.ref(l.Seq) != l.Ref {
		v.fault(l, "is filed as another record than %s", rec.ID)
	}
	if rec.KID != v.own {
		v.report.OtherKeys++
		v.learn(rec)
	}
	key, known := v.keys[rec.KID]
	if !known {
		v.fault(l, "is under key %s, which nothing here names", rec.KID)
	} else if err := seal.Check(key, seal.TagRecord, l.Line); err != nil {
		v.fault(l, "%v", err)
	}
}

// learn takes an earlier key from the record that opened its epoch. That vouches for nothing but
// that the epoch is of one piece: whose key it was, headquarters knows.
func (v *verifier) learn(rec wire.Record) {
	if rec.Kind != wire.KindEvent || rec.Seq != 1 {
		return
	}
	e, err := rec.Event()
	if err == nil && e.Opened != nil && seal.KIDOf(e.Opened.Key) == rec.KID {
		v.keys[rec.KID] = e.Opened.Key
	}
}

// checkChain checks a record against the one before it and against the head of its epoch.
func (v *verifier) checkChain(l Letter, rec wire.Record) {
	follows := v.last.Epoch == l.Epoch && v.last.Seq+1 == l.Seq
	switch {
	case follows && rec.Prev != v.last.Hash:
		v.fault(l, "names another record before it than the one that is there")
	case l.Seq == 1 && rec.Prev != wire.Hash{}:
		v.fault(l, "is the first and names one before it")
	}
	if !follows && l.Seq > 1 {
		from := uint64(1)
		if v.last.Epoch == l.Epoch {
			from = v.last.Seq + 1
		}
		v.gap(l.Epoch, from, l.Seq-1)
	}
	if r, _ := v.state.row(l.Epoch); l.Seq == r.Head && l.Hash != r.Hash {
		v.fault(l, "is not the head that the outbox remembers")
	}
}

func (v *verifier) gap(e wire.Epoch, from, to uint64) {
	if v.report.Gaps == nil {
		v.report.Gaps = map[wire.Epoch][]Gap{}
	}
	v.report.Gaps[e] = append(v.report.Gaps[e], Gap{from, to, "no longer kept"})
}

func (v *verifier) finish() {
	if cur := v.state.current(); cur.KID != v.own {
		v.fault(Letter{Epoch: cur.Epoch}, "the current epoch is under key %s, not under %s", cur.KID, v.own)
	}
	for _, r := range v.state.rows {
		v.report.Epochs = append(v.report.Epochs, r.report())
		if seen := v.heads[r.Epoch]; seen < r.Head {
			v.gap(r.Epoch, seen+1, r.Head)
		}
	}
}
