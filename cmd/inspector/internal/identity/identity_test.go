package identity_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"evalpad/cmd/inspector/internal/identity"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

func TestOpenKeepsTheSameKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet", "there")
	first, err := identity.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := identity.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if first.Mandate() != again.Mandate() {
		t.Errorf("mandate after a restart: got %v, want %v", again.Mandate(), first.Mandate())
	}
	for _, name := range []string{identity.RootFile, identity.InspectorFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o400 {
			t.Errorf("mode of %s: got %o, want 0400", name, got)
		}
	}
}

func TestTwoHeadquartersDiffer(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	if a.Root() == b.Root() || a.Mandate().Key == b.Mandate().Key {
		t.Error("two data folders hold the same keys")
	}
}

func TestSignedWordLeadsToTheRoot(t *testing.T) {
	id := open(t, t.TempDir())
	line, err := id.Sign(seal.TagReceipt, wire.Receipt{Device: "pad-1", Through: 7, By: id.Mandate()})
	if err != nil {
		t.Fatal(err)
	}
	var r wire.Receipt
	if err := seal.ReadMandated(line, seal.TagReceipt, id.Root(), &r, &r.By); err != nil {
		t.Fatalf("read what the inspector signed: %v", err)
	}
	if r.Through != 7 {
		t.Errorf("through: got %d, want 7", r.Through)
	}
	if err := seal.ReadMandated(line, seal.TagReceipt, open(t, t.TempDir()).Root(), &r, &r.By); !errors.Is(err, seal.ErrMandate) {
		t.Errorf("under another bank's root: got %v, want %v", err, seal.ErrMandate)
	}
}

func TestOpenRefusesAKeyThatOthersMayRead(t *testing.T) {
	for _, name := range []string{identity.RootFile, identity.InspectorFile} {
		dir := t.TempDir()
		open(t, dir)
		if err := os.Chmod(filepath.Join(dir, name), 0o444); err != nil {
			t.Fatal(err)
		}
		if _, err := identity.Open(dir); !errors.Is(err, seal.ErrKeyMode) {
			t.Errorf("%s readable by all: got %v, want %v", name, err, seal.ErrKeyMode)
		}
	}
}

func open(t *testing.T, dir string) *identity.Identity {
	t.Helper()
	id, err := identity.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
