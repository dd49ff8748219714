package seal_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

var update = flag.Bool("update", false, "write the golden files anew; a changed one is a change of the wire")

var (
	boxKey       = seal.KeyFromSeed([32]byte{1})
	rootKey      = seal.KeyFromSeed([32]byte{2})
	inspectorKey = seal.KeyFromSeed([32]byte{3})
	morning      = time.Date(2026, 11, 23, 2, 11, 9, 120e6, time.UTC)
	place        = wire.Place{Region: "r11", Branch: "b0731", Device: "pad-0731-03"}
	epoch        = wire.Epoch("9f3c2a7e51d0b846")
)

func stamp() wire.Stamp {
	wall, off := wire.At(morning), int64(40)
	return wire.Stamp{Boot: "b7e2", UptimeMS: 86_400_120, Wall: &wall, Clock: wire.ClockSet, ErrorMS: &off}
}

func evaluation() wire.Evaluation {
	return wire.Evaluation{
		Evaluation: "5e0c41d2a9b87f36", Counter: "c03", Business: "credit", Teller: "1203", Ticket: "A017",
		Outcome: wire.Rated, Prompted: true, PromptBy: "caller keypad",
		Scores:       map[wire.Dimension]wire.Score{wire.Attitude: 2, wire.Efficiency: 4, wire.Compliance: 5},
		Dissatisfied: true, Reasons: []string{}, Flags: []string{}, UI: "keys", Pressed: stamp(), LatencyMS: 2140,
	}
}

// rules are of one counter with everything set, and of one with nothing.
func rules() *wire.RulesInForce {
	profile := wire.Hash{0x1F, 0x8B}
	return &wire.RulesInForce{Part: 1, Parts: 1, Counters: []wire.CounterRules{{
		Counter: "c03", Business: "credit", Ask: []wire.Dimension{wire.Attitude, wire.Efficiency, wire.Compliance},
		FirstMS: 60_000, WindowMS: 30_000, LockOutMS: 5000, Hammer: &wire.HammerRule{Presses: 5, WithinMS: 10_000, PauseMS: 30_000},
		Reasons: []string{"attitude", "waiting"}, Closing: "17:30",
		Pads: []wire.PadRules{
			{Pad: wire.PadSerial, Profile: "ff68", ProfileSHA256: &profile, Keys: map[string]wire.Score{"00": 2, "01": 3, "02": 4, "03": 5}},
			{Pad: wire.PadTouch},
		},
	}, {
		Counter: "c04", Ask: []wire.Dimension{wire.Overall}, FirstMS: 30_000, WindowMS: 30_000, Reasons: []string{},
		Pads: []wire.PadRules{
			{Pad: wire.PadGPIO, Keys: map[string]wire.Score{"GPIO17": 5, "GPIO27": 1}, DebounceMS: 30},
			{Pad: wire.PadUSB, Keys: map[string]wire.Score{"KEY_KP1": 5}, Actions: map[string]string{"KEY_KPENTER": "prompt"}},
		},
	}}}
}

func draft(t *testing.T, k wire.Kind, at wire.Instant, subject string, data any) wire.Draft {
	t.Helper()
	d, err := wire.NewDraft(k, at, subject, data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sealed is the golden line of each record and message of this version, by file name.
func sealed(t *testing.T) map[string][]byte {
	t.Helper()
	lines := map[string][]byte{}
	record := func(name string, d wire.Draft, seq uint64, prev wire.Hash) wire.Hash {
		body, err := d.Body(place, epoch, seq, prev, boxKey.KID())
		if err != nil {
			t.Fatal(err)
		}
		line, hash := seal.Record(boxKey, body)
		lines[name] = line
		return hash
	}
	by, plan := wire.At(morning.Add(2*time.Hour)), wire.At(morning.Add(24*time.Hour))
	opened := wire.Event{
		Event: wire.EventEpochOpened, At: stamp(),
		Opened: &wire.EpochOpened{Key: boxKey.Public(), Why: "first start"},
	}
	head := record("event", draft(t, wire.KindEvent, wire.At(morning), "", opened), 1, wire.Hash{})
	head = record("alert", draft(t, wire.KindAlert, wire.At(morning), "counter/c03",
		wire.Alert{Evaluation: evaluation(), InvestigateBy: &by, PlanBy: &plan}), 2, head)
	head = record("evaluation", draft(t, wire.KindEvaluation, wire.At(morning), "counter/c03", evaluation()), 3, head)
	unset := evaluation()
	unset.Pressed.Wall, unset.Pressed.ErrorMS, unset.Pressed.Clock = nil, nil, wire.ClockUnset
	head = record("evaluation-clock-unset", draft(t, wire.KindEvaluation, wire.Instant{}, "counter/c03", unset), 4, head)
	fourth := head
	turned := wire.Event{
		Event: wire.EventClockSet, At: stamp(), Clock: &wire.ClockMove{Was: wire.ClockUnset, MovedMS: -1_500},
		Words: "the wall clock was unset and is set; it moved by -1.5s",
	}
	head = record("event-clock-set", draft(t, wire.KindEvent, wire.At(morning), "", turned), 5, head)
	head = record("event-rules", draft(t, wire.KindEvent, wire.At(morning), "", wire.Event{Event: wire.EventRules, At: stamp(), Rules: rules()}), 6, head)
	refused := wire.Event{Event: wire.EventTally, At: stamp(), Counter: "c03", Tally: map[string]int{"unmapped-key": 2}}
	record("event-tally", draft(t, wire.KindEvent, wire.At(morning), "counter/c03", refused), 7, head)

	message := func(name string, key seal.Key, tag seal.Tag, m any) {
		line, err := seal.Message(key, tag, m)
		if err != nil {
			t.Fatal(err)
		}
		lines[name] = line
	}
	status := wire.Status{
		State: wire.Ready, Session: 12, Boot: "b7e2", UptimeMS: 86_401_000, Key: boxKey.Public(),
		Epochs: []wire.EpochState{{Epoch: epoch, Head: 4, Hash: fourth, Settled: 1}}, Version: "1.0.0",
	}
	mandate := seal.Mandate(rootKey, inspectorKey.Public())
	message("status", boxKey, seal.TagStatus, status)
	message("heartbeat", boxKey, seal.TagHeartbeat, wire.Heartbeat{
		Status: status, Waiting: 3, Alerts: 1, OldestMS: 900, Seen: 7, Accepted: 6, Refused: map[string]int{"unmapped-key": 1},
		DiskFree: 1 << 30, Clock: wire.ClockSet, Degraded: []string{}, Heard: &wire.Heard{Sent: wire.At(morning), UptimeMS: 86_400_900},
	})
	message("receipt", inspectorKey, seal.TagReceipt, wire.Receipt{
		Device: place.Device, Session: 12, Epoch: epoch, Through: 1, Head: wire.Hash{7},
		Also: []wire.Span{{From: 3, To: 4, Head: fourth}}, Window: 64, Sent: wire.At(morning), By: mandate,
	})
	message("command", inspectorKey, seal.TagCommand, wire.Command{
		Device: place.Device, Session: 12, Number: 3, UntilUptimeMS: 86_500_000, Command: wire.CommandResend,
		Resend: &wire.Resend{Epoch: epoch, From: 2, To: 4}, By: mandate,
	})
	message("headquarters", inspectorKey, seal.TagHeadquarters, wire.HeadquartersStatus{
		State: wire.Ready, Session: 5, SpreadS: 1, By: mandate,
	})
	return lines
}

// TestGolden fails when a byte on the wire changes: boxes in the field write the old ones.
func TestGolden(t *testing.T) {
	for name, got := range sealed(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", "v1", name+".json")
			if *update {
				if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("the wire changed (-golden +now):\n%s", diff)
			}
		})
	}
}

// TestGoldenStaysReadable reads every golden file of every year with today's code.
func TestGoldenStaysReadable(t *testing.T) {
	files, err := filepath.Glob("testdata/v1/*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("golden files: %d, %v: want at least 8", len(files), err)
	}
	for _, path := range files {
		line, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		if err := readGolden(filepath.Base(path), line); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func readGolden(name string, line []byte) error {
	var status wire.Status
	var receipt wire.Receipt
	var command wire.Command
	var headquarters wire.HeadquartersStatus
	switch name {
	case "status.json", "heartbeat.json":
		if err := seal.ReadMessage(line, &status); err != nil {
			return err
		}
		tag := map[string]seal.Tag{"status.json": seal.TagStatus, "heartbeat.json": seal.TagHeartbeat}[name]
		return seal.Check(status.Key, tag, line)
	case "receipt.json":
		return seal.ReadMandated(line, seal.TagReceipt, rootKey.Public(), &receipt, &receipt.By)
	case "command.json":
		return seal.ReadMandated(line, seal.TagCommand, rootKey.Public(), &command, &command.By)
	case "headquarters.json":
		return seal.ReadMandated(line, seal.TagHeadquarters, rootKey.Public(), &headquarters, &headquarters.By)
	}
	r, err := wire.ParseRecord(line)
	if err != nil {
		return err
	}
	if err := seal.Check(boxKey.Public(), seal.TagRecord, line); err != nil {
		return err
	}
	switch r.Kind {
	case wire.KindAlert:
		_, err = r.Alert()
	case wire.KindEvaluation:
		_, err = r.Evaluation()
	default:
		_, err = r.Event()
	}
	return err
}

func TestRecordIsACloudEvent(t *testing.T) {
	var event map[string]any
	if err := json.Unmarshal(sealed(t)["alert"], &event); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"specversion", "id", "source", "type", "time", "subject", "datacontenttype", "data"} {
		if event[name] == nil {
			t.Errorf("member %q is missing", name)
		}
	}
}
