package casebook_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/wire"
)

// truth is a boot as it really was: a box whose clock runs off by ppm millionths.
type truth struct {
	start time.Time // headquarters' time at uptime 0
	ppm   float64
}

// uptime is what the box says at a moment, in whole milliseconds as it sends them.
func (b truth) uptime(at time.Time) time.Duration {
	up := float64(at.Sub(b.start)) * (1 + b.ppm/1e6)
	return time.Duration(math.Floor(up)).Truncate(time.Millisecond)
}

// TestReckonIsWithinItsError plays boots of any length with any drift up to 200 ppm, sessions with
// any delays in both directions, outages between them, and presses anywhere.
func TestReckonIsWithinItsError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		millis := func(label string, most time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(0, most.Milliseconds()).Draw(t, label)) * time.Millisecond
		}
		b := truth{nine.Add(time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "start"))), rapid.Float64Range(-200, 200).Draw(t, "ppm")}
		var a casebook.Anchors
		at, tightest := b.start, time.Duration(math.MaxInt64)
		for range rapid.IntRange(1, 60).Draw(t, "heartbeats") {
			at = at.Add(millis("pause", rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 30 * 24 * time.Hour}).Draw(t, "up to")))
			down, up := millis("down", 20*time.Second), millis("up", 20*time.Second)
			sent, heard, arrival := at, at.Add(down), at.Add(down+up)
			a.Arrived(arrival, b.uptime(heard))
			a.Heard(wire.At(sent).Time, b.uptime(heard))
			at, tightest = arrival, min(tightest, down+up)
		}
		press := b.start.Add(time.Duration(rapid.Int64Range(0, int64(at.Sub(b.start))).Draw(t, "press")))
		received := press.Add(millis("way", at.Sub(press)+time.Minute))

		r := a.Reckon(b.uptime(press), received)
		if off := r.At.Sub(press).Abs(); off > r.Error {
			t.Fatalf("pressed at %v, reckoned %v ± %v: off by %v", press, r.At, r.Error, off)
		}
		if r.At.After(received) || r.How != casebook.Anchored {
			t.Fatalf("reckoned %v (%s), received %v", r.At, r.How, received)
		}
	})
}

// TestReckonIsTight: a week offline between two sessions, a press in the middle and one at the end.
func TestReckonIsTight(t *testing.T) {
	b := truth{nine, 150}
	var a casebook.Anchors
	for _, from := range []time.Duration{0, 7 * 24 * time.Hour} {
		for beat := range 120 {
			at := nine.Add(from + time.Duration(beat)*time.Minute)
			a.Heard(at, b.uptime(at.Add(50*time.Millisecond)))
			a.Arrived(at.Add(100*time.Millisecond), b.uptime(at.Add(50*time.Millisecond)))
		}
	}
	for _, tt := range []struct {
		name  string
		press time.Duration
		most  time.Duration
	}{
		{"in the first session", 90 * time.Minute, time.Second},
		{"in the last session", 7*24*time.Hour + time.Hour, time.Second},
		{"an hour before it", 7*24*time.Hour - time.Hour, 3 * time.Second},
		{"in the middle of the week", 84 * time.Hour, 65 * time.Second},
	} {
		press := nine.Add(tt.press)
		if r := a.Reckon(b.uptime(press), nine.Add(9*24*time.Hour)); r.Error > tt.most || r.At.Sub(press).Abs() > r.Error {
			t.Errorf("%s: off by %v ± %v, want within %v", tt.name, r.At.Sub(press), r.Error, tt.most)
		}
	}
	if n := len(a.Lows) + len(a.Highs); n > 60 {
		t.Errorf("%d anchors are kept", n)
	}
}

func TestAnchorsAreBoundedAndKept(t *testing.T) {
	b := truth{nine, 0}
	var a casebook.Anchors
	for beat := range 5000 {
		at := nine.Add(time.Duration(beat) * 11 * time.Minute)
		a.Heard(at, b.uptime(at))
		a.Arrived(at, b.uptime(at))
	}
	if len(a.Lows) > 48 || len(a.Highs) > 48 {
		t.Errorf("got %d and %d anchors, want at most 48 each", len(a.Lows), len(a.Highs))
	}
	doc, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var back casebook.Anchors
	if err := json.Unmarshal(doc, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestEvidenceFallsBack(t *testing.T) {
	anchored := casebook.Anchors{
		Lows:  []casebook.Anchor{{Uptime: time.Hour, At: nine.Add(-time.Hour)}},
		Highs: []casebook.Anchor{{Uptime: time.Hour, At: nine.Add(-time.Hour + time.Second)}},
	}
	above := casebook.Anchors{Highs: anchored.Highs}
	stamp := wire.Stamp{Boot: "b", UptimeMS: time.Hour.Milliseconds(), Clock: wire.ClockUnset}
	withWall := func(before time.Duration, off *int64) wire.Stamp {
		s := stamp
		s.Clock, s.Wall, s.ErrorMS = wire.ClockSet, new(wire.At(nine.Add(-before))), off
		return s
	}
	const grain, drift = 2 * time.Millisecond, time.Hour / 999_800 * 200 // of an hour
	for _, tt := range []struct {
		name string
		e    casebook.Evidence
		want casebook.Reckoning
	}{
		{"anchored", casebook.Evidence{Pressed: withWall(0, nil), Boot: anchored},
			casebook.Reckoning{At: nine.Add(-time.Hour + 500*time.Millisecond), Error: 500*time.Millisecond + 2*grain, How: casebook.Anchored}},
		{"only from above", casebook.Evidence{Pressed: stamp, Boot: above},
			casebook.Reckoning{At: nine.Add(-time.Hour + time.Second + grain - 30*time.Second), Error: 30*time.Second + grain, How: casebook.ByArrival}},
		{"wall, error not told", casebook.Evidence{Pressed: withWall(time.Minute, nil)},
			casebook.Reckoning{At: nine.Add(-time.Minute), Error: 5*time.Second + grain, How: casebook.ByWall}},
		{"wall, error told", casebook.Evidence{Pressed: withWall(time.Minute, new(int64(80)))},
			casebook.Reckoning{At: nine.Add(-time.Minute), Error: 80*time.Millisecond + grain, How: casebook.ByWall}},
		{"wall a little ahead", casebook.Evidence{Pressed: withWall(-time.Second, nil)},
			casebook.Reckoning{At: nine, Error: 5*time.Second + grain, How: casebook.ByWall}},
		{"wall from the future", casebook.Evidence{Pressed: withWall(-time.Hour, nil), Since: nine.Add(-time.Hour)},
			casebook.Reckoning{At: nine, Error: time.Hour, How: casebook.Unreckoned}},
		{"wall of 1970", casebook.Evidence{Pressed: withWall(nine.Sub(time.Unix(0, 0)), nil), Since: nine.Add(-time.Hour)},
			casebook.Reckoning{At: nine, Error: time.Hour, How: casebook.Unreckoned}},
		{"before this boot", casebook.Evidence{Pressed: stamp, Current: anchored, Since: nine.Add(-24 * time.Hour)},
			casebook.Reckoning{At: nine.Add(-2*time.Hour + time.Second + grain + drift), Error: 22*time.Hour + time.Second + grain + drift, How: casebook.BeforeBoot}},
		{"nothing", casebook.Evidence{Pressed: stamp},
			casebook.Reckoning{At: nine, Error: 730 * 24 * time.Hour, How: casebook.Unreckoned}},
		{"an uptime of ages", casebook.Evidence{Pressed: wire.Stamp{UptimeMS: math.MaxInt64}, Boot: anchored, Since: nine.Add(-time.Hour)},
			casebook.Reckoning{At: nine, Error: time.Hour, How: casebook.Unreckoned}},
		{"an uptime below zero", casebook.Evidence{Pressed: wire.Stamp{UptimeMS: -1}, Boot: anchored, Since: nine.Add(-time.Hour)},
			casebook.Reckoning{At: nine, Error: time.Hour, How: casebook.Unreckoned}},
	} {
		tt.e.Received = nine
		if diff := cmp.Diff(tt.want, tt.e.Reckon()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestBracket: a boot tells on which side of it a press lies that was made in another.
func TestBracket(t *testing.T) {
	a := casebook.Anchors{
		Lows:  []casebook.Anchor{{Uptime: time.Hour, At: nine}},
		Highs: []casebook.Anchor{{Uptime: time.Hour, At: nine.Add(time.Second)}},
		Spoke: &casebook.Word{Uptime: time.Hour, Heads: map[wire.Epoch]uint64{"e": 17}},
	}
	const grain, drift = 2 * time.Millisecond, time.Hour / 999_800 * 200 // of an hour
	began := nine.Add(time.Second - time.Hour + grain + drift)
	for _, tt := range []struct {
		name          string
		a             casebook.Anchors
		epoch         wire.Epoch
		seq           uint64
		since, before time.Time
	}{
		{"not there yet when it last spoke", a, "e", 18, nine.Add(-grain), time.Time{}},
		{"there by then", a, "e", 17, time.Time{}, began},
		{"of an epoch that it does not name", a, "f", 1, time.Time{}, time.Time{}},
		{"nothing heard of this boot either", casebook.Anchors{}, "e", 18, time.Time{}, time.Time{}},
	} {
		if since, before := tt.a.Bracket(tt.epoch, tt.seq); !since.Equal(tt.since) || !before.Equal(tt.before) {
			t.Errorf("%s: got since %v, before %v; want %v and %v", tt.name, since, before, tt.since, tt.before)
		}
	}
}
