package test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"evalpad/device/devicetest"
	"evalpad/sync/linktest"
	"evalpad/test/harness"
)

// BenchmarkIdleAgent is what a whole agent with eight pads takes of one core while nobody presses,
// measured over a minute after it has settled: six pads with lines of their own and two that share one,
// a broker and headquarters there. The promise is 1 %.
func BenchmarkIdleAgent(b *testing.B) {
	const watched = time.Minute
	site, broker := harness.NewSite(b), linktest.Mosquitto(b)
	site.Inspector(b, "{url: "+broker.URL()+"}")
	var counters strings.Builder
	counters.WriteString("screen: {listen: \"\"}\ncounters:\n")
	add := func(i int, pad *devicetest.FF68, address int) {
		fmt.Fprintf(&counters, "  - {counter: c%d, pad: {serial: {port: %s, profile: ff68, address: %d}}}\n", i, pad.Path(), address)
	}
	for i := range 6 {
		add(i, devicetest.NewFF68(b), 1)
	}
	for i, pad := range devicetest.NewFF68Bus(b, 1, 2) {
		add(6+i, pad, 1+i)
	}
	agent := site.Evalpad(b, broker.URL(), counters.String())
	time.Sleep(5 * time.Second)
	before := processorTime(b, agent.PID())
	time.Sleep(watched)
	share := float64(processorTime(b, agent.PID())-before) / float64(watched)
	b.ReportMetric(100*share, "%core")
	b.ReportMetric(0, "ns/op")
	if share >= 0.01 {
		b.Errorf("an idle agent with eight pads takes %.2f %% of a core, want less than 1 %%", 100*share)
	}
}

// processorTime is what a process has used so far, in user and system mode (proc(5), stat: fields 14
// and 15, in ticks of 10 ms on every architecture meant here).
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name in brackets may hold spaces
	fields := strings.Fields(rest)
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
