package faultdisk_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"evalpad/test/faultdisk"
)

// draws are enough that whatever a cut may do has been done.
const draws = 200

// page is what is written at a time; each byte tells which time that was.
func page(n byte) []byte { return bytes.Repeat([]byte{n}, 4096) }

// TestCut: what was synced is always there, what was not is there, or not, or in part.
func TestCut(t *testing.T) {
	d := faultdisk.New(t, t.TempDir(), nil)
	f, err := os.Create(filepath.Join(d.Dir, "outbox.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(t, f, page(1), 0)
	sync(t, f)
	sync(t, folder(t, d))
	write(t, f, page(2), 4096)
	var kept, lost, torn int
	for seed := range uint64(draws) {
		image := d.Cut(d.Len(), seed).Files["outbox.db"]
		if len(image) < 4096 || !bytes.Equal(image[:4096], page(1)) {
			t.Fatalf("seed %d: %d bytes are left, and the synced page is not as it was", seed, len(image))
		}
		switch rest := image[4096:]; {
		case len(rest) == 0:
			lost++
		case bytes.Equal(rest, page(2)):
			kept++
		default:
			torn++
		}
	}
	if kept == 0 || lost == 0 || torn == 0 {
		t.Errorf("kept %d, lost %d, torn %d times: want some of each", kept, lost, torn)
	}
}

// TestNamesNeedTheFolderSynced: a rename is lost or done, and done for good once the folder is synced.
func TestNamesNeedTheFolderSynced(t *testing.T) {
	d := faultdisk.New(t, t.TempDir(), map[string][]byte{"old": page(1), "new": page(2)})
	if err := os.Rename(filepath.Join(d.Dir, "new"), filepath.Join(d.Dir, "old")); err != nil {
		t.Fatal(err)
	}
	renamed := 0
	for seed := range uint64(draws) {
		if d.Cut(d.Len(), seed).Files["old"][0] == 2 {
			renamed++
		}
	}
	if renamed == 0 || renamed == draws {
		t.Errorf("renamed in %d of %d cuts: want some", renamed, draws)
	}
	sync(t, folder(t, d))
	for seed := range uint64(draws) {
		if got := d.Cut(d.Len(), seed).Files; got["old"][0] != 2 || got["new"] != nil {
			t.Fatalf("seed %d: the folder was synced, and the rename is lost", seed)
		}
	}
}

// TestAFailedSyncVouchesForNothing: what it was asked to make durable may be lost, although a later
// sync succeeds; and a card that lies loses what it has called synced.
func TestAFailedSyncVouchesForNothing(t *testing.T) {
	d := faultdisk.New(t, t.TempDir(), map[string][]byte{"outbox.db": page(1)})
	f, err := os.OpenFile(filepath.Join(d.Dir, "outbox.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(t, f, page(2), 0)
	d.SetTrouble(faultdisk.Trouble{On: faultdisk.Sync, Times: 1, Errno: syscall.EIO})
	if err := f.Sync(); !errors.Is(err, syscall.EIO) || d.Met() != 1 {
		t.Fatalf("sync: %v, met %d times; want EIO, once", err, d.Met())
	}
	write(t, f, page(3), 4096)
	sync(t, f)
	if !sometimes(func(seed uint64) bool { return d.Cut(d.Len(), seed).Files["outbox.db"][0] == 1 }) {
		t.Error("the page of the failed sync was never lost")
	}
	if sometimes(func(seed uint64) bool { return len(d.Cut(d.Len(), seed).Files["outbox.db"]) < 8192 }) {
		t.Error("the page that was synced later was lost")
	}
	if !sometimes(func(seed uint64) bool { return len(d.Lie(d.Len(), 10, seed).Files["outbox.db"]) < 8192 }) {
		t.Error("the card that lies never lost it")
	}
}

func sometimes(so func(seed uint64) bool) bool {
	for seed := range uint64(draws) {
		if so(seed) {
			return true
		}
	}
	return false
}

func folder(t *testing.T, d *faultdisk.Disk) *os.File {
	t.Helper()
	f, err := os.Open(d.Dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func write(t *testing.T, f *os.File, data []byte, at int64) {
	t.Helper()
	if _, err := f.WriteAt(data, at); err != nil {
		t.Fatal(err)
	}
}

func sync(t *testing.T, f *os.File) {
	t.Helper()
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}
