package evaluation_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/wire"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// at is a stamp of the test's one boot, in seconds.
func at(seconds float64) wire.Stamp {
	return wire.Stamp{Boot: "boot-1", UptimeMS: int64(seconds * 1000), Clock: wire.ClockUnset}
}

func heard(seconds float64) evaluation.Heard {
	return evaluation.Heard{At: at(seconds), Signal: fmt.Sprintf("s%g", seconds)}
}

func echo(seconds float64, frame string) evaluation.Heard {
	h := heard(seconds)
	h.Echo = frame
	return h
}

func prompt(seconds float64, ticket string) evaluation.Prompted {
	return evaluation.Prompted{Heard: heard(seconds), By: "caller keypad", Ticket: ticket, ID: fmt.Sprintf("E%g", seconds)}
}

func press(seconds float64, score wire.Score) evaluation.Pressed {
	return evaluation.Pressed{Heard: heard(seconds), Score: score, UI: "keys", ID: fmt.Sprintf("E%g", seconds)}
}

func pressOn(seconds float64, score wire.Score, d wire.Dimension) evaluation.Pressed {
	p := press(seconds, score)
	p.Dimension = d
	return p
}

func three() evaluation.State {
	return evaluation.State{Rules: evaluation.Rules{
		Ask:    []wire.Dimension{wire.Attitude, wire.Efficiency, wire.Compliance},
		Window: 30 * time.Second, Thanks: 3 * time.Second, UI: "keys",
	}}
}

func one() evaluation.State {
	s := three()
	s.Rules.Ask = []wire.Dimension{wire.Overall}
	return s
}

// fair is a counter as it is shipped: right after an evaluation presses belong to it, and a pad that is
// hammered is given a rest.
func fair() evaluation.State {
	s := one()
	s.Rules.LockOut = 5 * time.Second
	s.Rules.Hammer = evaluation.Hammer{Presses: 5, Within: 10 * time.Second, Pause: 30 * time.Second}
	return s
}

// asking is fair, and asks for reasons.
func asking() evaluation.State {
	s := fair()
	s.Rules.Reasons = []string{"attitude", "waiting", "environment"}
	return s
}

// once is the prompt of a program that says the same again when it has heard no answer.
func once(seconds float64, ticket string) evaluation.Prompted {
	p := prompt(seconds, ticket)
	p.By, p.Service, p.Once = "counter program", "priority", true
	return p
}

func reasoned(seconds float64, codes ...string) evaluation.Reasoned {
	return evaluation.Reasoned{Heard: heard(seconds), Codes: codes, ID: fmt.Sprintf("E%g", seconds)}
}

func unasked(seconds float64, ticket string) evaluation.Unasked {
	return evaluation.Unasked{Heard: heard(seconds), Ticket: ticket, ID: fmt.Sprintf("E%g", seconds)}
}

// mores wants more time so many times, every 20 s.
func mores(n int, from float64) (wanted []evaluation.Event) {
	for i := range n {
		wanted = append(wanted, evaluation.More{Heard: heard(from + float64(i)*20)})
	}
	return wanted
}

type story struct {
	title  string
	from   evaluation.State
	events []evaluation.Event
}

func stories() []story {
	type events = []evaluation.Event
	samePress := press(2, 2)
	samePress.Echo = "FF68…11"
	resent := press(7, 2)
	resent.Echo = "FF68…11"
	return []story{
		{"All three questions are answered", three(), events{prompt(1, "A12"), press(4, 5), press(6, 4), press(7, 5), evaluation.Elapsed{At: at(10)}}},
		{"One bad answer is enough", three(), events{prompt(1, "A12"), press(4, 5), press(6, 2), press(7, 1)}},
		{"A pad that can ask only once", one(), events{prompt(1, ""), press(3, 4)}},
		{"Silence is not-rated", three(), events{prompt(1, "A12"), evaluation.Elapsed{At: at(31)}}},
		{"Half an answer counts, and alerts", three(), events{prompt(1, "A12"), press(4, 2), evaluation.Elapsed{At: at(34)}}},
		{"A press without a prompt, one question", one(), events{press(3, 1)}},
		{"A press without a prompt, three questions", three(), events{press(3, 1), press(5, 3), evaluation.Elapsed{At: at(35)}}},
		{"The next customer is prompted before anything was pressed", three(), events{prompt(1, "A12"), prompt(20, "A13"), press(22, 4)}},
		{"The next customer is prompted after a press", three(), events{prompt(1, "A12"), press(4, 2), prompt(20, "A13")}},
		{"The same customer is prompted twice", three(), events{prompt(1, "A12"), prompt(20, "A12"), press(22, 4)}},
		{"The prompt is taken back before a press", three(), events{prompt(1, "A12"), evaluation.Cancelled{Heard: heard(5)}}},
		{"The prompt is taken back after a press", three(), events{prompt(1, "A12"), press(4, 1), evaluation.Cancelled{Heard: heard(5)}}},
		{"Tellers change", one(), events{
			evaluation.TellerIn{Heard: heard(1), Teller: "1007"}, prompt(2, "A12"), evaluation.TellerIn{Heard: heard(3), Teller: "1008"},
			press(4, 4), press(9, 5), evaluation.TellerOut{Heard: heard(10)}, press(12, 5),
		}},
		{"Answers of a touch page arrive late", three(), events{
			prompt(1, ""), pressOn(3, 5, wire.Efficiency), pressOn(4, 4, wire.Efficiency), pressOn(5, 4, wire.Attitude), press(6, 3),
		}},
		{"The pad goes", three(), events{prompt(1, ""), press(3, 2), evaluation.PadLost{At: at(5)}}},
		{"The power goes before a press", three(), events{prompt(1, ""), evaluation.Restarted{At: at(90)}}},
		{"The agent restarts before it could thank for a press", three(), events{
			prompt(1, ""), samePress, evaluation.Restarted{At: at(6)}, resent, evaluation.Elapsed{At: at(10)}, press(12, 2),
		}},
		{"The same key is pressed again right after", fair(), events{prompt(1, "A12"), press(4, 4), press(5, 4), press(8, 4), press(9.5, 4)}},
		{"A slip is corrected downwards, and alerts", fair(), events{prompt(1, "A12"), press(4, 4), press(6, 1)}},
		{"A bad score is pressed away, and stands", fair(), events{prompt(1, "A12"), press(4, 1), press(6, 5)}},
		{"A child hammers the idle pad", fair(), events{
			press(1, 3), press(1.5, 3), press(2, 5), press(2.5, 3), press(3, 4), press(9, 5), press(15, 1), press(16, 1),
			evaluation.Elapsed{At: at(19)}, evaluation.Elapsed{At: at(33)}, press(40, 4),
		}},
		{"A prompt ends the rest of a hammered pad at once", fair(), events{
			press(1, 3), press(1.5, 3), press(2, 3), press(2.5, 3), press(3, 3), prompt(5, "A12"), press(7, 2),
		}},
		{"A ticket is asked once more after it was rated", fair(), events{prompt(1, "A12"), press(4, 4), prompt(20, "A12"), press(23, 5)}},
		{"A transaction ends unasked", fair(), events{unasked(1, "A12"), prompt(20, "A13"), unasked(22, "A13"), press(23, 4), unasked(24, "A13"), unasked(25, "A12")}},
		{"A program says everything twice", three(), events{
			once(1, "A12"), press(4, 2), once(5, "A12"), press(6, 4), press(7, 4), once(12, "A12"), unasked(13, "A12"),
			once(20, "A13"), evaluation.Elapsed{At: at(50)}, once(51, "A13"), unasked(60, "A14"), unasked(61, "A14"), once(62, "A14"),
		}},
		{"A program may ask again what was taken back, or cut off", three(), events{
			once(1, "A12"), press(4, 2), evaluation.Cancelled{Heard: heard(5)}, unasked(6, "A12"), once(7, "A12"),
			evaluation.PadLost{At: at(8)}, once(10, "A12"), evaluation.Restarted{At: at(12)}, once(14, "A12"),
		}},
		{"Reasons are asked for after a good rating", asking(), events{prompt(1, "A12"), press(4, 5), reasoned(9), evaluation.Elapsed{At: at(12)}}},
		{"Reasons are asked for in the same way after a bad one", asking(), events{
			prompt(1, "A12"), press(4, 1), reasoned(9, "waiting", "attitude"), evaluation.Elapsed{At: at(12)},
		}},
		{"Nobody says why", asking(), events{press(4, 2), reasoned(5, "weather"), evaluation.Elapsed{At: at(24)}, evaluation.Elapsed{At: at(27)}}},
		{"A customer needs more time", fair(), events{
			prompt(1, ""), evaluation.More{Heard: heard(25)}, press(30, 4),
		}},
		{"More time is given ten times, and the next customer has ten again", three(), slices.Concat(
			events{prompt(1, "A12")}, mores(11, 20), events{press(225, 4), evaluation.More{Heard: heard(240)}, prompt(250, "A13")}, mores(1, 270),
		)},
		{"Whoever was logged in has gone", fair(), events{
			evaluation.TellerIn{Heard: heard(1), Teller: "1007"}, press(10, 4), press(14400, 4), press(28900, 4),
			evaluation.TellerIn{Heard: heard(28910), Teller: "1008"}, evaluation.Restarted{At: at(28920)}, press(28930, 4),
		}},
	}
}

func TestTransitions(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprintln(&b, "How a counter asks. Printed by a test from the rules themselves; times are in seconds.")
	fmt.Fprintln(&b, "\nPART ONE: STORIES")
	for _, s := range stories() {
		fmt.Fprintf(&b, "\n%s\n", s.title)
		tell(&b, s.from, s.events)
	}
	fmt.Fprintln(&b, "\nPART TWO: WHATEVER CAN HAPPEN, WHENEVER IT HAPPENS")
	for _, phase := range phases() {
		fmt.Fprintf(&b, "\nWhile %s\n", phase.title)
		w := table(&b)
		for _, e := range anything() {
			row(w, phase.from, e)
		}
		w.Flush()
	}
	compare(t, "testdata/transitions.golden", clean(b.String()))
}

// phases are all the states that a counter can be in, as far as the rules tell them apart.
func phases() []story {
	after := func(s evaluation.State, events ...evaluation.Event) evaluation.State {
		for _, e := range events {
			s, _ = evaluation.Next(s, e)
		}
		return s
	}
	first := prompt(1, "A12")
	answer := press(2, 2)
	answer.Echo = "FF68…11"
	return []story{
		{title: "nobody is asked", from: three()},
		{title: "three questions are asked and none is answered", from: after(three(), first)},
		{title: "one of three is answered", from: after(three(), first, answer)},
		{title: "one of three is answered, without a prompt", from: after(three(), answer)},
		{title: "the one question is asked", from: after(one(), first)},
		{title: "a press has just finished one", from: after(fair(), prompt(1, "A13"), press(4, 4))},
		{title: "the customer is asked why", from: after(asking(), prompt(1, "A13"), press(4, 4))},
		{title: "the idle pad has been hammered", from: after(fair(), press(2, 4), press(3, 4), press(4, 4), press(5, 4), press(6, 4))},
		{title: "the agent is just back from a restart", from: after(three(), first, answer, evaluation.Restarted{At: at(6)})},
	}
}

// anything is every event, and each of the kinds that the rules tell apart.
func anything() []evaluation.Event {
	repeat := press(7, 2)
	repeat.Echo = "FF68…11"
	long := prompt(7, strings.Repeat("A", 65))
	long.By = "somebody"
	return []evaluation.Event{
		prompt(7, "A13"), prompt(7, "A12"), long,
		press(7, 4), repeat, pressOn(7, 1, wire.Attitude), pressOn(7, 5, wire.Compliance), pressOn(7, 3, "comfort"), press(7, 9),
		evaluation.Cancelled{Heard: heard(7)},
		evaluation.TellerIn{Heard: heard(7), Teller: "1007"}, evaluation.TellerOut{Heard: heard(7)},
		evaluation.More{Heard: heard(7)}, reasoned(7, "waiting"), unasked(7, "A12"),
		evaluation.Elapsed{At: at(37)}, evaluation.PadLost{At: at(7)}, evaluation.Restarted{At: at(7)},
	}
}

func TestEveryPairIsDefined(t *testing.T) {
	for _, phase := range phases() {
		for _, e := range anything() {
			got, effects := evaluation.Next(phase.from, e)
			_, lost := e.(evaluation.PadLost)
			if len(effects) == 0 && !(lost && phase.from.Open == nil) {
				t.Errorf("while %s, %s: nothing is done", phase.title, happens(e))
			}
			if got.Open == phase.from.Open || phase.from.Open == nil {
				continue
			}
			if got.Open != nil && got.Open.ID == phase.from.Open.ID && len(got.Open.Answers) < len(phase.from.Open.Answers) {
				t.Errorf("while %s, %s: an answer is forgotten", phase.title, happens(e))
			}
		}
	}
	var kinds []string
	for _, e := range anything() {
		kinds = append(kinds, reflect.TypeOf(e).Name())
	}
	slices.Sort(kinds)
	want := []string{"Cancelled", "Elapsed", "More", "PadLost", "Pressed", "Prompted", "Reasoned", "Restarted", "TellerIn", "TellerOut", "Unasked"}
	if got := slices.Compact(kinds); !slices.Equal(got, want) {
		t.Errorf("events in the table: got %v, want %v", got, want)
	}
}

func tell(b *bytes.Buffer, s evaluation.State, events []evaluation.Event) {
	w := table(b)
	for _, e := range events {
		s = row(w, s, e)
	}
	w.Flush()
}

func table(b *bytes.Buffer) *tabwriter.Writer {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  STATE\tWHAT HAPPENS\tBECOMES\tTHE CUSTOMER SEES\tWHAT IS RECORDED")
	return w
}

func row(w *tabwriter.Writer, s evaluation.State, e evaluation.Event) evaluation.State {
	next, effects := evaluation.Next(s, e)
	fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", words(s), happens(e), words(next), sees(effects), recorded(effects))
	return next
}

func words(s evaluation.State) string {
	if s.Open == nil {
		return "nobody is asked"
	}
	show := s.Showing()
	w := fmt.Sprintf("%s: %s asked, %d of %d answered", s.Open.ID, show.Dimension, len(s.Open.Answers), show.Steps)
	if !s.Open.Prompted {
		w += ", no prompt"
	}
	return w
}

func happens(e evaluation.Event) string {
	switch e := e.(type) {
	case evaluation.Prompted:
		ticket := e.Ticket
		if len(ticket) > 10 {
			ticket = "of 65 letters"
		}
		return strings.TrimSpace(fmt.Sprintf("%g prompt %s", seconds(e.At), ticket))
	case evaluation.Pressed:
		w := fmt.Sprintf("%g press %d", seconds(e.At), e.Score)
		if e.Dimension != "" {
			w += " for " + string(e.Dimension)
		}
		if e.Echo != "" {
			w += " (frame " + e.Echo + ")"
		}
		return w
	case evaluation.Cancelled:
		return fmt.Sprintf("%g teller takes the prompt back", seconds(e.At))
	case evaluation.TellerIn:
		return fmt.Sprintf("%g teller %s logs in", seconds(e.At), e.Teller)
	case evaluation.TellerOut:
		return fmt.Sprintf("%g teller logs out", seconds(e.At))
	case evaluation.More:
		return fmt.Sprintf("%g customer wants more time", seconds(e.At))
	case evaluation.Reasoned:
		return fmt.Sprintf("%g customer says why: %s", seconds(e.At), cmp.Or(strings.Join(e.Codes, " "), "rather not"))
	case evaluation.Unasked:
		return fmt.Sprintf("%g transaction %s ends unasked", seconds(e.At), e.Ticket)
	case evaluation.Elapsed:
		return fmt.Sprintf("%g the time is over", seconds(e.At))
	case evaluation.PadLost:
		return fmt.Sprintf("%g pad is lost", seconds(e.At))
	case evaluation.Restarted:
		return fmt.Sprintf("%g agent restarts", seconds(e.At))
	}
	return fmt.Sprintf("%T", e)
}

func seconds(s wire.Stamp) float64 { return float64(s.UptimeMS) / 1000 }

func sees(effects []evaluation.Effect) string {
	for _, effect := range effects {
		show, ok := effect.(evaluation.Show)
		switch {
		case !ok:
			continue
		case show.Kind == device.Ask:
			return fmt.Sprintf("rate %s (%d of %d)", show.Dimension, show.Step, show.Steps)
		case show.Kind == device.Thanks:
			return "thank you"
		case show.Kind == device.Why:
			return "why? " + show.Codes
		}
		return "the resting pad"
	}
	return "no change"
}

func recorded(effects []evaluation.Effect) string {
	var w []string
	for _, effect := range effects {
		switch e := effect.(type) {
		case evaluation.Finish:
			w = append(w, finished(e.Evaluation))
		case evaluation.Keep:
			if len(w) == 0 || slices.ContainsFunc(effects, isQuestion) {
				w = append(w, "it is kept")
			}
		case evaluation.Refuse:
			w = append(w, "refused and counted: "+e.Reason)
		case evaluation.Deny:
			w = append(w, "and whoever waits is told so")
		case evaluation.Repeat:
			w = append(w, "nothing: it was taken before the restart")
		case evaluation.Join:
			w = append(w, "it is counted with the one before")
		}
	}
	return cmp.Or(strings.Join(w, "; "), "nothing")
}

// isQuestion tells the prompt that closed one evaluation and opened another.
func isQuestion(e evaluation.Effect) bool {
	s, ok := e.(evaluation.Show)
	return ok && s.Kind == device.Ask
}

func finished(e wire.Evaluation) string {
	w := []string{e.Evaluation, string(e.Outcome)}
	for _, d := range []wire.Dimension{wire.Overall, wire.Attitude, wire.Efficiency, wire.Compliance} {
		if score, ok := e.Scores[d]; ok {
			w = append(w, fmt.Sprintf("%s=%d", d, score))
		}
	}
	if e.Dissatisfied {
		w = append(w, "DISSATISFIED")
	}
	if e.Amends != "" {
		w = append(w, "of "+e.Amends)
	}
	if e.Joined > 0 {
		w = append(w, fmt.Sprintf("with %d presses more", e.Joined))
	}
	w = append(w, fmt.Sprintf("at %g", seconds(e.Pressed)))
	if e.Teller != "" {
		w = append(w, "teller "+e.Teller)
	}
	if len(e.Reasons) > 0 {
		w = append(w, "because "+strings.Join(e.Reasons, ","))
	}
	if len(e.Flags) > 0 {
		w = append(w, "flags "+strings.Join(e.Flags, ","))
	}
	return strings.Join(w, " ")
}

func clean(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); -update rewrites it:\n%s", path, diff)
	}
}
