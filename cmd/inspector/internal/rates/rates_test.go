package rates_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"evalpad/cmd/inspector/internal/rates"
	"evalpad/sync/wire"
)

var (
	nine = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	day  = rates.Period{From: wire.At(nine), To: wire.At(nine.Add(24 * time.Hour))}
)

// one is a prompted evaluation at a counter, rated in the period.
func one(counter string, outcome wire.Outcome, scores ...wire.Score) rates.Evaluation {
	e := rates.Evaluation{
		Evaluation: "e", Device: "pad-1", Region: "r11", Branch: "b1", Counter: counter, Business: "credit", Teller: "t-" + counter,
		Outcome: outcome, Prompted: outcome != wire.NotPrompted, Scores: map[wire.Dimension]wire.Score{}, Flags: []string{}, RatedAt: wire.At(nine.Add(time.Hour)),
	}
	for i, s := range scores {
		e.Scores[[]wire.Dimension{wire.Attitude, wire.Efficiency, wire.Compliance}[i]] = s
	}
	return e
}

func sheet(t *testing.T, by string, all ...rates.Evaluation) *rates.Sheet {
	t.Helper()
	s, err := rates.NewSheet(day, by)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		s.Add(e)
	}
	return s
}

// TestWhatCountsAsWhat goes through every kind of evaluation, by hand.
func TestWhatCountsAsWhat(t *testing.T) {
	unprompted := one("c1", wire.Rated, 1)
	unprompted.Prompted, unprompted.Flags = false, []string{wire.FlagUnprompted}
	outside := one("c1", wire.Rated, 1)
	outside.RatedAt = day.To
	got := sheet(t, "counter",
		one("c1", wire.Rated, 5, 4, 4), one("c1", wire.Rated, 5, 3, 5), one("c1", wire.Rated, 5, 2, 5),
		one("c1", wire.Partial, 5), one("c1", wire.Partial, 2), // half an answer: counts, and is nobody's satisfaction
		one("c1", wire.NotRated), one("c1", wire.NotPrompted), unprompted, outside,
	).Lines()
	want := []rates.Line{{
		Group:    rates.Group{Region: "r11", Branch: "b1", Counter: "c1"},
		Counts:   rates.Counts{Rated: 5, Dissatisfied: 2, Satisfied: 1, FairlyOrBetter: 2, NotRated: 1},
		Prompted: 6, NotPrompted: 1, ParticipationOf: "transactions",
		Unprompted: rates.Counts{Rated: 1, Dissatisfied: 1},
		Flags:      map[string]int{wire.FlagUnprompted: 1}, Refused: map[string]int{},
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(rates.Line{}, rates.Counts{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRatesOfFewAreNone: thirty are a count, thirty-one have a percentage, with the interval of Wilson.
func TestRatesOfFewAreNone(t *testing.T) {
	var all []rates.Evaluation
	for range 29 {
		all = append(all, one("c1", wire.Rated, 5))
	}
	all = append(all, one("c1", wire.Rated, 1))
	line := sheet(t, "bank", all...).Lines()[0]
	if line.DissatisfiedRate != nil || line.Score != nil || line.Participation != nil || line.Dissatisfied != 1 || line.ParticipationOf != "prompts" {
		t.Errorf("of thirty: %+v", line)
	}
	line = sheet(t, "bank", append(all, one("c1", wire.Rated, 5))...).Lines()[0]
	want := &rates.Rate{Of: 31, Percent: 3.226, Low: 0.572, High: 16.194}
	if diff := cmp.Diff(want, line.DissatisfiedRate); diff != "" {
		t.Errorf("1 of 31 (-want +got):\n%s", diff)
	}
	if line.Score == nil || *line.Score != 97.42 || line.Participation == nil || line.Participation.Percent != 100 {
		t.Errorf("score %v, participation %v", line.Score, line.Participation)
	}
}

// TestWilson holds the interval against its definition: its ends are where the share lies 1.96 standard
// errors away.
func TestWilson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(31, 100_000).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		r := rates.RateOf(k, n)
		share := float64(k) / float64(n)
		if r.Low < 0 || r.High > 100 || r.Low > r.Percent || r.High < r.Percent {
			t.Fatalf("%d of %d: %+v", k, n, r)
		}
		for _, end := range []float64{r.Low / 100, r.High / 100} {
			if end < 1e-4 || end > 1-1e-4 || math.Abs(end-share) < 1e-3 {
				continue // the rounding weighs too much there
			}
			if z := math.Abs(share-end) / math.Sqrt(end*(1-end)/float64(n)); math.Abs(z-1.959964) > 0.05 {
				t.Fatalf("%d of %d: the end %g lies %g standard errors away", k, n, end, z)
			}
		}
	})
}

// TestJoinKnowsNoOrder: the worst counts, and the order of the records changes nothing.
func TestJoinKnowsNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var records []rates.Record
		worst := wire.Score(5)
		for i := range rapid.IntRange(1, 6).Draw(t, "records") {
			score := wire.Score(rapid.IntRange(1, 5).Draw(t, "score"))
			worst = min(worst, score)
			records = append(records, rates.Record{
				Device: "pad-1", Root: "e-0", Evaluation: fmt.Sprint("e-", i), Counter: "c1", Outcome: wire.Rated, Prompted: true,
				Scores: map[wire.Dimension]wire.Score{wire.Overall: score}, Flags: []string{fmt.Sprint("f", score)}, Reasons: []string{fmt.Sprint("r", i%2)},
				RatedAt: wire.At(nine.Add(time.Duration(i/2) * time.Second)), ReceivedAt: wire.At(nine.Add(time.Duration(9-i) * time.Second)),
			})
		}
		want := rates.Join(records)
		if want.Scores[wire.Overall] != worst || want.Evaluation != "e-0" || !want.RatedAt.Equal(nine) {
			t.Fatalf("joined %+v, the worst is %d", want, worst)
		}
		if diff := cmp.Diff(want, rates.Join(rapid.Permutation(records).Draw(t, "order"))); diff != "" {
			t.Fatalf("(-in order +in another):\n%s", diff)
		}
	})
}

// TestRefusedPressesBias: a line is marked where one of its counters has refused presses meanwhile, by
// whatever it is grouped, and a counter that only refused has a line of its own.
func TestRefusedPressesBias(t *testing.T) {
	tally := func(counter string, at time.Time, reason string) rates.Tally {
		return rates.Tally{Device: "pad-1", Region: "r11", Branch: "b1", Counter: counter, At: wire.At(at), Refused: map[string]int{reason: 2}}
	}
	in := nine.Add(2 * time.Hour)
	for _, c := range []struct {
		name, by string
		tally    rates.Tally
		want     []string // the biased ones
	}{
		{"its counter", "counter", tally("c1", in, "unmapped-key"), []string{"c1"}},
		{"an older box, which names none", "counter", tally("", in, "unmapped-key"), []string{"c1", "c2"}},
		{"its teller", "teller", tally("c2", in, "store-fault"), []string{"t-c2"}},
		{"a counter that kept nothing", "counter", tally("c9", in, "unmapped-key"), []string{"c9"}},
		{"an hour that reaches into the period", "counter", tally("c1", day.To.Add(59*time.Minute), "noise"), []string{"c1"}},
		{"after it", "counter", tally("c1", day.To.Add(time.Hour), "noise"), nil},
		{"before it", "counter", tally("c1", nine.Add(-time.Second), "noise"), nil},
		{"joined: the customer was thanked", "counter", tally("c1", in, "joined"), nil},
	} {
		s := sheet(t, c.by, one("c1", wire.Rated, 5), one("c2", wire.Rated, 5))
		s.Refuse(c.tally)
		var got []string
		for _, l := range s.Lines() {
			if l.Biased {
				got = append(got, l.Counter+l.Teller)
			}
			if l.Biased == (len(l.Refused) == 0) {
				t.Errorf("%s: biased %t with %v refused", c.name, l.Biased, l.Refused)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: biased are %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSheetRefuses(t *testing.T) {
	if _, err := rates.NewSheet(day, "weather"); err == nil {
		t.Error("a report by weather is made")
	}
	if _, err := rates.NewSheet(rates.Period{From: day.To, To: day.From}, "bank"); err == nil {
		t.Error("a period that ends before it begins is counted")
	}
}
