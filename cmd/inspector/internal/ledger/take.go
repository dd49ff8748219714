package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

// Arrival is a record whose signature has been verified, as it came in.
type Arrival struct {
	Record   wire.Record
	Hash     wire.Hash   // of its body
	Standing KeyStanding // of the key that it verified under
	Received time.Time
	Rated    casebook.Reckoning // when it was pressed; zero for what nobody pressed
}

// Fate is what became of an arrival. Whatever it is, the record is in the ledger and may be
// receipted.
type Fate string

// The fates.
const (
	Stored     Fate = "stored"
	Duplicate  Fate = "duplicate"  // the same bytes were there already; nothing has changed
	Fork       Fate = "fork"       // other bytes are there under its number: both are kept and count
	Unreadable Fate = "unreadable" // kept raw, and read again after an upgrade
)

// What a record still waits for.
const (
	pendingNothing    = ""
	pendingUnreadable = "unreadable" // a version that can read it
	pendingHeld       = "held"       // a person's word on its key: its case is one too many
)

// maxSeq is the largest number that the tables hold. A box would need ages to get there.
const maxSeq = 1 << 62

// taking is one transaction of arrivals.
type taking struct {
	tx
	clocks  casebook.Clocks
	outside func(wire.CounterRules) []string // nil compares nothing
	chains  map[epochOf]*loaded
	missing []missed
	changed []casebook.Case
}

// missed is a box's word that it no longer has some records.
type missed struct {
	epochOf
	gap
	at time.Time
}

// Take puts arrivals into the ledger with all that follows from them: evaluations, cases, incidents
// and progress. It is one transaction; when it returns without error all of it is on disk, with an
// error nothing of it is. The fates are in the order of the arrivals.
func (l *Ledger) Take(ctx context.Context, arrivals []Arrival) ([]Fate, error) {
	fates := make([]Fate, len(arrivals))
	var t *taking
	err := l.write(ctx, fmt.Sprintf("take %d records", len(arrivals)), func(x tx) (err error) {
		t = &taking{tx: x, clocks: l.o.Clocks, outside: l.o.Outside, chains: map[epochOf]*loaded{}}
		if err := t.loadChains(ctx, arrivals); err != nil {
			return err
		}
		for i, a := range arrivals {
			if fates[i], err = t.take(ctx, a); err != nil {
				return fmt.Errorf("record %s of %s: %w", a.Record.ID, a.Record.Place.Device, err)
			}
		}
		return t.settle(ctx, arrivals)
	})
	if err != nil {
		return nil, err
	}
	l.tell(t.changed)
	return fates, nil
}

func (l *Ledger) tell(changed []casebook.Case) {
	if len(changed) > 0 {
		l.o.Changed(changed)
	}
}

func of(r wire.Record) epochOf { return epochOf{r.Place.Device, r.Epoch} }

// loadChains reads the stretch of each epoch that the arrivals touch.
func (t *taking) loadChains(ctx context.Context, arrivals []Arrival) (err error) {
	type stretch struct{ first, last uint64 }
	touched := map[epochOf]stretch{}
	for _, a := range arrivals {
		seq := a.Record.Seq
		if seq > maxSeq {
			continue
		}
		s, ok := touched[of(a.Record)]
		if !ok {
			s = stretch{seq, seq}
		}
		touched[of(a.Record)] = stretch{min(s.first, seq), max(s.last, seq)}
	}
	for e, s := range touched {
		if t.chains[e], err = t.load(ctx, e, s.first, s.last); err != nil {
			return err
		}
	}
	return nil
}

// take stores one arrival, unless it is there.
func (t *taking) take(ctx context.Context, a Arrival) (Fate, error) {
	if a.Record.Seq > maxSeq {
		return Unreadable, t.deadLetter(ctx, a.Record.Source, a.Record.Line, "its number is beyond every ledger", a.Received)
	}
	c := t.chains[of(a.Record)]
	variant, known, err := t.variant(ctx, c, a)
	if err != nil || known {
		return Duplicate, err
	}
	fate := Stored
	read, err := contentsOf(a.Record)
	if err != nil {
		fate = Unreadable
		read = contents{pending: pendingUnreadable}
		if err := t.incident(ctx, DataUnreadable, a.Record.Place.Device, a.Record.ID+": "+err.Error(), a.Received); err != nil {
			return "", err
		}
	}
	if variant > 0 {
		fate = Fork
	}
	if err := t.file(ctx, a, variant, &read); err != nil {
		return "", err
	}
	if err := t.insert(ctx, a, variant, read.pending); err != nil {
		return "", err
	}
	return fate, t.link(ctx, c, a)
}

const selectVariants = `select hash from records where device = $1 and epoch = $2 and seq = $3 order by variant`

// variant tells whether the record is known, and otherwise how many others have its number. Only a
// number within a run can have been there: most arrivals need no look.
func (t *taking) variant(ctx context.Context, c *loaded, a Arrival) (n int, known bool, err error) {
	r := a.Record
	if !c.holds(r.Seq) {
		return 0, false, nil
	}
	hashes, err := scan(ctx, t, scanText, selectVariants, r.Place.Device, string(r.Epoch), r.Seq)
	if err != nil {
		return 0, false, fmt.Errorf("look for it: %w", err)
	}
	for _, h := range hashes {
		if h == a.Hash.String() {
			return 0, true, nil
		}
	}
	if len(hashes) == 0 {
		return 0, false, nil // it had been passed over, and comes after all
	}
	return len(hashes), false, t.incident(ctx, ForkFound, r.Place.Device,
		fmt.Sprintf("%s: %s, and now %s", r.ID, strings.Join(hashes, ", "), a.Hash), a.Received)
}

const insertRecord = `insert into records (device, epoch, seq, variant, hash, kind, kid, unconfirmed, line,
	received_at, rated_at, rated_error_ms, rated_how, pending)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`

func (t *taking) insert(ctx context.Context, a Arrival, variant int, pending string) error {
	r := a.Record
	var rated *int64
	if !a.Rated.At.IsZero() {
		rated = new(millis(a.Rated.At))
	}
	if err := t.exec(ctx, insertRecord, r.Place.Device, string(r.Epoch), r.Seq, variant, a.Hash.String(),
		string(r.Kind), string(r.KID), a.Standing == Unconfirmed, string(r.Line),
		millis(a.Received), rated, a.Rated.Error.Milliseconds(), a.Rated.How, pending); err != nil {
		return fmt.Errorf("store it: %w", err)
	}
	return nil
}

// link adds the record to its chain. A predecessor that is one of several variants fits.
func (t *taking) link(ctx context.Context, c *loaded, a Arrival) error {
	if c.holds(a.Record.Seq) {
		return nil
	}
	e := of(a.Record)
	for _, b := range c.add(run{a.Record.Seq, a.Record.Seq, a.Record.Prev, a.Hash}) {
		hashes, err := scan(ctx, t, scanText, selectVariants, e.device, string(e.epoch), b.seq-1)
		if err != nil {
			return fmt.Errorf("look for what it builds on: %w", err)
		}
		if contains(hashes, b.names) {
			continue
		}
		evidence := fmt.Sprintf("%s builds on %s, but before it stands %s", wire.RecordID(e.epoch, b.seq), b.names, b.holds)
		if err := t.incident(ctx, ChainBroken, e.device, evidence, a.Received); err != nil {
			return err
		}
	}
	return nil
}

func contains(hashes []string, h wire.Hash) bool {
	for _, text := range hashes {
		if text == h.String() {
			return true
		}
	}
	return false
}

// settle writes the progress of every epoch touched, then what the boxes no longer have.
func (t *taking) settle(ctx context.Context, arrivals []Arrival) error {
	for e, c := range t.chains {
		if err := t.save(ctx, e, c, arrivals[0].Received); err != nil {
			return err
		}
	}
	for _, m := range t.missing {
		if err := t.passOver(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// passOver lets progress go past records that will never come, under an incident.
func (t *taking) passOver(ctx context.Context, m missed) error {
	c, err := t.load(ctx, m.epochOf, m.first, m.last)
	if err != nil || c.holdsAll(m.first, m.last) {
		return err
	}
	c.pass(m.gap)
	evidence := fmt.Sprintf("epoch %s, %d to %d: %s", m.epoch, m.first, m.last, m.why)
	return errors.Join(t.save(ctx, m.epochOf, c, m.at), t.incident(ctx, RecordsMissing, m.device, evidence, m.at))
}
