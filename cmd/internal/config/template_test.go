package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/internal/config"
	"evalpad/cmd/internal/rulebook"
	"evalpad/sync/wire"
)

func TestSampleTemplate(t *testing.T) {
	got, err := config.ReadTemplate("testdata/good/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	seconds := func(from, to int) *rulebook.Range[time.Duration] {
		return &rulebook.Range[time.Duration]{From: time.Duration(from) * time.Second, To: time.Duration(to) * time.Second}
	}
	three := []wire.Dimension{wire.Attitude, wire.Efficiency, wire.Compliance}
	want := rulebook.Template{
		Every: rulebook.Section{
			Ask: [][]wire.Dimension{three, {wire.Overall}}, Window: seconds(20, 60), First: seconds(30, 90), LockOut: seconds(3, 10),
			Hammer:  &rulebook.Hammer{Presses: &rulebook.Range[int]{From: 3, To: 10}, Within: seconds(5, 20), Pause: seconds(10, 60)},
			Reasons: []string{"attitude", "waiting", "efficiency", "rule"}, Closing: seconds(59_400, 66_600), Pads: []string{"serial", "gpio", "touch"},
		},
		Business: map[string]rulebook.Section{"credit": {Ask: [][]wire.Dimension{three}, Reasons: []string{}}},
		Pads: map[string]rulebook.Section{
			"serial": {
				Profiles: map[string]string{"ff68": "any", "line": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
				Keys:     map[string]int{"03": 5, "02": 4, "0A": 3, "00": 2},
			},
			"gpio": {Keys: map[string]int{"GPIO17": 5, "GPIO27": 1}, Debounce: &rulebook.Range[time.Duration]{From: 30 * time.Millisecond, To: 30 * time.Millisecond}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
}
