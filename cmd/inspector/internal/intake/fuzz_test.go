package intake_test

import (
	"testing"

	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// FuzzLetters sends anything to headquarters on any topic of a box, unsigned or signed by that box.
// It is kept, as a record or as a dead letter, or it is a word that changes nothing; and an honest box
// beside it is thanked as before.
func FuzzLetters(f *testing.F) {
	for letter, how := range map[string][]byte{
		`{"state":"ready","session":1,"boot":"b","uptime_ms":1,"epochs":[{"epoch":"x","head":18446744073709551615,"settled":18446744073709551615}]}`:                                                       {0, 7, 8},
		`{"state":"ready","session":1,"boot":"b","uptime_ms":1,"epochs":[{"epoch":"9f3c2a7e51d0b846","head":9,"settled":9}],"heard":{"sent":"9999-12-31T23:59:59.999Z","uptime_ms":-9223372036854775808}}`: {8},
		`{"state":"lost","session":1}`: {7}, `{"state":"ready","boot":""}`: {7}, "": {0, 1, 2}, "null": {0, 1, 4}, "\xff": {6},
		`{"specversion":"1.0","id":"9f3c2a7e51d0b846-1","source":"/evalpad/r11/b0731/pad-2","type":"evalpad.event.v1","datacontenttype":"application/json","epoch":"9f3c2a7e51d0b846","seq":1,"prev":"0000000000000000000000000000000000000000000000000000000000000000","data":{},"kid":"0011223344556677"}`: {4, 11},
	} {
		for _, h := range how {
			f.Add([]byte(letter), h)
		}
	}
	kinds := []wire.Kind{
		wire.KindStatus, wire.KindHeartbeat, wire.KindAlert, wire.KindEvaluation, wire.KindEvent, wire.KindAnswer, wire.KindReceipt,
	}
	tags := map[wire.Kind]seal.Tag{wire.KindStatus: seal.TagStatus, wire.KindHeartbeat: seal.TagHeartbeat}
	f.Fuzz(func(t *testing.T, letter []byte, how byte) {
		if len(letter) > 2*wire.MaxMessage {
			return // no broker lets it in
		}
		story(t, func(t *testing.T, d *desk) {
			honest := newPad(t, d.broker, "pad-1")
			honest.born()
			stranger := seal.KeyFromSeed([32]byte{99})
			kind := kinds[int(how)%len(kinds)]
			if how >= 7 && len(letter) > 2 && letter[0] == '{' && letter[len(letter)-1] == '}' {
				tag, ok := tags[kind]
				if !ok {
					tag = seal.TagRecord
				}
				letter = withKey(letter, stranger, tag)
			}
			place := wire.Place{Region: "r11", Branch: "b0731", Device: "pad-2"}
			d.broker.Publish(link.Message{Topic: topics.Of(place, kind), Payload: letter, QoS: 1, Retain: how%3 == 0})
			settle()
			honest.send(wire.KindEvent, honest.opened())
			alert, evaluation := honest.press("e1", 1)
			honest.send(wire.KindAlert, alert)
			honest.send(wire.KindEvaluation, evaluation)
			settle()
			held, err := d.ledger.Held(t.Context(), "pad-1", honest.epoch)
			if err != nil || held.Through != 3 || len(d.cases()) != 1 {
				t.Fatalf("after %q as %s an honest box is held through %d (%v) with %d cases, want 3 and 1", letter, kind, held.Through, err, len(d.cases()))
			}
		})
	})
}

// withKey signs a letter, and puts the key into it that it is signed with.
func withKey(letter []byte, key seal.Key, tag seal.Tag) []byte {
	body := append([]byte(`{"key":"`+key.Public().String()+`",`), letter[1:]...)
	return seal.Sign(key, tag, body)
}
