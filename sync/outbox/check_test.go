package outbox_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
)

// edit changes a closed outbox's tree.
func edit(t *testing.T, path string, change func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestPagesOfSeveralMoments: a card that has lost some of what it called synced can leave a tree that
// is whole, and in which an old page stands for a new one.
func TestPagesOfSeveralMoments(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(tx *bolt.Tx) error
	}{
		{"80 letters are there", func(tx *bolt.Tx) error { return tx.Bucket([]byte("letters")).Delete(ref(50)) }},
		{"letter 999 waits to be sent and is not there", func(tx *bolt.Tx) error { return tx.Bucket([]byte("a")).Put(ref(999), []byte{1}) }},
		{"what follows begins after", func(tx *bolt.Tx) error {
			return tx.Bucket([]byte("state")).Put([]byte("state"), outbox.Packed(`{"commits":9,"next":70,"kept":81}`))
		}},
		{"letter 3 is there twice", func(tx *bolt.Tx) error {
			return errors.Join(tx.Bucket([]byte("letters")).Delete(ref(50)), tx.Bucket([]byte("fresh")).Put(ref(3), []byte{1}))
		}},
	} {
		t.Run(c.want, func(t *testing.T) {
			path, _ := filled(t)
			edit(t, path, c.change)
			if err := outbox.Check(path); !errors.Is(err, outbox.ErrDamaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want damage: %s", err, c.want)
			}
			mustHaveOpenedAfterDamage(t, outboxtest.OpenAt(t, path, outboxtest.Options()))
		})
	}
}

// TestALoopOfPages: a branch that leads back to itself. bbolt would follow it until memory ends, in the
// check as in the salvage; neither does.
func TestALoopOfPages(t *testing.T) {
	path, _ := filled(t)
	root := rootOf(t, path, "letters")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	firstChild := int64(root*page + 16 + 8) // after the page's header; position and key size come first
	if _, err := f.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(root)), firstChild); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := outbox.Check(path); !errors.Is(err, outbox.ErrDamaged) || !strings.Contains(err.Error(), "reached twice") {
		t.Fatalf("got %v, want the loop", err)
	}
	b := outboxtest.OpenAt(t, path, outboxtest.Options())
	mustHaveOpenedAfterDamage(t, b)
	if got := b.Stats(); got.Alerts != 20 || got.Waiting != 41 {
		t.Errorf("stats %+v, want all 20 alerts and 41 letters waiting again", got)
	}
}

// TestASmallBucketThatIsNoLeaf: a bucket of few keys lies within another page, as a leaf without a number.
// Where a lost sector has left zeros it is taken for a branch that leads to itself.
func TestASmallBucketThatIsNoLeaf(t *testing.T) {
	path, lines := filled(t)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; ; { // the stale copies too
		i := bytes.Index(image[at:], []byte("open evaluation"))
		if i < 0 {
			break
		}
		at += i + 1
		key := at - 1 - 5 - len("c03") // before the value's version and CRC
		clear(image[key-16-16 : key])  // the header of the page within, and of its one element
	}
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := outbox.Check(path); !errors.Is(err, outbox.ErrDamaged) || !strings.Contains(err.Error(), "no leaf") {
		t.Fatalf("got %v, want the bucket found", err)
	}
	b := outboxtest.OpenAt(t, path, outboxtest.Options())
	mustHaveOpenedAfterDamage(t, b)
	if got := b.Stats().Waiting; got != len(lines)+1 {
		t.Errorf("%d letters wait, want the %d that waited and the new epoch's", got, len(lines))
	}
}

func rootOf(t *testing.T, path, bucket string) (root int) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(func(tx *bolt.Tx) error { root = int(tx.Bucket([]byte(bucket)).Root()); return nil }); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestACheckerThatCouldNotFindOut says nothing about the file: it is checked here.
func TestACheckerThatCouldNotFindOut(t *testing.T) {
	path, _ := filled(t)
	o := outboxtest.Options()
	o.Checker = func(context.Context, string) error {
		return fmt.Errorf("%w: no process can be started", outbox.ErrNotChecked)
	}
	outboxtest.OpenAt(t, path, o).Close()
	if _, err := os.Stat(path + ".damaged-1"); err == nil {
		t.Error("a sound file was moved aside")
	}
	edit(t, path, func(tx *bolt.Tx) error { return tx.Bucket([]byte("state")).Delete([]byte("state")) })
	mustHaveOpenedAfterDamage(t, outboxtest.OpenAt(t, path, o))
}

// TestAWreckWithNothingInItsPlace: where files cannot have two names, power that fails while a damaged
// one is replaced can leave that. Its letters are not forgotten.
func TestAWreckWithNothingInItsPlace(t *testing.T) {
	path, lines := filled(t)
	if err := os.Rename(path, path+".damaged-1"); err != nil {
		t.Fatal(err)
	}
	b := outboxtest.OpenAt(t, path, outboxtest.Options())
	mustHaveOpenedAfterDamage(t, b)
	if got := b.Stats().Waiting; got != len(lines)+1 {
		t.Errorf("%d letters wait, want the %d that waited and the new epoch's", got, len(lines))
	}
}
