package agent

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// TestLinkNeedsNoNetwork makes a link with the record key alone; nothing else of the agent is open.
func TestLinkNeedsNoNetwork(t *testing.T) {
	key, err := seal.OpenKey(filepath.Join(t.TempDir(), KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{key: key, o: Options{Place: wire.Place{Region: "r11", Branch: "b0731", Device: "pad-0731-03"}, Log: slog.New(slog.DiscardHandler)}}
	c := Counter{Counter: "c03", QR: "https://rate.bank.example/r"}
	link := a.link(c, "5e0c41d2a9b87f36", wire.Stamp{Boot: "b7e2", UptimeMS: 61_000, Clock: wire.ClockUnset})
	address, text, _ := strings.Cut(link, "#")
	if address != c.QR {
		t.Errorf("link %q, want the address before the #", link)
	}
	token, err := seal.ReadToken(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Check(key.Public(), "pad-0731-03"); err != nil {
		t.Error(err)
	}
	if token.Evaluation != "5e0c41d2a9b87f36" || token.Counter != "c03" || !token.InBoot("b7e2") {
		t.Errorf("token %+v", token)
	}
	if link := a.link(c, "not an id", wire.Stamp{}); link != "" {
		t.Errorf("link %q of no evaluation, want none", link)
	}
	if len(newID()) != 16 {
		t.Errorf("an id of an evaluation is %q: no token can name it", newID())
	}
}
