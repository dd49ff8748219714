package integrity

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestTailOfBinomial holds the tail to whole numbers: chances in hundredths, summed without rounding.
func TestTailOfBinomial(t *testing.T) {
	for _, c := range []struct{ x, n, hundredths int }{{0, 228, 2}, {0, 342, 2}, {3, 200, 5}, {170, 200, 90}, {40, 50, 50}, {0, 1, 50}, {49, 50, 99}} {
		got, want := atMost(c.x, c.n, Base{Share: float64(c.hundredths) / 100}), binomial(c.x, c.n, c.hundredths)
		if math.Abs(got-want) > 1e-9*want {
			t.Errorf("at most %d of %d at %d %%: %.12g, want %.12g", c.x, c.n, c.hundredths, got, want)
		}
	}
}

func binomial(x, n, hundredths int) float64 {
	sum := new(big.Int)
	for k := range x + 1 {
		ways := new(big.Int).Binomial(int64(n), int64(k))
		yes := new(big.Int).Exp(big.NewInt(int64(hundredths)), big.NewInt(int64(k)), nil)
		no := new(big.Int).Exp(big.NewInt(int64(100-hundredths)), big.NewInt(int64(n-k)), nil)
		sum.Add(sum, ways.Mul(ways, yes.Mul(yes, no)))
	}
	all := new(big.Int).Exp(big.NewInt(100), big.NewInt(int64(n)), nil)
	share, _ := new(big.Rat).SetFrac(sum, all).Float64()
	return share
}

// TestTailOfSpread holds the beta-binomial to its mean and variance: n·p and n·p·q·(1+(n−1)·spread).
func TestTailOfSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Base{Share: rapid.Float64Range(0.005, 0.995).Draw(t, "share"), Spread: rapid.SampledFrom([]float64{0, 1e-9, 1e-4, 0.01, 0.3}).Draw(t, "spread")}
		n := rapid.IntRange(1, 400).Draw(t, "n")
		var mean, square, before float64
		for x := range n + 1 {
			upTo := atMost(x, n, b)
			if upTo < before-1e-12 {
				t.Fatalf("at most %d is less likely than at most %d: %g, %g", x, x-1, upTo, before)
			}
			mean += (upTo - before) * float64(x)
			square += (upTo - before) * float64(x) * float64(x)
			before = upTo
		}
		fn, pq := float64(n), b.Share*(1-b.Share)
		wantMean, wantVariance := fn*b.Share, fn*pq*(1+(fn-1)*b.Spread)
		if math.Abs(mean-wantMean) > 1e-6*fn || math.Abs(square-mean*mean-wantVariance) > 1e-5*fn*fn {
			t.Fatalf("%+v of %d: mean %g, variance %g; want %g, %g", b, n, mean, square-mean*mean, wantMean, wantVariance)
		}
	})
}

// TestEdge holds the edge to its promise: it is unusual, and one step in it is not.
func TestEdge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(Rules).Draw(t, "rule")
		n := rapid.IntRange(1, 3000).Draw(t, "n")
		b := Base{Share: rapid.Float64Range(0.002, 0.998).Draw(t, "share"), Spread: rapid.Float64Range(0, 0.05).Draw(t, "spread")}
		edge, any := r.edge(n, b)
		inward, outermost := 1, 0
		if r.high {
			inward, outermost = -1, n
		}
		if !any {
			if p := r.tail(outermost, n, b); p < Alpha {
				t.Fatalf("no edge, and %d of %d has %g", outermost, n, p)
			}
			return
		}
		if p, next := r.tail(edge, n, b), r.tail(edge+inward, n, b); p >= Alpha || next < Alpha {
			t.Fatalf("%s: edge %d of %d has %g and the next %g", r.Name, edge, n, p, next)
		}
	})
}

func ExampleFindings() {
	bank := []Tally{{Teller: "t00", Transactions: 900, Prompted: 700, Rated: 400, Dissatisfied: 0}}
	for i := range 20 {
		bank = append(bank, Tally{Teller: fmt.Sprintf("t%02d", i+1), Transactions: 900, Prompted: 850 + i%7, Rated: 500 + i, Dissatisfied: 8 + i%5})
	}
	for _, f := range Findings(bank)[0] {
		fmt.Printf("%-20s %3d of %3d, elsewhere %.3f: %s\n", f.Rule, f.Count, f.Of, f.Base.Share, f.Verdict)
	}
	// Output:
	// coverage             700 of 900, elsewhere 0.948: look
	// missing-dissatisfied   0 of 400, elsewhere 0.020: look
	// answered             400 of 700, elsewhere 0.596: usual
	// one-finger             0 of 400, elsewhere 0.000: usual
}
