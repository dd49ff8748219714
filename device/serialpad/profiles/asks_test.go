package profiles_test

import (
	"strings"
	"testing"

	"evalpad/device"
	"evalpad/device/serialpad/profiles"

	"github.com/google/go-cmp/cmp"
)

// TestTells is what each shipped make can tell of the questions, by itself and in its ways.
func TestTells(t *testing.T) {
	three := []string{"attitude", "efficiency", "compliance"}
	for _, name := range names(t) {
		p := shipped(t, name)
		want := map[string][]string{"": nil}
		switch name {
		case "line":
			want[""] = []string{"attitude", "compliance", "efficiency", "overall"}
		case "ff68":
			want["stars"] = three
		}
		got := map[string][]string{"": p.Tells("")}
		for _, way := range p.Asks() {
			got[way] = p.Tells(way)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s tells (-want +got):\n%s", name, diff)
		}
	}
}

func TestTell(t *testing.T) {
	plain, err := shipped(t, "ff68").Station(1, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	starry, err := plain.Telling("stars")
	if err != nil {
		t.Fatal(err)
	}
	for _, show := range []device.ShowKind{device.Ask, device.Idle, device.Fault, device.Thanks, profiles.Open} {
		q := profiles.Question{Dimension: "efficiency"}
		if got := plain.Tell(show, q); len(got) != 0 {
			t.Errorf("a pad without stars is sent % X", got)
		}
		n := byte(0)
		if show == device.Ask {
			n = 2
		}
		if got := starry.Tell(show, q); len(got) != 1 || got[0][7] != n {
			t.Errorf("%s: sent % X, want %d stars", show, got, n)
		}
	}
}

// TestFaultsOfAsks: a way that says what is not there, asks what nobody asks, or looks like a thank-you.
func TestFaultsOfAsks(t *testing.T) {
	for want, asks := range map[string]map[string]map[string][]string{
		`asks/stars/attitude: "four-stars" is not said above`:                                {"stars": {"attitude": {"four-stars"}}},
		`asks/stars/speed: "speed": write overall, attitude, efficiency, compliance or none`: {"stars": {"speed": {"one-star"}}},
		`asks/stars/none: "please-rate" has the FUNC of a thank-you`:                         {"stars": {"none": {"please-rate"}}},
		`asks/Stars!: "Stars!": write a name`:                                                {"Stars!": {}},
	} {
		p := read(t, "ff68")
		p.Asks = asks
		if _, err := profiles.Compile(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", asks, err, want)
		}
	}
}
