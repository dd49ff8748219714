package outbox

import (
	"encoding/hex"
	"fmt"
	"io"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// scribe seals drafts into letters. It changes the state that it is given and nothing else.
type scribe struct {
	key    seal.Key
	public wire.PublicKey
	kid    wire.KID
	place  wire.Place
	stamp  func() wire.Stamp
	rand   io.Reader
}

func newScribe(o Options) scribe {
	return scribe{o.Key, o.Key.Public(), o.Key.KID(), o.Place, o.Stamp, o.Rand}
}

// seal gives a draft the next number of the current epoch.
func (s scribe) seal(st *state, d wire.Draft) (Letter, error) {
	if !d.Kind.IsRecord() {
		return Letter{}, fmt.Errorf("%w: %q is not a kind of record", ErrRefused, d.Kind)
	}
	r := &st.rows[len(st.rows)-1]
	body, err := d.Body(s.place, r.Epoch, r.Head+1, r.Hash, s.kid)
	if err != nil {
		return Letter{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	line, hash := seal.Record(s.key, body)
	if len(line) > wire.MaxRecord {
		return Letter{}, fmt.Errorf("%w: %s record of %d bytes, at most %d fit: %w",
			ErrRefused, d.Kind, len(line), wire.MaxRecord, wire.ErrTooLong)
	}
	r.Head, r.Hash = r.Head+1, hash
	l := Letter{
		Ref: st.Next, Epoch: r.Epoch, Seq: r.Head, Kind: d.Kind, Hash: hash, Line: line,
		Urgent: laneOf(d.Kind) == Alerts,
	}
	st.Next++
	st.Kept++
	st.waiting[laneOf(d.Kind)]++
	return l, nil
}

// open begins an epoch whose first record says why, and names the last record of the one before.
func (s scribe) open(st *state, why string) (Letter, error) {
	var name [8]byte
	if _, err := io.ReadFull(s.rand, name[:]); err != nil {
		return Letter{}, fmt.Errorf("name an epoch: %w", err)
	}
	opened := wire.EpochOpened{Key: s.public, Why: why}
	if len(st.rows) > 0 {
		last := st.current().report()
		opened.Previous = &last
	}
	at := s.stamp()
	d, err := wire.NewDraft(wire.KindEvent, timeOf(at), "", wire.Event{
		Event: wire.EventEpochOpened, At: at, Opened: &opened,
	})
	if err != nil {
		return Letter{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	st.rows = append(st.rows, row{Epoch: wire.Epoch(hex.EncodeToString(name[:])), Base: st.Next - 1, KID: s.kid})
	return s.seal(st, d)
}

func timeOf(s wire.Stamp) wire.Instant {
	if s.Clock == wire.ClockSet && s.Wall != nil {
		return *s.Wall
	}
	return wire.Instant{}
}
