package ledger

import (
	"cmp"
	"slices"

	"evalpad/sync/wire"
)

// run is an unbroken stretch of records of one epoch: what the first builds on, and the hash of the
// last. One record alone is a run. The run from 0 stands before record 1, whose prev is all zeros.
type run struct {
	first, last uint64
	prev, head  wire.Hash
}

// gap is a stretch that the box no longer has.
type gap struct {
	first, last uint64
	why         string
}

// link is where two neighbours do not fit: the record at seq names a predecessor that is not the
// one before it.
type link struct {
	seq          uint64
	names, holds wire.Hash
}

// chain is a stretch of one epoch, with the runs and gaps that touch it. Records may come in any
// order: each is added as a run of one, and runs that meet become one. So every link is looked at
// once, when both its ends are there.
type chain struct {
	runs []run // sorted, never touching
	gaps []gap // sorted, never touching
}

// holds reports whether seq is within a run: a record that is there, or one that was passed over.
func (c *chain) holds(seq uint64) bool {
	_, last, found := c.around(seq)
	return found && seq <= last
}

// holdsAll reports whether one run covers first to last.
func (c *chain) holdsAll(first, last uint64) bool {
	_, end, found := c.around(first)
	return found && last <= end
}

// around finds the last run that begins at or before seq.
func (c *chain) around(seq uint64) (i int, last uint64, found bool) {
	i, exact := slices.BinarySearchFunc(c.runs, seq, func(r run, s uint64) int { return cmp.Compare(r.first, s) })
	if !exact {
		i--
	}
	if i < 0 {
		return 0, 0, false
	}
	return i, c.runs[i].last, true
}

// add puts in a run that no other touches from within, joins it to its neighbours, and returns the
// links that do not fit. They are joined all the same: records verify alone, and a broken link must
// not hold up receipts for ever.
func (c *chain) add(r run) (broken []link) {
	i, _ := slices.BinarySearchFunc(c.runs, r.first, func(r run, s uint64) int { return cmp.Compare(r.first, s) })
	c.runs = slices.Insert(c.runs, i, r)
	for _, left := range []int{i, i - 1} {
		if l := c.join(left); l != nil {
			broken = append(broken, *l)
		}
	}
	return broken
}

// pass adds a gap and joins the runs that it bridges. A gap at the end of all runs bridges nothing
// yet: the head of a run is always the hash of a record that the box once had.
func (c *chain) pass(g gap) {
	c.gaps = append(c.gaps, g)
	slices.SortFunc(c.gaps, func(a, b gap) int { return cmp.Compare(a.first, b.first) })
	merged := c.gaps[:1]
	for _, next := range c.gaps[1:] {
		if end := &merged[len(merged)-1]; next.first <= end.last+1 {
			end.last = max(end.last, next.last)
		} else {
			merged = append(merged, next)
		}
	}
	c.gaps = merged
	for i := len(c.runs) - 2; i >= 0; i-- {
		c.join(i)
	}
}

// join makes one run of runs i and i+1 where they touch or a gap lies between, and returns the link
// between them where it does not fit.
func (c *chain) join(i int) *link {
	if i < 0 || i+1 >= len(c.runs) {
		return nil
	}
	a, b := c.runs[i], c.runs[i+1]
	touch := b.first == a.last+1
	if !touch && !c.bridged(a.last+1, b.first-1) {
		return nil
	}
	c.runs[i] = run{a.first, b.last, a.prev, b.head}
	c.runs = slices.Delete(c.runs, i+1, i+2)
	if touch && b.prev != a.head {
		return &link{b.first, b.prev, a.head}
	}
	return nil
}

func (c *chain) bridged(first, last uint64) bool {
	return slices.ContainsFunc(c.gaps, func(g gap) bool { return g.first <= first && last <= g.last })
}
