package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"evalpad/device/devicetest"
	"evalpad/sync/linktest"
	"evalpad/test/faultdisk"
	"evalpad/test/harness"
	"evalpad/test/trial"
)

// TestADiskThatFailsUnderTheAgent: a write or a sync of the real agent's outbox fails while a customer
// presses. The customer is not thanked until the press is kept; then it is at headquarters, once; and
// after a power cut the box's chain is whole.
func TestADiskThatFailsUnderTheAgent(t *testing.T) {
	site, pad := harness.NewSite(t), devicetest.NewFF68(t)
	box := filepath.Join(site.Dir, "box")
	if err := os.Mkdir(box, 0o700); err != nil {
		t.Fatal(err)
	}
	disk, broker := faultdisk.New(t, box, nil), linktest.Mosquitto(t)
	site.Inspector(t, "{url: "+broker.URL()+"}")
	agent := site.Evalpad(t, broker.URL(), "outbox: {max: 16MiB}\n"+fmt.Sprintf(oneSerialCounter, pad.Path()))
	pressThanked(t, pad, 1)
	thanked, failures := 1, 0
	for _, kind := range []faultdisk.Kind{faultdisk.Sync, faultdisk.Write} {
		for after := range trial.Times(3, 12) {
			disk.SetTrouble(faultdisk.Trouble{On: kind, After: after, Times: 1, Errno: syscall.EIO})
			pressThanked(t, pad, 1)
			thanked++
			failures += disk.Met()
		}
	}
	disk.SetTrouble(faultdisk.Trouble{})
	if failures == 0 || !strings.Contains(agent.Log(), "a commit has failed; the outbox is opened again") {
		t.Errorf("the disk failed %d times, and the agent does not say so", failures)
	}
	harness.Eventually(t, 60*time.Second, "everything at headquarters", func() bool { return site.Waiting(t) == 0 })
	lost, duplicated := wantThanked(t, site, thanked)
	wantSoundAfterCut(t, site, disk)
	trial.Report(t, trial.Trial{
		Fault: "a write or a sync of the real agent fails under a press", Injected: "EIO from FUSE, the n-th operation",
		Tried: failures, Lost: lost, Duplicated: duplicated,
	})
}

// wantSoundAfterCut takes the power away and verifies what is on the disk with the box's own command.
func wantSoundAfterCut(t *testing.T, site *harness.Site, disk *faultdisk.Disk) {
	t.Helper()
	after := harness.NewSite(t)
	box := filepath.Join(after.Dir, "box")
	if err := os.Mkdir(box, 0o700); err != nil {
		t.Fatal(err)
	}
	disk.Cut(disk.Len(), 1).Lay(t, box)
	config, err := os.ReadFile(site.EvalpadConfig)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, after.EvalpadConfig, string(config))
	if out, errs, code := harness.Run(t, "evalpad", "outbox", "verify", "-c", after.EvalpadConfig); code != 0 {
		t.Errorf("the chain after a power cut: exit %d: %s%s", code, out, errs)
	}
}
