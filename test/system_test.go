package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"evalpad/device/devicetest"
	"evalpad/sync/linktest"
	"evalpad/sync/wire"
	"evalpad/test/harness"
	"evalpad/test/trial"
	"evalpad/test/vm"
	"evalpad/test/vm/orders"
)

// systemTier is make system, which takes its time; make test boots the same board for a short while.
var systemTier = os.Getenv("EVALPAD_SYSTEM") != "" && os.Getenv("EVALPAD_MUTANT") == ""

// atLength is how often something is tried: in make test, and in make system.
func atLength(test, system int) int {
	if systemTier {
		return system
	}
	return test
}

// TestSystem boots one box, an emulated board with Debian's kernel, and lives through a day at its
// counters: the agent is the real program for ARM, headquarters and mosquitto are real and on this side.
func TestSystem(t *testing.T) {
	s := newSystem(t)
	for _, story := range []struct {
		name string
		tell func(*system, *testing.T)
		long bool // told in make system only
	}{
		{"keys", (*system).keys, false},
		{"keypads", (*system).keypads, false},
		{"unplugged", (*system).unplugged, false},
		{"keyboard", (*system).keyboard, false},
		{"two-names-and-a-busy-line", (*system).twoNames, true},
		{"restarted", (*system).restarted, true},
		{"idle", (*system).idle, true},
		{"powered-off", (*system).poweredOff, true},
	} {
		if story.long && !systemTier && os.Getenv("EVALPAD_MUTANT") == "" {
			continue
		}
		if !t.Run(story.name, func(t *testing.T) { s.box.Under(t); story.tell(s, t) }) {
			break // the rest would fail for the same reason
		}
	}
	s.box.Under(t)
}

// system is one box and its headquarters.
type system struct {
	t       *testing.T
	rnd     *rand.Rand
	site    *harness.Site
	kit     vm.Kit
	options vm.Options
	box     *vm.Machine
	keypad  *devicetest.FF68 // on the board's own serial port
	usb     *devicetest.FF68 // at a USB adapter
	judged  map[string]int   // by counter, how many of its evaluations have been compared with what was pressed
}

// The counters of the box. The lines of c1 are a Raspberry Pi's by name.
const systemCounters = `screen: {listen: ""}
counters:
  - {counter: c1, rules: {lock_out: 0, hammer: 0}, pad: {gpio: {keys: {GPIO17: 5, GPIO27: 4, GPIO22: 3, GPIO23: 2, GPIO24: 1}}}}
  - {counter: c2, rules: {lock_out: 0, hammer: 0}, pad: {serial: {port: ` + vm.Keypad + `, profile: ff68}}}
  - {counter: c3, rules: {lock_out: 0, hammer: 0}, pad: {serial: {port: ` + vm.USBKeypad + `, profile: ff68}}}
  - {counter: c4, rules: {lock_out: 0, hammer: 0}, pad: {gpio: {keys: {GPIO25: 2}}}}
`

// keyboardCounter is there where this version has a driver for USB keyboards.
const keyboardCounter = `  - {counter: c5, rules: {lock_out: 0, hammer: 0}, pad: {usb: {port: ` + vm.Keyboard + `, keys: {KEY_KP5: 5, KEY_KP4: 4, KEY_KP3: 3, KEY_KP2: 2, KEY_KP1: 1}}}}
`

func newSystem(t *testing.T) *system {
	seed := trial.Seeds(t, 1)[0]
	s := &system{
		t: t, rnd: rand.New(rand.NewPCG(seed, 1)), site: harness.NewSite(t), kit: vm.Prepare(t, systemTier),
		keypad: devicetest.NewFF68(t), usb: devicetest.NewFF68(t), judged: map[string]int{},
	}
	t.Logf("kernel %s", s.kit)
	bank, dir := linktest.NewAuthority(t, "Bank Root"), t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	bank.Files(dir, bank.Issue("broker", time.Now().Add(time.Hour), "127.0.0.1", strings.Split(vm.Broker, ":")[0]))
	broker := linktest.Mosquitto(t, "certfile "+file("cert.pem"), "keyfile "+file("key.pem"))
	s.site.Inspector(t, fmt.Sprintf("{url: mqtts://%s, ca: %s}", broker.Address(), file("ca.pem")))
	s.options = vm.Options{Broker: broker.Address(), Disk: vm.Disk(t), Keypad: s.keypad.Path(), USBKeypad: s.usb.Path()}
	ca, err := os.ReadFile(file("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	s.boot(t, string(ca))
	return s
}

// boot switches the box on, with its configuration, and waits until headquarters has thanked it.
func (s *system) boot(t *testing.T, ca string) {
	t.Helper()
	began := time.Now()
	s.box = vm.Boot(s.t, s.kit, s.options) // it outlives a story
	s.box.Under(t)
	booted := time.Since(began)
	s.box.Write(orders.Etc+"/ca.pem", ca)
	top := "device: pad-1\nregion: r11\nbranch: b0731\ndata_dir: " + orders.Data + "/evalpad\n" +
		"headquarters: {broker: \"mqtts://" + vm.Broker + "\", ca: ca.pem}\n" + systemCounters
	s.box.Write(orders.Config, top+keyboardCounter)
	if o := s.box.Run("check"); o.Code != 0 {
		s.box.Write(orders.Config, top)
	}
	if o := s.box.Run("check"); o.Code != 0 {
		t.Fatalf("check: exit %d: %s%s", o.Code, o.Out, o.Err)
	}
	s.box.StartAgent()
	ready := time.Since(began)
	s.settled(t)
	t.Logf("the board answered after %s, the agent was ready after %s, headquarters had thanked after %s",
		booted.Round(time.Millisecond), ready.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
}

// settled waits until the box has nothing more to tell headquarters, and returns how long that took.
func (s *system) settled(t *testing.T) time.Duration {
	t.Helper()
	return harness.Eventually(t, settleTime, "everything receipted", func() bool {
		box, _ := s.box.Status()["outbox"].(map[string]any)
		return box["waiting"] == 0.0
	})
}

// rated are the evaluations of a counter that have a score.
func (s *system) rated(t *testing.T, counter string) (rated []wire.Evaluation) {
	t.Helper()
	for _, r := range s.records(t) {
		if r.Kind != wire.KindEvaluation {
			continue
		}
		e, err := r.Evaluation()
		if err != nil {
			t.Fatal(err)
		}
		if e.Counter == counter && len(e.Scores) > 0 {
			rated = append(rated, e)
		}
	}
	return rated
}

// events are those of a counter.
func (s *system) events(t *testing.T, counter string) (all []wire.Event) {
	t.Helper()
	for _, r := range s.records(t) {
		if r.Kind != wire.KindEvent {
			continue
		}
		e, err := r.Event()
		if err != nil {
			t.Fatal(err)
		}
		if e.Counter == counter {
			all = append(all, e)
		}
	}
	return all
}

// records are all that the ledger holds, in the order of epoch and number, and without a gap.
func (s *system) records(t *testing.T) (records []wire.Record) {
	t.Helper()
	r := rig{t: t, site: s.site}
	records = r.records()
	wantWholeChain(t, records)
	return records
}

// degraded reports whether the agent says that it runs in a mode.
func (s *system) degraded(t *testing.T, mode string) bool {
	t.Helper()
	modes, err := json.Marshal(s.box.Status()["degraded"])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(modes), mode)
}
