package link_test

import (
	"testing"
	"time"

	"evalpad/sync/link"

	"github.com/google/go-cmp/cmp"
)

const nearlyOne = 1 - 1.0/(1<<53)

// ceilings are the longest waits that the schedule allows, rounded to the millisecond.
func ceilings(p *link.Patience, n int, spread time.Duration, urgent bool) []time.Duration {
	var got []time.Duration
	for range n {
		got = append(got, p.Next(spread, urgent, func() float64 { return nearlyOne }).Round(time.Millisecond))
	}
	return got
}

func seconds(s ...float64) []time.Duration {
	var d []time.Duration
	for _, v := range s {
		d = append(d, time.Duration(v*float64(time.Second)))
	}
	return d
}

func TestPatience(t *testing.T) {
	for name, tc := range map[string]struct {
		spread time.Duration
		urgent bool
		want   []time.Duration
	}{
		"headquarters has said nothing": {0, false, seconds(1, 1, 2, 4, 8, 16, 32, 60, 60, 60)},
		"a nonsensical spread":          {-time.Hour, true, seconds(1, 1, 2)},
		"a hundred boxes":               {4 * time.Second, false, seconds(4, 4, 8, 16, 32, 60, 60)},
		"five thousand boxes":           {200 * time.Second, false, seconds(200, 200, 400, 400)},
		"an alert waits":                {200 * time.Second, true, seconds(5, 5, 5, 5)},
		"an alert, and a short spread":  {2 * time.Second, true, seconds(2, 2, 4, 5, 5)},
	} {
		t.Run(name, func(t *testing.T) {
			got := ceilings(new(link.Patience), len(tc.want), tc.spread, tc.urgent)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error("waits (-want +got):\n", diff)
			}
		})
	}
}

func TestPatienceIsUniform(t *testing.T) {
	var p link.Patience
	for i, rnd := range []float64{0.25, 0.5, 0} {
		want := []time.Duration{10 * time.Second, 20 * time.Second, 0}[i]
		if got := p.Next(40*time.Second, false, func() float64 { return rnd }); got != want {
			t.Errorf("try %d: got %v, want %v", i, got, want)
		}
	}
}

func TestPatienceStartsAnew(t *testing.T) {
	var p link.Patience
	ceilings(&p, 5, 0, false)
	p.Worked(59 * time.Second)
	if diff := cmp.Diff(seconds(16), ceilings(&p, 1, 0, false)); diff != "" {
		t.Error("after 59 s (-want +got):\n", diff)
	}
	p.Worked(60 * time.Second)
	if diff := cmp.Diff(seconds(40, 40, 80), ceilings(&p, 3, 40*time.Second, false)); diff != "" {
		t.Error("after 60 s (-want +got):\n", diff)
	}
}

func TestPatienceNeverOverflows(t *testing.T) {
	var p link.Patience
	for i, d := range ceilings(&p, 10_000, 0, false) {
		if d < 0 || d > time.Minute {
			t.Fatalf("try %d: got %v, want 0 to 60 s", i, d)
		}
	}
}
