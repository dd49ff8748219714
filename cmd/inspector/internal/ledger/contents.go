package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"evalpad/sync/wire"
)

// contents is the data of a record as far as the ledger reads it.
type contents struct {
	evaluation *wire.Evaluation // of an evaluation or an alert
	event      *wire.Event
	pending    string
}

func contentsOf(r wire.Record) (contents, error) {
	switch r.Kind {
	case wire.KindEvaluation:
		e, err := r.Evaluation()
		return contents{evaluation: &e}, errors.Join(err, storable(e))
	case wire.KindAlert:
		a, err := r.Alert()
		return contents{evaluation: &a.Evaluation}, errors.Join(err, storable(a.Evaluation))
	case wire.KindEvent:
		e, err := r.Event()
		return contents{event: &e}, errors.Join(err, possible(e.Missing), believable(e.Rules))
	}
	if !json.Valid(r.Data) {
		return contents{}, errors.New("not JSON")
	}
	return contents{}, nil
}

// storable refuses what a column of text cannot hold everywhere.
func storable(e wire.Evaluation) error {
	if strings.Contains(strings.Join([]string{e.Evaluation, e.Amends, e.Business, e.Teller, e.Service, e.UI}, ""), "\x00") {
		return errors.New("a zero byte in a name")
	}
	return nil
}

func possible(m *wire.Missing) error {
	if m != nil && (m.From == 0 || m.From > m.To || m.To > maxSeq || !m.Epoch.Valid()) {
		return fmt.Errorf("missing %d to %d of epoch %.20q: no such stretch", m.From, m.To, string(m.Epoch))
	}
	return nil
}

func believable(r *wire.RulesInForce) error {
	if r == nil {
		return nil
	}
	if err := r.Validate(); err != nil {
		return fmt.Errorf("rules in force: %w", err)
	}
	return nil
}
