package outbox_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/sync/seal"
)

// tamper changes a closed outbox behind its back, with every CRC in order.
func tamper(t *testing.T, path string, fn func(letters *bolt.Bucket) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bolt.Tx) error { return fn(tx.Bucket([]byte("letters"))) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func ref(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// rewrite puts a letter back with some bytes changed and its CRC made right.
func rewrite(letters *bolt.Bucket, n uint64, old, now string) error {
	v := bytes.Replace(letters.Get(ref(n)), []byte(old), []byte(now), 1)
	binary.BigEndian.PutUint32(v[1:], crc32.Checksum(v[5:], crc32.MakeTable(crc32.Castagnoli)))
	return letters.Put(ref(n), v)
}

// TestVerify plants what only the seal can tell.
func TestVerify(t *testing.T) {
	for _, c := range []struct {
		name   string
		tamper func(letters *bolt.Bucket) error
		faults []string
	}{
		{"nothing", func(*bolt.Bucket) error { return nil }, nil},
		{"a score raised", func(l *bolt.Bucket) error { return rewrite(l, 43, `"attitude":1`, `"attitude":5`) },
			[]string{"letter 43 ", "does not verify", "letter 44 ", "names another record before it"}},
		{"an id changed", func(l *bolt.Bucket) error { return rewrite(l, 43, `-43"`, `-34"`) },
			[]string{"letter 43 ", "id is not epoch and seq"}},
		{"a number changed", func(l *bolt.Bucket) error {
			return errors.Join(rewrite(l, 43, `-43"`, `-34"`), rewrite(l, 43, `"seq":43`, `"seq":34`))
		}, []string{"letter 43 ", "filed as another record"}},
		{"a waiting letter deleted", func(l *bolt.Bucket) error { return l.Delete(ref(50)) },
			[]string{"letter 50 ", "waits to be sent and is not there", "80 letters are there, 81 were kept"}},
		{"a settled letter deleted", func(l *bolt.Bucket) error { return l.Delete(ref(10)) },
			[]string{"80 letters are there, 81 were kept"}},
		{"two letters under each other's key", func(l *bolt.Bucket) error {
			a, b := bytes.Clone(l.Get(ref(20))), bytes.Clone(l.Get(ref(21)))
			if err := l.Put(ref(20), b); err != nil {
				return err
			}
			return l.Put(ref(21), a)
		}, []string{"letter 20 ", "letter 21 ", "not those that were written"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, _ := filled(t)
			tamper(t, path, c.tamper)
			r, err := outbox.Verify(path, outboxtest.Key.Public())
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, f := range r.Faults {
				all.WriteString(f.String() + "\n")
			}
			for _, want := range c.faults {
				if !strings.Contains(all.String(), want) {
					t.Errorf("%q is not among the faults:\n%s", want, &all)
				}
			}
			if (r.Err() == nil) != (c.faults == nil) {
				t.Errorf("%v; want a fault: %t", r.Err(), c.faults != nil)
			}
		})
	}
}

func TestVerifyUnderAForeignKey(t *testing.T) {
	path, _ := filled(t)
	r, err := outbox.Verify(path, seal.KeyFromSeed([32]byte{9}).Public())
	if err != nil || len(r.Faults) != 1 || !strings.Contains(r.Faults[0].What, "not under") || r.OtherKeys != 81 {
		t.Errorf("%+v, %v; want all 81 records under another key, and that as the one fault", r, err)
	}
}

// TestList lists a closed file and an open one alike.
func TestList(t *testing.T) {
	path, lines := filled(t)
	closed := listed(t, outbox.List(path))
	b := outboxtest.OpenAt(t, path, outboxtest.Options())
	open := listed(t, b.List())
	if len(closed) != 81 || len(open) != 81 {
		t.Fatalf("%d letters while closed, %d while open, want 81", len(closed), len(open))
	}
	for i, it := range closed {
		if it.Waiting != lines[string(it.Line)] || it.Seq != uint64(i+1) || it.Wall == 0 {
			t.Errorf("item %d: record %d, waiting %t, stored at %d", i, it.Seq, it.Waiting, it.Wall)
		}
		if !bytes.Equal(it.Line, open[i].Line) {
			t.Errorf("item %d is another while open", i)
		}
	}
	for it, err := range outbox.List(t.TempDir()) {
		if err == nil {
			t.Errorf("listing a folder gave %+v", it)
		}
	}
}

func listed(t *testing.T, letters func(func(outbox.Item, error) bool)) (items []outbox.Item) {
	t.Helper()
	for it, err := range letters {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, it)
	}
	return items
}
