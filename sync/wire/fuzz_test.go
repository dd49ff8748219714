package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"evalpad/sync/wire"
)

const someRecord = `{"specversion":"1.0","id":"9f3c2a7e51d0b846-17","source":"/evalpad/r11/b0731/pad-1","type":"evalpad.alert.v1",` +
	`"time":"2026-11-23T02:11:09.120Z","subject":"counter/c03","datacontenttype":"application/json","epoch":"9f3c2a7e51d0b846","seq":17,` +
	`"prev":"0000000000000000000000000000000000000000000000000000000000000000","data":{"evaluation":"e1","counter":"c03","outcome":"rated",` +
	`"prompted":true,"scores":{"attitude":2,"efficiency":4},"dissatisfied":true,"reasons":[],"flags":[],"ui":"keys",` +
	`"pressed":{"boot":"b","uptime_ms":7,"clock":"unset"},"latency_ms":3},"kid":"0011223344556677",` +
	`"sig":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`

// FuzzRecord reads any line as a record and its data as each kind: an error is a sentence, a line
// that is read is kept byte for byte, and data that is read says the same when it is written again.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(someRecord))
	f.Add([]byte(strings.Replace(someRecord, "alert", "evaluation", 1)))
	f.Add([]byte(strings.Replace(someRecord, "alert", "event", 1)))
	f.Add([]byte(`{"seq":18446744073709551615}`))
	f.Add([]byte(strings.Repeat(" ", wire.MaxRecord+1)))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := wire.ParseRecord(line)
		if len(line) > wire.MaxRecord && !errors.Is(err, wire.ErrTooLong) {
			t.Fatalf("%d bytes: got %v, want %v", len(line), err, wire.ErrTooLong)
		}
		if err != nil {
			wantSentence(t, err)
			return
		}
		if string(r.Line) != string(line) || r.Seq == 0 || r.Place.Validate() != nil {
			t.Fatalf("read as %+v", r)
		}
		if e, err := r.Evaluation(); err == nil {
			wantSame(t, e)
		}
		if a, err := r.Alert(); err == nil {
			wantSame(t, a)
		}
		if e, err := r.Event(); err == nil {
			wantSame(t, e)
		}
	})
}

// FuzzTopic reads any topic: one that is read is the one that is written for its place and kind.
func FuzzTopic(f *testing.F) {
	for _, topic := range []string{"evalpad/v1/r11/b0731/pad-1/alert", "evalpad/v1/headquarters/status", "evalpad/v1/r/b/d/status/more", "", "///", "evalpad/v1/r/+/#/alert"} {
		f.Add(topic)
	}
	f.Fuzz(func(t *testing.T, topic string) {
		p, k, err := wire.Topics("evalpad/v1").Parse(topic)
		if err != nil {
			wantSentence(t, err)
			return
		}
		if again := wire.Topics("evalpad/v1").Of(p, k); again != topic || p.Validate() != nil {
			t.Fatalf("%q was read as %+v %s, which is %q", topic, p, k, again)
		}
	})
}

func wantSentence(t *testing.T, err error) {
	t.Helper()
	if words := err.Error(); words == "" || len(words) > 1000 {
		t.Fatalf("error of %d bytes: %.1200s", len(words), words)
	}
}

// wantSame writes v and reads it again. Writing may make a list of nothing an empty one.
func wantSame[T any](t *testing.T, v T) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%T was read and cannot be written: %v", v, err)
	}
	var again T
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatalf("%s was written and cannot be read: %v", text, err)
	}
	if diff := cmp.Diff(v, again); diff != "" {
		t.Fatalf("written and read again (-first +second):\n%s", diff)
	}
}
