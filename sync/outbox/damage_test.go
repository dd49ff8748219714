package outbox_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/sync/wire"
)

// copyOf opens a copy of a live file, as a power cut between two writes would leave it.
func copyOf(t testing.TB, path string) *outbox.Outbox {
	t.Helper()
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(outboxtest.Dir(t), "outbox.db")
	if err := os.WriteFile(copied, image, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := outbox.Open(copied, outboxtest.Options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// filled is a closed outbox with 40 dissatisfied evaluations of which 20 are settled, one desk and
// one note. It returns the lines of what waits.
func filled(t *testing.T) (path string, lines map[string]bool) {
	path = filepath.Join(outboxtest.Dir(t), "outbox.db")
	b, err := outbox.Open(path, outboxtest.Options())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		commit(t, b, dissatisfied(t, fmt.Sprint("settled", i)))
	}
	settleAll(t, b)
	lines = map[string]bool{}
	for i := range 20 {
		for _, l := range commit(t, b, dissatisfied(t, fmt.Sprint("waiting", i))) {
			lines[string(l.Line)] = true
		}
	}
	commit(t, b, outbox.Change{
		Desks: map[string][]byte{"c03": []byte("open evaluation")}, Notes: map[string][]byte{"root": []byte("pinned")},
	})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return path, lines
}

const page = 4096

// leaves lists the offsets of pages that hold letters.
func leaves(image []byte) (at []int) {
	for off := 0; off+page <= len(image); off += page {
		if bytes.Contains(image[off:off+page], []byte(`{"specversion"`)) {
			at = append(at, off)
		}
	}
	return at
}

// TestDamagedFiles does to a file what cards and file systems do. Whatever it was: no panic, the old
// file is kept, a new epoch names the damage, and the outbox works.
func TestDamagedFiles(t *testing.T) {
	clobber := func(image []byte, at int, with byte) {
		copy(image[at:at+page], bytes.Repeat([]byte{with}, page))
	}
	for name, c := range map[string]struct {
		damage func(image []byte) []byte
		whole  bool // no letter's bytes are lost: all that wait must be there again
		small  bool // the tree is whole enough for the open evaluation and the note
	}{
		"empty":          {damage: func([]byte) []byte { return nil }},
		"one page":       {damage: func(image []byte) []byte { return image[:page] }},
		"cut in half":    {damage: func(image []byte) []byte { return image[:slices.Max(leaves(image))] }},
		"garbage":        {damage: func(image []byte) []byte { return bytes.Repeat([]byte("garbage!"), len(image)/8) }},
		"zeros":          {damage: func(image []byte) []byte { return make([]byte, len(image)) }},
		"both metas bad": {whole: true, damage: func(image []byte) []byte { clobber(image, 0, 0); clobber(image, page, 0); return image }},
		"both metas 255": {whole: true, damage: func(image []byte) []byte { clobber(image, 0, 255); clobber(image, page, 255); return image }},
		"a leaf zeroed": {small: true, damage: func(image []byte) []byte {
			for _, at := range leaves(image)[2:6] {
				clobber(image, at, 0)
			}
			return image
		}},
		"all leaves zeroed": {small: true, damage: func(image []byte) []byte {
			for _, at := range leaves(image) {
				clobber(image, at, 0)
			}
			return image
		}},
		"no letter page header": {whole: true, small: true, damage: func(image []byte) []byte {
			for _, at := range leaves(image) {
				copy(image[at:], bytes.Repeat([]byte{0xa5}, 16))
			}
			return image
		}},
		"state altered": {whole: true, small: true, damage: func(image []byte) []byte {
			return bytes.ReplaceAll(image, []byte(`"commits":`), []byte(`"commitz":`))
		}},
		"everything but letters": {whole: true, damage: func(image []byte) []byte {
			kept := leaves(image)
			for off := 0; off+page <= len(image); off += page {
				if !slices.Contains(kept, off) {
					clobber(image, off, 0x5a)
				}
			}
			return image
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path, lines := filled(t)
			image, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			bad := c.damage(image)
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			b := outboxtest.OpenAt(t, path, outboxtest.Options())
			if aside, err := os.ReadFile(path + ".damaged-1"); err != nil || !bytes.Equal(aside, bad) {
				t.Errorf("the damaged file is not beside the new one as it was: %v", err)
			}
			if left, _ := filepath.Glob(path + ".tmp"); len(left) != 0 {
				t.Errorf("left over: %q", left)
			}
			mustHaveOpenedAfterDamage(t, b)
			missing := len(lines)
			for _, lane := range []outbox.Lane{outbox.Alerts, outbox.Normal} {
				for _, l := range waiting(t, b, lane) {
					if lines[string(l.Line)] {
						missing--
					}
				}
			}
			if c.whole && missing != 0 {
				t.Errorf("%d of %d waiting letters were not salvaged", missing, len(lines))
			}
			desks, err := b.Desks()
			if err != nil {
				t.Fatal(err)
			}
			root, err := b.Note("root")
			if err != nil {
				t.Fatal(err)
			}
			if c.small && (string(desks["c03"]) != "open evaluation" || string(root) != "pinned") {
				t.Errorf("desks %q and note %q were not salvaged", desks, root)
			}
			commit(t, b, dissatisfied(t, "after"))
		})
	}
}

// TestACheckerIsAsked lets a child process check, as the agent does.
func TestACheckerIsAsked(t *testing.T) {
	path, _ := filled(t)
	o := outboxtest.Options()
	asked := 0
	o.Checker = func(ctx context.Context, path string) error {
		asked++
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the check has no deadline")
		}
		child := exec.CommandContext(ctx, os.Args[0])
		child.Env = append(os.Environ(), childCheck+"="+path)
		if out, err := child.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	outboxtest.OpenAt(t, path, o).Close()
	if left, _ := filepath.Glob(path + ".*"); len(left) != 0 || asked != 1 {
		t.Fatalf("a sound file, asked %d times: moved aside %q", asked, left)
	}
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(image[leaves(image)[2]:], make([]byte, page))
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	mustHaveOpenedAfterDamage(t, outboxtest.OpenAt(t, path, o))
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}

// TestACheckerThatSeesNothing: what the check has let through and does not open is replaced too.
func TestACheckerThatSeesNothing(t *testing.T) {
	path, _ := filled(t)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(image[:2*page])
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	o := outboxtest.Options()
	o.Checker = func(context.Context, string) error { return nil }
	b := outboxtest.OpenAt(t, path, o)
	mustHaveOpenedAfterDamage(t, b)
	if got := b.Stats().Alerts; got != 40 {
		t.Errorf("%d alerts were salvaged, want all 40", got)
	}
}

func mustHaveOpenedAfterDamage(t *testing.T, b *outbox.Outbox) {
	t.Helper()
	letters, _, err := b.History(head(b).Epoch, 1, 1, 1)
	if err != nil || len(letters) != 1 {
		t.Fatalf("first record of the epoch: %v, %v", letters, err)
	}
	rec, err := wire.ParseRecord(letters[0].Line)
	if err != nil {
		t.Fatal(err)
	}
	e, err := rec.Event()
	if err != nil || e.Opened == nil || !strings.Contains(e.Opened.Why, "damaged") {
		t.Fatalf("the epoch was opened with %+v, %v; want the damage", e.Opened, err)
	}
}

// TestSalvageKeepsTheChain: where the tree still tells, what was settled stays settled, the old
// epoch keeps its head, and the new one names it.
func TestSalvageKeepsTheChain(t *testing.T) {
	path, lines := filled(t)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range leaves(image) {
		copy(image[at:], bytes.Repeat([]byte{0xa5}, 16))
	}
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	b := outboxtest.OpenAt(t, path, outboxtest.Options())
	epochs := b.Epochs()
	if len(epochs) != 2 || epochs[0].Head != 81 || epochs[0].Settled != 41 {
		t.Fatalf("epochs %+v, want the old one at 81, settled through 41, and a new one", epochs)
	}
	if got := b.Stats(); got.Waiting != len(lines)+1 || got.Alerts != 20 || got.History != 41 {
		t.Errorf("stats %+v, want %d waiting, 20 alerts, 41 in history", got, len(lines)+1)
	}
	n, err := b.Settle(t.Context(), epochs[0].Epoch, 1, epochs[0].Head, epochs[0].Hash)
	if n != len(lines) || err != nil {
		t.Errorf("settling the old epoch: %d, %v; want %d", n, err, len(lines))
	}
}

// TestSalvageBelievesNoForgery raises a score in every copy of a record that the file holds, puts
// the CRCs right and destroys the meta pages.
func TestSalvageBelievesNoForgery(t *testing.T) {
	path, _ := filled(t)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if forge(image, []byte(`-43","source"`), `"attitude":1`, `"attitude":5`) == 0 {
		t.Fatal("record 43 was not found")
	}
	clear(image[:2*page])
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	b := outboxtest.OpenAt(t, path, outboxtest.Options())
	n := 0
	for _, it := range listed(t, b.List()) {
		n++
		if bytes.Contains(it.Line, []byte(`"attitude":5`)) {
			t.Errorf("the forgery was salvaged as %s-%d", it.Epoch, it.Seq)
		}
	}
	if n != 81 {
		t.Errorf("%d letters after the salvage, want the 80 others and the new epoch's", n)
	}
}

// forge replaces a word by one as long in each record whose line contains name.
func forge(image, name []byte, old, now string) (copies int) {
	for from := 0; ; copies++ {
		i := bytes.Index(image[from:], name)
		if i < 0 {
			return copies
		}
		from += i + len(name)
		start := bytes.LastIndex(image[:from], []byte(`{"specversion"`)) - outbox.LetterHeader
		end := from + bytes.Index(image[from:], []byte(`,"sig":"`)) + len(`,"sig":"`) + 86 + 2
		v := image[start:end]
		copy(v, bytes.Replace(v, []byte(old), []byte(now), 1))
		binary.BigEndian.PutUint32(v[1:], crc32.Checksum(v[5:], crc32.MakeTable(crc32.Castagnoli)))
	}
}

func TestAtMostThreeDamagedFilesAreKept(t *testing.T) {
	path := filepath.Join(outboxtest.Dir(t), "outbox.db")
	for i := range 5 {
		if err := os.WriteFile(path, fmt.Appendf(nil, "damage %d", i+1), 0o600); err != nil {
			t.Fatal(err)
		}
		outboxtest.OpenAt(t, path, outboxtest.Options()).Close()
	}
	var got []string
	for _, n := range []int{1, 2, 3, 4, 5} {
		if text, err := os.ReadFile(fmt.Sprint(path, ".damaged-", n)); err == nil {
			got = append(got, string(text))
		}
	}
	if diff := cmp.Diff([]string{"damage 3", "damage 4", "damage 5"}, got); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

// TestAFileInUseOrOutOfReachIsNotDamaged: errors of the moment never move a file aside.
func TestAFileInUseOrOutOfReachIsNotDamaged(t *testing.T) {
	path, _ := filled(t)
	o := outboxtest.Options()
	o.Checker = func(_ context.Context, path string) error {
		return fmt.Errorf("check %s: %w", path, &os.PathError{Op: "open", Path: path, Err: os.ErrPermission})
	}
	if _, err := outbox.Open(path, o); !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v, want the checker's error", err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) != 0 {
		t.Errorf("moved aside: %q", left)
	}
	outboxtest.OpenAt(t, path, outboxtest.Options())
}
