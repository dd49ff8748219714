package integrity

import (
	"cmp"
	"slices"
)

// Base is what is usual: the share that the tellers of a business have together, and how far they
// differ among themselves.
type Base struct {
	Share float64 `json:"share"`
	// Spread is the correlation within a teller, 0 to 1: 0 where tellers differ no more than chance
	// would have them.
	Spread  float64 `json:"spread"`
	Of      int     `json:"of"`      // so many transactions or evaluations
	Tellers int     `json:"tellers"` // of so many tellers
}

func (b Base) at(share float64) Base {
	b.Share = share
	return b
}

const (
	// fewestTellers is how many there must be before anybody is compared.
	fewestTellers = 6

	// The first look is at the middle of the tellers by share, so that a few who cheat cannot make
	// cheating usual. Of a normal distribution the middle 70 % have 0.31 of its variance.
	middle         = 0.70
	middleVariance = 0.31

	// setAside is how unlikely a teller must be, on either side, to have no part in what is usual.
	setAside = 0.001
)

// share is so many of so many, of one teller.
type share struct{ x, n int }

// usual is the Base of a business, reckoned from its own tellers: from the middle of them first, then
// from all who are not set aside. It is empty where nobody can be compared.
//
// Source of the two steps: P. J. Rousseeuw and A. M. Leroy, Robust Regression and Outlier Detection,
// Wiley 1987, on reweighted least trimmed squares.
func usual(tellers []share) Base {
	tellers = slices.DeleteFunc(slices.Clone(tellers), func(s share) bool { return s.n == 0 })
	if len(tellers) < fewestTellers {
		return Base{}
	}
	slices.SortFunc(tellers, func(a, b share) int { return cmp.Compare(a.x*b.n, b.x*a.n) })
	cut := int(float64(len(tellers)) * (1 - middle) / 2)
	b := moments(tellers[cut:len(tellers)-cut], middleVariance)
	for range 3 {
		kept := slices.DeleteFunc(slices.Clone(tellers), func(s share) bool { return b.isOut(s) })
		if len(kept) < fewestTellers {
			return b
		}
		b = moments(kept, 1)
	}
	return b
}

func (b Base) isOut(s share) bool {
	return atMost(s.x, s.n, b) < setAside || atMost(s.n-s.x, s.n, b.at(1-b.Share)) < setAside
}

// moments estimates share and spread of tellers whose shares have only a part of the whole variance.
//
// It is the moment estimator of the beta-binomial with weights n: J. C. Kleinman, Proportions with
// extraneous variance, J. Am. Stat. Assoc. 68 (1973), 46–54.
func moments(tellers []share, part float64) Base {
	var x, n, nn float64
	for _, s := range tellers {
		x, n, nn = x+float64(s.x), n+float64(s.n), nn+float64(s.n)*float64(s.n)
	}
	// One of each is added, so that a share that nobody has is seldom, not impossible.
	b := Base{Share: (x + 1) / (n + 2), Of: int(n), Tellers: len(tellers)}
	squares := 0.0
	for _, s := range tellers {
		off := float64(s.x)/float64(s.n) - x/n
		squares += float64(s.n) * off * off / part
	}
	pq, free := b.Share*(1-b.Share), float64(len(tellers)-1)
	if room := pq * (n - nn/n - free); room > 0 {
		b.Spread = min(max((squares-pq*free)/room, 0), 0.5)
	}
	return b
}
