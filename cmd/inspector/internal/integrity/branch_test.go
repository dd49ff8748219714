package integrity_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/cmd/inspector/internal/integrity"
	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

// kind is what goes on at a synthetic counter.
type kind string

const (
	honest      kind = "honest"
	child       kind = "child"        // honest, and every twentieth customer's child plays with the idle pad
	suppressing kind = "suppressing"  // who seems dissatisfied is not asked, seven times out of ten
	selfHasty   kind = "self, hasty"  // every fifth time the teller presses, before the customer can
	selfAfter   kind = "self, after"  // every second time a customer stays silent the teller presses, once they have left
	misdirects  kind = "misdirecting" // tells every tenth dissatisfied customer that red is the good one
)

// teller is one synthetic counter with its own ways: honest tellers differ, too, and not as the
// formula would have them.
type teller struct {
	kind                        kind
	asks, answers, dissatisfied float64
	pace                        float64 // of the customers, as a factor on their time to answer
	dice                        *rand.Rand

	state evaluation.State
	armed int64 // when the timer ends, in ms of uptime; 0: it does not run
	now   int64 // ms of uptime
	ids   int
	today map[string][]rates.Record // by the first id
}

func newTeller(k kind, dissatisfied float64, dice *rand.Rand) *teller {
	return &teller{
		kind: k, dice: dice,
		asks:         shifted(0.96, 0.5*dice.NormFloat64()),
		answers:      shifted(0.60, 0.35*dice.NormFloat64()),
		dissatisfied: shifted(dissatisfied, 0.3*dice.NormFloat64()),
		pace:         math.Exp(0.2 * dice.NormFloat64()),
		state: evaluation.State{Rules: evaluation.Rules{
			Ask: []wire.Dimension{wire.Overall}, Window: 30 * time.Second, Thanks: 3 * time.Second, UI: "keys",
			LockOut: 5 * time.Second, Hammer: evaluation.Hammer{Presses: 5, Within: 10 * time.Second, Pause: 30 * time.Second},
		}},
	}
}

// shifted moves a share by so many logits.
func shifted(share, logits float64) float64 {
	return 1 / (1 + math.Exp(-math.Log(share/(1-share))-logits))
}

// work serves a day's customers and returns what came of it.
func (t *teller) work(customers int) integrity.Tally {
	t.today = map[string][]rates.Record{}
	open := int64(t.now/86_400_000+1) * 86_400_000
	for i := range customers {
		t.at(max(t.now+60_000, open+int64(i)*28_800_000/int64(customers)))
		t.serve()
		if t.kind == child && t.dice.IntN(20) == 0 {
			t.play()
		}
	}
	t.at(t.now + 120_000)
	tally := integrity.Tally{Business: "household"}
	for _, records := range t.today {
		tally.Add(rates.Join(records))
	}
	return tally
}

func (t *teller) serve() {
	bad := t.dice.Float64() < t.dissatisfied
	ask := t.dice.Float64() < t.asks
	if t.kind == suppressing {
		ask = ask && t.dice.Float64() < pick(bad, 0.3, 0.99) // a few of the contented look angry, too
	}
	if !ask {
		t.next(evaluation.Unasked{Heard: t.heard(), By: "queue", Ticket: t.id("k"), ID: t.id("e")})
		return
	}
	t.next(evaluation.Prompted{Heard: t.heard(), By: "queue", Ticket: t.id("k"), ID: t.id("e")})
	t.answer(bad)
}

// answer is what happens once somebody is asked. An angry customer is likelier to press than another.
func (t *teller) answer(bad bool) {
	asked := t.now
	silent := t.dice.Float64() >= shifted(t.answers, pick(bad, 1, 0))
	switch {
	case t.kind == selfHasty && t.dice.IntN(5) == 0:
		t.at(asked + 500 + t.dice.Int64N(900))
		t.press(5)
	case silent && t.kind == selfAfter && t.dice.IntN(2) == 0:
		t.at(asked + 10_000 + t.dice.Int64N(15_000))
		t.press(5)
	case !silent:
		t.at(asked + min(29_000, int64(t.pace*5000*math.Exp(0.6*t.dice.NormFloat64()))))
		t.press(t.score(bad))
	}
}

func (t *teller) score(bad bool) wire.Score {
	if bad && !(t.kind == misdirects && t.dice.IntN(10) == 0) {
		return wire.Score(1 + t.dice.IntN(2))
	}
	return wire.Score(3 + min(2, t.dice.IntN(6)))
}

// play is a child at the idle pad: presses on any key, as fast as small hands are.
func (t *teller) play() {
	t.at(t.now + 45_000)
	for range 5 + t.dice.IntN(15) {
		t.at(t.now + 150 + t.dice.Int64N(900))
		t.press(wire.Score(1 + t.dice.IntN(5)))
	}
}

func (t *teller) press(score wire.Score) {
	t.next(evaluation.Pressed{Heard: t.heard(), Score: score, ID: t.id("e")})
}

// at lets time pass, and with it the counter's timer.
func (t *teller) at(ms int64) {
	for t.armed != 0 && t.armed <= ms {
		t.now, t.armed = t.armed, 0
		t.next(evaluation.Elapsed{At: t.stamp()})
	}
	t.now = ms
}

func (t *teller) next(e evaluation.Event) {
	var effects []evaluation.Effect
	t.state, effects = evaluation.Next(t.state, e)
	for _, effect := range effects {
		switch effect := effect.(type) {
		case evaluation.Arm:
			t.armed = t.now + effect.For.Milliseconds()
		case evaluation.Disarm:
			t.armed = 0
		case evaluation.Finish:
			t.record(effect.Evaluation)
		}
	}
}

// record is what the ledger would keep.
func (t *teller) record(e wire.Evaluation) {
	root := cmp.Or(e.Amends, e.Evaluation)
	t.today[root] = append(t.today[root], rates.Record{
		Root: root, Evaluation: e.Evaluation, Outcome: e.Outcome, Prompted: e.Prompted, Scores: e.Scores, Flags: e.Flags,
		RatedAt: wire.At(time.UnixMilli(t.now)),
	})
}

func (t *teller) stamp() wire.Stamp {
	return wire.Stamp{Boot: "b", UptimeMS: t.now, Clock: wire.ClockUnset}
}

func (t *teller) heard() evaluation.Heard { return evaluation.Heard{At: t.stamp()} }

func (t *teller) id(kind string) string {
	t.ids++
	return kind + strconv.Itoa(t.ids)
}

func pick(yes bool, a, b float64) float64 {
	if yes {
		return a
	}
	return b
}
