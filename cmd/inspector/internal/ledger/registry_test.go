package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

func TestOpenMakesAPrivateFileAndRefusesNonsense(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b%20?.db")
	open(t, path, ledger.Options{})
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, want 0600", name, info.Mode().Perm())
		}
	}
	never := ledger.Options{Clocks: casebook.Clocks{InvestigateWithin: time.Hour}}
	if _, err := ledger.Open(t.Context(), path, never); err == nil || !strings.Contains(err.Error(), "plan_within 0s: want more than zero") {
		t.Errorf("got %v", err)
	}
	if _, err := ledger.Open(t.Context(), filepath.Join(path, "x"), ledger.Options{}); err == nil {
		t.Error("opened a ledger below a file")
	}
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, bytes.Repeat([]byte("not a ledger "), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(t.Context(), text, ledger.Options{}); err == nil {
		t.Error("opened a text")
	}
}

func TestClocksOfTheLedger(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{
		Clocks: casebook.Clocks{InvestigateWithin: time.Second, PlanWithin: time.Minute},
	})
	take(t, l, newBox(t).says(wire.KindAlert, alert(rating("e-1", 2)), nine))
	if c := theCase(t, l); c.InvestigateBy.Sub(c.RatedAt.Time) != time.Second || c.PlanBy.Sub(c.RatedAt.Time) != time.Minute {
		t.Errorf("got %s", asJSON(t, c))
	}
}

func TestSessionsCountAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	for want := range uint64(3) {
		l := open(t, path, ledger.Options{})
		if got, err := l.NextSession(t.Context()); err != nil || got != want+1 {
			t.Errorf("got session %d, %v; want %d", got, err, want+1)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeys(t *testing.T) {
	l := fresh(t)
	first, second := seal.KeyFromSeed([32]byte{1}).Public(), seal.KeyFromSeed([32]byte{2}).Public()
	if _, _, err := l.Key(t.Context(), place.Device, seal.KIDOf(first)); !errors.Is(err, ledger.ErrUnknownKey) {
		t.Errorf("got %v, want ErrUnknownKey", err)
	}
	if err := l.ConfirmKey(t.Context(), place.Device, seal.KIDOf(first), "li.na", nine); !errors.Is(err, ledger.ErrUnknownKey) {
		t.Errorf("got %v, want ErrUnknownKey", err)
	}
	introduce(t, l, first, ledger.Unenrolled)
	wantIncidents(t, l, nil)
	introduce(t, l, second, ledger.Unconfirmed)
	wantIncidents(t, l, map[string]int64{ledger.KeyUnconfirmed: 1})
	if err := l.ConfirmKey(t.Context(), place.Device, seal.KIDOf(second), "li.na", nine); err != nil {
		t.Fatal(err)
	}
	introduce(t, l, second, ledger.Confirmed)
	for _, tt := range []struct {
		key  wire.PublicKey
		want ledger.KeyStanding
	}{{first, ledger.Unenrolled}, {second, ledger.Confirmed}} {
		key, standing, err := l.Key(t.Context(), place.Device, seal.KIDOf(tt.key))
		if err != nil || key != tt.key || standing != tt.want {
			t.Errorf("got %v %q, %v; want %q", key, standing, err, tt.want)
		}
	}
}

func TestAnchorsSurviveAndAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	now := nine
	o := ledger.Options{Now: func() time.Time { now = now.Add(time.Second); return now }}
	l := open(t, path, o)
	var want casebook.Anchors
	want.Heard(nine, time.Hour)
	want.Arrived(nine.Add(time.Second), time.Hour)
	for i := range 70 {
		if err := l.KeepAnchors(t.Context(), place.Device, fmt.Sprint("boot-", i), want); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, o)
	for boot, want := range map[string]casebook.Anchors{"boot-69": want, "boot-6": want, "boot-5": {}, "none": {}} {
		got, err := l.Anchors(t.Context(), place.Device, boot)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", boot, diff)
		}
	}
}

func TestDevices(t *testing.T) {
	l := fresh(t)
	key := seal.KeyFromSeed([32]byte{1}).Public()
	introduce(t, l, key, ledger.Unenrolled)
	status := wire.Status{State: wire.Ready, Session: 7, Boot: "boot-1", UptimeMS: 1000, Key: key, Epochs: []wire.EpochState{}, Version: "1.0"}
	beat := wire.Heartbeat{Status: status, Waiting: 3, Refused: map[string]int{}, Clock: wire.ClockUnset, Degraded: []string{}}
	later := status
	later.UptimeMS = 2000
	for _, r := range []ledger.Report{
		{Place: wire.Place{Region: "r10", Branch: "b1", Device: "pad-2"}, State: wire.Lost, Status: status, At: nine},
		{Place: place, State: wire.Ready, Status: status, Live: true, At: nine},
		{Place: place, State: wire.Ready, Status: status, Heartbeat: &beat, Live: true, At: nine.Add(time.Minute)},
		{Place: place, State: wire.Lost, Status: later, At: nine.Add(2 * time.Minute)},
	} {
		if err := l.Report(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Incident(t.Context(), ledger.LedgerBehind, place.Device, "e", nine); err != nil {
		t.Fatal(err)
	}
	got, err := l.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []ledger.Device{
		{Device: "pad-2", Region: "r10", Branch: "b1", State: wire.Lost, Since: wire.At(nine), FirstSeenAt: wire.At(nine), Status: status},
		{Device: place.Device, Region: "r11", Branch: "b0731", State: wire.Lost, Since: wire.At(nine.Add(2 * time.Minute)),
			HeardAt: new(wire.At(nine.Add(time.Minute))), FirstSeenAt: wire.At(nine), Status: later, Health: &beat,
			KID: seal.KIDOf(key), Standing: ledger.Unenrolled, Incidents: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n, err := l.CountDevices(t.Context()); n != 2 || err != nil {
		t.Errorf("counted %d, %v", n, err)
	}
}

func TestIncidentsCountUpUntilClosed(t *testing.T) {
	l := fresh(t)
	raise := func(device, evidence string, after time.Duration) {
		if err := l.Incident(t.Context(), ledger.ForeignTopic, device, evidence, nine.Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	raise("pad-1", "first", 0)
	raise("pad-1", "second\x00"+strings.Repeat("字", 3000), time.Minute)
	raise("pad-2", "other", time.Second)
	list, err := l.Incidents(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Count != 2 || list[0].Evidence != "first" || !strings.HasPrefix(list[0].Latest, "second\uFFFD字") ||
		len([]rune(list[0].Latest)) != 2001 || !list[0].FirstAt.Equal(nine) || !list[0].LastAt.Equal(nine.Add(time.Minute)) {
		t.Fatalf("got %s", asJSON(t, list))
	}
	closeIt := func(by string) error {
		return l.CloseIncident(t.Context(), list[0].ID, by, "seen", nine.Add(time.Hour))
	}
	if _, ok := errors.AsType[*casebook.Refusal](closeIt("")); !ok {
		t.Error("nobody closed an incident")
	}
	if err := closeIt("li.na"); err != nil {
		t.Fatal(err)
	}
	if err := closeIt("li.na"); !errors.Is(err, ledger.ErrUnknown) {
		t.Errorf("closed twice: got %v, want ErrUnknown", err)
	}
	raise("pad-1", "again", 2*time.Hour)
	all, err := l.Incidents(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 3 || all[0].Count != 1 || all[1].ClosedBy != "li.na" || all[1].ClosedAt == nil || all[1].Words != "seen" {
		t.Errorf("got %s", asJSON(t, all))
	}
}

func TestDeadLettersAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Options{})
	say := func(payload string) {
		if err := l.DeadLetter(t.Context(), "evalpad/v1/x", []byte(payload), "forged", nine); err != nil {
			t.Fatal(err)
		}
	}
	say("old")
	execute(t, path, `update dead_letters set n = 20000`)
	say("\x00\xff{\"a\":1}" + strings.Repeat("x", 10_000))
	execute(t, path, `update dead_letters set n = 30001 where n = 20001`)
	say("new")
	list, err := l.DeadLetters(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].N != 30002 || list[0].Payload != "new" || list[0].Reason != "forged" ||
		!strings.HasPrefix(list[1].Payload, `\x00\xff{\"a\":1}xxx`) || len(list[1].Payload) > 9000 {
		t.Errorf("got %s", asJSON(t, list))
	}
}
