package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// Errors of Phone that a caller branches on.
var (
	// ErrTaken is returned for a code with which somebody has rated.
	ErrTaken = errors.New("the code has been used")
	// ErrKeyReused is returned for an idempotency key under which something else was said.
	ErrKeyReused = errors.New("the idempotency key belongs to another request")
	// ErrExpired is returned for a code that is certainly too old.
	ErrExpired = errors.New("the code is too old")
	// ErrHeld is returned while a key that nobody has confirmed has had its cases for this hour.
	ErrHeld = errors.New("the key of the box waits for a person's word")
	// ErrNoPlace is returned for a box that has never said where it stands.
	ErrNoPlace = errors.New("the box has not been heard yet")
)

// DeviceKey is a public key and whose it is.
type DeviceKey struct {
	Device   string
	KID      wire.KID
	Key      wire.PublicKey
	Standing KeyStanding
}

// KeysBeginning are the keys whose name begins with prefix, of 8 hexadecimal digits; mostly one.
func (l *Ledger) KeysBeginning(ctx context.Context, prefix string) ([]DeviceKey, error) {
	keys, err := scan(ctx, look{l.eyes}, func(rows *sql.Rows) (k DeviceKey, err error) {
		var text string
		if err := rows.Scan(&k.Device, &k.KID, &text, &k.Standing); err != nil {
			return k, err
		}
		return k, k.Key.UnmarshalText([]byte(text))
	}, `select device, kid, key, standing from keys where substr(kid, 1, 8) = $1 order by device, kid`, prefix)
	if err != nil {
		return nil, fmt.Errorf("look for the key of a code: %w", err)
	}
	return keys, nil
}

// Made reckons when a box made a token: by the anchors of the boot that it names, else by the box's own
// record of the transaction, if that has come. The zero Reckoning knows nothing, as of a box that has not
// been on the line in that boot.
func (l *Ledger) Made(ctx context.Context, device string, t seal.Token, now time.Time) (casebook.Reckoning, error) {
	boots, err := l.Boots(ctx, device)
	if err != nil {
		return casebook.Reckoning{}, err
	}
	for boot, anchors := range boots {
		if t.InBoot(boot) {
			if r := anchors.Reckon(t.Made, now); !r.At.IsZero() {
				return r, nil
			}
		}
	}
	return l.pressed(ctx, device, t.Evaluation)
}

// pressed is when the box's own record of a transaction says that it was, the earliest of several.
func (l *Ledger) pressed(ctx context.Context, device, root string) (r casebook.Reckoning, err error) {
	known, err := scan(ctx, look{l.eyes}, func(rows *sql.Rows) (r casebook.Reckoning, err error) {
		var at, off int64
		err = rows.Scan(&at, &off)
		return casebook.Reckoning{At: time.UnixMilli(at), Error: time.Duration(off) * time.Millisecond, How: "record"}, err
	}, `select rated_at, rated_error_ms from evaluations where device = $1 and root = $2 order by rated_at limit 1`, device, root)
	if err != nil || len(known) == 0 {
		return r, err
	}
	return known[0], nil
}

// PhoneRating is what a customer says on a phone, by a token that has been verified under Key.
type PhoneRating struct {
	Token   seal.Token
	Key     DeviceKey
	Made    casebook.Reckoning // of the token; zero if nothing is known
	GoodFor time.Duration      // how long a token may be used from its making
	Scores  map[wire.Dimension]wire.Score
	Reasons []string
	Taken   time.Time
	// Idempotency names the request, and BodyHash all of its bytes: the same again is the same rating.
	Idempotency, BodyHash string
}

// grain is the resolution of a token's moment.
const grain = time.Minute

// expired holds only where it is certain: the latest moment at which the token can have been made is too
// long ago. A customer must not be turned away because our clock knows less.
func (p PhoneRating) expired() bool {
	return !p.Made.At.IsZero() && p.Taken.Sub(p.Made.At.Add(p.Made.Error+grain)) > p.GoodFor
}

// evaluation is the rating in the words of a record. It has no teller and no ticket: those are the box's.
func (p PhoneRating) evaluation() wire.Evaluation {
	e := wire.Evaluation{
		Evaluation: p.Token.Evaluation, Counter: p.Token.Counter, Outcome: wire.Rated, UI: "qr",
		Scores: p.Scores, Reasons: p.Reasons, Flags: marks(nil, p.Key.Standing == Unconfirmed, false),
	}
	e.Dissatisfied = e.IsDissatisfied()
	return e
}

// Phone takes a rating once, with the case that follows from it, in one transaction. The same request
// again changes nothing and is no error. Errors are ErrTaken, ErrKeyReused, ErrExpired, ErrHeld, ErrNoPlace
// and the store's.
func (l *Ledger) Phone(ctx context.Context, p PhoneRating) error {
	var t *taking
	err := l.write(ctx, "take a rating by phone", func(x tx) error {
		t = &taking{tx: x, clocks: l.o.Clocks}
		known, err := t.knownPhone(ctx, p)
		if known || err != nil {
			return err
		}
		if p.expired() {
			return ErrExpired
		}
		place, err := t.placeOf(ctx, p.Key.Device)
		if err != nil {
			return err
		}
		if err := t.insertPhone(ctx, p, place); err != nil {
			return err
		}
		return t.filePhone(ctx, p, place)
	})
	if err != nil {
		return err
	}
	l.tell(t.changed)
	return nil
}

// knownPhone tells whether this very request has been taken; another one for the same transaction, or
// under the same idempotency key, is an error.
func (t *taking) knownPhone(ctx context.Context, p PhoneRating) (known bool, err error) {
	type earlier struct{ device, evaluation, key, body string }
	list, err := scan(ctx, t, func(rows *sql.Rows) (e earlier, err error) {
		return e, rows.Scan(&e.device, &e.evaluation, &e.key, &e.body)
	}, `select device, evaluation, idempotency_key, body_hash from phone_ratings
		where idempotency_key = $3 or device = $1 and evaluation = $2`, p.Key.Device, p.Token.Evaluation, p.Idempotency)
	if err != nil {
		return false, fmt.Errorf("look for it: %w", err)
	}
	for _, e := range list {
		switch {
		case e == (earlier{p.Key.Device, p.Token.Evaluation, p.Idempotency, p.BodyHash}):
			return true, nil
		case e.key == p.Idempotency:
			return false, ErrKeyReused
		}
	}
	if len(list) > 0 {
		return false, ErrTaken
	}
	return false, nil
}

func (t *taking) placeOf(ctx context.Context, device string) (place wire.Place, err error) {
	place.Device = device
	err = t.row(ctx, `select region, branch from devices where device = $1`, device).Scan(&place.Region, &place.Branch)
	if errors.Is(err, sql.ErrNoRows) {
		return place, ErrNoPlace
	}
	return place, err
}

func (t *taking) insertPhone(ctx context.Context, p PhoneRating, place wire.Place) error {
	e := p.evaluation()
	reasons, err := encode(append([]string{}, p.Reasons...))
	if err != nil {
		return err
	}
	var made *int64
	if !p.Made.At.IsZero() {
		made = new(millis(p.Made.At))
	}
	if err := t.exec(ctx, `insert into phone_ratings (device, evaluation, region, branch, counter, kid, source, ui, dissatisfied,
		overall, attitude, efficiency, compliance, reasons, made_at, made_error_ms, made_how, taken_at, idempotency_key, body_hash)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		place.Device, e.Evaluation, place.Region, place.Branch, e.Counter, string(p.Key.KID), casebook.SourceQR, e.UI, e.Dissatisfied,
		score(e, wire.Overall), score(e, wire.Attitude), score(e, wire.Efficiency), score(e, wire.Compliance), reasons,
		made, p.Made.Error.Milliseconds(), p.Made.How, millis(p.Taken), p.Idempotency, p.BodyHash); err != nil {
		return fmt.Errorf("store it: %w", err)
	}
	return nil
}

// filePhone takes the rating into the case of its transaction, or opens one. Its clocks run from the
// moment at which headquarters was told.
func (t *taking) filePhone(ctx context.Context, p PhoneRating, place wire.Place) error {
	e := p.evaluation()
	k, err := t.caseOf(ctx, place.Device, e.Evaluation)
	switch {
	case err == nil:
		e.Flags = append(e.Flags, casebook.FlagQR)
		if !k.Amend(e, p.Taken) {
			return nil
		}
		return t.update(ctx, k)
	case !errors.Is(err, ErrUnknown):
		return err
	case !e.Dissatisfied:
		return nil
	}
	if p.Key.Standing == Unconfirmed {
		if err := t.heldPhone(ctx, p); err != nil {
			return err
		}
	}
	c := casebook.OpenFrom(casebook.SourceQR, e, place, casebook.Reckoning{At: p.Taken, How: casebook.ByTaking}, p.Taken, t.clocks)
	if err := t.addPad(ctx, &c, p.Taken, "", 0, 0); err != nil {
		return err
	}
	return t.insertCase(ctx, c, p.Key.KID)
}

func (t *taking) heldPhone(ctx context.Context, p PhoneRating) error {
	var n int
	if err := t.row(ctx, `select count(*) from cases where device = $1 and unconfirmed and received_at > $2`,
		p.Key.Device, millis(p.Taken.Add(-time.Hour))).Scan(&n); err != nil {
		return fmt.Errorf("count unconfirmed cases: %w", err)
	}
	if n >= maxUnconfirmed {
		return ErrHeld
	}
	return nil
}

// addPhone adds to a case from the pad what its customer has said by phone before.
func (t *taking) addPhone(ctx context.Context, c *casebook.Case, now time.Time) error {
	scores, err := scan(ctx, t, func(rows *sql.Rows) (map[wire.Dimension]wire.Score, error) { return scanScores(rows) }, `select overall, attitude, efficiency, compliance from phone_ratings
		where device = $1 and evaluation = $2`, c.Device, c.Evaluation)
	if err != nil {
		return fmt.Errorf("look for a rating by phone: %w", err)
	}
	for _, s := range scores {
		c.Amend(wire.Evaluation{Scores: s, Flags: []string{casebook.FlagQR}}, now)
	}
	return nil
}

// eachPhoneRating hands over what was said by phone within a period. Business and teller are those of the
// pad's own record, once it has come.
func (l *Ledger) eachPhoneRating(ctx context.Context, p rates.Period, one func(rates.Evaluation) error) error {
	const padSays = `coalesce((select max(%s) from evaluations e where e.device = p.device and e.root = p.evaluation), '')`
	list, err := scan(ctx, look{l.eyes}, scanPhone, `select overall, attitude, efficiency, compliance, device, evaluation, region, branch,
		counter, reasons, taken_at, `+fmt.Sprintf(padSays, "business")+`, `+fmt.Sprintf(padSays, "teller")+`
		from phone_ratings p where taken_at >= $1 and taken_at < $2 order by taken_at, device, evaluation`,
		millis(p.From.Time), millis(p.To.Time))
	if err != nil {
		return fmt.Errorf("read ratings by phone: %w", err)
	}
	for _, e := range list {
		if err := one(e); err != nil {
			return err
		}
	}
	return nil
}

func scanPhone(rows *sql.Rows) (e rates.Evaluation, err error) {
	var reasons string
	var taken int64
	e = rates.Evaluation{Source: rates.SourcePhone, Outcome: wire.Rated, Flags: []string{casebook.FlagQR}, Records: 1}
	if e.Scores, err = scanScores(rows, &e.Device, &e.Evaluation, &e.Region, &e.Branch, &e.Counter, &reasons, &taken, &e.Business, &e.Teller); err != nil {
		return e, err
	}
	e.RatedAt, e.ReceivedAt = instant(taken), instant(taken)
	return e, decode(reasons, &e.Reasons)
}
