package app_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/app"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/cmd/inspector/internal/qrdesk"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// TestPhoneStory is a customer who rates by phone while the pad's own alert is still on its way: over real
// HTTP into the ledger, out on the case topic, and one case when the alert has come.
func TestPhoneStory(t *testing.T) {
	const secret = "a-secret-that-is-long-enough"
	file := filepath.Join(t.TempDir(), "qr.token")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	var book *ledger.Ledger
	a, end := begin(t, app.Options{
		NoSocket: true, Broker: app.Broker{Listen: "127.0.0.1:0"}, QR: app.Web{Listen: "127.0.0.1:0"},
		QRDesk: func(d app.Deps) (http.Handler, error) {
			book = d.Ledger
			return qrdesk.New(qrdesk.Options{Book: d.Ledger, TokenFile: file, Now: d.Now, Log: slog.New(slog.DiscardHandler)})
		},
	})
	defer end()
	watcher := subscriber(t, a.DialBroker, root.Of(wire.Place{Region: "r11", Branch: "b0731", Device: "pad-1"}, wire.KindCase))
	p := newBox(t, a.DialBroker, "pad-1")
	p.birth()
	p.receipt()

	const transaction = "5e0c41d2a9b87f36"
	at := wire.Stamp{Boot: "b1", UptimeMS: time.Since(p.started).Milliseconds()}
	token, err := seal.SealToken(p.key, "pad-1", "c03", transaction, at)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.Addrs().QR+"/api/v1/qr",
		strings.NewReader(fmt.Sprintf(`{"token":%q,"scores":{"overall":2}}`, token)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Idempotency-Key", "request-1")
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if text, _ := io.ReadAll(got.Body); got.StatusCode != http.StatusOK || !strings.Contains(string(text), wire.Code(transaction)) {
		t.Fatalf("answer %d %s", got.StatusCode, text)
	}
	if said := hear(t, watcher); !strings.Contains(said, `"source":"qr"`) || !strings.Contains(said, `"state":"open"`) {
		t.Errorf("case topic: %s, want an open case from a phone", said)
	}
	p.alert(transaction)
	p.receipt()
	cases, err := book.Cases(t.Context(), ledger.Filter{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) != 1 || cases[0].Scores[wire.Overall] != 1 || cases[0].Business != "credit" {
		t.Errorf("cases %+v, want one with the pad's 1 and its business", cases)
	}
	http.DefaultClient.CloseIdleConnections()
	p.leave()
	if err := watcher.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPhonesInTheClearAreRefused(t *testing.T) {
	if _, err := app.New(app.Options{DataDir: t.TempDir(), NoSocket: true, QR: app.Web{Listen: "0.0.0.0:0"}}); err == nil || !strings.Contains(err.Error(), "qr.listen") {
		t.Errorf("got %v, want a sentence about qr.listen", err)
	}
}
