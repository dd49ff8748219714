package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// TestEveryFlippedBitIsFound flips each bit of a sealed alert in turn.
func TestEveryFlippedBitIsFound(t *testing.T) {
	line := sealed(t)["alert"]
	for i := range line {
		for bit := range 8 {
			bad := bytes.Clone(line)
			bad[i] ^= 1 << bit
			if err := seal.Check(boxKey.Public(), seal.TagRecord, bad); err == nil {
				t.Fatalf("byte %d bit %d flipped, and the seal still holds: %s", i, bit, bad)
			}
		}
	}
}

func TestTagsKeepUsesApart(t *testing.T) {
	line := seal.Sign(boxKey, seal.TagStatus, []byte(`{"a":1}`))
	if err := seal.Check(boxKey.Public(), seal.TagStatus, line); err != nil {
		t.Fatal(err)
	}
	if err := seal.Check(boxKey.Public(), seal.TagRecord, line); !errors.Is(err, seal.ErrForged) {
		t.Errorf("a status passed for a record: got %v, want %v", err, seal.ErrForged)
	}
}

func TestSplit(t *testing.T) {
	good := string(seal.Sign(boxKey, seal.TagRecord, []byte(`{"a":1}`)))
	for name, tc := range map[string]struct {
		line string
		want error
	}{
		"whole":             {good, nil},
		"with newline":      {good + "\n", nil},
		"empty":             {"", seal.ErrUnsigned},
		"unsigned":          {`{"a":1}`, seal.ErrUnsigned},
		"signature first":   {`{` + good[7:len(good)-1] + `,"a":1}`, seal.ErrUnsigned},
		"cut short":         {good[:len(good)-3], seal.ErrUnsigned},
		"member after it":   {good[:len(good)-1] + `,"b":2}`, seal.ErrUnsigned},
		"space after it":    {good + " ", seal.ErrUnsigned},
		"not base64":        {strings.Replace(good, good[len(good)-10:len(good)-2], "********", 1), seal.ErrUnsigned},
		"trailing sig bits": {good[:len(good)-3] + "/" + good[len(good)-2:], seal.ErrUnsigned},
	} {
		body, _, err := seal.Split([]byte(tc.line))
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
		if tc.want == nil && string(body) != `{"a":1}` {
			t.Errorf("%s: body: got %s, want {\"a\":1}", name, body)
		}
	}
}

func TestMandate(t *testing.T) {
	m := seal.Mandate(rootKey, inspectorKey.Public())
	if err := seal.CheckMandate(rootKey.Public(), m); err != nil {
		t.Errorf("the root's own mandate: %v", err)
	}
	if err := seal.CheckMandate(boxKey.Public(), m); !errors.Is(err, seal.ErrMandate) {
		t.Errorf("another root pinned: got %v, want %v", err, seal.ErrMandate)
	}
	m.Key = boxKey.Public()
	if err := seal.CheckMandate(rootKey.Public(), m); !errors.Is(err, seal.ErrMandate) {
		t.Errorf("another key under the same signature: got %v, want %v", err, seal.ErrMandate)
	}
}

func TestOpenKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.key")
	made, err := seal.OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.OpenKey(path)
	if err != nil || again.Public() != made.Public() {
		t.Errorf("opened again: got %v %v, want the same key", again, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o400 {
		t.Errorf("mode: got %v, want 0400", info.Mode())
	}
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.OpenKey(path); !errors.Is(err, seal.ErrKeyMode) {
		t.Errorf("readable by all: got %v, want %v", err, seal.ErrKeyMode)
	}
}

func TestOpenKeyRefusesGarbage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.key")
	if err := os.WriteFile(path, []byte("hello"), 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.OpenKey(path); err == nil || !strings.Contains(err.Error(), "not a key") {
		t.Errorf("garbage: got %v, want a sentence with \"not a key\"", err)
	}
}

func TestKeyHidesItself(t *testing.T) {
	if s := boxKey.String(); s != "key "+string(boxKey.KID()) {
		t.Errorf("got %q, want only its name", s)
	}
}

// FuzzReaders feeds anything to every reader of signed lines: an error is fine, a panic is not, and
// what passes the check must split into the body that was signed.
func FuzzReaders(f *testing.F) {
	files, _ := filepath.Glob("testdata/v1/*.json")
	for _, path := range files {
		line, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.TrimSuffix(line, []byte("\n")))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if r, err := wire.ParseRecord(line); err == nil {
			_, _ = r.Evaluation()
			_, _ = r.Alert()
			_, _ = r.Event()
		}
		var receipt wire.Receipt
		_ = seal.ReadMandated(line, seal.TagReceipt, wire.PublicKey{}, &receipt, &receipt.By)
		var beat wire.Heartbeat
		_ = seal.ReadMessage(line, &beat)
		if body, _, err := seal.Split(line); err == nil && body[len(body)-1] != '}' {
			t.Fatalf("split %q: body %q does not end its object", line, body)
		}
	})
}

func BenchmarkSealRecord(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 700)
	body[0], body[len(body)-1] = '{', '}'
	b.ReportAllocs()
	for b.Loop() {
		seal.Record(boxKey, body)
	}
}
