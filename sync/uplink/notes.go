package uplink

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// Names of the facts that outlive a session.
const (
	noteRoot    = "headquarters-root"
	noteSession = "session"
	noteSpread  = "spread"
)

// pinnedRoot is headquarters' root key as this box knows it.
type pinnedRoot struct {
	key         wire.PublicKey
	provisional bool
}

type rootNote struct {
	Key wire.PublicKey `json:"key"`
}

// read takes the root of enrolment, else the one noted at the first receipt, else none.
func (p *pinnedRoot) read(n Notebook, enrolled wire.PublicKey) error {
	if !enrolled.IsZero() {
		p.key = enrolled
		return nil
	}
	p.provisional = true
	b, err := n.Note(noteRoot)
	if err != nil || len(b) == 0 {
		return err
	}
	var note rootNote
	if err := json.Unmarshal(b, &note); err != nil {
		return fmt.Errorf("read the pinned root: %w", err)
	}
	p.key = note.Key
	return nil
}

// pin notes the root of the first receipt, provisionally, before anything is settled by it.
func (s *session) pin(ctx context.Context, root wire.PublicKey) error {
	if !s.root.key.IsZero() {
		return nil
	}
	b, err := json.Marshal(rootNote{root})
	if err != nil {
		return err
	}
	if _, err := s.o.Store.Commit(ctx, outbox.Change{Notes: map[string][]byte{noteRoot: b}}); err != nil {
		return fmt.Errorf("pin headquarters' root: %w", err)
	}
	s.root.key = root
	s.note(func(st *State) { st.Root, st.Provisional = root, true })
	s.o.Log.Warn("headquarters' root key taken from its first receipt; enrol this box to confirm it", "root", root)
	return nil
}

// sessionBlock is how many session numbers are reserved with one commit: numbers rise across
// restarts, and a night without a line costs the card nothing.
const sessionBlock = 64

type sessionNumbers struct{ last, reserved uint64 }

func (n *sessionNumbers) read(book Notebook) error {
	b, err := book.Note(noteSession)
	if err != nil || len(b) == 0 {
		return err
	}
	n.reserved, err = strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		return fmt.Errorf("read the session number: %w", err)
	}
	n.last = n.reserved
	return nil
}

func (n *sessionNumbers) next(ctx context.Context, book Notebook) (uint64, error) {
	if n.last == n.reserved {
		upTo := n.reserved + sessionBlock
		note := map[string][]byte{noteSession: strconv.AppendUint(nil, upTo, 10)}
		if _, err := book.Commit(ctx, outbox.Change{Notes: note}); err != nil {
			return 0, fmt.Errorf("reserve session numbers: %w", err)
		}
		n.reserved = upTo
	}
	n.last++
	return n.last, nil
}
