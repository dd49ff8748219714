package power

import (
	"fmt"
	"maps"
	"strings"

	"evalpad/sync/wire"
)

// promises are what the counters had been told when the power failed.
type promises struct {
	letters map[string]string // epoch and number → hash
	kept    map[string]int    // counter → the last step that was acknowledged
	tried   map[string]int    // counter → the last step that was asked for
	settled map[wire.Epoch]uint64
	refused int
}

func promisesOf(witness string) promises {
	p := promises{map[string]string{}, map[string]int{}, map[string]int{}, map[wire.Epoch]uint64{}, 0}
	for line := range strings.Lines(witness) {
		if !strings.HasSuffix(line, "\n") {
			break // cut off while it was being written
		}
		var what, name, hash string
		var n int
		_, _ = fmt.Sscan(line, &what, &name, &n, &hash) // not every line has all four
		switch what {
		case "told":
			p.letters[fmt.Sprint(name, " ", n)] = hash
		case "desk":
			p.kept[name] = n
		case "try":
			p.tried[name] = n
		case "settle":
			epoch := wire.Epoch(name)
			p.settled[epoch] = max(p.settled[epoch], uint64(n))
		case "refused":
			p.refused++
		}
	}
	return p
}

// broken lists the promises that were not kept, and what else must never be.
func (p promises) broken(f found) (complaints []string) {
	complain := func(format string, words ...any) { complaints = append(complaints, fmt.Sprintf(format, words...)) }
	if f.Err != "" {
		complain("%s", f.Err)
	}
	for _, fault := range f.Faults {
		complain("verify: %s", fault)
	}
	for _, l := range f.Letters {
		place := fmt.Sprint(l.Epoch, " ", l.Seq)
		if !l.Waiting && l.Seq > p.settled[l.Epoch] {
			complain("record %s waits no more, and nobody has receipted it", place)
		}
	}
	if n := p.missing(f); n > 0 {
		complain("%d of %d acknowledged records are not there", n, len(p.letters))
	}
	for _, counter := range counters {
		complaints = append(complaints, p.desk(counter, f)...)
	}
	return complaints
}

// missing is how many acknowledged records are not there as they were.
func (p promises) missing(f found) int {
	missing := maps.Clone(p.letters)
	for _, l := range f.Letters {
		place := fmt.Sprint(l.Epoch, " ", l.Seq)
		if missing[place] == l.Hash {
			delete(missing, place)
		}
	}
	return len(missing)
}

// desk compares a desk's state with its records, which were committed together.
func (p promises) desk(counter string, f found) (complaints []string) {
	complain := func(format string, words ...any) {
		complaints = append(complaints, counter+": "+fmt.Sprintf(format, words...))
	}
	at := -1
	if state, open := f.Desks[counter]; open {
		if _, err := fmt.Sscan(state, &at); err != nil {
			complain("its state begins with %.20q", state)
		}
	}
	kept, promised := p.kept[counter]
	if promised && at < kept {
		complain("its desk stands at step %d, and step %d was acknowledged", at, kept)
	}
	if tried, asked := p.tried[counter]; at >= 0 && (!asked || at > tried) {
		complain("its desk stands at step %d, and nobody has asked for more than %d", at, tried)
	}
	evaluations, alerts := map[string]bool{}, map[string]bool{}
	for _, l := range f.Letters {
		var step int
		if n, err := fmt.Sscanf(l.Evaluation, counter+".%d", &step); n != 1 || err != nil {
			continue
		}
		if step > at {
			complain("evaluation %s is there without its desk, which stands at step %d", l.Evaluation, at)
		}
		if l.Alert {
			alerts[l.Evaluation] = true
		} else {
			evaluations[l.Evaluation] = true
		}
		if dissatisfied(step) && l.Alert == false && !alerts[l.Evaluation] {
			complain("evaluation %s is there without its alert", l.Evaluation)
		}
	}
	for id := range alerts {
		if !evaluations[id] {
			complain("alert %s is there without its evaluation", id)
		}
	}
	if at >= 0 && at%2 == 1 && !evaluations[idOf(counter, at)] {
		complain("its desk stands at step %d, and the evaluation of it is not there", at)
	}
	return complaints
}
