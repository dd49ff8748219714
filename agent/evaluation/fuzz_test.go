package evaluation_test

import (
	"errors"
	"testing"

	"evalpad/agent/evaluation"
	"evalpad/sync/wire"
)

// FuzzState reads anything as the state that a counter kept. What cannot be read is ErrState; from
// what can, every event leads on, and what is finished is what was kept.
func FuzzState(f *testing.F) {
	for _, kept := range []string{
		"", "{}", "null", `{"teller":"1007"}`, `{"last":{"echo":"F","at":{"boot":"b","uptime_ms":1,"clock":"unset"}}}`,
		`{"open":{"id":"E1","prompted":true,"begun":{"boot":"b","uptime_ms":1,"clock":"set"},"answers":[{"dimension":"overall","score":1,"ui":"keys","at":{"boot":"b","uptime_ms":2}}]}}`,
		`{"open":{"answers":[{"dimension":"comfort","score":99},{"dimension":"comfort","score":-1}]}}`, `{"open":[]}`,
	} {
		f.Add([]byte(kept))
	}
	f.Fuzz(func(t *testing.T, kept []byte) {
		for _, s := range []evaluation.State{one(), three()} {
			s, err := evaluation.ReadState(kept, s.Rules)
			if err != nil {
				if !errors.Is(err, evaluation.ErrState) {
					t.Fatalf("got %v, want %v", err, evaluation.ErrState)
				}
				continue
			}
			s.Showing()
			at := wire.Stamp{Boot: "b", UptimeMS: 3, Clock: wire.ClockUnset}
			for _, e := range []evaluation.Event{
				evaluation.Restarted{At: at}, evaluation.Elapsed{At: at}, evaluation.PadLost{At: at},
				evaluation.Pressed{Heard: evaluation.Heard{At: at, Signal: "s", Echo: "F"}, ID: "E9", Score: 1},
				evaluation.Prompted{Heard: evaluation.Heard{At: at, Signal: "p"}, ID: "E8", Ticket: "A1"},
				evaluation.Cancelled{Heard: evaluation.Heard{At: at}}, evaluation.TellerOut{Heard: evaluation.Heard{At: at}},
			} {
				next, effects := evaluation.Next(s, e)
				next.Showing()
				for _, effect := range effects {
					if f, ok := effect.(evaluation.Finish); ok && s.Open != nil && f.Evaluation.Evaluation != s.Open.ID {
						t.Fatalf("%T finished %q, open was %q", e, f.Evaluation.Evaluation, s.Open.ID)
					}
				}
			}
		}
	})
}
