package test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"evalpad/agent"
	"evalpad/device/devicetest"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
	"evalpad/test/harness"
)

const bankTemplate = `counters: {lock_out: {from: 3s, to: 10s}, ask: [[overall]]}
pad: {serial: {profiles: {ff68: any}, keys: {03: 5, 02: 4, 01: 3, 00: 2}}}
`

// TestWhatHeadquartersTells: a counter whose lock-out was bent is an incident until its next start tells
// otherwise; a customer's code finds what it stands for; and the report counts what was pressed, with a
// mark where presses were refused.
func TestWhatHeadquartersTells(t *testing.T) {
	site, pad := harness.NewSite(t), devicetest.NewFF68(t)
	writeFile(t, filepath.Join(site.Dir, "rules.yaml"), bankTemplate)
	hq := site.Inspector(t, "{listen: 127.0.0.1:0}\ntemplate: rules.yaml")
	counter := func(lockOut string) string {
		return "screen: {listen: \"\"}\ncounters:\n  - {counter: c03, business: credit, rules: {lock_out: " + lockOut + ", hammer: 0}, pad: {serial: {port: " + pad.Path() + ", profile: ff68}}}\n"
	}
	box := site.Evalpad(t, hq.Says("broker"), counter("0"))
	show := func() string { return asked(t, site, 0, "devices", "show", "pad-1") }
	harness.Eventually(t, 20*time.Second, "the bent lock-out to be an incident", func() bool {
		return strings.Contains(tryAsk(t, site, "devices", "show", "pad-1"), "incident outside-template")
	})
	for _, want := range []string{"OUTSIDE the template: lock_out 0s, the template wants 3s to 10s", "c03 credit  asks overall", "serial ff68 sha256 ", "keys 03 5, 02 4, 01 3, 00 2"} {
		if got := show(); !strings.Contains(got, want) {
			t.Errorf("devices show does not say %q:\n%s", want, got)
		}
	}

	for _, key := range []byte{0x03, 0x00, 0x04} { // 5, 2, and one that no score is mapped to
		if err := pad.Press(key); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
	}
	harness.Eventually(t, 10*time.Second, "a case", func() bool { return len(site.Cases(t)) == 1 })
	if err := box.Stop(); err != nil {
		t.Fatal(err)
	}
	codes := codesOf(t, site)
	site.Evalpad(t, hq.Says("broker"), counter("5s"))
	harness.Eventually(t, 20*time.Second, "the next start to mend it", func() bool { return !strings.Contains(show(), "outside-template") })
	if got := show(); !strings.Contains(got, "presses refused, ever: unmapped-key 1") || strings.Contains(got, "OUTSIDE") {
		t.Errorf("devices show:\n%s", got)
	}

	wantCodes(t, site, codes)
	report := asked(t, site, 0, "report", "--by", "counter")
	for _, want := range []string{"r11 b0731 c03  dissatisfied 0 of 0", "unprompted 2, dissatisfied 1", "BIASED: refused unmapped-key 1"} {
		if !strings.Contains(report, want) {
			t.Errorf("report does not say %q:\n%s", want, report)
		}
	}
	var whole struct {
		Lines []struct {
			Biased     bool           `json:"biased"`
			Unprompted map[string]any `json:"unprompted"`
		} `json:"lines"`
	}
	if err := json.Unmarshal([]byte(asked(t, site, 0, "report", "--by", "bank", "--json")), &whole); err != nil {
		t.Fatal(err)
	}
	if len(whole.Lines) != 1 || !whole.Lines[0].Biased || whole.Lines[0].Unprompted["satisfied"] != 1.0 {
		t.Errorf("report as JSON: %+v", whole)
	}
	if got := asked(t, site, 0, "integrity"); got != "0 tellers: 0 findings to look at, 0 usual, 0 too few to tell\n" {
		t.Errorf("nobody was logged in, and integrity says:\n%s", got)
	}
}

// codesOf are the codes that the pad has shown to its customers, by score, as a box that has left kept
// their evaluations.
func codesOf(t *testing.T, site *harness.Site) map[wire.Score]string {
	t.Helper()
	codes := map[wire.Score]string{}
	for item, err := range outbox.List(filepath.Join(site.Dir, "box", agent.OutboxFile)) {
		if err != nil {
			t.Fatal(err)
		}
		if r, err := wire.ParseRecord(item.Line); err == nil && r.Kind == wire.KindEvaluation {
			e, err := r.Evaluation()
			if err != nil {
				t.Fatal(err)
			}
			codes[e.Scores[wire.Overall]] = wire.Code(e.Evaluation)
		}
	}
	return codes
}

// wantCodes asks with the codes of the satisfied and of the dissatisfied customer, and with what is none.
func wantCodes(t *testing.T, site *harness.Site, codes map[wire.Score]string) {
	t.Helper()
	if got := asked(t, site, 0, "evaluations", "--code", strings.ToLower(codes[5])); !strings.Contains(got, "overall 5  no case") {
		t.Errorf("the satisfied customer's code: %s", got)
	}
	if got := asked(t, site, 0, "evaluations", "--code", codes[2]); !strings.Contains(got, "overall 2  case c-") || !strings.Contains(got, " open") {
		t.Errorf("the dissatisfied customer's code: %s", got)
	}
	if got := asked(t, site, 0, "cases", "list", "--code", codes[2]); !strings.Contains(got, "overall 2") {
		t.Errorf("the case of %s: %s", codes[2], got)
	}
	if got := asked(t, site, 1, "cases", "list", "--code", codes[5]); !strings.Contains(got, "inspector evaluations --code "+codes[5]) {
		t.Errorf("the case of %s: %s", codes[5], got)
	}
	if got := asked(t, site, 2, "evaluations", "--code", "hello"); !strings.Contains(got, "as 7KQM-X3RD") {
		t.Errorf("what is no code: %s", got)
	}
	if got := asked(t, site, 0, "check"); !strings.Contains(got, "counters' rules are compared with "+filepath.Join(site.Dir, "rules.yaml")) {
		t.Errorf("check: %s", got)
	}
}

// asked runs a command of headquarters, wants its exit code, and returns all that it said.
func asked(t *testing.T, site *harness.Site, code int, args ...string) string {
	t.Helper()
	out, errs, got := harness.Run(t, "inspector", append(args, "-c", site.InspectorConfig)...)
	if got != code {
		t.Errorf("inspector %s: exit %d, want %d: %s%s", strings.Join(args, " "), got, code, out, errs)
	}
	return out + errs
}

// tryAsk is asked where the answer may not be there yet.
func tryAsk(t *testing.T, site *harness.Site, args ...string) string {
	t.Helper()
	out, _, _ := harness.Run(t, "inspector", append(args, "-c", site.InspectorConfig)...)
	return out
}

// TestTemplateIsChecked: without one check says that nothing is compared; a wrong one is refused with
// its place, by check and by serve.
func TestTemplateIsChecked(t *testing.T) {
	site := harness.NewSite(t)
	writeFile(t, site.InspectorConfig, "data_dir: hq\n")
	if got := asked(t, site, 0, "check"); !strings.Contains(got, "no template, so that the counters' rules are not compared") {
		t.Errorf("check: %s", got)
	}
	writeFile(t, site.InspectorConfig, "data_dir: hq\ntemplate: rules.yaml\n")
	writeFile(t, filepath.Join(site.Dir, "rules.yaml"), "counters:\n  windw: 30s\n")
	for _, command := range []string{"check", "serve"} {
		if got := asked(t, site, 2, command); !strings.Contains(got, `rules.yaml:2:3: unknown key "windw"; did you mean "window"?`) {
			t.Errorf("%s: %s", command, got)
		}
	}
}
