package serialpad_test

import (
	"testing"
	"time"

	"evalpad/device"
)

func question(step int, answers string) device.Show {
	return device.Show{For: answers, Kind: device.Ask, Dimension: "overall", Step: step, Steps: 2}
}

// The frame that asks has the function of a thank-you: to a pad that has not been thanked it is one.
func TestAskIsNoThanks(t *testing.T) {
	refused := device.Signal{Kind: device.Refused, Reason: device.ReasonUnmappedKey, Detail: key04}
	for _, c := range []struct {
		name, frame string
		signal      device.Signal
		fault       bool
	}{
		{"a press", bad, press(2, bad), false},
		{"a press that was not kept", bad, press(2, bad), true},
		{"a key without meaning", key04, refused, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine(t, "")
			l.after(0, c.frame)
			l.want(c.signal)
			if c.fault {
				l.show(device.Show{Kind: device.Fault})
			}
			l.now.Add(int64(2*time.Second - 1))
			l.show(question(1, ""))
			fence := l.fence(l.fake)
			l.wantFrames(l.fake, fence)
			l.now.Add(1) // the pad has not sent for 2 s: it has given up
			l.show(question(1, ""))
			l.wantFrames(l.fake, fence, ask)
		})
	}
}

func TestAskAfterTheThanks(t *testing.T) {
	l := newLine(t, "")
	l.after(0, bad)
	s := l.want(press(2, bad))
	l.show(question(2, s.ID))
	l.wantFrames(l.fake, thanksBad, ask)
}

// Neither the keypad nor another counter's evaluator looks at what is sent to ours.
func TestAskWaitsForItsOwnPadOnly(t *testing.T) {
	foreign := "FF 68 03 03 68 82 11 00 93 16"
	l := newLine(t, "")
	l.after(0, foreign)
	l.want(device.Signal{Kind: device.Refused, Reason: device.ReasonForeign, Detail: foreign})
	l.after(0, prompt)
	l.want(prompted)
	l.show(question(1, ""))
	l.wantFrames(l.fake, ask)
}

// A teller's other keys are answered with the show that is there already: the pad must not speak at
// each. Please-rate is meant to make it speak.
func TestAskSpeaksOnce(t *testing.T) {
	l := newLine(t, "")
	login := "FF 68 05 05 68 01 01 01 02 0F 14 16"
	fence := l.fence(l.fake) // so the port is open
	l.show(question(1, ""))
	l.show(question(1, ""))
	l.after(0, login)
	s := l.want(device.Signal{Kind: device.TellerIn, Teller: "12", Detail: login, Echo: login})
	l.show(question(1, s.ID))
	l.after(0, prompt)
	s = l.want(prompted)
	l.show(question(1, s.ID))
	l.wantFrames(l.fake, fence, ask, login, prompt, ask)
}

func TestAskSpeaksAgain(t *testing.T) {
	for name, between := range map[string][]device.Show{
		"the next question":                      {question(2, "")},
		"another number of questions":            {{Kind: device.Ask, Dimension: "overall", Step: 1, Steps: 1}},
		"another question":                       {{Kind: device.Ask, Dimension: "attitude", Step: 1, Steps: 2}},
		"the same to the next customer":          {{Kind: device.Thanks}, question(1, "")},
		"the same to one whom idling interrupts": {{Kind: device.Idle}, question(1, "")},
		"the same when the disk is back":         {{Kind: device.Fault}, question(1, "")},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLine(t, "")
			l.after(0, prompt)
			l.show(question(1, l.want(prompted).ID))
			for _, s := range between {
				l.show(s)
			}
			l.wantFrames(l.fake, prompt, ask, ask)
		})
	}
}

// A pad that is plugged in again has not heard what was asked before.
func TestAskSpeaksToAPadThatIsBack(t *testing.T) {
	l := newLine(t, "")
	l.after(0, prompt)
	l.show(question(1, l.want(prompted).ID))
	l.wantFrames(l.fake, prompt, ask)
	if err := l.fake.Unplug(); err != nil {
		t.Fatal(err)
	}
	l.want(device.Signal{Kind: device.Lost, Reason: l.fake.Path() + " was unplugged"})
	l.show(question(1, ""))
	if err := l.fake.Replug(); err != nil {
		t.Fatal(err)
	}
	l.show(question(1, l.want(device.Signal{Kind: device.Back}).ID))
	l.wantFrames(l.fake, prompt, ask, ask)
}
