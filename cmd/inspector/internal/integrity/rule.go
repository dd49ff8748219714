package integrity

// Rule compares one share of a teller's with the bank's.
type Rule struct {
	Name      string
	Says      string                  // what an unusual count may mean, for a person who will look
	Reference string                  // what its Power is reckoned for
	high      bool                    // a high share is unusual; otherwise a low one
	count     func(Tally) share       // so many of so many
	reference func(p float64) float64 // the share of a teller who does the Reference, where others have p
}

// Rules are all of them, in the order in which they are shown.
var Rules = []Rule{
	{
		Name: "coverage", Says: "customers were served and not asked", Reference: "one customer in ten is not asked",
		count:     func(t Tally) share { return share{t.Prompted, t.Transactions} },
		reference: func(p float64) float64 { return 0.9 * p },
	}, {
		Name: "missing-dissatisfied", Says: "fewer dissatisfied than elsewhere: excellent work, or they are kept from the pad", Reference: "half of the dissatisfied are missing",
		count:     func(t Tally) share { return share{t.Dissatisfied, t.Rated} },
		reference: func(p float64) float64 { return p / 2 },
	}, {
		Name: "answered", Says: "more of those asked have answered than elsewhere: somebody may answer for them", Reference: "half of the silent customers are answered for", high: true,
		count:     func(t Tally) share { return share{t.Rated, t.Prompted} },
		reference: func(p float64) float64 { return p + (1-p)/2 },
	}, {
		Name: "one-finger", Says: "answers faster than one can read, or as even as one hand", Reference: "one answer in ten is pressed by the teller", high: true,
		count:     func(t Tally) share { return share{t.OneFinger, t.Rated} },
		reference: func(p float64) float64 { return p + (1-p)/10 },
	},
}

// Says is what an unusual count of a rule may mean; "" for one that is unknown.
func Says(rule string) string { return named(rule).Says }

// Reference is what the power of a rule is reckoned for; "" for one that is unknown.
func Reference(rule string) string { return named(rule).Reference }

func named(rule string) Rule {
	for _, r := range Rules {
		if r.Name == rule {
			return r
		}
	}
	return Rule{}
}

func (r Rule) look(s share, base Base) Finding {
	f := Finding{Rule: r.Name, Count: s.x, Of: s.n, Base: base, P: 1, Verdict: TooFew}
	if s.n == 0 || base.Of == 0 {
		return f
	}
	edge, any := r.edge(s.n, base)
	if f.P = r.tail(s.x, s.n, base); !any {
		return f
	}
	f.Power = r.tail(edge, s.n, base.at(r.reference(base.Share)))
	f.Verdict = Usual
	if f.P < Alpha {
		f.Verdict = Look
	}
	return f
}

// tail is how often chance gives x of n, or what is further out on the side that this rule watches.
func (r Rule) tail(x, n int, b Base) float64 {
	if r.high {
		return atMost(n-x, n, b.at(1-b.Share))
	}
	return atMost(x, n, b)
}

// edge is the least unusual count of n that is still unusual, if there is any.
func (r Rule) edge(n int, b Base) (int, bool) {
	outermost, step := 0, 1
	if r.high {
		outermost, step = n, -1
	}
	if r.tail(outermost, n, b) >= Alpha {
		return 0, false
	}
	low, high := 0, n // steps from the outermost: low is unusual, high may be
	for low < high {
		mid := (low + high + 1) / 2
		if r.tail(outermost+step*mid, n, b) < Alpha {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return outermost + step*low, true
}
