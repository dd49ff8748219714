package main

import (
	"io"
	"testing"
)

// FuzzStatus prints anything that came over the agent's socket: it is printed, or it is an error.
func FuzzStatus(f *testing.F) {
	for _, answer := range []string{
		`{"device":"pad-1","counters":[{"counter":"c03","pads":["serial pad"]}],"presses":{"refused":{"noise":2}},"degraded":["c03 pad-lost","offline",""]}`,
		`{"headquarters":{"provisional":true,"root":"short","trouble":"x"}}`, `{"open_alerts":[{"evaluation":"e","age_ms":-1},{"age_ms":9223372036854775807}]}`,
		"", "null", "[]", `{"outbox":{"free_share":1e308}}`, `{"degraded":null}`,
	} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		if err := printStatus(io.Discard, answer); err != nil && err.Error() == "" {
			t.Fatal("an error without words")
		}
	})
}
