package test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/linktest"
	"evalpad/test/harness"
	"evalpad/test/trial"
)

// fault is one way in which the network or the broker fails a box that is otherwise well.
type fault struct {
	name, injected string
	open           func(t *testing.T) *street // nil: a stock mosquitto behind the network
	begin, end     func(s *street)
	words          string          // what status says meanwhile
	within         time.Duration   // and how soon
	also           func(s *street) // what else must show meanwhile
	passes         bool            // everything arrives all the same, only later
	planted        string
}

// How soon a fault is in status, on a machine that does other things: a silent broker takes 15 s, and
// 10 s more that it does not greet; a silent headquarters takes 30 s.
const (
	atOnce       = 15 * time.Second
	afterSilence = 30 * time.Second
	afterAMinute = time.Minute
)

var faults = []fault{
	{
		name: "latency of 2 s", injected: "toxiproxy latency, ±0.5 s",
		begin: func(s *street) { s.network.suffers("latency", map[string]int{"latency": 1000, "jitter": 250}) },
		words: "flowing", within: atOnce, passes: true,
	},
	{
		name: "a line of 1 KB/s", injected: "toxiproxy bandwidth",
		begin: func(s *street) { s.network.suffers("bandwidth", map[string]int{"rate": 1}) },
		words: "flowing", within: atOnce, passes: true,
	},
	{
		name: "writes in slices", injected: "toxiproxy slicer, 3 bytes each",
		begin: func(s *street) {
			s.network.suffers("slicer", map[string]int{"average_size": 3, "size_variation": 1, "delay": 200})
		},
		words: "flowing", within: atOnce, passes: true,
	},
	{
		name: "half-open line", injected: "toxiproxy timeout: bytes vanish, the line stays",
		begin: func(s *street) { s.network.suffers("timeout", map[string]int{"timeout": 0}) },
		words: "connected, but not greeted", within: afterAMinute,
	},
	{
		name: "broker stands still", injected: "mosquitto stopped with SIGSTOP",
		begin: func(s *street) { s.broker.Freeze() }, end: func(s *street) { s.broker.Thaw() },
		words: "the broker has gone silent", within: afterSilence, planted: "silence-unnoticed",
	},
	{
		name: "line reset", injected: "toxiproxy reset_peer at the first byte",
		begin: func(s *street) { s.network.suffers("reset_peer", map[string]int{"timeout": 0}) },
		words: "the line was cut", within: atOnce,
	},
	{
		name: "nobody listens", injected: "toxiproxy's port closed",
		begin: func(s *street) { s.network.down() }, end: func(s *street) { s.network.up() },
		words: "nobody listens there", within: atOnce,
	},
	{
		name: "captive portal", injected: "the port leads to a web server",
		begin: func(s *street) {
			s.network.leadsTo(strings.TrimPrefix(linktest.Portal(s.t), "mqtt://"))
		},
		end:   func(s *street) { s.network.leadsTo(s.broker.Address()) },
		words: "this is a web server or a network's login page", within: atOnce,
	},
	{
		name: "TLS handshake that never ends", injected: "the port leads to one that never answers", open: behindTLS,
		begin: func(s *street) {
			s.network.leadsTo(strings.TrimPrefix(linktest.Hanging(s.t), "mqtt://"))
		},
		end:   func(s *street) { s.network.leadsTo(s.broker.Address()) },
		words: "no answer in time", within: afterSilence,
	},
}

// TestNetwork breaks the network between a real agent and a real mosquitto in each way. Customers who
// press meanwhile are thanked, status says what is wrong, and once it is over headquarters has each
// press exactly once.
func TestNetwork(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.try(t)
		})
	}
}

func (f fault) try(t *testing.T) {
	if f.open == nil {
		f.open = func(t *testing.T) *street { return inTheClear(t) }
	}
	s := f.open(t)
	s.customers(0, 3)
	s.awaitSettled()
	rounds := trial.Times(1, 4)
	var recovery time.Duration
	for range rounds {
		f.begin(s)
		s.customers(0, 1, 2, 3, 0)
		s.awaitWords(f.within, f.words)
		if f.also != nil {
			f.also(s)
		}
		if f.passes {
			recovery = max(recovery, s.awaitSettled())
		}
		if f.end == nil {
			s.network.recovers()
		} else {
			f.end(s)
		}
		recovery = max(recovery, s.awaitSettled())
	}
	lost, duplicated := s.account()
	trial.Report(t, trial.Trial{
		Fault: f.name, Injected: f.injected, Tried: rounds, Lost: lost, Duplicated: duplicated,
		Recovery: recovery, Planted: f.planted,
	})
}

// inTheClear is a street with a stock mosquitto on loopback, and further lines of its configuration.
func inTheClear(t *testing.T, conf ...string) *street {
	t.Helper()
	broker := linktest.Mosquitto(t, conf...)
	s := newStreet(t, "mqtt", broker.Address(), "{url: "+broker.URL()+"}", "")
	s.broker = broker
	return s
}

// behindTLS is a street with a mosquitto that speaks TLS, as a bank's does.
func behindTLS(t *testing.T) *street { return secure(t, harness.NewSite(t), "") }

func secure(t *testing.T, site *harness.Site, host string) *street {
	t.Helper()
	dir := t.TempDir()
	bank := linktest.NewAuthority(t, "Bank Root")
	bank.Files(dir, bank.Issue("broker", time.Now().Add(time.Hour), "127.0.0.1", "mqtt.bank.test"))
	file := func(name string) string { return filepath.Join(dir, name) }
	broker := linktest.Mosquitto(t, "certfile "+file("cert.pem"), "keyfile "+file("key.pem"))
	inspectors := fmt.Sprintf("{url: mqtts://%s, ca: %s}", broker.Address(), file("ca.pem"))
	s := openStreet(t, site, "mqtts", broker.Address(), inspectors, host, "ca: "+file("ca.pem"))
	s.broker = broker
	return s
}

// TestNameThatCannotBeLookedUp gives the agent a machine of its own as far as names go: a list of
// hosts that we write, and a name server that is not there.
func TestNameThatCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	harness.NeedRoot(t)
	site, hosts, servers := harness.NewSite(t), filepath.Join(t.TempDir(), "hosts"), filepath.Join(t.TempDir(), "resolv.conf")
	const known = "127.0.0.1 localhost mqtt.bank.test\n"
	writeFile(t, hosts, known)
	writeFile(t, servers, "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
	site.Through = []string{
		harness.Need(t, "unshare"), "--mount", "sh", "-c",
		`mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"`, hosts, servers,
	}
	fault{
		name: "name that cannot be looked up", injected: "/etc/hosts in a namespace of the agent's",
		open: func(t *testing.T) *street { return secure(t, site, "mqtt.bank.test") },
		begin: func(s *street) {
			writeFile(t, hosts, "127.0.0.1 localhost\n")
			s.network.down() // or the session that it has would go on
		},
		end:   func(s *street) { s.network.up(); writeFile(t, hosts, known) },
		words: `the name "mqtt.bank.test" cannot be looked up`, within: afterSilence,
	}.try(t)
}

// TestHeadquartersSilent: the broker goes on acknowledging, and what it acknowledges reaches nobody, or
// nobody's thanks reach the box. Within a minute the box says so.
func TestHeadquartersSilent(t *testing.T) {
	t.Parallel()
	const all = "topic readwrite #\n"
	forbid := func(topic string) func(s *street) {
		return func(s *street) {
			writeFile(s.t, s.list, all+"topic deny "+topic+"\n")
			s.broker.Reload()
		}
	}
	listed := func(t *testing.T) *street {
		list := filepath.Join(t.TempDir(), "acl")
		writeFile(t, list, all)
		s := inTheClear(t, "acl_file "+list)
		s.list = list
		return s
	}
	allow := func(s *street) {
		writeFile(s.t, s.list, all)
		s.broker.Reload()
	}
	for _, f := range []fault{
		{
			name: "headquarters down and the broker up", injected: "inspector killed",
			begin: func(s *street) { s.office.Kill() },
			end:   func(s *street) { s.office = s.site.Again(s.t, "inspector") },
		},
		{
			name: "broker denies receipts", injected: "mosquitto's acl_file, read anew", open: listed,
			begin: forbid("evalpad/v1/+/+/+/receipt"), end: allow, also: (*street).wantSilenceHeard,
		},
		{
			name: "broker acknowledges and drops evaluations", injected: "mosquitto's acl_file, read anew", open: listed,
			begin: forbid("evalpad/v1/+/+/+/evaluation"), end: allow, also: (*street).wantSilenceHeard,
		},
	} {
		f.words, f.within, f.planted = "headquarters-silent", afterAMinute, "silence-never-said"
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.try(t)
		})
	}
}

// wantSilenceHeard: where headquarters can hear the box, its heartbeat says the same.
func (s *street) wantSilenceHeard() {
	s.t.Helper()
	harness.Eventually(s.t, 10*time.Second, "headquarters-silent in a heartbeat", func() bool {
		db := openLedger(s.t, s.site)
		defer db.Close()
		var n int
		if err := db.QueryRow(`select count(*) from devices where health like '%headquarters-silent%'`).Scan(&n); err != nil {
			s.t.Fatal(err)
		}
		return n == 1
	})
}

// TestPoisonedRecord: the broker hangs up on one record. After three sessions it is parked and said so,
// everything else goes on, and it arrives once the broker takes it.
func TestPoisonedRecord(t *testing.T) {
	t.Parallel()
	broker := linktest.NewBroker(t)
	address := strings.TrimPrefix(broker.URL(), "mqtt://")
	fault{
		name: "broker hangs up on one record", injected: "a broker in this process, at that record",
		open: func(t *testing.T) *street { return newStreet(t, "mqtt", address, "{url: "+broker.URL()+"}", "") },
		begin: func(*street) {
			broker.HangUpOn(func(m link.Message) bool {
				return strings.HasSuffix(m.Topic, "/evaluation") && bytes.Contains(m.Payload, []byte(`"scores":{"overall":3}`))
			})
		},
		end: func(s *street) {
			harness.Eventually(t, settleTime, "all but the parked one are receipted", func() bool { return s.site.Waiting(t) == 1 })
			harness.Eventually(t, settleTime, "headquarters holds the event", func() bool { return parkedIn(t, s.site) > 0 })
			broker.Behave()
			s.agent.Kill() // an hour is long: a restart tries it at once
			s.agent = s.site.Again(t, "evalpad")
		},
		words: "parked-records", within: afterAMinute, planted: "poison-never-parked",
	}.try(t)
}

// parkedIn counts the events that tell of a parked record.
func parkedIn(t testing.TB, site *harness.Site) (n int) {
	t.Helper()
	db := openLedger(t, site)
	defer db.Close()
	if err := db.QueryRow(`select count(*) from records where kind = 'event' and line like '%"event":"parked"%'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
