package gpiokeys

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// Between two tries to open a line, doubling.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// keeper keeps lines open and reads them. It waits for the lines and for Run, which never waits for
// anything; so a busy disk costs no edge.
//
// Lines of one chip are one keeper's while they can be opened together. Those that cannot, since
// they are another program's, not there, or on another chip, get a keeper of their own, so that they
// take nobody else away; they stay apart until the next Run.
type keeper struct {
	*Keys
	keys    []int
	reports chan<- report
	running *sync.WaitGroup
}

func (k keeper) start(ctx context.Context) { k.running.Go(func() { k.run(ctx) }) }

func (k keeper) run(ctx context.Context) {
	retry := firstRetry
	for ctx.Err() == nil {
		lines, good, bad := k.open()
		if len(good) > 0 {
			retry = firstRetry
			k.part(ctx, good, bad)
			k.keys = good
			bad = blame(good, errors.Join(k.follow(ctx, lines), lines.Close()))
		}
		if !k.lose(ctx, bad) {
			return
		}
		pause(ctx, retry)
		retry = min(2*retry, lastRetry)
	}
}

func (k keeper) follow(ctx context.Context, lines Lines) error {
	w := watch{keeper: k, lines: lines}
	return w.follow(ctx)
}

// part leaves the lines that could not be opened with the good ones to others.
func (k keeper) part(ctx context.Context, good []int, bad map[int]error) {
	if !k.lose(ctx, bad) {
		return
	}
	if k.keys = without(k.keys, good); len(k.keys) > 0 {
		k.start(ctx)
	}
}

// lose tells Run of keys without a line. It reports whether Run is still there to be told.
func (k keeper) lose(ctx context.Context, bad map[int]error) bool {
	for _, key := range slices.Sorted(maps.Keys(bad)) {
		if !k.tell(ctx, report{keys: []int{key}, lost: bad[key]}) {
			return false
		}
	}
	return true
}

// open opens as many lines together as there are to be had, and says why not of the others that it
// has tried: those of a second chip it leaves for later.
func (k keeper) open() (lines Lines, good []int, bad map[int]error) {
	group, bad := k.group()
	if len(group) == 0 {
		return nil, nil, bad
	}
	lines, err := k.openAll(group)
	switch {
	case err == nil:
		return lines, group, bad
	case len(group) == 1:
		bad[group[0]] = err
		return nil, nil, bad
	}
	for _, key := range group { // one of them is not to be had: which?
		if bad[key] = k.try(key); bad[key] == nil {
			good = append(good, key)
			delete(bad, key)
		}
	}
	if len(good) == 0 {
		return nil, nil, bad
	}
	if lines, err = k.openAll(good); err != nil {
		maps.Copy(bad, blame(good, err))
		return nil, nil, bad
	}
	return lines, good, bad
}

// group finds the keys that can be opened together with the first that there is.
func (k keeper) group() (group []int, bad map[int]error) {
	first := ""
	bad = map[int]error{}
	for _, key := range k.keys {
		chip, err := k.options.Chips.Find(k.names[key])
		switch {
		case err != nil:
			bad[key] = err
		case len(group) == 0 || chip == first:
			first, group = chip, append(group, key)
		}
	}
	return group, bad
}

// try opens a line alone and gives it back.
func (k keeper) try(key int) error {
	lines, err := k.openAll([]int{key})
	if err != nil {
		return err
	}
	return lines.Close()
}

// openAll opens lines, without their pull where the chip has none: then resistors have to do it.
func (k keeper) openAll(keys []int) (Lines, error) {
	var names []string
	for _, key := range keys {
		names = append(names, k.names[key])
	}
	pull := k.options.Pull
	lines, err := k.options.Chips.Open(names, pull)
	if err == nil || pull == "none" {
		return lines, err
	}
	lines, bare := k.options.Chips.Open(names, "none")
	if bare != nil {
		return nil, err
	}
	k.options.Log.Warn("lines opened without pull: resistors must do it",
		"pad", k.String(), "lines", names, "pull", pull, "error", err)
	return lines, nil
}

// blame gives an error to each of some keys; none is no blame.
func blame(keys []int, err error) map[int]error {
	if err == nil {
		return nil
	}
	bad := map[int]error{}
	for _, key := range keys {
		bad[key] = err
	}
	return bad
}

func without(keys, these []int) []int {
	return slices.DeleteFunc(slices.Clone(keys), func(k int) bool { return slices.Contains(these, k) })
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
