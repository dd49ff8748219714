package seal_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

const tokenGolden = "testdata/v1/qr-token.txt"

func token(t *testing.T) string {
	t.Helper()
	text, err := seal.SealToken(boxKey, place.Device, "c03", "5e0c41d2a9b87f36", stamp())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestTokenGolden fails when a token changes: codes are on screens, and on phones for a day.
func TestTokenGolden(t *testing.T) {
	got := token(t)
	if *update {
		if err := os.WriteFile(tokenGolden, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(tokenGolden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
		t.Errorf("the token changed (-golden +now):\n%s", diff)
	}
	read, err := seal.ReadToken(strings.TrimSpace(string(want)))
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Check(boxKey.Public(), place.Device); err != nil {
		t.Error(err)
	}
	kid := string(boxKey.KID())
	if read.Counter != "c03" || read.Evaluation != "5e0c41d2a9b87f36" || read.Made != 24*time.Hour || !strings.HasPrefix(kid, read.KeyPrefix()) {
		t.Errorf("read %+v", read)
	}
	if !read.InBoot("b7e2") || read.InBoot("b7e3") {
		t.Error("the token does not know its boot")
	}
}

// TestEveryChangedDigitOfATokenIsFound changes each digit to every other.
func TestEveryChangedDigitOfATokenIsFound(t *testing.T) {
	good := token(t)
	for i := range good {
		for d := byte('0'); d <= '9'; d++ {
			if good[i] == d {
				continue
			}
			bad := good[:i] + string(d) + good[i+1:]
			read, err := seal.ReadToken(bad)
			if err == nil {
				err = read.Check(boxKey.Public(), place.Device)
			}
			if err == nil {
				t.Fatalf("digit %d made %c, and the token still holds", i, d)
			}
		}
	}
}

func TestTokenIsOfItsBoxAlone(t *testing.T) {
	read, err := seal.ReadToken(token(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"another key":               read.Check(rootKey.Public(), place.Device),
		"a card copied to a second": read.Check(boxKey.Public(), "pad-0731-04"),
	} {
		if !errors.Is(err, seal.ErrForged) {
			t.Errorf("%s: got %v, want %v", name, err, seal.ErrForged)
		}
	}
}

func TestReadTokenRefuses(t *testing.T) {
	good := token(t)
	for name, text := range map[string]string{
		"nothing": "", "one digit more": good + "0", "one less": good[1:], "a letter": "a" + good[1:], "a sign": "+" + good[1:], "a minus": "-" + good[1:],
		"underscores": good[:1] + "_" + good[2:], "too great": strings.Repeat("9", len(good)), "another version": "9" + good[1:],
		"no counter": "0" + strings.Repeat("0", len(good)-1), "full width": "１" + good[3:], "long": strings.Repeat("1", 100_000),
	} {
		if read, err := seal.ReadToken(text); !errors.Is(err, seal.ErrToken) {
			t.Errorf("%s: got %+v %v, want %v", name, read, err, seal.ErrToken)
		}
	}
	for name, err := range map[string]error{
		"evaluation":       second(seal.SealToken(boxKey, "pad-1", "c03", "e-17", stamp())),
		"counter":          second(seal.SealToken(boxKey, "pad-1", "C 03", "5e0c41d2a9b87f36", stamp())),
		"an age of uptime": second(seal.SealToken(boxKey, "pad-1", "c03", "5e0c41d2a9b87f36", wire.Stamp{UptimeMS: 1 << 50})),
	} {
		if err == nil {
			t.Errorf("%s that no token can say was sealed", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestTokenSaysWhatWasSealed goes there and back with any counter, moment and evaluation.
func TestTokenSaysWhatWasSealed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counter := rapid.StringMatching(`[a-z0-9-]{1,40}`).Draw(t, "counter")
		evaluation := rapid.StringMatching(`[0-9a-f]{16}`).Draw(t, "evaluation")
		minutes := rapid.Int64Range(0, 1<<24-1).Draw(t, "minutes")
		at := wire.Stamp{Boot: rapid.String().Draw(t, "boot"), UptimeMS: minutes*60_000 + rapid.Int64Range(0, 59_999).Draw(t, "ms")}
		text, err := seal.SealToken(boxKey, place.Device, counter, evaluation, at)
		if err != nil {
			t.Fatal(err)
		}
		read, err := seal.ReadToken(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := read.Check(boxKey.Public(), place.Device); err != nil {
			t.Fatal(err)
		}
		if read.Counter != counter || read.Evaluation != evaluation || read.Made != time.Duration(minutes)*time.Minute || !read.InBoot(at.Boot) {
			t.Fatalf("sealed %s %s %+v, read %+v", counter, evaluation, at, read)
		}
	})
}

// FuzzToken reads anything as a token: an error is fine, a panic is not, and nothing unsigned verifies.
func FuzzToken(f *testing.F) {
	good, err := seal.SealToken(boxKey, place.Device, "c03", "5e0c41d2a9b87f36", stamp())
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{good, "", "0", strings.Repeat("9", 205), strings.Repeat("0", 299)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := seal.ReadToken(text)
		if err == nil && text != good && read.Check(boxKey.Public(), place.Device) == nil {
			t.Fatalf("%q verifies", text)
		}
	})
}
