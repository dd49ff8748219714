package agent

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"evalpad/device"
	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// Degraded modes of the box, beside those of the uplink. A broken part dims, it does not darken.
const (
	PadLost    = "pad-lost"    // the others of the counter, and every other counter, go on
	StuckKey   = "stuck-key"   // that key is masked, the others count
	StoreFault = "store-fault" // nobody is thanked until it is over
)

// dim turns a degraded mode of one part on or off.
func (a *Agent) dim(part, mode string, on bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if on {
		a.degraded[part+" "+mode] = mode
	} else {
		delete(a.degraded, part+" "+mode)
	}
}

// dimmed lists the degraded modes, each with its part, as "c03 pad-lost"; never nil, since a list in
// JSON is [] and not null.
func (a *Agent) dimmed() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string{}, slices.Sorted(maps.Keys(a.degraded))...)
}

// notePad turns a pad's own trouble into a mode, a log line and an event.
func (a *Agent) notePad(ctx context.Context, counter string, s device.Signal) {
	e := wire.Event{Counter: counter, Words: s.Reason}
	switch s.Kind {
	case device.Lost:
		e.Event = wire.EventPadLost
		a.dim(counter, PadLost, true)
	case device.Back:
		e.Event = wire.EventPadBack
		a.dim(counter, PadLost, false)
	case device.Stuck:
		e.Event = wire.EventStuckKey
		a.dim(counter, StuckKey, true)
	default:
		return
	}
	a.o.Log.Warn("pad "+string(s.Kind), "counter", counter, "reason", s.Reason, "detail", s.Detail)
	a.say(ctx, e)
}

// Tell seals an event, stamped now.
func (a *Agent) Tell(ctx context.Context, e wire.Event) error {
	d, err := a.draft(e, a.stamp())
	if err != nil {
		return err
	}
	_, err = a.store.Commit(ctx, outbox.Change{Drafts: []wire.Draft{d}})
	return err
}

func (a *Agent) draft(e wire.Event, at wire.Stamp) (wire.Draft, error) {
	e.At = at
	var wall wire.Instant
	if at.Wall != nil {
		wall = *at.Wall
	}
	subject := ""
	if e.Counter != "" {
		subject = "counter/" + e.Counter
	}
	return wire.NewDraft(wire.KindEvent, wall, subject, e)
}

// say tells an event whose loss is logged: it must not stop the counter.
func (a *Agent) say(ctx context.Context, e wire.Event) {
	if err := a.Tell(ctx, e); err != nil {
		a.o.Log.Error("event not stored", "event", e.Event, "error", err)
	}
}

// tally seals how many presses each counter has refused since the last tally, by reason.
func (a *Agent) tally(ctx context.Context) {
	for i, c := range a.o.Counters {
		refused := a.desks[i].Tally().Refused
		news := map[string]int{}
		for reason, n := range refused {
			if was := a.tallied[c.Counter][reason]; n > was {
				news[reason] = n - was
			}
		}
		if len(news) == 0 {
			continue
		}
		if err := a.Tell(ctx, wire.Event{Event: wire.EventTally, Counter: c.Counter, Tally: news}); err != nil {
			a.o.Log.Error("tally not stored", "counter", c.Counter, "error", err)
			continue
		}
		a.tallied[c.Counter] = refused
	}
}

// presses sums what the desks have counted since the start.
func (a *Agent) presses() (seen, accepted uint64, refused map[string]int) {
	refused = map[string]int{}
	for _, d := range a.desks {
		t := d.Tally()
		seen, accepted = seen+t.Seen, accepted+t.Accepted
		for reason, n := range t.Refused {
			refused[reason] += n
		}
	}
	return seen, accepted, refused
}

// Health fills a heartbeat with all but the status in it.
func (a *Agent) Health() wire.Heartbeat {
	stats := a.store.Stats()
	h := wire.Heartbeat{
		Waiting: stats.Waiting, Alerts: stats.Alerts, OldestMS: stats.Oldest.Milliseconds(),
		DiskFree: diskFree(a.o.DataDir), TemperatureC: temperature("/sys"), Clock: a.o.Now().Clock,
		Degraded: a.dimmed(),
	}
	h.Seen, h.Accepted, h.Refused = a.presses()
	return h
}

// Obey carries out a command of headquarters.
func (a *Agent) Obey(ctx context.Context, c wire.Command) error {
	if c.Command != wire.CommandPrompt || c.Prompt == nil {
		return fmt.Errorf("command %.20q: this version does not know it", c.Command)
	}
	for i, counter := range a.o.Counters {
		if counter.Counter == c.Prompt.Counter {
			return a.desks[i].Prompt(ctx, "headquarters", c.Prompt.Ticket)
		}
	}
	return fmt.Errorf("prompt counter %.40q: this box does not serve it", c.Prompt.Counter)
}

// diskFree is in bytes, -1 where the system does not say.
func diskFree(dir string) int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return -1
	}
	return int64(s.Bavail) * int64(s.Bsize)
}

// temperature of the board in °C, nil where there is no sensor (Linux thermal sysfs: millidegrees).
func temperature(sys string) *float64 {
	b, err := os.ReadFile(filepath.Join(sys, "class/thermal/thermal_zone0/temp"))
	if err != nil {
		return nil
	}
	milli, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return nil
	}
	return new(float64(milli) / 1000)
}
