package intake

import (
	"context"
	"fmt"
	"time"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// How long a box must have been heard while a record is left out, until it is asked for and until it
// is a matter for a person: an honest box sends again by itself within two minutes. Times at which
// the box is away do not count, and a new session does not begin them anew.
const (
	holeChasedAfter = 5 * time.Minute
	holeToldAfter   = 30 * time.Minute
	heardAtMost     = 2 * time.Minute // between two heartbeats
)

// account is what a box has told of one epoch in its heartbeats, and what it leaves out of it.
type account struct {
	head    uint64 // the highest that it has told of
	headAt  time.Time
	claim   claim     // of one record's hash, until that record has come
	doubted uint64    // the head that has been doubted, plus one
	beat    time.Time // of the last heartbeat
	hole    hole
}

// claim is a box's signed word on the hash of a record.
type claim struct {
	seq  uint64
	hash wire.Hash
}

// hole is a first record that is not there while later ones are.
type hole struct {
	at   uint64        // 0: none
	age  time.Duration // for which the box has been heard
	told bool
}

// doubt holds a living box's word on its records against its earlier words and against the ledger. A
// card put back to an older copy, or records taken away before they were sent, show here.
func (s *session) doubt(ctx context.Context, b *box, hb wire.Heartbeat) error {
	for _, e := range hb.Epochs {
		a := b.account(e.Epoch)
		if err := s.doubtHead(ctx, b, a, e, hb.Heard); err != nil {
			return err
		}
		if err := s.doubtClaim(ctx, b, a, e); err != nil {
			return err
		}
		if err := s.doubtHole(ctx, b, a, e.Epoch); err != nil {
			return err
		}
	}
	return nil
}

// account finds what a box has told of an epoch. Only the epochs of a status are kept, of which there
// are few.
func (b *box) account(epoch wire.Epoch) *account {
	if b.accounts == nil || len(b.accounts) > 2*maxEpochs && b.accounts[epoch] == nil {
		b.accounts = map[wire.Epoch]*account{}
	}
	if b.accounts[epoch] == nil {
		b.accounts[epoch] = &account{}
	}
	return b.accounts[epoch]
}

// doubtHead: what was sent or told of before headquarters said a word that the box has heard lies
// before this heartbeat, so its head cannot be lower. A heartbeat that a broker brings twice, or
// late, has heard only what came before it and accuses nobody.
func (s *session) doubtHead(ctx context.Context, b *box, a *account, e wire.EpochState, heard *wire.Heard) error {
	now := s.o.Now()
	if e.Head > a.head {
		a.head, a.headAt = e.Head, now
	}
	if heard == nil || heard.Sent.After(now) || a.doubted == e.Head+1 {
		return nil
	}
	if e.Head < a.head && a.headAt.Before(heard.Sent.Time) {
		a.doubted = e.Head + 1
		return s.rolledBack(ctx, b, e, fmt.Sprintf("it had told of record %d", a.head))
	}
	beyond, err := s.o.Ledger.Beyond(ctx, b.place.Device, e.Epoch, e.Head, heard.Sent.Time)
	if err != nil {
		return faulty("hold the head of "+b.place.Device+" against the ledger", err)
	}
	if beyond == 0 {
		return nil
	}
	a.doubted = e.Head + 1
	return s.rolledBack(ctx, b, e, fmt.Sprintf("it had sent record %d", beyond))
}

// doubtClaim keeps one claim at a time until its record has come, and then takes the next.
func (s *session) doubtClaim(ctx context.Context, b *box, a *account, e wire.EpochState) error {
	if a.claim.seq == 0 {
		a.claim = claim{e.Head, e.Hash}
		return nil
	}
	there, contradicts, err := s.o.Ledger.Contradicts(ctx, b.place.Device, e.Epoch, a.claim.seq, a.claim.hash)
	switch {
	case err != nil:
		return faulty("hold the word of "+b.place.Device+" against the ledger", err)
	case !there:
		return nil
	}
	was := a.claim
	a.claim = claim{e.Head, e.Hash}
	if !contradicts {
		return nil
	}
	return s.rolledBack(ctx, b, e, fmt.Sprintf("record %d is another than it had told of", was.seq))
}

func (s *session) rolledBack(ctx context.Context, b *box, e wire.EpochState, why string) error {
	evidence := fmt.Sprintf("epoch %s, head %d: %s", e.Epoch, e.Head, why)
	return s.incident(ctx, ledger.RolledBack, b.place.Device, evidence)
}

// doubtHole asks for a record that is left out, and raises it where a box that is heard all the time
// does not answer: one that no longer has it says so.
func (s *session) doubtHole(ctx context.Context, b *box, a *account, epoch wire.Epoch) error {
	held, err := s.o.Ledger.Held(ctx, b.place.Device, epoch)
	if err != nil {
		return faulty("read what is held of "+b.place.Device, err)
	}
	now, name := s.o.Now(), chased{b.place.Device, epoch}
	a.hole.age += min(now.Sub(a.beat), heardAtMost)
	a.beat = now
	switch {
	case len(held.Also) == 0:
		a.hole = hole{}
	case a.hole.at != held.Through+1:
		a.hole = hole{at: held.Through + 1}
	case a.hole.age >= holeToldAfter && !a.hole.told:
		a.hole.told = true
		evidence := fmt.Sprintf("epoch %s: record %d is left out and %d has come, for %s", epoch, a.hole.at, held.Also[0].From, a.hole.age.Round(time.Second))
		return s.incident(ctx, ledger.Withheld, b.place.Device, evidence)
	case a.hole.age >= holeChasedAfter && s.mail.chases[name] == nil:
		s.mail.chases[name] = &chase{settled: held.Also[0].From - 1}
	}
	return nil
}
