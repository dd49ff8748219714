package evaluation_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/sync/wire"

	gocmp "github.com/google/go-cmp/cmp"
)

// walk takes s through the events and returns what was finished on the way.
func walk(s evaluation.State, events ...evaluation.Event) (evaluation.State, []wire.Evaluation) {
	var finished []wire.Evaluation
	for _, e := range events {
		var effects []evaluation.Effect
		s, effects = evaluation.Next(s, e)
		for _, effect := range effects {
			if f, ok := effect.(evaluation.Finish); ok {
				finished = append(finished, f.Evaluation)
			}
		}
	}
	return s, finished
}

func TestFinishedEvaluation(t *testing.T) {
	on := func(p evaluation.Pressed, ui string) evaluation.Pressed { p.UI = ui; return p }
	stampedAt := func(seconds float64) wire.Stamp {
		wall := wire.At(time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second))))
		return wire.Stamp{Boot: "boot-1", UptimeMS: int64(seconds * 1000), Clock: wire.ClockSet, Wall: &wall}
	}
	low := press(4.5, 2)
	low.At = stampedAt(4.5)
	tests := []struct {
		name   string
		from   evaluation.State
		events []evaluation.Event
		want   wire.Evaluation
	}{
		{
			"every member of a prompted one", three(),
			[]evaluation.Event{
				evaluation.TellerIn{Heard: heard(0), Teller: "1007"}, prompt(1, "A12"), on(press(3.25, 5), "large"), low, on(press(6, 1), "voice"),
			},
			wire.Evaluation{
				Evaluation: "E1", Teller: "1007", Ticket: "A12", Outcome: wire.Rated, Prompted: true, PromptBy: "caller keypad",
				Scores:       map[wire.Dimension]wire.Score{wire.Attitude: 5, wire.Efficiency: 2, wire.Compliance: 1},
				Dissatisfied: true, Reasons: []string{}, Flags: []string{}, UI: "voice", Pressed: stampedAt(4.5), LatencyMS: 2250,
			},
		},
		{
			"no low press: the last one's stamp", three(),
			[]evaluation.Event{prompt(1, ""), press(3, 3), press(4, 4), evaluation.Elapsed{At: at(34)}},
			wire.Evaluation{
				Evaluation: "E1", Outcome: wire.Partial, Prompted: true, PromptBy: "caller keypad",
				Scores:  map[wire.Dimension]wire.Score{wire.Attitude: 3, wire.Efficiency: 4},
				Reasons: []string{}, Flags: []string{}, UI: "keys", Pressed: at(4), LatencyMS: 2000,
			},
		},
		{
			"no press: the stamp of the window's end, the counter's own ui", three(),
			[]evaluation.Event{prompt(1, ""), evaluation.Elapsed{At: at(31)}},
			wire.Evaluation{
				Evaluation: "E1", Outcome: wire.NotRated, Prompted: true, PromptBy: "caller keypad",
				Scores: map[wire.Dimension]wire.Score{}, Reasons: []string{}, Flags: []string{}, UI: "keys", Pressed: at(31),
			},
		},
		{
			"no prompt: no latency, no prompter; an unknown ui is the counter's", one(),
			[]evaluation.Event{on(press(9, 5), "telepathy")},
			wire.Evaluation{
				Evaluation: "E9", Outcome: wire.Rated, Scores: map[wire.Dimension]wire.Score{wire.Overall: 5},
				Reasons: []string{}, Flags: []string{wire.FlagUnprompted}, UI: "keys", Pressed: at(9),
			},
		},
		{
			"a press older than its prompt has no negative latency", one(),
			[]evaluation.Event{prompt(9, ""), press(8, 5)},
			wire.Evaluation{
				Evaluation: "E9", Outcome: wire.Rated, Prompted: true, PromptBy: "caller keypad",
				Scores:  map[wire.Dimension]wire.Score{wire.Overall: 5},
				Reasons: []string{}, Flags: []string{wire.FlagTooFast}, UI: "keys", Pressed: at(8),
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := walk(tt.from, tt.events...)
			if diff := gocmp.Diff([]wire.Evaluation{tt.want}, got); diff != "" {
				t.Errorf("finished (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRepeat walks the rule that decides whether a frame heard after a restart is the press that
// was taken before it. Both errors cost: a press counted twice, or a press lost.
func TestRepeat(t *testing.T) {
	other := func(s wire.Stamp) wire.Stamp { s.Boot = "boot-2"; return s }
	tests := []struct {
		name     string
		back     wire.Stamp // when the agent restarted; the press was taken at 10 s
		between  evaluation.Event
		at       wire.Stamp // when the frame comes again
		frame    string
		isRepeat bool
	}{
		{name: "soon after a short absence", back: at(15), at: at(16.9), frame: "F", isRepeat: true},
		{name: "two seconds of listening", back: at(15), at: at(17), frame: "F", isRepeat: true},
		{name: "more than two seconds of listening", back: at(15), at: at(17.001), frame: "F"},
		{name: "a minute's absence", back: at(70), at: at(71), frame: "F", isRepeat: true},
		{name: "more than a minute's absence", back: at(70.001), at: at(71), frame: "F"},
		{name: "another boot", back: other(at(11)), at: other(at(12)), frame: "F"},
		{name: "another frame", back: at(15), at: at(16), frame: "G"},
		{name: "a pad that never repeats itself", back: at(15), at: at(16)},
		{name: "another prompt between", back: at(15), between: prompt(15.5, "A1"), at: at(16), frame: "F"},
		{name: "another press between", back: at(15), between: press(15.5, 5), at: at(16), frame: "F"},
		{name: "another teller between", back: at(15), between: evaluation.TellerIn{Heard: heard(15.5), Teller: "1"}, at: at(16), frame: "F"},
		{name: "a cancel between", back: at(15), between: evaluation.Cancelled{Heard: heard(15.5)}, at: at(16), frame: "F"},
		{name: "a refused press between", back: at(15), between: press(15.5, 9), at: at(16), frame: "F", isRepeat: true},
		{name: "a second restart between", back: at(15), between: evaluation.Restarted{At: at(20)}, at: at(21), frame: "F", isRepeat: true},
		{name: "no restart at all", at: at(11), frame: "F"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first := press(10, 2)
			first.Echo = tt.frame
			if tt.frame == "G" {
				first.Echo = "F"
			}
			s, _ := walk(one(), first)
			if tt.back.Boot != "" {
				s, _ = walk(s, evaluation.Restarted{At: tt.back})
			}
			if tt.between != nil {
				s, _ = walk(s, tt.between)
			}
			again := evaluation.Pressed{Heard: evaluation.Heard{At: tt.at, Signal: "again", Echo: tt.frame}, Score: 2, ID: "AGAIN"}
			_, effects := evaluation.Next(s, again)
			if got := has[evaluation.Repeat](effects); got != tt.isRepeat {
				t.Errorf("is it the same press: got %t, want %t", got, tt.isRepeat)
			}
			if got := has[evaluation.Keep](effects); got == tt.isRepeat {
				t.Errorf("is it kept: got %t, want %t", got, !tt.isRepeat)
			}
			if got := answer(effects); got != "again" {
				t.Errorf("the pad is answered for %q, want for its signal", got)
			}
		})
	}
}

func has[E evaluation.Effect](effects []evaluation.Effect) bool {
	for _, e := range effects {
		if _, ok := e.(E); ok {
			return true
		}
	}
	return false
}

// answer is the signal that the effects acknowledge, "" for none.
func answer(effects []evaluation.Effect) string {
	for _, e := range effects {
		switch e := e.(type) {
		case evaluation.Show:
			return e.For
		case evaluation.Again:
			return e.For
		}
	}
	return ""
}

func TestRepeatAfterTheWindowEnds(t *testing.T) {
	first := press(10, 2)
	first.Echo = "F"
	s, _ := walk(three(), first, evaluation.Elapsed{At: at(40)}, evaluation.Restarted{At: at(45)})
	again := press(46, 2)
	again.Echo = "F"
	if _, effects := evaluation.Next(s, again); has[evaluation.Repeat](effects) {
		t.Error("a press is lost: half a minute was listened through since the same frame")
	}
}

// TestPromptAfterARestart: whoever stands at the counter is asked again, and answers under a prompt.
func TestPromptAfterARestart(t *testing.T) {
	again := evaluation.Prompted{Heard: echo(13, "F"), By: "caller keypad", ID: "E13"}
	s, _ := walk(three(), evaluation.Prompted{Heard: echo(10, "F"), By: "caller keypad", ID: "E10"}, evaluation.Restarted{At: at(12)})
	got, effects := evaluation.Next(s, again)
	if got.Open == nil || got.Open.ID != "E13" || answer(effects) != "s13" {
		t.Errorf("open %+v, answered %q: want E13 asked for s13", got.Open, answer(effects))
	}
}

func TestSamePrompt(t *testing.T) {
	from := func(frame, ticket string) evaluation.Prompted {
		return evaluation.Prompted{Heard: echo(9, frame), Ticket: ticket, ID: "SECOND"}
	}
	tests := []struct {
		name          string
		first, second evaluation.Prompted
		same          bool
	}{
		{"same frame", from("F", ""), from("F", ""), true},
		{"same ticket from elsewhere", from("F", "A1"), from("", "A1"), true},
		{"same frame, another ticket", from("F", "A1"), from("F", "A2"), false},
		{"another frame", from("F", ""), from("G", ""), false},
		{"nothing to tell by", from("", ""), from("", ""), false},
		{"another ticket", from("", "A1"), from("", "A2"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.first.ID = "FIRST"
			s, finished := walk(three(), tt.first, tt.second)
			if got := s.Open.ID == "FIRST" && len(finished) == 0; got != tt.same {
				t.Errorf("same prompt: got %t, want %t", got, tt.same)
			}
		})
	}
	t.Run("not after a press", func(t *testing.T) {
		s, finished := walk(three(), from("F", "A1"), press(10, 1), from("F", "A1"))
		if len(finished) != 1 || len(s.Open.Answers) != 0 {
			t.Errorf("got %d finished, %d answers open; want 1 and 0", len(finished), len(s.Open.Answers))
		}
	})
}

func TestTooLongIsRefused(t *testing.T) {
	long := strings.Repeat("x", 65)
	for name, e := range map[string]evaluation.Event{
		"ticket":     evaluation.Prompted{Heard: heard(1), Ticket: long, ID: "E"},
		"by":         evaluation.Prompted{Heard: heard(1), By: long, ID: "E"},
		"teller":     evaluation.TellerIn{Heard: heard(1), Teller: long},
		"unasked":    evaluation.Unasked{Heard: heard(1), Ticket: long, ID: "E"},
		"unasked by": evaluation.Unasked{Heard: heard(1), By: long, ID: "E"},
	} {
		t.Run(name, func(t *testing.T) {
			_, effects := evaluation.Next(three(), e)
			want := []evaluation.Effect{evaluation.Refuse{Reason: evaluation.ReasonTooLong}, evaluation.Again{}}
			if diff := gocmp.Diff(want, effects); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLargestRecordFits(t *testing.T) {
	worst := strings.Repeat("\x01", 64) // six bytes each in JSON
	s, _ := walk(three(), evaluation.TellerIn{Heard: heard(0), Teller: worst})
	_, finished := walk(s, evaluation.Prompted{Heard: heard(1), By: worst, Ticket: worst, ID: worst},
		press(2, 1), press(3, 1), press(4, 1))
	finished[0].Business = worst
	finished[0].Counter = strings.Repeat("c", 40)
	b, err := json.Marshal(finished[0])
	if err != nil {
		t.Fatal(err)
	}
	if envelope := 1024; len(b)+envelope > wire.MaxRecord {
		t.Errorf("the largest evaluation is %d bytes; want room for its envelope in %d", len(b), wire.MaxRecord)
	}
}

func TestReadState(t *testing.T) {
	s, _ := walk(three(), evaluation.TellerIn{Heard: heard(0), Teller: "1007"},
		evaluation.Prompted{Heard: echo(1, "F"), ID: "E1"}, press(2, 2), evaluation.Restarted{At: at(3)}, prompt(4, "A1"), press(5, 3))
	kept, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := evaluation.ReadState(kept, s.Rules)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(s, got); diff != "" {
		t.Errorf("state from disk (-want +got):\n%s", diff)
	}
	for _, damaged := range []string{"{", "7", `{"open":[]}`, "\x00\x00"} {
		if _, err := evaluation.ReadState([]byte(damaged), s.Rules); !errors.Is(err, evaluation.ErrState) {
			t.Errorf("read %q: got %v, want ErrState", damaged, err)
		}
	}
}

func TestRulesValidate(t *testing.T) {
	for want, change := range map[string]func(*evaluation.Rules){
		"":                 func(*evaluation.Rules) {},
		"at least one":     func(r *evaluation.Rules) { r.Ask = nil },
		"asked twice":      func(r *evaluation.Rules) { r.Ask = append(r.Ask, wire.Attitude) },
		"\"comfort\"":      func(r *evaluation.Rules) { r.Ask[0] = "comfort" },
		"window 14s":       func(r *evaluation.Rules) { r.Window = 14 * time.Second },
		"window 2m1s":      func(r *evaluation.Rules) { r.Window = 121 * time.Second },
		"thanks 11s":       func(r *evaluation.Rules) { r.Thanks = 11 * time.Second },
		"ui \"telepathy\"": func(r *evaluation.Rules) { r.UI = "telepathy" },
	} {
		r := three().Rules
		change(&r)
		err := r.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestNoRulesNoPanic(t *testing.T) {
	for _, e := range anything() {
		evaluation.Next(evaluation.State{}, e)
	}
}

func TestMomentStamp(t *testing.T) {
	wall := time.Date(2026, 11, 23, 2, 11, 9, 120e6, time.UTC)
	now := evaluation.Moment{Boot: "b", Uptime: 10 * time.Second, Wall: wall, Clock: wire.ClockSet, Error: 250 * time.Millisecond}
	before := wire.At(wall.Add(-4 * time.Second))
	just := wire.At(wall)
	tests := []struct {
		name string
		now  evaluation.Moment
		edge time.Duration
		want wire.Stamp
	}{
		{"four seconds ago", now, 6 * time.Second, wire.Stamp{Boot: "b", UptimeMS: 6000, Wall: &before, Clock: wire.ClockSet, ErrorMS: new(int64(250))}},
		{"not told", now, 0, wire.Stamp{Boot: "b", UptimeMS: 10000, Wall: &just, Clock: wire.ClockSet, ErrorMS: new(int64(250))}},
		{"in the future", now, 11 * time.Second, wire.Stamp{Boot: "b", UptimeMS: 10000, Wall: &just, Clock: wire.ClockSet, ErrorMS: new(int64(250))}},
		{
			"clock unset", evaluation.Moment{Boot: "b", Uptime: 10 * time.Second, Wall: wall, Clock: wire.ClockUnset, Error: time.Second},
			6 * time.Second, wire.Stamp{Boot: "b", UptimeMS: 6000, Clock: wire.ClockUnset},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := gocmp.Diff(tt.want, tt.now.Stamp(tt.edge)); diff != "" {
				t.Errorf("stamp (-want +got):\n%s", diff)
			}
		})
	}
}

func TestShowingStep(t *testing.T) {
	s, _ := walk(three(), prompt(1, ""), pressOn(2, 5, wire.Attitude), pressOn(3, 5, wire.Compliance))
	want := device.Show{Kind: device.Ask, Dimension: "efficiency", Step: 2, Steps: 3, Window: 30 * time.Second}
	if diff := gocmp.Diff(want, s.Showing()); diff != "" {
		t.Errorf("showing (-want +got):\n%s", diff)
	}
}
