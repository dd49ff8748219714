package ledger_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// FuzzTake takes records whose seal is good and whose data is anything: each is kept and can be
// receipted, none is an error, since an error would hold up every record behind it; and a second time
// it is a duplicate.
func FuzzTake(f *testing.F) {
	for _, data := range []string{
		`{"evaluation":"e1","counter":"c03","outcome":"rated","scores":{"overall":1},"dissatisfied":true,"pressed":{"boot":"b","uptime_ms":1}}`,
		`{"evaluation":"e1","counter":"c03","outcome":"rated","scores":{"overall":1},"dissatisfied":true,"amends":"e0","teller":"\u0000"}`,
		`{"event":"missing","missing":{"epoch":"9f3c2a7e51d0b846","from":2,"to":18446744073709551615,"why":"gone"}}`,
		`{"event":"missing","missing":{"epoch":"9f3c2a7e51d0b846","from":2,"to":4611686018427387904,"why":"gone"}}`,
		`{"event":"epoch-opened","opened":{"previous":{"epoch":"","head":0}}}`, `7`, `null`, `{}`, `"\ud800"`,
	} {
		for kind := range byte(4) {
			f.Add([]byte(data), kind)
		}
	}
	l, n := fresh(f), 0
	f.Fuzz(func(t *testing.T, data []byte, kind byte) {
		if !json.Valid(data) {
			return // no record holds it
		}
		n++
		b := newBox(t)
		b.place.Device = fmt.Sprintf("pad-%d", n)
		kinds := []wire.Kind{wire.KindAlert, wire.KindEvaluation, wire.KindEvent, wire.KindAnswer}
		body, err := wire.Draft{Kind: kinds[kind%4], Data: data}.Body(b.place, b.epoch, 1, wire.Hash{}, b.key.KID())
		if err != nil {
			t.Fatal(err)
		}
		line, hash := seal.Record(b.key, body)
		r, err := wire.ParseRecord(line)
		if err != nil {
			return // no box sends it
		}
		a := ledger.Arrival{Record: r, Hash: hash, Standing: ledger.Confirmed, Received: nine, Rated: reckoned(nine)}
		if fates := take(t, l, a); fates[0] == ledger.Duplicate {
			t.Fatalf("fate %s of a record that nobody has seen", fates[0])
		}
		held, err := l.Held(t.Context(), b.place.Device, b.epoch)
		if err != nil || held.Through < 1 {
			t.Fatalf("held %+v, %v: want it through record 1", held, err)
		}
		if fates := take(t, l, a); fates[0] != ledger.Duplicate {
			t.Fatalf("fate %s the second time, want %s", fates[0], ledger.Duplicate)
		}
	})
}
