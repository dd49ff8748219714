package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

// Cases of a key that nobody has confirmed: so many an hour and device, the others wait.
const maxUnconfirmed = 10

// file does what follows from a record's contents, and notes in them what it still waits for.
func (t *taking) file(ctx context.Context, a Arrival, variant int, c *contents) error {
	switch {
	case c.event != nil:
		return t.fileEvent(ctx, a, variant, *c.event)
	case c.evaluation == nil:
		return nil
	case a.Record.Kind == wire.KindEvaluation:
		if err := t.insertEvaluation(ctx, a, variant, *c.evaluation); err != nil {
			return err
		}
	}
	held, err := t.fileCase(ctx, a, variant, *c.evaluation)
	if held {
		c.pending = pendingHeld
	}
	return err
}

// fileEvent notes what a box says of its records, its rules and what it has refused.
func (t *taking) fileEvent(ctx context.Context, a Arrival, variant int, e wire.Event) error {
	device := a.Record.Place.Device
	if m := e.Missing; m != nil {
		t.missing = append(t.missing, missed{epochOf{device, m.Epoch}, gap{m.From, m.To, m.Why}, a.Received})
	}
	switch {
	case e.Rules != nil:
		return t.fileRules(ctx, a, *e.Rules)
	case e.Tally != nil:
		return t.insertTally(ctx, a, variant, e)
	}
	switch o := e.Opened; {
	case o == nil:
		return nil
	case o.Previous != nil:
		evidence := fmt.Sprintf("%s after %s, whose head was %d: %s", a.Record.Epoch, o.Previous.Epoch, o.Previous.Head, o.Why)
		return t.incident(ctx, EpochOpened, device, evidence, a.Received)
	}
	other, err := t.otherEpoch(ctx, of(a.Record))
	if err != nil || other == "" {
		return err
	}
	evidence := fmt.Sprintf("%s names no epoch before it, and %s is known: %s", a.Record.Epoch, other, e.Opened.Why)
	return t.incident(ctx, EpochOpened, device, evidence, a.Received)
}

// otherEpoch is another epoch of the same device, "" where there is none: a box that has lost its
// card says that it begins for the first time.
func (t *taking) otherEpoch(ctx context.Context, e epochOf) (other string, err error) {
	err = t.row(ctx, `select coalesce(max(epoch), '') from runs where device = $1 and epoch <> $2`, e.device, string(e.epoch)).Scan(&other)
	if err != nil {
		return "", fmt.Errorf("look for its other epochs: %w", err)
	}
	return other, nil
}

const insertEvaluation = `insert into evaluations (device, epoch, seq, variant, evaluation, root, region, branch,
	counter, business, teller, service, ui, outcome, prompted, dissatisfied, overall, attitude, efficiency, compliance,
	reasons, flags, rated_at, rated_error_ms, received_at, code)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
	$21, $22, $23, $24, $25, $26)`

// insertEvaluation writes the row that rates are counted from.
func (t *taking) insertEvaluation(ctx context.Context, a Arrival, variant int, e wire.Evaluation) error {
	r := a.Record
	rated := a.Rated.Bounded(a.Received)
	reasons, err := encode(append([]string{}, e.Reasons...))
	if err != nil {
		return err
	}
	flags, err := encode(append([]string{}, e.Flags...))
	if err != nil {
		return err
	}
	root := cmp.Or(e.Amends, e.Evaluation)
	err = t.exec(ctx, insertEvaluation, r.Place.Device, string(r.Epoch), r.Seq, variant,
		e.Evaluation, root, r.Place.Region, r.Place.Branch,
		e.Counter, e.Business, e.Teller, e.Service, e.UI, string(e.Outcome), e.Prompted, e.Dissatisfied,
		score(e, wire.Overall), score(e, wire.Attitude), score(e, wire.Efficiency), score(e, wire.Compliance),
		reasons, flags,
		millis(rated.At), rated.Error.Milliseconds(), millis(a.Received), wire.Code(root))
	if err != nil {
		return fmt.Errorf("store its evaluation: %w", err)
	}
	return nil
}

func score(e wire.Evaluation, d wire.Dimension) *int {
	if s, ok := e.Scores[d]; ok {
		return new(int(s))
	}
	return nil
}

// fileCase opens the case of a dissatisfied evaluation or takes the record into the case that is
// there: whichever of alert, evaluation and amendment comes first opens it. It reports true where
// the case has to wait for a person's word on the key.
func (t *taking) fileCase(ctx context.Context, a Arrival, variant int, e wire.Evaluation) (held bool, err error) {
	e.Flags = marks(e.Flags, a.Standing == Unconfirmed, variant > 0)
	k, err := t.caseOf(ctx, a.Record.Place.Device, cmp.Or(e.Amends, e.Evaluation))
	switch {
	case err == nil:
		if !k.Amend(e, a.Received) {
			return false, nil
		}
		return false, t.update(ctx, k)
	case !errors.Is(err, ErrUnknown):
		return false, err
	case !e.IsDissatisfied():
		return false, nil
	}
	if a.Standing == Unconfirmed {
		if held, err := t.tooMany(ctx, a); held || err != nil {
			return held, err
		}
	}
	return false, t.openCase(ctx, a, variant, e)
}

func marks(flags []string, unconfirmed, fork bool) []string {
	flags = slices.Clone(flags)
	if unconfirmed {
		flags = append(flags, casebook.FlagKeyUnconfirmed)
	}
	if fork {
		flags = append(flags, casebook.FlagFork)
	}
	return flags
}

// openCase opens a case, with what earlier records of the same evaluation have said.
func (t *taking) openCase(ctx context.Context, a Arrival, variant int, e wire.Evaluation) error {
	c := casebook.Open(e, a.Record.Place, a.Rated, a.Received, t.clocks)
	if err := t.addPad(ctx, &c, a.Received, string(a.Record.Epoch), a.Record.Seq, variant); err != nil {
		return err
	}
	if err := t.addPhone(ctx, &c, a.Received); err != nil {
		return err
	}
	return t.insertCase(ctx, c, a.Record.KID)
}

// addPad adds to a new case what the box's own records of the evaluation have said, but for the one that
// opens it; a case from a phone is opened by none, and names none.
func (t *taking) addPad(ctx context.Context, c *casebook.Case, now time.Time, epoch string, seq uint64, variant int) error {
	said, err := scan(ctx, t, scanWords, `select e.overall, e.attitude, e.efficiency, e.compliance, e.business, e.teller, e.reasons, e.flags,
		coalesce(r.unconfirmed, false), e.variant > 0
		from evaluations e left join records r on r.device = e.device and r.epoch = e.epoch and r.seq = e.seq and r.variant = e.variant
		where e.device = $1 and e.root = $2 and not (e.epoch = $3 and e.seq = $4 and e.variant = $5)
		order by e.epoch, e.seq, e.variant`, c.Device, c.Evaluation, epoch, seq, variant)
	if err != nil {
		return fmt.Errorf("look for what the pad has said of it: %w", err)
	}
	for _, e := range said {
		c.Amend(e, now)
	}
	return nil
}

// scanWords reads what a record adds to a case.
func scanWords(rows *sql.Rows) (e wire.Evaluation, err error) {
	var reasons, flags string
	var unconfirmed, fork bool
	if e.Scores, err = scanScores(rows, &e.Business, &e.Teller, &reasons, &flags, &unconfirmed, &fork); err != nil {
		return e, err
	}
	if err := errors.Join(decode(reasons, &e.Reasons), decode(flags, &e.Flags)); err != nil {
		return e, err
	}
	e.Flags = marks(e.Flags, unconfirmed, fork)
	return e, nil
}

// scanScores reads the four columns of scores, and what stands after them into more.
func scanScores(rows *sql.Rows, more ...any) (map[wire.Dimension]wire.Score, error) {
	dimensions := []wire.Dimension{wire.Overall, wire.Attitude, wire.Efficiency, wire.Compliance}
	values := make([]sql.Null[int], len(dimensions))
	if err := rows.Scan(append([]any{&values[0], &values[1], &values[2], &values[3]}, more...)...); err != nil {
		return nil, err
	}
	scores := map[wire.Dimension]wire.Score{}
	for i, v := range values {
		if v.Valid {
			scores[dimensions[i]] = wire.Score(v.V)
		}
	}
	return scores, nil
}

// tooMany reports whether the unconfirmed key of an arrival has had its cases for this hour; then
// the record waits, under the one incident of the key.
func (t *taking) tooMany(ctx context.Context, a Arrival) (bool, error) {
	var n int
	device := a.Record.Place.Device
	if err := t.row(ctx, `select count(*) from cases where device = $1 and unconfirmed and received_at > $2`,
		device, millis(a.Received.Add(-time.Hour))).Scan(&n); err != nil {
		return false, fmt.Errorf("count unconfirmed cases: %w", err)
	}
	if n < maxUnconfirmed {
		return false, nil
	}
	evidence := fmt.Sprintf("%s: more than %d cases an hour under key %s", a.Record.ID, maxUnconfirmed, a.Record.KID)
	return true, t.incident(ctx, KeyUnconfirmed, device, evidence, a.Received)
}
