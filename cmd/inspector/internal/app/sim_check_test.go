package app_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"evalpad/agent"
	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/outboxtest"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
	"evalpad/test/trial"

	"path/filepath"
)

// checkImage holds I1 against what a cut has left: all that was thanked for at a counter that asks
// once is in the image, or headquarters has it. (Half-answered evaluations are no records yet: they
// are accounted for at the end.)
func (s *simulation) checkImage(b *simBox) {
	left, came := readOutbox(s.t, b.outboxFile()), readLedger(s.t, s.hq.file())
	for _, u := range s.promises.given(b) {
		if len(u.pad.plan.asks) == 1 && left.of(b.name, u.pad.counter, u.stamps)+came.of(b.name, u.pad.counter, u.stamps) == 0 {
			s.t.Errorf("I1: thanked for %s, and the cut has left nothing of it", &u)
		}
	}
}

// check holds every promise against the files of a bank at rest.
func (s *simulation) check() {
	for _, b := range s.boxes {
		key, err := seal.OpenKey(filepath.Join(b.dir, agent.KeyFile))
		if err != nil {
			s.t.Error(err)
			continue
		}
		outboxtest.MustBeSound(s.t, b.outboxFile(), key)
	}
	a := readLedger(s.t, s.hq.file())
	s.checkPresses(a)
	s.checkCounters(a)
	s.checkReceipts(a)
	s.checkChains(a)
	s.checkIncidents(a)
	book, err := ledger.Open(s.t.Context(), s.hq.file(), ledger.Options{Clocks: s.plan.clocks})
	if err != nil {
		s.t.Fatal(err)
	}
	defer book.Close()
	cases, err := book.Cases(s.t.Context(), ledger.Filter{All: true, Limit: 100_000})
	if err != nil {
		s.t.Fatal(err)
	}
	s.checkCases(a, cases)
}

// checkPresses is I2 to the press, where one press is one evaluation.
func (s *simulation) checkPresses(a *account) {
	for _, u := range s.promises.all {
		if len(u.pad.plan.asks) > 1 {
			continue
		}
		switch n := a.of(u.box.name, u.pad.counter, u.stamps); {
		case u.thanks && n == 0:
			s.promises.lost++
			s.t.Errorf("I2: thanked for %s, and it is not in the ledger", u)
		case n > 1:
			s.promises.twice++
			s.t.Errorf("I2: %s is in the ledger %d times", u, n)
		}
	}
}

// checkCounters is I2 for every counter's sums: all that was thanked for, and nothing that nobody
// has pressed.
func (s *simulation) checkCounters(a *account) {
	thanked, pressed := map[*simPad]map[int]int{}, map[*simPad]map[int]int{}
	for _, u := range s.promises.all {
		if thanked[u.pad] == nil {
			thanked[u.pad], pressed[u.pad] = map[int]int{}, map[int]int{}
		}
		pressed[u.pad][u.score]++
		if u.thanks {
			thanked[u.pad][u.score]++
		}
	}
	for pad := range thanked {
		got := a.scores(pad.box.name, pad.counter)
		for score := 1; score <= 5; score++ {
			if got[score] < thanked[pad][score] || got[score] > pressed[pad][score] {
				s.t.Errorf("I2: score %d at %s of %s: %d in the ledger, %d thanked for, %d pressed",
					score, pad.counter, pad.box.name, got[score], thanked[pad][score], pressed[pad][score])
				s.promises.lost += max(0, thanked[pad][score]-got[score])
				s.promises.twice += max(0, got[score]-pressed[pad][score])
			}
		}
	}
}

// checkReceipts is I3: whatever headquarters has ever thanked for is there, or the box has said that
// it is gone, and that is an incident.
func (s *simulation) checkReceipts(a *account) {
	_, receipts := s.wire.all()
	through := map[chainKey]uint64{}
	for _, m := range receipts {
		var r wire.Receipt
		if err := seal.ReadMandated(m.Payload, seal.TagReceipt, wire.PublicKey{}, &r, &r.By); err != nil {
			s.t.Errorf("I3: a receipt that does not verify: %v", err)
			continue
		}
		key := chainKey{r.Device, r.Epoch}
		through[key] = max(through[key], r.Through)
		for _, span := range r.Also {
			for seq := span.From; seq <= span.To; seq++ {
				if !a.holds(key, seq) {
					s.t.Errorf("I3: record %d of %v was receipted and is not in the ledger", seq, key)
				}
			}
		}
	}
	for key, last := range through {
		for seq := uint64(1); seq <= last; seq++ {
			if !a.holds(key, seq) {
				s.t.Errorf("I3: record %d of %v was receipted and is not in the ledger", seq, key)
			}
		}
	}
}

func (a *account) holds(key chainKey, seq uint64) bool {
	if a.held == nil {
		a.held = map[chainKey]map[uint64]bool{}
		for k, chain := range a.chains {
			a.held[k] = map[uint64]bool{}
			for _, l := range chain {
				a.held[k][l.seq] = true
			}
		}
	}
	for _, gap := range a.gaps[key] {
		if gap[0] <= seq && seq <= gap[1] {
			return true
		}
	}
	return a.held[key][seq]
}

// checkChains is I5: each epoch is one unbroken chain from its first record.
func (s *simulation) checkChains(a *account) {
	for key, chain := range a.chains {
		var last chained
		for _, l := range chain {
			if l.variant != 0 || l.seq != last.seq+1 || l.prev != last.hash {
				s.t.Errorf("I5: in epoch %s of %s record %d (variant %d) does not follow %d", key.epoch, key.device, l.seq, l.variant, last.seq)
			}
			last = l
		}
	}
}

// checkIncidents: nobody has attacked anything, so there is nothing to be suspicious of but a ledger
// that was put back.
func (s *simulation) checkIncidents(a *account) {
	for kind, evidence := range a.incidents {
		if kind != ledger.LedgerBehind || !s.hq.restored {
			s.t.Errorf("I5: incident %s in an honest bank: %s", kind, evidence)
		}
	}
}

// checkCases is I4: one case a dissatisfied evaluation, with both of its records, and deadlines that
// are exact.
func (s *simulation) checkCases(a *account, cases []casebook.Case) {
	want := map[string]rated{}
	for _, e := range a.evaluations {
		if !e.Dissatisfied {
			continue
		}
		want[e.Evaluation.Evaluation] = e
		if n := a.alerts[e.Evaluation.Evaluation]; n != 1 {
			s.t.Errorf("I4: dissatisfied evaluation %s has %d alerts, want 1", e.Evaluation.Evaluation, n)
		}
	}
	if len(a.alerts) != len(want) {
		s.t.Errorf("I4: %d evaluations with an alert, %d dissatisfied ones", len(a.alerts), len(want))
	}
	seen := map[string]bool{}
	for _, c := range cases {
		e, ok := want[c.Evaluation]
		if !ok || seen[c.Evaluation] {
			s.t.Errorf("I4: case %s of evaluation %s: a second one, or of nothing", c.ID, c.Evaluation)
			continue
		}
		seen[c.Evaluation] = true
		s.checkDeadlines(c)
		s.checkRatedAt(c, e)
	}
	for id := range want {
		if !seen[id] {
			s.t.Errorf("I4: dissatisfied evaluation %s has no case", id)
		}
	}
}

// checkDeadlines wants the two clocks exact, and each breach dated to its deadline and written once.
func (s *simulation) checkDeadlines(c casebook.Case) {
	clocks, from := s.plan.clocks, c.RatedAt.Time
	if c.TimeUncertain {
		from = c.InvestigateBy.Add(-clocks.InvestigateWithin) // the earliest bound
		if off := c.RatedAt.Sub(from) - time.Duration(c.RatedAtErrorMS)*time.Millisecond; off.Abs() > time.Millisecond {
			s.t.Errorf("I4: case %s of an uncertain time counts from %s before its rating, stated error %d ms", c.ID, c.RatedAt.Sub(from), c.RatedAtErrorMS)
		}
	}
	done := map[casebook.Deadline]*wire.Instant{
		casebook.DeadlineInvestigate: c.InvestigationStartedAt, casebook.DeadlineDeskInvestigate: c.InvestigationStartedAt,
		casebook.DeadlinePlan: c.PlanFiledAt, casebook.DeadlineDeskPlan: c.PlanFiledAt,
	}
	written := map[casebook.Deadline]int{}
	for _, e := range c.History {
		if e.What == casebook.Breached {
			written[e.Deadline]++
		}
	}
	breached := breachesOf(c)
	for d, by := range map[casebook.Deadline]struct {
		is   wire.Instant
		want time.Time
	}{
		casebook.DeadlineInvestigate: {c.InvestigateBy, from.Add(clocks.InvestigateWithin)}, casebook.DeadlinePlan: {c.PlanBy, from.Add(clocks.PlanWithin)},
		casebook.DeadlineDeskInvestigate: {c.DeskInvestigateBy, c.ReceivedAt.Add(clocks.InvestigateWithin)}, casebook.DeadlineDeskPlan: {c.DeskPlanBy, c.ReceivedAt.Add(clocks.PlanWithin)},
	} {
		if !by.is.Equal(by.want) {
			s.t.Errorf("I4: case %s: %s is %s, want exactly %s", c.ID, d, by.is, by.want)
		}
		missed := !by.is.After(time.Now().Add(-simPoll-time.Second)) && (done[d] == nil || !done[d].Before(by.is.Time))
		at, is := breached[d]
		if missed && !is || is && (at != by.is || written[d] != 1) || !is && written[d] > 0 {
			s.t.Errorf("I4: case %s: %s at %s, done %v, breached %t at %v, written %d times", c.ID, d, by.is, done[d], is, at, written[d])
		}
	}
}

// checkRatedAt wants the press within the stated error of where headquarters has reckoned it, where
// the box's clock did not lie.
func (s *simulation) checkRatedAt(c casebook.Case, e rated) {
	for _, u := range s.promises.all {
		if u.box.name != c.Device || u.pad.counter != c.Counter || !u.honest {
			continue
		}
		for _, at := range u.stamps {
			if at != (stampKey{e.Pressed.Boot, e.Pressed.UptimeMS}) || len(u.stamps) > 1 {
				continue
			}
			if off := c.RatedAt.Sub(u.at).Abs(); off > time.Duration(c.RatedAtErrorMS)*time.Millisecond {
				s.t.Errorf("I4: case %s: rated_at is off by %s, stated error %d ms; %s", c.ID, off, c.RatedAtErrorMS, c.History[0].Words)
			}
		}
	}
}

// simSum adds up what all seeds have played.
type simSum struct {
	mu                      sync.Mutex
	seeds, presses, thanked int
	cases, breaches         int
	lost, twice             int
	counts                  map[string]int
	healing                 time.Duration
}

func (x *simSum) add(s *simulation) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.counts == nil {
		x.counts = map[string]int{}
	}
	for fault, n := range s.counts {
		x.counts[fault] += n
	}
	x.seeds++
	x.presses += len(s.promises.all)
	for _, b := range s.boxes {
		x.thanked += len(s.promises.given(b))
	}
	for _, c := range s.cases {
		x.cases++
		x.breaches += len(c.breaches)
	}
	x.lost, x.twice = x.lost+s.promises.lost, x.twice+s.promises.twice
	x.healing = max(x.healing, s.healing)
}

// report leaves a row for each fault. Faults are mixed, so a loss is charged to all of them.
func (x *simSum) report(t *testing.T) {
	x.mu.Lock()
	defer x.mu.Unlock()
	t.Logf("%d histories: %d presses, %d thanked for, %d cases, %d breaches; all had arrived within %s of the last fault",
		x.seeds, x.presses, x.thanked, x.cases, x.breaches, x.healing.Round(time.Second))
	for fault, n := range x.counts {
		trial.Report(t, trial.Trial{
			Fault: fault, Injected: "seeded, whole bank in a bubble", Tried: n,
			Lost: x.lost, Duplicated: x.twice, Recovery: x.healing, Planted: strings.Join(simPlanted[fault], ", "),
		})
	}
}

// simPlanted are the bugs that turn this test red, by the fault that shows them.
var simPlanted = map[string][]string{
	faultReplay:    {"ledger-dedupe-off", "case-reopened-by-duplicate"},
	faultMidCommit: {"alert-in-its-own-transaction"},
	faultDrop:      {"settle-beyond-the-gap"},
	faultDisk:      {"retried-after-a-doubtful-commit", "commit-takes-anothers-number"},
	faultInspector: {"rewind-forgotten", "breach-written-twice"},
}
