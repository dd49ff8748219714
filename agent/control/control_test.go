package control_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"evalpad/agent/control"
)

func open(t *testing.T, path string) {
	t.Helper()
	door, err := control.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- door.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/status" {
				http.NotFound(w, r)
				return
			}
			control.Say(w, map[string]int{"waiting": 3})
		}))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAsk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evalpad.sock")
	open(t, path)
	var got bytes.Buffer
	if err := control.Ask(t.Context(), path, "/status", &got); err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"waiting\": 3\n}\n"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
	if err := control.Ask(t.Context(), path, "/nothing", &got); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("an unknown question: got %v, want the 404 in words", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %v %v, want 0600", info, err)
	}
}

func TestAskNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evalpad.sock")
	if err := control.Ask(t.Context(), path, "/status", nil); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("no socket: got %v, want %v", err, control.ErrNotRunning)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil { // as kill -9 leaves it: there, and deaf
		t.Fatal(err)
	}
	if err := control.Ask(t.Context(), path, "/status", nil); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("a deaf socket: got %v, want %v", err, control.ErrNotRunning)
	}
	open(t, path)
}

func TestOpenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evalpad.sock")
	open(t, path)
	if _, err := control.Open(path); !errors.Is(err, control.ErrTaken) {
		t.Errorf("got %v, want %v", err, control.ErrTaken)
	}
}
