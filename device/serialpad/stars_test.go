package serialpad_test

import (
	"slices"
	"testing"
	"time"

	"evalpad/device"

	"github.com/google/go-cmp/cmp"
)

// Frames that light so many stars.
const (
	thanksBest = "FF 68 03 03 68 81 01 03 85 16"
	noStar     = "FF 68 03 03 68 81 02 00 83 16"
	oneStar    = "FF 68 03 03 68 81 02 01 84 16"
	twoStars   = "FF 68 03 03 68 81 02 02 85 16"
	threeStars = "FF 68 03 03 68 81 02 03 86 16"
)

func starry(o *wish) { o.Asks = "stars" }

func of(dimension string, step int, answers string) device.Show {
	return device.Show{For: answers, Kind: device.Ask, Dimension: dimension, Step: step, Steps: 3}
}

func answers(score int, frame, dimension string) device.Signal {
	s := press(score, frame)
	s.Dimension = dimension
	return s
}

// TestStarsAreTheQuestionsNumber walks through three questions. The stars are those of the question that
// is asked, each press is thanked before the next question shows, and in the end they go out.
func TestStarsAreTheQuestionsNumber(t *testing.T) {
	l := newLine(t, "", starry)
	var frames []string
	sees := func(more ...string) {
		t.Helper()
		frames = append(frames, more...)
		l.wantFrames(l.fake, frames...)
	}
	sees(noStar) // whatever the pad showed before
	l.after(0, prompt)
	l.show(of("attitude", 1, l.want(prompted).ID))
	sees(prompt, oneStar, ask)
	l.after(time.Second, bad)
	l.show(of("efficiency", 2, l.want(answers(2, bad, "attitude")).ID))
	sees(thanksBad, twoStars, ask)
	l.after(time.Second, best)
	l.show(of("compliance", 3, l.want(answers(5, best, "efficiency")).ID))
	sees(thanksBest, threeStars, ask)
	l.after(time.Second, best)
	l.show(device.Show{Kind: device.Thanks, For: l.want(answers(5, best, "compliance")).ID})
	sees(thanksBest, noStar)
	l.show(device.Show{Kind: device.Idle})
	sees(noStar)
	if diff := cmp.Diff([]int{0, 1, 2, 3, 0, 0}, l.fake.Stars()); diff != "" {
		t.Errorf("stars (-want +got):\n%s", diff)
	}
}

// TestStarsGoOut whatever ends the question: silence, a fault, or a question that has none.
func TestStarsGoOut(t *testing.T) {
	for name, c := range map[string]struct {
		end    device.Show
		frames []string
	}{
		"silence": {device.Show{Kind: device.Idle, Dimension: "attitude"}, []string{noStar}},
		"fault":   {device.Show{Kind: device.Fault}, []string{noStar}},
		"thanks":  {device.Show{Kind: device.Thanks}, []string{noStar}},
		"overall": {of("overall", 1, ""), []string{noStar, ask}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLine(t, "", starry)
			l.wantFrames(l.fake, noStar)
			l.show(of("attitude", 1, ""))
			l.show(c.end)
			l.wantFrames(l.fake, slices.Concat([]string{noStar, oneStar, ask}, c.frames)...)
			l.after(time.Second, bad)
			l.want(press(2, bad)) // for whichever is asked
		})
	}
}

// A pad that waits for its thanks is not told to speak, and yet shows the right question: what lights
// stars is no thank-you.
func TestStarsDoNotWaitForThanks(t *testing.T) {
	l := newLine(t, "", starry)
	l.wantFrames(l.fake, noStar)
	l.show(of("compliance", 3, ""))
	l.wantFrames(l.fake, noStar, threeStars, ask)
	l.after(time.Second, bad)
	l.want(answers(2, bad, "compliance")) // and no answer: the window has ended under it
	l.show(of("attitude", 1, ""))
	l.wantFrames(l.fake, noStar, threeStars, ask, oneStar)
	if n := l.fake.Thanks(); n != 0 {
		t.Errorf("thanked %d times for a press that is not safe", n)
	}
}

// The tail of a double press is no answer to the question that has just come.
func TestPressRightAfterTheStars(t *testing.T) {
	l := newLine(t, "", starry)
	l.wantFrames(l.fake, noStar)
	l.show(of("attitude", 1, ""))
	l.wantFrames(l.fake, noStar, oneStar, ask)
	l.after(time.Second, bad)
	l.show(of("efficiency", 2, l.want(answers(2, bad, "attitude")).ID))
	l.wantFrames(l.fake, noStar, oneStar, ask, thanksBad, twoStars, ask)
	l.after(399*time.Millisecond, bad)
	l.want(answers(2, bad, "attitude"))
}

// A pad that is plugged in again shows the stars of the question that is asked now.
func TestStarsOfAPadThatIsBack(t *testing.T) {
	l := newLine(t, "", starry)
	l.wantFrames(l.fake, noStar)
	l.show(of("attitude", 1, ""))
	l.wantFrames(l.fake, noStar, oneStar, ask)
	if err := l.fake.Unplug(); err != nil {
		t.Fatal(err)
	}
	l.want(device.Signal{Kind: device.Lost, Reason: l.fake.Path() + " was unplugged"})
	l.show(of("efficiency", 2, ""))
	if err := l.fake.Replug(); err != nil {
		t.Fatal(err)
	}
	l.want(device.Signal{Kind: device.Back})
	l.wantFrames(l.fake, noStar, oneStar, ask, noStar, twoStars, ask)
}

// A pad that names the question in its own words needs no stars; without them none is sent.
func TestPadsWithoutStars(t *testing.T) {
	l := newLine(t, "")
	fence := l.fence(l.fake) // so the port is open
	l.show(of("attitude", 1, ""))
	l.wantFrames(l.fake, fence, ask)
	l.after(time.Second, bad)
	l.show(device.Show{Kind: device.Thanks, For: l.want(press(2, bad)).ID})
	l.wantFrames(l.fake, fence, ask, thanksBad)
}
