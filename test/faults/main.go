// Faults writes what the trials of one tier have left into its table in firmware-notes/faults.md.
//
//	go run ./test/faults -tier "make test" -from trials.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"evalpad/test/trial"
)

func main() {
	tier := flag.String("tier", "make test", "whose table")
	from := flag.String("from", "", "the file that EVALPAD_TRIALS named")
	page := flag.String("page", "firmware-notes/faults.md", "the page that holds the table")
	flag.Parse()
	if err := fill(*page, *tier, *from); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func fill(page, tier, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	trials, red, err := read(f)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+tier+": begin -->\n", "<!-- "+tier+": end -->"
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s has no table of %s", page, tier)
	}
	return os.WriteFile(page, []byte(before+begin+table(trials, red)+end+after), 0o644)
}

// read adds up the trials of one fault; of the mutants the last word counts.
func read(r io.Reader) (trials []trial.Trial, red map[string]bool, err error) {
	red = map[string]bool{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var l trial.Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, nil, fmt.Errorf("%.80q: %w", lines.Text(), err)
		}
		if l.Red != nil {
			red[l.Red.Mutant] = l.Red.Red
		}
		if l.Trial != nil {
			trials = add(trials, *l.Trial)
		}
	}
	slices.SortFunc(trials, func(a, b trial.Trial) int { return strings.Compare(a.Fault+a.Injected, b.Fault+b.Injected) })
	return trials, red, lines.Err()
}

func add(trials []trial.Trial, t trial.Trial) []trial.Trial {
	i := slices.IndexFunc(trials, func(o trial.Trial) bool { return o.Fault == t.Fault && o.Injected == t.Injected })
	if i < 0 {
		return append(trials, t)
	}
	o := &trials[i]
	o.Tried, o.Lost, o.Duplicated = o.Tried+t.Tried, o.Lost+t.Lost, o.Duplicated+t.Duplicated
	o.Recovery = max(o.Recovery, t.Recovery)
	return trials
}

func table(trials []trial.Trial, red map[string]bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s, %s, %s/%s, %d cores:\n\n", time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	b.WriteString("| fault | how injected | tried | lost | duplicated | all well within | planted bug |\n| --- | --- | ---: | ---: | ---: | ---: | --- |\n")
	for _, t := range trials {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %s | %s |\n", t.Fault, t.Injected, t.Tried, t.Lost, t.Duplicated, recovery(t.Recovery), planted(t.Planted, red))
	}
	return b.String() + "\n"
}

func recovery(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// planted says of each mutant of a trial, separated by commas, whether it was seen red in this run.
func planted(names string, red map[string]bool) string {
	var words []string
	for name := range strings.SplitSeq(strings.ReplaceAll(names, " ", ""), ",") {
		switch found, ran := red[name]; {
		case !ran:
			words = append(words, name)
		case found:
			words = append(words, name+": red")
		default:
			words = append(words, name+": **NOT FOUND**")
		}
	}
	return strings.Join(words, ", ")
}
