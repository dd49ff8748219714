package evaluation_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/gpiokeys"
	"evalpad/sync/wire"

	gocmp "github.com/google/go-cmp/cmp"
)

// chip is a GPIO as the driver of keys sees one.
type chip struct{ *devicetest.GPIO }

func (c chip) Find(string) (string, error) { return "chip", nil }

func (c chip) Open(names []string, pull string) (gpiokeys.Lines, error) {
	return c.GPIO.Open(names, pull)
}

func (c chip) Out(name string, high bool) (gpiokeys.Output, error) { return c.GPIO.Out(name, high) }

// wired is a counter whose pad is five keys with a lamp a question.
func wired(t *testing.T) (*counter, *devicetest.GPIO) {
	t.Helper()
	c := newCounter(t, dimensions...)
	board := devicetest.NewGPIO("BEST", "GOOD", "BAD", "A", "E", "C")
	keys, err := gpiokeys.New(gpiokeys.Options{
		Keys: map[string]int{"BEST": 5, "GOOD": 4, "BAD": 1}, Uptime: uptime, Chips: chip{board},
		Lamps: gpiokeys.Lamps{Questions: map[string]string{"attitude": "A", "efficiency": "E", "compliance": "C"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.opts.Pads = []device.Driver{keys}
	c.open()
	return c, board
}

// lit are the lamps that are lit.
func lit(board *devicetest.GPIO) string {
	synctest.Wait()
	return strings.Join(slices.DeleteFunc([]string{"A", "E", "C"}, func(l string) bool { return !board.IsLit(l, true) }), " ")
}

func finger(board *devicetest.GPIO, key string) {
	board.Set(key, false)
	time.Sleep(80 * time.Millisecond)
	board.Set(key, true)
	time.Sleep(120 * time.Millisecond)
}

// TestLampsLeadThroughThreeQuestions: the lamp of the question that is asked is lit and no other; a second
// press that comes before anybody can have seen the next lamp answers nothing.
func TestLampsLeadThroughThreeQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, board := wired(t)
		var seen []string
		look := func() { seen = append(seen, lit(board)) }
		look()
		if err := c.Prompt(t.Context(), "headquarters", "A12"); err != nil {
			t.Fatal(err)
		}
		look()
		time.Sleep(3 * time.Second)
		finger(board, "BEST")
		look()
		time.Sleep(100 * time.Millisecond)
		finger(board, "BEST") // once more, out of habit
		look()
		time.Sleep(3 * time.Second)
		finger(board, "BAD")
		look()
		time.Sleep(3 * time.Second)
		finger(board, "GOOD")
		look()
		if diff := gocmp.Diff([]string{"", "A", "E", "E", "C", ""}, seen); diff != "" {
			t.Errorf("lamps (-want +got):\n%s", diff)
		}
		ended := c.disk.ended()
		wantEnded(t, ended, "E1 rated 3 []")
		want := map[wire.Dimension]wire.Score{wire.Attitude: 5, wire.Efficiency: 1, wire.Compliance: 4}
		if diff := gocmp.Diff(want, ended[0].Scores); diff != "" {
			t.Errorf("scores (-want +got):\n%s", diff)
		}
		if n := c.Tally().Refused[evaluation.ReasonAnswered]; n != 1 {
			t.Errorf("tally %+v, want the second press counted as %s", c.Tally(), evaluation.ReasonAnswered)
		}
		c.stop()
	})
}

// TestSilenceInTheMiddleOfThreeLamps is half an evaluation, and the lamp goes out with its window.
func TestSilenceInTheMiddleOfThreeLamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, board := wired(t)
		if err := c.Prompt(t.Context(), "headquarters", "A12"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		finger(board, "BAD")
		time.Sleep(29 * time.Second)
		if got := lit(board); got != "E" {
			t.Errorf("lit %q before the window's end, want E", got)
		}
		time.Sleep(2 * time.Second)
		if got := lit(board); got != "" {
			t.Errorf("lit %q after it, want none", got)
		}
		wantEnded(t, c.disk.ended(), "E1 partial 1 []")
		c.stop()
	})
}
