package outbox_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
)

// TestFlippedBits flips one bit in the value of a waiting letter and of a settled one, where bbolt
// notices nothing.
func TestFlippedBits(t *testing.T) {
	path, lines := filled(t)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{`"evaluation":"waiting7"`, `"evaluation":"settled3"`} {
		for at := 0; ; at++ { // every copy, the stale pages' too
			i := bytes.Index(image[at:], []byte(word))
			if i < 0 {
				break
			}
			at += i
			image[at+len(word)-2] ^= 1
		}
	}
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := outbox.Verify(path, outboxtest.Key.Public())
	if err != nil || len(r.Faults) != 4 || !errors.Is(r.Err(), outbox.ErrDamaged) {
		t.Errorf("verify: %v, %v; want four letters found altered", r.Faults, err)
	}
	b := outboxtest.OpenAt(t, path, outboxtest.Options())
	for _, lane := range []outbox.Lane{outbox.Alerts, outbox.Normal} {
		for _, l := range waiting(t, b, lane) {
			delete(lines, string(l.Line))
		}
	}
	if len(lines) != 2 {
		t.Errorf("%d waiting letters did not come out, want the 2 that are damaged", len(lines))
	}
	settleAll(t, b)
	if _, gaps, err := b.History(head(b).Epoch, 1, 81, 512); len(gaps) != 2 || err != nil {
		t.Errorf("history: gaps %v, %v; want 2", gaps, err)
	}
	commit(t, b, outbox.Change{Notes: map[string][]byte{"n": {1}}}) // carries what is set aside
	if got := b.Stats(); got.Quarantined != 4 || got.Waiting != 0 || got.History != 77 {
		t.Errorf("stats %+v, want 4 set aside, none waiting, 77 in history", got)
	}
}

func TestFlippedNote(t *testing.T) {
	path, _ := filled(t)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	image = bytes.ReplaceAll(image, []byte("pinned"), []byte("pinnec"))
	image = bytes.ReplaceAll(image, []byte("open evaluation"), []byte("open evaluatioN"))
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	b := outboxtest.OpenAt(t, path, outboxtest.Options())
	if got, err := b.Note("root"); !errors.Is(err, outbox.ErrDamaged) {
		t.Errorf("note: got %q, %v; want ErrDamaged", got, err)
	}
	if desks, err := b.Desks(); len(desks) != 0 || err != nil {
		t.Errorf("desks: got %q, %v; want none", desks, err)
	}
}
