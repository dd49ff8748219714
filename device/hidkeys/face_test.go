package hidkeys_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/device"
)

// face notes what it is told.
type face struct {
	mu   sync.Mutex
	told []string
	left bool
}

func (f *face) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, fmt.Sprintf(format, args...))
}

func (f *face) Run(ctx context.Context) {
	<-ctx.Done()
	f.left = true
}

func (f *face) Signalled(s device.Signal) { f.note("signalled %s %s", s.Kind, s.ID) }
func (f *face) Show(s device.Show)        { f.note("show %s %s for %s", s.Kind, s.Dimension, s.For) }

// TestFaceIsTold: the lamps beside a keypad hear every show and every signal, and a press answers the
// question that they tell, if they can tell that one.
func TestFaceIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, beside := newRig(t), &face{}
		r.options.Face, r.options.Tells = beside, []string{"attitude"}
		shows := make(chan device.Show)
		r.shows = shows
		r.run(t)
		shows <- device.Show{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 2}
		after(time.Second)
		r.pad.Press(kp5, 100*ms)
		after(300 * ms)
		shows <- device.Show{Kind: device.Nod}
		shows <- device.Show{Kind: device.Ask, Dimension: "efficiency", Step: 2, Steps: 2, For: "keypad-1"}
		after(time.Second)
		r.pad.Press(kp2, 100*ms)
		after(300 * ms)
		var got []string
		for _, s := range only(r.stop(), device.Press) {
			got = append(got, fmt.Sprintf("%s %d %s", s.ID, s.Score, s.Dimension))
		}
		if diff := cmp.Diff([]string{"keypad-1 5 attitude", "keypad-2 2 "}, got); diff != "" {
			t.Errorf("presses (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{
			"show ask attitude for ", "signalled press keypad-1", "show nod  for ", "show ask efficiency for keypad-1", "signalled press keypad-2",
		}, beside.told); diff != "" {
			t.Errorf("the lamps were told (-want +got):\n%s", diff)
		}
		if !beside.left {
			t.Error("the lamps were not put to rest")
		}
	})
}
