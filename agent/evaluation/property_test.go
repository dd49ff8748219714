package evaluation_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/wire"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anyEvent draws what may happen next, at uptime ms.
func anyEvent(t *rapid.T, n int, ms int64, boot string) evaluation.Event {
	h := evaluation.Heard{
		At:     wire.Stamp{Boot: boot, UptimeMS: ms, Clock: wire.ClockUnset},
		Signal: fmt.Sprintf("signal-%d", n),
		Echo:   rapid.SampledFrom([]string{"", "F", "G"}).Draw(t, "echo"),
	}
	id := fmt.Sprintf("E%d", n)
	switch rapid.SampledFrom([]string{"press", "press", "press", "prompt", "prompt", "cancel", "in", "out", "elapsed", "lost", "restart"}).Draw(t, "event") {
	case "press":
		return evaluation.Pressed{
			Heard: h, ID: id, Score: wire.Score(rapid.IntRange(0, 6).Draw(t, "score")),
			Dimension: rapid.SampledFrom([]wire.Dimension{"", "", "", wire.Attitude, wire.Compliance, wire.Overall, "comfort"}).Draw(t, "for"),
			UI:        rapid.SampledFrom([]string{"", "keys", "large", "telepathy"}).Draw(t, "ui"),
		}
	case "prompt":
		return evaluation.Prompted{
			Heard: h, ID: id, By: "teller", Ticket: rapid.SampledFrom([]string{"", "A1", "A2"}).Draw(t, "ticket"),
			Service: rapid.SampledFrom([]string{"", "priority", "elderly"}).Draw(t, "service"), Once: rapid.Bool().Draw(t, "once"),
		}
	case "cancel":
		return evaluation.Cancelled{Heard: h}
	case "in":
		return evaluation.TellerIn{Heard: h, Teller: rapid.SampledFrom([]string{"", "1007", "1008"}).Draw(t, "teller")}
	case "out":
		return evaluation.TellerOut{Heard: h}
	case "elapsed":
		return evaluation.Elapsed{At: h.At}
	case "lost":
		return evaluation.PadLost{At: h.At}
	}
	return evaluation.Restarted{At: h.At}
}

// TestNoPressIsLost plays any sequence of events against a model that knows only which presses were
// accepted. A commit may fail at any time: then the old State stands and nothing was promised.
func TestNoPressIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]evaluation.State{one(), three()}).Draw(t, "rules")
		var accepted, given []wire.Score
		ended := map[string]bool{}
		ms, boot := int64(0), 1
		play := func(e evaluation.Event, diskFails bool) {
			before := mustJSON(t, s)
			next, effects := evaluation.Next(s, e)
			if after := mustJSON(t, s); before != after {
				t.Fatalf("Next changed what it was given:\n%s\n%s", before, after)
			}
			checkOrder(t, e, effects)
			if diskFails && has[evaluation.Keep](effects) {
				return
			}
			if p, ok := e.(evaluation.Pressed); ok && has[evaluation.Keep](effects) {
				accepted = append(accepted, p.Score)
			}
			for _, effect := range effects {
				if f, ok := effect.(evaluation.Finish); ok {
					given = append(given, checkFinished(t, f.Evaluation, ended)...)
				}
			}
			s = fromDisk(t, next)
		}
		for n := range rapid.IntRange(1, 60).Draw(t, "events") {
			ms += rapid.Int64Range(0, 20_000).Draw(t, "after")
			e := anyEvent(t, n, ms, fmt.Sprint(boot))
			if _, restarted := e.(evaluation.Restarted); restarted && rapid.Bool().Draw(t, "power cut") {
				boot, ms = boot+1, 0
				e = evaluation.Restarted{At: wire.Stamp{Boot: fmt.Sprint(boot)}}
			}
			play(e, rapid.IntRange(0, 9).Draw(t, "disk") == 0)
		}
		play(evaluation.Restarted{At: wire.Stamp{Boot: fmt.Sprint(boot), UptimeMS: ms}}, false)
		if s.Open != nil {
			t.Fatalf("%s is still open after the last restart", s.Open.ID)
		}
		slices.Sort(accepted)
		slices.Sort(given)
		if !slices.Equal(accepted, given) {
			t.Fatalf("presses accepted %v, in finished evaluations %v", accepted, given)
		}
	})
}

// checkOrder wants the disk first, and no press thanked that is not there.
func checkOrder(t *rapid.T, e evaluation.Event, effects []evaluation.Effect) {
	shown := false
	for _, effect := range effects {
		switch effect.(type) {
		case evaluation.Show, evaluation.Again, evaluation.Arm, evaluation.Disarm:
			shown = true
		case evaluation.Finish, evaluation.Keep:
			if shown {
				t.Fatalf("%T: %T comes after something was shown: %+v", e, effect, effects)
			}
		}
	}
	if has[evaluation.Finish](effects) && !has[evaluation.Keep](effects) {
		t.Fatalf("%T: finished and not kept: %+v", e, effects)
	}
	p, ok := e.(evaluation.Pressed)
	if safe := has[evaluation.Keep](effects) || has[evaluation.Repeat](effects); ok && safe != (answer(effects) == p.Signal) {
		t.Fatalf("press safe on disk %t, but answered for %q: %+v", safe, answer(effects), effects)
	}
	if has[evaluation.Refuse](effects) && (has[evaluation.Keep](effects) || answer(effects) != "") {
		t.Fatalf("%T: refused and yet taken: %+v", e, effects)
	}
}

// checkFinished returns the scores of an evaluation that is well formed and has not ended before.
func checkFinished(t *rapid.T, e wire.Evaluation, ended map[string]bool) []wire.Score {
	if ended[e.Evaluation] {
		t.Fatalf("evaluation %s ended twice", e.Evaluation)
	}
	ended[e.Evaluation] = true
	var scores []wire.Score
	low := false
	for _, score := range e.Scores {
		scores = append(scores, score)
		low = low || score <= 2
	}
	if e.Dissatisfied != low {
		t.Fatalf("dissatisfied %t with scores %v", e.Dissatisfied, e.Scores)
	}
	if (e.Outcome == wire.NotRated) != (len(scores) == 0) {
		t.Fatalf("outcome %s with scores %v", e.Outcome, e.Scores)
	}
	if e.Prompted == slices.Contains(e.Flags, wire.FlagUnprompted) {
		t.Fatalf("prompted %t with flags %v", e.Prompted, e.Flags)
	}
	e.Counter = "c03" // the desk's part
	if err := e.Validate(); err != nil {
		t.Fatalf("headquarters would refuse it: %v", err)
	}
	return scores
}

// fromDisk is the state as it would come back from disk, which must be the same.
func fromDisk(t *rapid.T, s evaluation.State) evaluation.State {
	got, err := evaluation.ReadState([]byte(mustJSON(t, s)), s.Rules)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(s, got); diff != "" {
		t.Fatalf("state from disk (-want +got):\n%s", diff)
	}
	return got
}

func mustJSON(t *rapid.T, s evaluation.State) string {
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSameThanks holds that what a pad shows never depends on the score: the teller sees it too.
func TestSameThanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]evaluation.State{one(), three()}).Draw(t, "rules")
		ms := int64(0)
		for n := range rapid.IntRange(0, 8).Draw(t, "events") {
			ms += 1000
			s, _ = evaluation.Next(s, anyEvent(t, n, ms, "b"))
		}
		p := press(100, wire.Score(rapid.IntRange(1, 5).Draw(t, "score")))
		other := p
		other.Score = wire.Score(rapid.IntRange(1, 5).Draw(t, "other score"))
		_, effects := evaluation.Next(s, p)
		_, others := evaluation.Next(s, other)
		if diff := gocmp.Diff(shows(effects), shows(others)); diff != "" {
			t.Fatalf("%d and %d look different:\n%s", p.Score, other.Score, diff)
		}
	})
}

func shows(effects []evaluation.Effect) (all []device.Show) {
	for _, effect := range effects {
		if s, ok := effect.(evaluation.Show); ok {
			all = append(all, s.Show)
		}
	}
	return all
}
