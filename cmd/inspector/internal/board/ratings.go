package board

import (
	"fmt"
	"net/http"
	"time"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

// Report is the answer to GET /api/v1/report: what customers said, a line a group.
type Report struct {
	rates.Period
	By    string       `json:"by"`
	Lines []rates.Line `json:"lines"`
}

// usualPeriod is what a report is about where nobody says since when.
const usualPeriod = 30 * 24 * time.Hour

// codeOf reads the code that a customer has said.
func codeOf(r *http.Request) (string, error) {
	code, err := wire.ReadCode(r.URL.Query().Get("code"))
	if err != nil {
		return "", badRequest(err.Error())
	}
	return code, nil
}

func (b *board) findEvaluations(w http.ResponseWriter, r *http.Request) {
	code, err := codeOf(r)
	if err != nil {
		b.answer(w, nil, err)
		return
	}
	found, err := b.Ratings.ByCode(r.Context(), code)
	b.answer(w, append([]ledger.Found{}, found...), err)
}

func (b *board) report(w http.ResponseWriter, r *http.Request) {
	period, err := b.periodOf(r)
	if err != nil {
		b.answer(w, nil, err)
		return
	}
	by := r.URL.Query().Get("by")
	if by == "" {
		by = "branch"
	}
	sheet, err := rates.NewSheet(period, by)
	if err != nil {
		b.answer(w, nil, badRequest(err.Error()))
		return
	}
	err = b.fill(r, sheet, period)
	b.answer(w, Report{period, by, sheet.Lines()}, err)
}

// fill counts what is in the ledger.
func (b *board) fill(r *http.Request, sheet *rates.Sheet, p rates.Period) error {
	if err := b.Ratings.EachEvaluation(r.Context(), p, func(e rates.Evaluation) error {
		sheet.Add(e)
		return nil
	}); err != nil {
		return err
	}
	tallies, err := b.Ratings.Tallies(r.Context(), p)
	for _, t := range tallies {
		sheet.Refuse(t)
	}
	return err
}

// periodOf is from and to of a request: RFC 3339, by default the last thirty days.
func (b *board) periodOf(r *http.Request) (p rates.Period, err error) {
	now := b.Now()
	p = rates.Period{From: wire.At(now.Add(-usualPeriod)), To: wire.At(now)}
	for name, to := range map[string]*wire.Instant{"from": &p.From, "to": &p.To} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		if err := to.UnmarshalText([]byte(text)); err != nil {
			return p, badRequest(fmt.Sprintf("%s: %v", name, err))
		}
	}
	return p, nil
}
