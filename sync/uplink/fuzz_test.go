package uplink_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// FuzzWords says anything to a box in headquarters' place: unsigned, signed by a stranger, and signed
// by headquarters itself, which may have a fault of its own. What is not headquarters' settles
// nothing; whatever it is, the box goes on, and what is pressed afterwards arrives.
func FuzzWords(f *testing.F) {
	for word, how := range map[string][]byte{
		`{"device":"pad-1","session":1,"epoch":"9f3c2a7e51d0b846","through":18446744073709551615,"window":-1}`:                                                                        {0, 4, 8},
		`{"device":"pad-1","session":1,"also":[{"from":5,"to":2},{"from":0,"to":18446744073709551615}],"window":1000000}`:                                                             {8},
		`{"device":"pad-1","session":1,"number":9,"until_uptime_ms":9223372036854775807,"command":"resend","resend":{"epoch":"9f3c2a7e51d0b846","from":0,"to":18446744073709551615}}`: {5, 9},
		`{"device":"pad-1","session":1,"number":9,"until_uptime_ms":9223372036854775807,"command":"resend"}`:                                                                          {9},
		`{"state":"ready","session":7,"spread_s":1e300}`:                                                                                                                              {6, 10},
		`{"state":"ready","session":7,"spread_s":-1e300}`:                                                                                                                             {10},
		`{"state":"ready","session":9,"boot":"boot-0","uptime_ms":-1}`:                                                                                                                {3, 7},
		"null": {0, 1, 2, 3}, "": {3}, "\x00": {1},
	} {
		for _, h := range how {
			f.Add([]byte(word), h)
		}
	}
	words := []struct {
		topic string
		tag   seal.Tag
	}{
		{topics.Of(place, wire.KindReceipt), seal.TagReceipt}, {topics.Of(place, wire.KindCommand), seal.TagCommand},
		{topics.Headquarters(), seal.TagHeadquarters}, {topics.Of(place, wire.KindStatus), seal.TagStatus},
	}
	f.Fuzz(func(t *testing.T, word []byte, how byte) {
		if len(word) > wire.MaxMessage {
			return // the link does not hand it on
		}
		inBubble(t, nil, func(b *box) {
			after(time.Second)
			b.hq.with(func() { b.hq.silent = true })
			b.rate(3)
			after(time.Second)
			before := b.waiting()
			w, signer := words[how%4], how/4%3
			line := word
			switch signer {
			case 1:
				line = signed(word, w.tag, seal.KeyFromSeed([32]byte{77}), seal.KeyFromSeed([32]byte{78}))
			case 2:
				line = signed(word, w.tag, b.hq.root, b.hq.key)
			}
			b.broker.Publish(link.Message{Topic: w.topic, Payload: line, QoS: 1})
			after(time.Second)
			if n := b.waiting(); signer != 2 && n < before {
				t.Errorf("%d records wait after a word that is not headquarters', before it %d", n, before)
			}
			b.hq.with(func() { b.hq.silent = false })
			b.rate(1)
			after(4 * time.Minute)
			if n := b.waiting(); n != 0 {
				t.Errorf("%d records still wait after %q", n, line)
			}
		})
	})
}

// signed is the word with a mandate in it, if it is an object, under that signature.
func signed(word []byte, tag seal.Tag, root, key seal.Key) []byte {
	var m map[string]any
	if json.Unmarshal(word, &m) != nil || m == nil {
		return word
	}
	m = maps.Clone(m)
	m["by"] = seal.Mandate(root, key.Public())
	line, err := seal.Message(key, tag, m)
	if err != nil {
		return word
	}
	return line
}
