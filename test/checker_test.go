package test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"evalpad/device/devicetest"
	"evalpad/sync/linktest"
	"evalpad/test/harness"
	"evalpad/test/trial"
)

// TestAFileThatEndsItsReader: one flipped bit can make bbolt end the process that reads the file, in
// a goroutine where nothing can be caught. Only a child of the agent dies of it. The file is moved
// aside, the box is back, everything thanked is at headquarters, and headquarters hears of the damage.
func TestAFileThatEndsItsReader(t *testing.T) {
	broker, site, pad := linktest.Mosquitto(t), harness.NewSite(t), devicetest.NewFF68(t)
	inspector := site.Inspector(t, "{url: "+broker.URL()+"}")
	box := site.Evalpad(t, broker.URL(), fmt.Sprintf(oneSerialCounter, pad.Path()))
	pressThanked(t, pad, 3)
	harness.Eventually(t, 20*time.Second, "headquarters has thanked", func() bool { return site.Waiting(t) == 0 })
	inspector.Kill()
	pressThanked(t, pad, 2) // these wait
	if err := box.Stop(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(site.Dir, "box", "outbox.db")
	flipBucketFlags(t, file)
	if _, errs, code := harness.Run(t, "evalpad", "outbox", "check", file); code == 0 || !strings.Contains(errs, "goroutine") {
		t.Fatalf("the check of the damaged file: exit %d, %.300q; want it to have died", code, errs)
	}

	site.Again(t, "inspector")
	began := time.Now()
	box = site.Again(t, "evalpad")
	back := time.Since(began)
	if back > 5*time.Second {
		t.Errorf("the box was ready after %s, want within 5 s", back)
	}
	if !strings.Contains(box.Log(), "the outbox is damaged; it is moved aside") {
		t.Errorf("the agent does not say so:\n%s", tail(box.Log(), 2000))
	}
	if _, err := os.Stat(file + ".damaged-1"); err != nil {
		t.Errorf("the damaged file is not kept: %v", err)
	}
	pressThanked(t, pad, 1)
	harness.Eventually(t, 60*time.Second, "everything at headquarters", func() bool { return site.Waiting(t) == 0 })
	lost, duplicated := wantThanked(t, site, 6)
	if why := epochWhy(t, site); !strings.Contains(why, "the outbox was damaged") {
		t.Errorf("headquarters was told of the new epoch: %q, want the damage named", why)
	}
	trial.Report(t, trial.Trial{
		Fault: "a file on which bbolt ends its process", Injected: "flipped bits in the leaves of a real agent's file",
		Tried: 1, Lost: lost, Duplicated: duplicated, Recovery: back, Planted: "check-in-the-agent",
	})
}

// pressThanked has n customers press dissatisfied, each until thanked.
func pressThanked(t *testing.T, pad *devicetest.FF68, n int) {
	t.Helper()
	for range n {
		if err := pad.PromptUntilThanked(t.Context(), resendEvery); err != nil {
			t.Fatalf("prompt: never taken: %v", err)
		}
		if err := pad.PressUntilThanked(t.Context(), 0, resendEvery); err != nil {
			t.Fatalf("press: never thanked: %v", err)
		}
	}
}

// wantThanked compares the evaluations in the ledger with how many presses were thanked.
func wantThanked(t *testing.T, site *harness.Site, thanked int) (lost, duplicated int) {
	t.Helper()
	db := openLedger(t, site)
	defer db.Close()
	var rows, distinct int
	if err := db.QueryRow(`select count(*), count(distinct evaluation) from evaluations`).Scan(&rows, &distinct); err != nil {
		t.Fatal(err)
	}
	return max(thanked-distinct, 0), max(rows-thanked, 0)
}

// epochWhy is why the box's latest epoch was opened, as headquarters was told.
func epochWhy(t *testing.T, site *harness.Site) (line string) {
	t.Helper()
	db := openLedger(t, site)
	defer db.Close()
	row := db.QueryRow(`select line from records where kind = 'event' and seq = 1 order by received_at desc limit 1`)
	if err := row.Scan(&line); err != nil {
		t.Fatal(err)
	}
	return line
}

// flipBucketFlags flips the flag of each letter that says whether it is a value or a bucket: bbolt
// then follows the letter's bytes as if they were the number of a page.
func flipBucketFlags(t *testing.T, file string) {
	t.Helper()
	image, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const page, header, element, leaf = 4096, 16, 16, 2
	flipped := 0
	for at := 0; at+page <= len(image); at += page {
		p := image[at : at+page]
		if !bytes.Contains(p, []byte(`{"specversion"`)) || binary.NativeEndian.Uint16(p[8:]) != leaf {
			continue
		}
		for i := range int(binary.NativeEndian.Uint16(p[10:])) {
			p[header+i*element] ^= 1
			flipped++
		}
	}
	if flipped == 0 {
		t.Fatal("no letter was found in the file")
	}
	if err := os.WriteFile(file, image, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTwoAgentsOnOneBox: the second is refused with a sentence, and the first does not notice.
func TestTwoAgentsOnOneBox(t *testing.T) {
	site, pad := harness.NewSite(t), devicetest.NewFF68(t)
	site.Evalpad(t, "mqtt://127.0.0.1:1", fmt.Sprintf(oneSerialCounter, pad.Path())) // nobody listens there
	_, errs, code := harness.Run(t, "evalpad", "run", "-c", site.EvalpadConfig)
	if code != 1 || !strings.Contains(errs, "another agent is running here") {
		t.Errorf("the second agent: exit %d, %q; want exit 1 and the reason", code, errs)
	}
	pressThanked(t, pad, 1)
}
