package test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"evalpad/device/devicetest"
	"evalpad/sync/linktest"
	"evalpad/sync/wire"
	"evalpad/test/harness"
)

// street is what lies between one counter and headquarters, as real processes: the agent with a pad,
// a network that can be made bad, a broker, and an inspector that reaches the broker directly.
type street struct {
	t       *testing.T
	site    *harness.Site
	pad     *devicetest.FF68
	network *network
	broker  *linktest.RealBroker // nil where it is another
	list    string               // its access list, where it has one
	agent   *harness.Program
	office  *harness.Program
	thanked []wire.Score // in the order of the thank-yous
}

// newStreet puts the network before the broker at address and opens both ends. host is how the box
// calls the broker, "" as the network's own address; hq are further keys of its headquarters: section.
func newStreet(t *testing.T, scheme, address, inspectors, host string, hq ...string) *street {
	t.Helper()
	return openStreet(t, harness.NewSite(t), scheme, address, inspectors, host, hq...)
}

func openStreet(t *testing.T, site *harness.Site, scheme, address, inspectors, host string, hq ...string) *street {
	t.Helper()
	s := &street{t: t, site: site, pad: devicetest.NewFF68(t), network: newNetwork(t, address)}
	s.office = site.Inspector(t, inspectors)
	at := s.network.address()
	if host != "" {
		_, port, _ := strings.Cut(at, ":")
		at = host + ":" + port
	}
	s.agent = site.Evalpad(t, scheme+"://"+at, fmt.Sprintf(oneSerialCounter, s.pad.Path()), hq...)
	s.awaitSettled()
	return s
}

// settleTime is how long a box may take from the end of a fault until headquarters has everything,
// on a machine that does other things: a wait with an alert in hand, a session, a record sent again.
const settleTime = 60 * time.Second

func (s *street) awaitSettled() time.Duration {
	s.t.Helper()
	return harness.Eventually(s.t, settleTime, "headquarters has thanked for everything", func() bool { return s.site.Waiting(s.t) == 0 })
}

// customers are prompted and press these keys, one after the other: 00 dissatisfied to 03 very
// satisfied. Each must be thanked within 10 s, whatever the network does.
func (s *street) customers(keys ...byte) {
	s.t.Helper()
	for _, key := range keys {
		ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
		err := s.pad.PromptUntilThanked(ctx, resendEvery)
		if err == nil {
			err = s.pad.PressUntilThanked(ctx, key, resendEvery)
		}
		cancel()
		if err != nil {
			s.t.Fatalf("a customer was not thanked: %v", err)
		}
		s.thanked = append(s.thanked, wire.Score(key)+2)
	}
}

// awaitWords waits until status says these words, to a technician and in full sentences.
func (s *street) awaitWords(within time.Duration, words string) time.Duration {
	s.t.Helper()
	took := harness.Eventually(s.t, within, "status says "+words, func() bool {
		return strings.Contains(s.said(), words)
	})
	out, errs, code := harness.Run(s.t, "evalpad", "status", "-c", s.site.EvalpadConfig)
	if code != 0 {
		s.t.Errorf("status: exit %d: %s", code, errs)
	}
	s.t.Logf("status after %s:\n%s", took.Round(time.Millisecond), out)
	return took
}

// said is the trouble and the modes that status names.
func (s *street) said() string {
	status := s.site.Status(s.t)
	hq, _ := status["headquarters"].(map[string]any)
	return fmt.Sprint(hq["phase"], " ", hq["trouble"], " ", status["degraded"])
}

// account compares what was thanked at the pad with what headquarters holds, and its cases with the
// dissatisfied.
func (s *street) account() (lost, duplicated int) {
	s.t.Helper()
	var held []wire.Score
	bad := map[string]bool{}
	for _, e := range evaluationsIn(s.t, s.site) {
		if score, rated := e.Scores[wire.Overall]; rated {
			held = append(held, score)
		}
		if e.Dissatisfied {
			bad[e.Evaluation] = true
		}
	}
	if !slices.Equal(held, s.thanked) {
		s.t.Errorf("headquarters holds %v, thanked were %v", held, s.thanked)
	}
	cases := casesIn(s.t, s.site)
	if cases != len(bad) {
		s.t.Errorf("%d dissatisfied, %d cases: want one each", len(bad), cases)
	}
	surplus := len(held) - len(s.thanked) + max(cases-len(bad), 0)
	return max(len(s.thanked)-len(held), 0), max(surplus, 0)
}

// evaluationsIn reads the ledger's file as an auditor would, in the order of the box's chain.
func evaluationsIn(t testing.TB, site *harness.Site) (all []wire.Evaluation) {
	t.Helper()
	db := openLedger(t, site)
	defer db.Close()
	rows, err := db.Query(`select line from records where kind = 'evaluation' order by epoch, seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line []byte
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		r, err := wire.ParseRecord(line)
		if err != nil {
			t.Fatal(err)
		}
		e, err := r.Evaluation()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func casesIn(t testing.TB, site *harness.Site) (n int) {
	t.Helper()
	db := openLedger(t, site)
	defer db.Close()
	if err := db.QueryRow(`select count(*) from cases`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// network carries bytes between the box and its broker, until it is made worse.
type network struct {
	t     testing.TB
	proxy *toxiproxy.Proxy
}

func newNetwork(t testing.TB, broker string) *network {
	t.Helper()
	zerolog.SetGlobalLevel(zerolog.Disabled) // one of the toxics writes to the process's own log
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	n := &network{t, toxiproxy.NewProxy(server, "network", "127.0.0.1:0", broker)}
	n.up()
	t.Cleanup(n.proxy.Stop)
	return n
}

func (n *network) address() string { return n.proxy.Listen }

// down cuts every line and refuses new ones.
func (n *network) down() { n.proxy.Stop() }

func (n *network) up() {
	n.t.Helper()
	n.untilFree(n.proxy.Start)
}

// untilFree opens the port again, which another program may have been given while it was closed.
func (n *network) untilFree(open func() error) {
	n.t.Helper()
	err := open()
	for until := time.Now().Add(30 * time.Second); errors.Is(err, syscall.EADDRINUSE) && time.Now().Before(until); err = open() {
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

// leadsTo cuts every line; new ones lead to another address.
func (n *network) leadsTo(address string) {
	n.t.Helper()
	to := toxiproxy.Proxy{Listen: n.proxy.Listen, Upstream: address, Enabled: true}
	n.untilFree(func() error { return n.proxy.Update(&to) })
}

// suffers makes it bad both ways, in one of toxiproxy's kinds.
func (n *network) suffers(kind string, attributes map[string]int) {
	n.t.Helper()
	for _, way := range []string{"upstream", "downstream"} {
		text, err := json.Marshal(map[string]any{"type": kind, "stream": way, "attributes": attributes})
		if err != nil {
			n.t.Fatal(err)
		}
		if _, err := n.proxy.Toxics.AddToxicJson(bytes.NewReader(text)); err != nil {
			n.t.Fatal(err)
		}
	}
}

func (n *network) recovers() { n.proxy.Toxics.ResetToxics(context.Background()) }
