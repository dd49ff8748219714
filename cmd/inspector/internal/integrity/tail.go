package integrity

import "math"

// leastSpread is below what a bank's own tellers can tell; the beta-binomial is then the binomial.
const leastSpread = 1e-8

// atMost is the chance that at most x of n come about at a Base: the lower tail of the beta-binomial,
// summed term by term.
//
// Source: J. G. Skellam, J. R. Stat. Soc. B 10 (1948), 257–261; with a spread of 0 it is the binomial.
func atMost(x, n int, b Base) float64 {
	switch {
	case x < 0:
		return 0
	case x >= n:
		return 1
	case float64(x) <= b.Share*float64(n):
		return downFrom(x, n, b)
	default:
		return 1 - downFrom(n-x-1, n, b.at(1-b.Share))
	}
}

// downFrom sums the chances of x, x−1 … 0, where each is less than the one before it or soon will be.
func downFrom(x, n int, b Base) float64 {
	term := math.Exp(logChance(x, n, b))
	sum := term
	for k := x; k > 0 && term > sum*1e-18; k-- {
		term *= float64(k) / float64(n-k+1) * b.odds(k-1, n-k)
		sum += term
	}
	return min(sum, 1)
}

// odds are those of a no, after so many of yes and of no: a teller's own past tells of the teller.
func (b Base) odds(yes, no int) float64 {
	if b.Spread < leastSpread {
		return (1 - b.Share) / b.Share
	}
	alpha, beta := b.shape()
	return (float64(no) + beta) / (float64(yes) + alpha)
}

// shape is the Base as the two parameters of the beta distribution from which tellers are drawn.
func (b Base) shape() (alpha, beta float64) {
	size := (1 - b.Spread) / b.Spread
	return b.Share * size, (1 - b.Share) * size
}

// logChance is the logarithm of the chance of exactly x of n.
func logChance(x, n int, b Base) float64 {
	fx, fn := float64(x), float64(n)
	ways := lgamma(fn+1) - lgamma(fx+1) - lgamma(fn-fx+1)
	if b.Spread < leastSpread {
		return ways + fx*math.Log(b.Share) + (fn-fx)*math.Log1p(-b.Share)
	}
	alpha, beta := b.shape()
	return ways + logBeta(fx+alpha, fn-fx+beta) - logBeta(alpha, beta)
}

func logBeta(a, b float64) float64 { return lgamma(a) + lgamma(b) - lgamma(a+b) }

func lgamma(x float64) float64 {
	l, _ := math.Lgamma(x)
	return l
}
