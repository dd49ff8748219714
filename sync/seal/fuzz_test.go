package seal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// FuzzMessages reads any line as each message of the protocol. What is too long is refused unread; what
// is read can be signed, verifies, and says the same.
func FuzzMessages(f *testing.F) {
	for _, line := range []string{
		`{"state":"ready","session":3,"boot":"b","uptime_ms":9,"epochs":[{"epoch":"9f3c2a7e51d0b846","head":7,"settled":2}]}`,
		`{"state":"ready","waiting":4,"refused":{"noise":3},"temperature_c":-1e308,"degraded":["c03 pad-lost"],"heard":{"sent":"2026-11-23T02:11:09.120Z","uptime_ms":-1}}`,
		`{"device":"pad-1","session":18446744073709551615,"epoch":"9f3c2a7e51d0b846","through":7,"also":[{"from":9,"to":8}],"window":-4}`,
		`{"command":"resend","number":1,"resend":{"epoch":"9f3c2a7e51d0b846","from":0,"to":18446744073709551615}}`,
		`{"state":"ready","session":1,"spread_s":1e300}`, `null`, `[]`, `{"sig":1}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		readAs[wire.Status](t, line, seal.TagStatus)
		readAs[wire.Heartbeat](t, line, seal.TagHeartbeat)
		readAs[wire.Receipt](t, line, seal.TagReceipt)
		readAs[wire.Command](t, line, seal.TagCommand)
		readAs[wire.HeadquartersStatus](t, line, seal.TagHeadquarters)
	})
}

func readAs[M any](t *testing.T, line []byte, tag seal.Tag) {
	t.Helper()
	var m, again M
	err := seal.ReadMessage(line, &m)
	if len(line) > wire.MaxMessage && err == nil {
		t.Fatalf("a message of %d bytes was read", len(line))
	}
	if err != nil {
		return
	}
	signed, err := seal.Message(boxKey, tag, m)
	if err != nil {
		t.Fatalf("%T was read and cannot be written: %v", m, err)
	}
	if err := seal.Check(boxKey.Public(), tag, signed); err != nil {
		t.Fatalf("%s: %v", signed, err)
	}
	if len(signed) > wire.MaxMessage {
		return // it was short because members were left out
	}
	if err := seal.ReadMessage(signed, &again); err != nil {
		t.Fatalf("%s was written and cannot be read: %v", signed, err)
	}
	if diff := cmp.Diff(m, again); diff != "" {
		t.Fatalf("%T written and read again (-first +second):\n%s", m, diff)
	}
}
