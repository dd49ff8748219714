package devicetest

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/device"
)

// leakLife is longer than the contract waits for goroutines to end.
const leakLife = 3 * leaveWithin

// model is a driver without hardware. It keeps the contract but for one fault.
type model struct {
	fault  string
	keys   chan struct{}
	thanks atomic.Int64
}

func newModel(fault string) *model {
	return &model{fault: fault, keys: make(chan struct{}, 16)}
}

func (m *model) String() string {
	if m.fault == "no name" {
		return ""
	}
	return "model"
}

func (m *model) bench() Bench {
	return Bench{
		Driver: m,
		Press:  func() error { m.keys <- struct{}{}; return nil },
		Thanks: func() int { return int(m.thanks.Load()) },
	}
}

func (m *model) Run(ctx context.Context, in chan<- device.Signal, out <-chan device.Show) error {
	press := device.Signal{ID: "a", Kind: device.Press, Score: 5, UI: "keys"}
	if m.fault == "score" {
		press.Score = 0
	}
	if m.fault == "leaks" {
		go func() { <-time.After(leakLife) }()
	}
	waiting := 0
	for {
		taker, shows := in, out
		if waiting == 0 {
			taker = nil
		} else if m.fault == "deaf" {
			shows = nil
		}
		select {
		case <-ctx.Done():
			return m.leave()
		case <-m.keys:
			waiting++
			if m.fault == "early" {
				m.thanks.Add(1)
			}
		case taker <- press:
			waiting--
			if m.fault != "one id" {
				press.ID += "a"
			}
		case s := <-shows:
			m.show(s)
		}
	}
}

func (m *model) leave() error {
	switch m.fault {
	case "stays":
		<-time.After(1500 * time.Millisecond)
	case "fails":
		return errors.New("no pad")
	}
	return nil
}

func (m *model) show(s device.Show) {
	named := strings.Trim(s.For, "a") == "" && s.For != ""
	switch {
	case m.fault == "any show" && s.Kind == device.Thanks, m.fault == "any id" && s.For != "":
		m.thanks.Add(1)
	case m.fault == "never":
	case named:
		m.thanks.Add(1)
		if m.fault == "twice" {
			m.thanks.Add(1)
		}
	}
}

// TestContractSeesFaults tries a driver with each fault, which one clause at least must see, and a
// faultless one, with which all must be content. The bubble is for the contract's patience.
func TestContractSeesFaults(t *testing.T) {
	for fault, want := range map[string]string{
		"":         "",
		"no name":  "has no name",
		"score":    "score 0",
		"one id":   "two presses have the ID",
		"deaf":     "was not taken",
		"stays":    "has not left",
		"fails":    "left with no pad",
		"leaks":    "goroutines before Run",
		"early":    "before the show that names",
		"any show": "before the show that names",
		"any id":   "before the show that names",
		"never":    "was not thanked",
		"twice":    "thanked the pad 2 times",
	} {
		synctest.Test(t, func(t *testing.T) {
			var got strings.Builder
			for _, clause := range clauses {
				if err := tryOut(t.Context(), newModel(fault).bench(), clause.try); err != nil {
					got.WriteString(clause.promise + ": " + err.Error() + "\n")
				}
			}
			time.Sleep(leakLife) // a bubble must be empty before it bursts
			if want == "" && got.String() != "" || !strings.Contains(got.String(), want) {
				t.Errorf("a driver with fault %q: the contract said\n%s\nwant %q", fault, got.String(), want)
			}
		})
	}
}
